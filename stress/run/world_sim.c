/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/run/world.h"

#include <stdio.h>
#include <string.h>

#include "platform/sim/sim.h"
#include "platform/sim/sim_detail.h"
#include "platform/sim/sim_strategies.h"
#include "stress/run/capture.h"
#include "stress/run/subject.h"

const char world_os[] = "sim";

/*
 * The exploration up to equivalence must know which operations depend on each other. Other back
 * ends sleep on futexes and semaphores, and the simulator can't say which of their operations
 * depend on each other.
 */
#if defined(KT_LOCK_MODELLED) && !defined(KT_LOCK_CHECKED) && \
	(defined(KT_COMPLETION_MODELLED) || defined(KT_COMPLETION_PARK)) && defined(KT_RCU_MODELLED)
enum { KNOWS_DEPENDENCIES = true };
#else
enum { KNOWS_DEPENDENCIES = false };
#endif

unsigned world_jobs(void)
{
	return 1;
}

const char *world_lacks(enum world_ability a)
{
	return a != WORLD_EXPLORES || KNOWS_DEPENDENCIES ? NULL :
	       "needs modelled locks and RCU, and modelled or park completions";
}

const struct sim_record *world_record(void)
{
	return sim_record();
}

void world_note_details(bool on)
{
	sim_note_wakes(on);
	sim_note_details(on);
}

const struct sim_details *world_details(void)
{
	return sim_details();
}

const struct kt_site *world_round_of(uint32_t task)
{
	struct sim_circle c;

	return sim_circle_of(task, &c) ? c.mark : NULL;
}

void world_init(struct verdict *last_words)
{
	(void)last_words;	/* every run returns */
	sim_record();
}

void world_apart(struct verdict *last_words)
{
	(void)last_words;
	sim_record_apart();
	if (subject->apart)
		subject->apart();
}

static const struct plan *loaded;
static bool profiled;	/* the loaded plan has a profile for surw */

void world_load(const struct plan *p)
{
	struct os_hooks hooks;

	sim_set_namer(subject->namer);
	loaded = p;
	profiled = false;
	subject->load(p);
	if (subject->polls && subject->polls())
		sim_let_steps_take_time();
	inject_load(p);
	hooks = inject_hooks();
	os_set_hooks(&hooks);
}

static void body(void *check_expects)
{
	subject->run(*(const bool *)check_expects);
}

static struct {		/* the exploration that world_explore() began, if that is bounded */
	bool on;
	uint64_t executions, events;
} bounded;

static struct sim_strategy *strategy_of(const struct world_options *o)
{
	struct sim_strategy *s;

	if (o->orders)
		return sim_strategy_orders();
	if (o->explores)
		return bounded.on ? sim_strategy_bound() : sim_strategy_dpor();
	s = sim_strategy_of((enum kt_strategy)o->strategy, o->depth);
	return subject->creators_go_on && subject->creators_go_on(o->variant) ?
	       sim_strategy_creators(s) : s;
}

_Static_assert(SIM_TASKS_MAX <= SIGNATURE_PLACES_MAX, "a signature has room for every task");

static void sign_message(struct verdict *v)
{
	const struct sim_record *r = sim_record();
	const char *name[SIM_TASKS_MAX];
	char text[SIGNATURE_MAX];

	/* Task 0 has its name, "init", from the simulator; the word stands in messages, too. */
	for (uint32_t i = 1; i < r->tasks; i++)
		name[i - 1] = r->task[i].name;
	signature_hide_plan(text, sizeof text, v->message, name, r->tasks ? r->tasks - 1 : 0);
	signature_of_message(v->signature, v->failure, text, r->failed_site);
}

static void sign(struct verdict *v)
{
	const struct sim_record *r = sim_record();
	struct kt_site *place[SIM_TASKS_MAX];
	struct sim_circle c;
	unsigned n = 0;

	for (uint32_t i = 0; i < r->tasks; i++)
		if (v->failure == KT_DEADLOCK && r->task[i].state == SIM_SLEEPING)
			place[n++] = r->task[i].why;
		else if (v->failure == KT_LIVELOCK && sim_circle_of(i, &c))
			place[n++] = c.mark;
	if (subject->places && n == 0)
		n = subject->places(v->failure, place);
	if (v->failure == KT_DEADLOCK || v->failure == KT_LIVELOCK || n)
		signature_of_places(v->signature, v->failure, place, n);
	else
		sign_message(v);
}

static enum sim_model memory(void)
{
	switch (loaded->memory) {
	case PLAN_TSO: return SIM_TSO;
	case PLAN_PSO: return SIM_PSO;
	case PLAN_ARM: return SIM_ARM;
	default: return SIM_SC;
	}
}

static void run_once(const struct sim_options *so, uint32_t variant, bool *check_expects)
{
	if (subject->execute)
		subject->execute(so, variant);
	else
		sim_run(so, body, check_expects);
}

/* Must the execution that ran be run again, because it has shown what it depends on? */
static bool is_to_be_repeated(enum subject_knowledge knows, unsigned runs)
{
	enum { RUNS_MAX = 8 };

	return knows == SUBJECT_KNOWS_ALL && subject->learned && runs < RUNS_MAX &&
	       subject->learned();
}

/*
 * Take the profile that the strategy surw needs, in one execution in which each task runs until
 * it blocks, without drawn faults. If that execution fails, the profile ends there. The
 * execution for which world_run() was called then fails as well.
 */
static void take_profile(void)
{
	struct sim_options so = {
		.memory = memory(), .profiles = true,
		.steps_max = subject->steps_max, .steps_fair = subject->steps_fair,
	};
	bool check_expects = false;

	inject_begin(&(struct inject_faults){ 0 });
	so.strategy = inject_strategy(sim_strategy_block());
	run_once(&so, 0, &check_expects);
	sim_strategies_profile(sim_record());
	profiled = true;
}

void world_run(const struct world_options *o, struct verdict *v)
{
	const struct sim_record *r;
	struct sim_options so = {
		.seed = o->seed, .steps_estimate = o->steps_estimate, .moved = o->moved,
		.memory = memory(), .loads_drawn = o->strategy != PLAN_BLOCK && !o->explores,
		.steps_max = o->steps_max ? o->steps_max : subject->steps_max,
		.steps_fair = o->steps_max ? 0 : subject->steps_fair,
	};
	bool check_expects = o->check_expects;
	unsigned runs = 0;

	if (!profiled && sim_strategy_profiles((enum kt_strategy)o->strategy))
		take_profile();
	do {
		inject_begin(&o->faults);
		so.strategy = inject_strategy(strategy_of(o));
		run_once(&so, o->variant, &check_expects);
	} while (is_to_be_repeated(o->knows, ++runs));
	r = sim_record();
	v->failure = r->failure;
	v->hash = r->hash;
	v->steps = r->steps;
	if (r->failure == KT_PASS)
		return;
	if (!o->check_expects && subject->known && subject->known(r->failure)) {
		v->failure = KT_PASS;
		return;
	}
	snprintf(v->message, sizeof v->message, "%s", r->message);
	sign(v);
}

/* ---- two runs of one execution --------------------------------------------- */

static struct {
	struct verdict verdict;
	uint32_t tasks, steps;
	char name[SIM_TASKS_MAX][OS_NAME_MAX];
	struct sim_step trace[SIM_STEPS_MAX];
} kept;

_Static_assert(1 << WORLD_MOVED_POWERS == SIM_MOVED_MAX, "the simulator can move memory so far");

void world_keep(const struct verdict *v)
{
	const struct sim_record *r = sim_record();

	kept.verdict = *v;
	kept.tasks = r->tasks;
	kept.steps = r->steps;
	for (uint32_t i = 0; i < r->tasks; i++)
		memcpy(kept.name[i], r->task[i].name, OS_NAME_MAX);
	memcpy(kept.trace, r->trace, r->steps * sizeof kept.trace[0]);
}

static bool same_step(const struct sim_step *a, const struct sim_step *b)
{
	return a->task == b->task && a->why == b->why &&
	       kt_site_hash(a->site) == kt_site_hash(b->site);
}

/* Put into buf which task is at which place, and into `site` the place alone. */
static void step_words(const struct sim_step *t, const char *name, char *site, char *buf,
		       size_t size)
{
	char label[KT_SITE_NAME_MAX];

	if (!t) {
		snprintf(site, KT_SITE_NAME_MAX, "end");
		snprintf(buf, size, "is at its end");
		return;
	}
	kt_site_name(t->site, site, KT_SITE_NAME_MAX);
	snprintf(buf, size, "has %s at %s [%s:%u]", name,
		 kt_site_label(t->site, label, sizeof label), kt_site_file(t->site),
		 kt_site_line(t->site));
}

/* The two runs differ from step i on. */
static void tell_step(struct verdict *v, uint32_t i)
{
	const struct sim_record *r = sim_record();
	const struct sim_step *a = i < kept.steps ? &kept.trace[i] : NULL;
	const struct sim_step *b = i < r->steps ? &r->trace[i] : NULL;
	char site[2][KT_SITE_NAME_MAX], words[2][256];

	step_words(a, a ? kept.name[a->task] : NULL, site[0], words[0], sizeof words[0]);
	step_words(b, b ? r->task[b->task].name : NULL, site[1], words[1], sizeof words[1]);
	v->steps = i;
	snprintf(v->message, sizeof v->message, "a second run differs from step %u on: the first "
		 "run %s, the other %s", i, words[0], words[1]);
	signature_of_steps(v->signature, site[0], site[1]);
}

bool world_differs(const struct verdict *again, struct verdict *v)
{
	const struct sim_record *r = sim_record();
	const struct verdict *first = &kept.verdict;
	uint32_t i = 0;

	if (again->failure == first->failure && again->hash == first->hash &&
	    again->steps == first->steps &&
	    (again->failure == KT_PASS || strcmp(again->message, first->message) == 0))
		return false;
	while (i < kept.steps && i < r->steps && same_step(&kept.trace[i], &r->trace[i]))
		i++;
	if (i < kept.steps || i < r->steps) {
		tell_step(v, i);
	} else {
		snprintf(v->message, sizeof v->message, "a second run ends differently: the "
			 "same %u steps, then %s (%.300s) and %s (%.300s)", i,
			 kt_failure_name(first->failure), first->message,
			 kt_failure_name(again->failure), again->message);
		signature_of_ends(v->signature, first->failure, again->failure);
	}
	v->failure = KT_NONDETERMINISM;
	v->hash = 0;	/* the two runs have no hash in common */
	return true;
}

static bool may_be_killed(uint32_t name_hash)
{
	for (unsigned i = 0; subject->victims && i < subject->victims(); i++)
		if (kt_name_hash(subject->victim(i)) == name_hash)
			return true;
	return false;
}

static struct {		/* the memory of the subject and of the injector */
	struct sim_memory at[16 + 2 * PLAN_THREADS_MAX];
	uint32_t count;
} states;

static void add_memory(const void *at, size_t size)
{
	KT_ASSERT(states.count < sizeof states.at / sizeof states.at[0]);
	states.at[states.count++] = (struct sim_memory){ at, size };
}

bool world_knows_states(void)
{
	return sim_knows_states() && subject->memory && subject->memory(NULL);
}

static void find_memory(void)
{
	states.count = 0;
	inject_memory(add_memory);
	subject->memory(add_memory);
}

/* find_memory() was called, if the exploration knows states. */
static struct sim_exploration exploration(const struct world_exploration *o)
{
	return (struct sim_exploration){
		.brute = o->brute, .states = o->states,
		.memory = states.at, .memory_count = o->states ? states.count : 0,
		.normalize = subject->normalize, .memory_limit = o->memory_limit,
		.settles = !o->teardown || subject->explore,
		.kills = o->kills, .fails = o->fails,
		.spurious = o->spurious, .may_be_killed = may_be_killed,
	};
}

bool world_explore(const struct world_exploration *o)
{
	struct sim_exploration e;
	const struct sim_bounds b = {
		.total = o->preemptions + o->kills + o->fails + o->spurious,
		.preemptions = o->preemptions, .kills = o->kills, .fails = o->fails,
		.spurious = o->spurious, .may_be_killed = may_be_killed,
	};

	if (subject->explore)
		subject->explore();
	bounded.on = o->bounded;
	bounded.executions = bounded.events = 0;
	if (o->states)
		find_memory();
	e = exploration(o);
	if (!o->bounded)
		return sim_explore(&e);
	sim_bound(&b);
	return true;
}

bool world_explored(struct world_explored *out)
{
	struct sim_explored e;
	bool more;

	if (bounded.on) {
		*out = (struct world_explored){
			.executions = ++bounded.executions,
			.events = bounded.events += sim_record()->steps,
		};
		return sim_bounded(&out->too_long);
	}
	more = sim_explored(&e);
	*out = (struct world_explored){
		.executions = e.executions, .redundant = e.redundant, .blocked = e.blocked,
		.dropped = e.dropped, .events = e.events,
		.states = e.states, .cut = e.cut, .bytes = e.bytes,
		.too_long = e.too_long, .no_memory = e.no_memory, .limited = e.limited,
	};
	return more;
}

struct world_options world_options_of(const struct plan *p)
{
	return (struct world_options){
		.strategy = p->strategy, .depth = p->depth, .seed = p->seed,
		.steps_estimate = p->steps_estimate, .check_expects = true,
		.variant = subject->variants ? p->variant % subject->variants() : 0,
		.knows = SUBJECT_KNOWS_ALL,
	};
}

bool world_capture(const struct plan *p, const struct world_options *o, struct plan *out)
{
	if (capture(p, sim_record(), out))
		return true;
	if (!capture_events(p, sim_record(), out))
		*out = *p;
	out->strategy = o->strategy;
	out->depth = o->depth;
	out->seed = o->seed;
	out->steps_estimate = plan_strategy_has_depth(o->strategy) ? o->steps_estimate : 0;
	out->variant = o->strategy == PLAN_BLOCK ? 0 : o->variant;
	return false;
}

uint32_t world_killed_at(const char *name)
{
	const struct sim_record *r = sim_record();

	for (uint32_t i = 0; i < r->events; i++)
		if (r->event[i].kind == SIM_EVENT_KILL &&
		    strcmp(r->task[r->event[i].task].name, name) == 0)
			return r->event[i].step;
	return 0;
}

void world_post_mortem(struct verdict *v)
{
	v->hash = sim_record()->hash;
	v->steps = sim_record()->steps;
}

void world_dump_waits(int fd)
{
	(void)fd;	/* a simulated deadlock is reported by the simulator */
}

struct world_switch world_switch(void)
{
	enum { ROUNDS = 5000000 };

	return (struct world_switch){ sim_bare_switch_ns(ROUNDS), sim_own_switch_ns(ROUNDS) };
}

/* ---- schedule coverage -------------------------------------------------- */

const size_t world_coverage_bytes = sizeof(struct sim_pairs);

void world_cover(void *coverage)
{
	sim_cover(coverage);
}

uint32_t world_cover_fresh(void)
{
	return sim_cover_fresh();
}

uint32_t world_pairs(const void *coverage)
{
	const struct sim_pairs *pairs = coverage;

	return pairs->count;
}

uint32_t world_pairs_of_all(const void *coverages, unsigned count)
{
	const struct sim_pairs *pairs = coverages;
	static struct sim_pairs all;

	if (count <= 1)
		return count ? pairs->count : 0;
	memset(&all, 0, sizeof all);
	for (unsigned i = 0; i < count; i++)
		for (uint32_t n = 0; n < pairs[i].count; n++)
			sim_pairs_add(&all, &pairs[i].pair[n]);
	return all.count;
}

static const char *access_name(const struct kt_site *site, bool waited, char *buf, size_t size)
{
	char name[KT_SITE_NAME_MAX];

	snprintf(buf, size, "%s%s", waited ? "waited:" : "",
		 site ? kt_site_name(site, name, sizeof name) : "-");
	return buf;
}

char *world_pair(const void *coverage, uint32_t i, char *buf, size_t size)
{
	const struct sim_pairs *pairs = coverage;
	const struct sim_pair *p = &pairs->pair[i];
	char first[KT_SITE_NAME_MAX + 8], second[KT_SITE_NAME_MAX + 8];

	snprintf(buf, size, "%s %s %s", p->kind == SIM_PAIR_ORDER ? "order" : "reads-from",
		 access_name(p->first, p->first_waited, first, sizeof first),
		 access_name(p->second, p->second_waited, second, sizeof second));
	return buf;
}
