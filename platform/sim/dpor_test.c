/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Partial-order reduction against the search without it: the same outcomes, the
 * same classes, no class twice. Small programs, written and drawn, of all that
 * tasks do to each other; and the hand-off of kthreadd as a model, whose classes
 * were counted by others.
 *
 * A class is told here without the engine's clocks: the operations, as the
 * program itself logs them, in Foata's normal form.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/atomic.h"
#include "platform/completion.h"
#include "platform/conformance/test.h"
#include "platform/lock.h"
#include "platform/os.h"
#include "platform/rng.h"
#include "platform/sim/sim.h"

/* ---- sets of hashes ----------------------------------------------------- */

struct hashes {
	uint64_t slot[1 << 15];
	unsigned count;
};

static uint64_t mix(uint64_t h)
{
	h *= 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

static bool add(struct hashes *s, uint64_t h)
{
	unsigned at;

	h |= !h;
	for (at = (unsigned)(h >> 20) % (1 << 15); s->slot[at]; at = (at + 1) % (1 << 15))
		if (s->slot[at] == h)
			return false;
	CHECK(s->count < 1 << 14);
	s->slot[at] = h;
	s->count++;
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

/* ---- the language ------------------------------------------------------- */

/*
 * A task is a string of two letters each: what, and to what.
 *
 *	R W X  load, store, exchange a word		L U T  lock, unlock, try (and unlock)
 *	I      if the last load gave 0 skip what follows	S      spin until a word is not 0
 *	P N    park; unpark task number			C V K  complete, wait, wait killably
 *	A      allocate, which may fail, and free	Z      free task 0's block
 *	B      store to that block
 */
enum { TASKS_MAX = 4, LOG_MAX = 128, NAMES = 4 };

struct program {
	const char *name;
	const char *task[TASKS_MAX];
	struct sim_exploration o;
	unsigned classes;	/* 0: whatever the search without reduction says */
};

struct entry {
	uint8_t task, object;
	char how;		/* R and N: commute with themselves */
};

static struct {
	const struct program *p;
	struct os_thread thread[TASKS_MAX];
	kt_lock lock[NAMES];
	kt_completion done[NAMES];
	unsigned word[NAMES];
	unsigned *block;
	struct entry log[LOG_MAX];
	unsigned logged;
	uint64_t seen[TASKS_MAX];	/* what a task has read */
	struct kt_site park;
} run;

/* What was just done, before anybody else can do anything. */
static void note(unsigned task, char how, unsigned object)
{
	CHECK(run.logged < LOG_MAX);
	run.log[run.logged++] = (struct entry){ (uint8_t)task, (uint8_t)object, how };
}

static void saw(unsigned task, uint64_t what)
{
	run.seen[task] = mix(run.seen[task] ^ (what + 1));
}

enum { WORD = 0, LOCK = 8, SLEEP = 16, BLOCK = 24 };

static unsigned do_word(unsigned me, char op, unsigned i, unsigned value)
{
	unsigned was = 0;

	if (op == 'R') {
		was = READ_ONCE(run.word[i]);
	} else if (op == 'X') {
		was = xchg(&run.word[i], value);
	} else if (op == 'S') {
		while (READ_ONCE(run.word[i]) == 0)
			cpu_relax();
		was = run.word[i];
	} else {
		WRITE_ONCE(run.word[i], value);
	}
	note(me, op == 'R' || op == 'S' ? 'R' : 'W', WORD + i);
	if (op != 'W')
		saw(me, was);
	return was;
}

static void do_lock(unsigned me, char op, unsigned i)
{
	bool got = true;

	if (op == 'L')
		kt_lock_acquire(&run.lock[i]);
	else if (op == 'T')
		got = kt_lock_try_acquire(&run.lock[i]);
	if (op != 'U') {
		note(me, 'W', LOCK + i);
		saw(me, got);
	}
	if (op == 'U' || (op == 'T' && got))
		kt_lock_release(&run.lock[i]);
}

static void do_wait(unsigned me, char op, unsigned i)
{
	switch (op) {
	case 'P':
		os_park(&run.park);
		note(me, 'W', SLEEP + me);
		break;
	case 'N':
		note(me, 'N', SLEEP + i);
		os_unpark(&run.thread[i]);
		break;
	case 'C': kt_complete(&run.done[i]); break;
	case 'V': kt_completion_wait(&run.done[i]); break;
	default: saw(me, kt_completion_wait_killable(&run.done[i]) == 0); break;
	}
}

static void do_memory(unsigned me, char op, unsigned value)
{
	void *p;

	switch (op) {
	case 'A':
		p = os_alloc(KT_ROLE_TEST, 16);
		saw(me, p != NULL);
		os_free(p);
		break;
	case 'Z':
		os_free(run.block);
		break;
	default:
		WRITE_ONCE(*run.block, value);
		break;
	}
}

static void task(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg, last = 1;
	const char *s = run.p->task[me];

	for (unsigned i = 0; s[i]; i += 2) {
		unsigned object = (unsigned)(s[i + 1] - '0'), value = me * 16 + i + 1;

		CHECK(s[i + 1] && object < NAMES);
		if (s[i] == 'I' && last == 0)
			i += 2;
		else if (strchr("RWXS", s[i]))
			last = do_word(me, s[i], object, value);
		else if (strchr("LUT", s[i]))
			do_lock(me, s[i], object);
		else if (strchr("PNCVK", s[i]))
			do_wait(me, s[i], object);
		else if (s[i] != 'I')
			do_memory(me, s[i], value);
	}
}

static unsigned tasks_of(const struct program *p)
{
	unsigned n = 0;

	while (n < TASKS_MAX && p->task[n])
		n++;
	return n;
}

static void body(void *unused)
{
	static const char *const name[TASKS_MAX] = { "t0", "t1", "t2", "t3" };
	unsigned n = tasks_of(run.p);

	(void)unused;
	run.logged = 0;
	memset(run.word, 0, sizeof run.word);
	memset(run.seen, 0, sizeof run.seen);
	run.park = (struct kt_site){ .op = "park", .what = "P", .func = "task", .file = "" };
	run.block = strpbrk(run.p->task[0], "ZB") ? os_alloc(KT_ROLE_TEST, 64) : NULL;
	for (unsigned i = 0; i < NAMES; i++) {
		kt_lock_init(&run.lock[i], "lock");
		kt_completion_init(&run.done[i]);
	}
	for (uintptr_t i = 0; i < n; i++)
		CHECK_EQ(os_spawn(&run.thread[i], name[i], OS_JOINABLE, task, (void *)i), 0);
	for (unsigned i = 0; i < n; i++)
		os_join(&run.thread[i]);
}

/* Which allocations fail is a choice; none outside task(). */
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

static bool depend(const struct entry *a, const struct entry *b)
{
	return a->task == b->task ||
	       (a->object == b->object && !(a->how == b->how && a->how != 'W'));
}

/* Foata: an entry's level is one above the highest it depends on. */
static uint64_t class_of_log(void)
{
	unsigned level[LOG_MAX], nth[LOG_MAX];
	uint64_t sum = 0;

	for (unsigned i = 0; i < run.logged; i++) {
		level[i] = nth[i] = 0;
		for (unsigned k = 0; k < i; k++) {
			nth[i] += run.log[k].task == run.log[i].task;
			if (depend(&run.log[k], &run.log[i]) && level[k] >= level[i])
				level[i] = level[k] + 1;
		}
		sum += mix(mix((uint64_t)level[i] << 32 | run.log[i].task << 16 |
			       run.log[i].object << 8 | (uint8_t)run.log[i].how) ^ nth[i]);
	}
	return sum;
}

/* A failure at once leaves what others would have done undone: no class. */
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

static struct searched {
	struct hashes outcomes, classes;
	struct sim_explored e;
	bool has_short;
} full, reduced;

/* False if it takes too long. */
static bool search(struct searched *s, const struct program *p, bool brute)
{
	const struct os_hooks hooks = { .alloc_fails = alloc_fails };
	struct sim_exploration o = p->o;
	struct sim_options so = { .strategy = sim_strategy_dpor(), .steps_max = 2000 };
	uint64_t limit = p->name[0] == '#' ? 20000 : 2000000;

	memset(s, 0, sizeof *s);
	run.p = p;
	o.brute = brute;
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
			add(&s->classes, mix(class ^ out));
		}
		if (s->e.executions > limit || s->classes.count > 8000)
			return false;
	}
	CHECK(!s->e.too_long && !s->e.no_memory);
	return true;
}

/* Where something fails at once, that must be found; with it an exploration ends. */
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

static void compare(const struct program *p, bool has_choices)
{
	if (!search(&full, p, true) || !search(&reduced, p, false)) {
		CHECK(p->name[0] == '#');	/* drawn ones may be too long */
		return;
	}
	if (!agree(p, has_choices)) {
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
	{ .name = "unpark of who has ended", .task = { "P0", "N0R0N0" } },
	{ .name = "one permit", .task = { "P0P0", "N0R0N0" } },
	{ .name = "never woken", .task = { "P0W0", "R0" } },
	{ .name = "completion", .task = { "V0R0", "W0C0" } },
	{ .name = "who waits first", .task = { "V0W0", "V0", "C0" } },
	{ .name = "spinner", .task = { "S0R1", "W1W0" } },
	{ .name = "spins on two changes", .task = { "S0W1", "X1W0", "R1W0" } },
	{ .name = "spins in vain", .task = { "S0", "R0" } },
	{ .name = "freed under somebody", .task = { "B0Z0", "B0" } },
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
		if (op == 'N')		/* who is there already */
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

/* ---- the hand-off ------------------------------------------------------- */

/*
 * Of a request to kthreadd and back, as it was given to GenMC 0.11 and nidhugg 0.4:
 * creators append under a lock and wake the daemon by an exchange of its state;
 * the list is a word that is written when it becomes empty or not; the answer is
 * a flag. Who awaits a value either goes on when it is there (5 and 178 classes),
 * or, as for those tools, looks once and if it is not there is stuck for good (6
 * and 566 more).
 *
 * Of three creators nidhugg alone has a number, 15,102, by its reads-from mode. By
 * the logs of this model there are 15,318.
 */
enum { CREATORS_MAX = 3, STATE = 0, LIST = 1, ANSWER = 2, LIST_LOCK = 8, DAEMON = 7 };
enum { RUNNING, SLEEPING };

static struct {
	unsigned creators;
	bool looks_once, stuck;
	kt_lock lock;
	uint32_t state, list, answer[CREATORS_MAX];
	unsigned queue[CREATORS_MAX], appended, popped;	/* under lock */
	struct os_thread daemon, creator[CREATORS_MAX], made[CREATORS_MAX];
} model;

static void await(unsigned me, uint32_t *word, uint32_t value, unsigned object)
{
	struct kt_site *site = KT_SITE("await", "word");

	if (!model.looks_once) {
		sim_await(word, value, site);
		note(me, 'R', object);
		return;
	}
	if (READ_ONCE(*word) == value) {
		note(me, 'R', object);
		return;
	}
	model.stuck = true;
	for (;;)
		os_park(site);
}

static void create(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;

	kt_lock_acquire(&model.lock);
	note(me, 'W', LIST_LOCK);
	model.queue[model.appended++] = me;
	if (model.appended - model.popped == 1) {
		WRITE_ONCE(model.list, 1);
		note(me, 'W', LIST);
	}
	kt_lock_release(&model.lock);
	xchg(&model.state, RUNNING);
	note(me, 'W', STATE);
	await(me, &model.answer[me], 1, ANSWER + me);
}

static void answer(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;

	WRITE_ONCE(model.answer[me], 1);
	note(CREATORS_MAX + me, 'W', ANSWER + me);
}

static void take_lock(void)
{
	kt_lock_acquire(&model.lock);
	note(DAEMON, 'W', LIST_LOCK);
}

static void pop_all(void)
{
	take_lock();
	while (model.appended > model.popped) {
		unsigned i = model.queue[model.popped++];

		WRITE_ONCE(model.list, model.appended > model.popped);
		note(DAEMON, 'W', LIST);
		kt_lock_release(&model.lock);
		os_spawn(&model.made[i], "made", OS_JOINABLE, answer, (void *)(uintptr_t)i);
		take_lock();
	}
	kt_lock_release(&model.lock);
}

static void serve(void *unused)
{
	(void)unused;
	for (;;) {
		bool empty;

		WRITE_ONCE(model.state, SLEEPING);
		note(DAEMON, 'W', STATE);
		empty = READ_ONCE(model.list) == 0;
		note(DAEMON, 'R', LIST);
		if (empty && model.popped == model.creators)
			break;
		if (empty)
			await(DAEMON, &model.state, RUNNING, STATE);
		WRITE_ONCE(model.state, RUNNING);
		note(DAEMON, 'W', STATE);
		pop_all();
	}
}

static void hand_off(void *unused)
{
	(void)unused;
	run.logged = 0;
	model.stuck = false;
	model.state = model.list = model.appended = model.popped = 0;
	memset(model.answer, 0, sizeof model.answer);
	kt_lock_init(&model.lock, "list");
	os_spawn(&model.daemon, "daemon", OS_JOINABLE, serve, NULL);
	for (uintptr_t i = 0; i < model.creators; i++)
		os_spawn(&model.creator[i], "creator", OS_JOINABLE, create, (void *)i);
	for (unsigned i = 0; i < model.creators; i++)
		os_join(&model.creator[i]);
	os_join(&model.daemon);
	for (unsigned i = 0; i < model.creators; i++)
		os_join(&model.made[i]);
}

static void test_hand_off(unsigned creators, bool looks_once, unsigned classes, unsigned stuck)
{
	const struct sim_exploration o = { 0 };
	const struct sim_options so = { .strategy = sim_strategy_dpor() };
	unsigned ended = 0, blocked = 0;
	struct sim_explored *e = &reduced.e;

	memset(&reduced, 0, sizeof reduced);
	model.creators = creators;
	model.looks_once = looks_once;
	os_set_hooks(&(struct os_hooks){ .point = NULL });
	CHECK(sim_explore(&o));
	for (bool more = true; more; ) {
		const struct sim_record *r = sim_run(&so, hand_off, NULL);

		CHECK_EQ(r->failure, model.stuck ? KT_DEADLOCK : KT_PASS);
		if (!model.stuck)
			add(&reduced.classes, class_of_log());
		blocked += model.stuck;
		ended += !model.stuck;
		more = sim_explored(e);
	}
	CHECK_EQ(ended, classes);
	CHECK_EQ(reduced.classes.count, classes);
	CHECK_EQ(blocked, stuck);
	CHECK_EQ(e->redundant + e->blocked + e->dropped, 0);
	printf("ok hand-off, %u creators: %u classes, %u stuck\n", creators, ended, blocked);
}

int main(void)
{
	struct sim_exploration none = { 0 };

	setvbuf(stdout, NULL, _IOLBF, 0);

	test_hand_off(1, false, 5, 0);
	test_hand_off(2, false, 178, 0);
	test_hand_off(3, false, 15318, 0);
	test_hand_off(1, true, 5, 6);
	test_hand_off(2, true, 178, 566);
	test_written();
	test_drawn("words", "RWXI", none, 60);
	test_drawn("locks", "RWLLUT", none, 60);
	test_drawn("sleepers", "RWPNXI", none, 60);
	test_drawn("completions", "RWCVX", none, 60);
	test_drawn("all", "RWXILUTPNCV", none, 100);
	test_drawn("spurious", "RWPN", (struct sim_exploration){ .spurious = 1 }, 60);
	test_drawn("fails", "RWLUAI", (struct sim_exploration){ .fails = 1 }, 60);
	test_drawn("kills", "RWKCPN", (struct sim_exploration){ .kills = 1 }, 60);
	return 0;
}
