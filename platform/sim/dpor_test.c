/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Partial-order reduction is compared with a search without reduction: it must find the
 * same outcomes and the same classes, and no class twice. The search by states must find the same
 * outcomes. The programs are small. Some are
 * written by hand, some are drawn.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/conformance/test.h"
#include "platform/rng.h"
#include "platform/sim/sim.h"
#include "platform/sim/test_classes.h"
#include "platform/sim/test_program.h"

/* Inside task() the strategy chooses whether an allocation fails; elsewhere none fails. */
static bool alloc_fails(enum kt_role role, struct kt_site *site)
{
	(void)role;
	return site->line && strcmp(site->func ? site->func : "", "do_memory") == 0 &&
	       sim_choose(SIM_CHOOSE_ALLOC_FAIL, 2);
}

static bool is_t0(uint32_t name_hash)
{
	return name_hash == kt_name_hash("t0");
}

/* ---- classes and outcomes ----------------------------------------------- */

/*
 * Did a failure end the execution at once? Then other tasks had more to do, so the
 * execution has no class.
 */
static bool is_short(const struct sim_record *r)
{
	return r->failure != KT_PASS && r->failure != KT_DEADLOCK;
}

static uint64_t outcome(const struct sim_record *r)
{
	uint64_t h = (uint64_t)r->failure;

	if (is_short(r))
		return h;
	for (unsigned i = 0; i < TASKS_MAX; i++)
		h = mix(h ^ run.seen[i]);
	for (unsigned i = 0; i < NAMES; i++)
		h = mix(h ^ run.word[i]);
	return h;
}

/* The same without what the tasks have seen. */
static uint64_t end_of(const struct sim_record *r)
{
	uint64_t h = (uint64_t)r->failure;

	for (unsigned i = 0; i < NAMES && !is_short(r); i++)
		h = mix(h ^ run.word[i]);
	return h;
}

static struct searched {
	struct hashes outcomes, ends, classes;
	struct sim_explored e;
	bool has_short;
} full, reduced, by_states, by_ends, all_ends;

/*
 * How to search. With STATES what each task has seen is a part of the state, and with ENDS it is
 * not, so far fewer states are told apart. ALL_ENDS is as ENDS without reduction: it goes through
 * all states.
 */
enum how { FULL, REDUCED, STATES, ENDS, ALL_ENDS };

static const struct sim_memory memory[] = { { &run, sizeof run } };
static const struct sim_memory memory_without_seen[] = {
	{ &run, offsetof(typeof(run), seen) },
};

/* False if the search takes too long. */
static bool search(struct searched *s, const struct program *p, enum how how)
{
	const struct os_hooks hooks = { .alloc_fails = alloc_fails };
	struct sim_exploration o = p->o;
	struct sim_options so = { .strategy = sim_strategy_dpor(), .steps_max = 2000 };
	uint64_t limit = p->name[0] == '#' ? 20000 : 2000000;

	memset(s, 0, sizeof *s);
	run.p = p;
	o.brute = how == FULL || how == ALL_ENDS;
	o.states = how >= STATES;
	o.memory = how >= ENDS ? memory_without_seen : memory;
	o.memory_count = 1;
	o.may_be_killed = is_t0;
	os_set_hooks(&hooks);
	CHECK(sim_explore(&o));
	for (bool more = true; more; ) {
		const struct sim_record *r = sim_run(&so, body, NULL);
		uint64_t class = is_short(r) ? 0 : class_of_log(), out = outcome(r);

		more = sim_explored(&s->e);
		s->has_short |= is_short(r);
		if (s->e.class) {
			add(&s->outcomes, out);
			add(&s->ends, end_of(r));
			add(&s->classes, mix(class ^ out));
		}
		if (s->e.executions > limit || s->classes.count > 8000)
			return false;
	}
	CHECK(!s->e.too_long && !s->e.no_memory);
	return true;
}

static bool same(const struct hashes *a, const struct hashes *b)
{
	static struct hashes both;

	if (a->count != b->count)
		return false;
	both = *a;
	for (unsigned i = 0; i < 1 << 15; i++)
		if (b->slot[i] && add(&both, b->slot[i]))
			return false;
	return true;
}

/*
 * If a failure ends an execution at once, it also ends the exploration, and both searches
 * must find it.
 */
static bool agree(const struct program *p, bool has_choices)
{
	const struct sim_explored *f = &full.e, *r = &reduced.e;

	if (full.has_short || reduced.has_short)
		return full.has_short && reduced.has_short;
	if (!has_choices && (r->redundant || r->blocked || r->dropped))
		return false;
	return same(&full.outcomes, &reduced.outcomes) &&
	       same(&full.classes, &reduced.classes) && r->executions <= f->executions &&
	       f->executions - f->redundant == r->executions - r->redundant &&
	       (!p->classes || r->executions == p->classes);
}

/* An execution that was cut has no outcome of its own. */
static bool agree_by_states(void)
{
	if (full.has_short)
		return by_states.has_short && by_ends.has_short;
	return same(&full.outcomes, &by_states.outcomes) && same(&full.ends, &by_ends.ends);
}

static void print_states(const char *what, const struct searched *s)
{
	printf("  %s: %llu executions, %llu cut, %llu states, %u outcomes, %u ends%s\n", what,
	       (unsigned long long)s->e.executions, (unsigned long long)s->e.cut,
	       (unsigned long long)s->e.states, s->outcomes.count, s->ends.count,
	       s->has_short ? ", and one that ended at once" : "");
}

static void compare(const struct program *p, bool has_choices)
{
	if (!search(&full, p, FULL) || !search(&reduced, p, REDUCED)) {
		CHECK(p->name[0] == '#');	/* drawn programs may be too long */
		return;
	}
	if (sim_knows_states())
		CHECK(search(&by_states, p, STATES) && search(&by_ends, p, ENDS));
	if (!agree(p, has_choices) || (sim_knows_states() && !agree_by_states())) {
		printf("FAIL %s: %s | %s | %s | %s\n", p->name, p->task[0], p->task[1],
		       p->task[2] ? p->task[2] : "", p->task[3] ? p->task[3] : "");
		printf("  without reduction: %llu executions, %llu classes, %u by log, "
		       "%u outcomes\n",
		       (unsigned long long)full.e.executions,
		       (unsigned long long)(full.e.executions - full.e.redundant),
		       full.classes.count, full.outcomes.count);
		printf("  with: %llu executions, %llu redundant, %llu blocked, %llu dropped, "
		       "%u by log, %u outcomes\n", (unsigned long long)reduced.e.executions,
		       (unsigned long long)reduced.e.redundant,
		       (unsigned long long)reduced.e.blocked,
		       (unsigned long long)reduced.e.dropped, reduced.classes.count,
		       reduced.outcomes.count);
		print_states("by states", &by_states);
		print_states("by states without what was seen", &by_ends);
		exit(1);
	}
}

static const struct program programs[] = {
	{ .name = "store buffering", .task = { "W0R1", "W1R0" }, .classes = 3 },
	{ .name = "two writers", .task = { "W0", "W0" }, .classes = 2 },
	{ .name = "readers only", .task = { "R0R0", "R0R0", "R0" }, .classes = 1 },
	{ .name = "a writer among readers", .task = { "W0", "R0", "R0" }, .classes = 4 },
	{ .name = "independent", .task = { "W0W0", "W1W1", "W2" }, .classes = 1 },
	{ .name = "three writers", .task = { "W0", "W0", "W0" }, .classes = 6 },
	{ .name = "message passing", .task = { "W0W1", "R1R0" } },
	{ .name = "exchange", .task = { "X0R1", "X0W1", "X0" } },
	{ .name = "depends on what was read", .task = { "R0I0W1R1", "W0R1W1" } },
	{ .name = "a lock", .task = { "L0W0U0", "L0W0U0" }, .classes = 2 },
	{ .name = "lock order", .task = { "L0L1U1U0", "L1L0U0U1" } },
	{ .name = "two locks in turn", .task = { "L0W0U0L1U1", "L1U1R0" } },
	{ .name = "empty sections", .task = { "L0U0L0U0", "L0U0" }, .classes = 3 },
	{ .name = "try", .task = { "T0W0", "L0W0U0" } },
	{ .name = "unpark before or after", .task = { "W0P0R1", "R0W1N0" } },
	{ .name = "two unparks", .task = { "P0R0P0", "W0N0", "N0" } },
	{ .name = "unpark of a task that has ended", .task = { "P0", "N0R0N0" } },
	{ .name = "one permit", .task = { "P0P0", "N0R0N0" } },
	{ .name = "never woken", .task = { "P0W0", "R0" } },
	{ .name = "completion", .task = { "V0R0", "W0C0" } },
	{ .name = "who waits first", .task = { "V0W0", "V0", "C0" } },
	{ .name = "spinner", .task = { "S0R1", "W1W0" } },
	{ .name = "spins on two changes", .task = { "S0W1", "X1W0", "R1W0" } },
	{ .name = "spins in vain", .task = { "S0", "R0" } },
	{ .name = "freed while used", .task = { "B0Z0", "B0" } },
	{ .name = "freed in time", .task = { "P0Z0", "B0N0" } },
};

static const struct program choosers[] = {
	{ .name = "no memory", .task = { "A0A0W0", "R0A0" }, .o = { .fails = 1 } },
	{ .name = "no memory twice", .task = { "A0A0W0", "R0A0" }, .o = { .fails = 2 } },
	{ .name = "killed waiter", .task = { "K0W0", "R0C0" }, .o = { .kills = 1 } },
	{ .name = "killed before it waits", .task = { "K0K0", "R0C0", "C0" }, .o = { .kills = 1 } },
	{ .name = "killed or without memory", .task = { "A0K0", "C0A0" },
	  .o = { .kills = 1, .fails = 1 } },
	{ .name = "spurious", .task = { "P0R0P0", "W0N0N0" }, .o = { .spurious = 1 } },
	{ .name = "spurious twice", .task = { "P0R0", "W0N0", "R0" }, .o = { .spurious = 2 } },
};

static void test_written(void)
{
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		compare(&programs[i], false);
		printf("ok %s: %llu of %llu\n", programs[i].name,
		       (unsigned long long)reduced.e.executions,
		       (unsigned long long)full.e.executions);
	}
	for (size_t i = 0; i < sizeof choosers / sizeof choosers[0]; i++) {
		compare(&choosers[i], true);
		printf("ok %s: %llu of %llu, %llu blocked\n", choosers[i].name,
		       (unsigned long long)reduced.e.executions,
		       (unsigned long long)full.e.executions,
		       (unsigned long long)reduced.e.blocked);
	}
}

/* ---- drawn programs ----------------------------------------------------- */

static void draw_task(char *s, struct kt_rng *rng, unsigned me, unsigned ops,
		      const char *letters)
{
	unsigned held = 0, used = 0;

	while (ops-- > 0) {
		char op = letters[kt_rng_below(rng, (uint32_t)strlen(letters))];
		unsigned object = kt_rng_below(rng, 2);

		if (op == 'L' && (held >> object & 1))
			op = 'U';
		if (op == 'U' && !(held >> object & 1))
			op = 'T';
		if (op == 'T' && (held >> object & 1))
			op = 'R';
		held = op == 'L' ? held | 1u << object : op == 'U' ? held & ~(1u << object) : held;
		if (op == 'N')		/* unpark only a task that was spawned before this one */
			object = kt_rng_below(rng, me + 1);
		s[used++] = op;
		s[used++] = (char)('0' + object);
	}
	for (unsigned i = 0; i < 2; i++)
		if (held >> i & 1) {
			s[used++] = 'U';
			s[used++] = (char)('0' + i);
		}
	s[used] = '\0';
}

static void test_drawn(const char *name, const char *letters, struct sim_exploration o,
		       unsigned count)
{
	unsigned long long executions = 0, classes = 0, blocked = 0;

	for (unsigned seed = 0; seed < count; seed++) {
		struct kt_rng rng;
		struct program p = { .o = o };
		char text[TASKS_MAX][64], title[64];
		unsigned tasks;

		kt_rng_seed(&rng, seed);
		tasks = 2 + kt_rng_below(&rng, 2);
		snprintf(title, sizeof title, "# %s %u", name, seed);
		p.name = title;
		for (unsigned i = 0; i < tasks; i++) {
			draw_task(text[i], &rng, i, 1 + kt_rng_below(&rng, tasks == 2 ? 4 : 3),
				  letters);
			p.task[i] = text[i];
		}
		compare(&p, o.fails || o.kills || o.spurious);
		executions += full.e.executions;
		classes += reduced.e.executions;
		blocked += reduced.e.blocked;
	}
	printf("ok drawn, %s: %llu of %llu, %llu blocked\n", name, classes, executions, blocked);
}

/*
 * Programs that are too large for a search without states. The reduction must reach the same
 * ends as a search through all states, and do so in fewer steps.
 */
static void test_states(const char *name, const char *letters, struct sim_exploration o,
			unsigned count)
{
	unsigned long long all = 0, kept = 0, cut = 0;

	for (unsigned seed = 0; seed < count; seed++) {
		struct kt_rng rng;
		struct program p = { .name = name, .o = o, .same_values = seed % 4 != 0 };
		char text[TASKS_MAX][64];

		kt_rng_seed(&rng, 1000 + seed);
		for (unsigned i = 0; i < 3; i++) {
			draw_task(text[i], &rng, i, 2 + kt_rng_below(&rng, 3), letters);
			p.task[i] = text[i];
		}
		CHECK(search(&all_ends, &p, ALL_ENDS) && search(&by_ends, &p, ENDS));
		if (all_ends.has_short ? !by_ends.has_short :
		    !same(&all_ends.ends, &by_ends.ends)) {
			printf("FAIL %s %u: %s | %s | %s\n", name, seed, text[0], text[1], text[2]);
			print_states("all states", &all_ends);
			print_states("with reduction", &by_ends);
			exit(1);
		}
		all += all_ends.e.states;
		kept += by_ends.e.states;
		cut += by_ends.e.cut;
	}
	printf("ok states, %s: %llu of %llu, %llu cut\n", name, kept, all, cut);
	CHECK(kept < all && cut > 0);
}

int main(void)
{
	struct sim_exploration none = { 0 };

	setvbuf(stdout, NULL, _IOLBF, 0);
	test_written();
	test_drawn("words", "RWXI", none, 60);
	test_drawn("locks", "RWLLUT", none, 60);
	test_drawn("sleepers", "RWPNXI", none, 60);
	test_drawn("completions", "RWCVX", none, 60);
	test_drawn("all", "RWXILUTPNCV", none, 100);
	test_drawn("spurious", "RWPN", (struct sim_exploration){ .spurious = 1 }, 60);
	test_drawn("fails", "RWLUAI", (struct sim_exploration){ .fails = 1 }, 60);
	test_drawn("kills", "RWKCPN", (struct sim_exploration){ .kills = 1 }, 60);
	if (!sim_knows_states())
		return 0;
	test_states("words", "RWXI", none, 500);
	test_states("locks", "RWLLUT", none, 200);
	test_states("sleepers", "RWPNXI", none, 200);
	test_states("all", "RWXILUTPNCV", none, 200);
	test_states("kills", "RWKCPN", (struct sim_exploration){ .kills = 1 }, 200);
	test_states("fails", "RWLUAI", (struct sim_exploration){ .fails = 1 }, 200);
	return 0;
}
