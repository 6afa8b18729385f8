/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/attempt.h"

#include <string.h>

#include "stress/hunt/budget.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/same_bug.h"
#include "stress/hunt/shared.h"
#include "stress/hunt/twice.h"
#include "stress/run/subject.h"

enum {
	SEARCH_RUNS = 400,	/* schedules tried for a plan */
	SEARCH_RUNS_BEST = 2000,	/* for the one with the fewest directives */
	SEARCH_STEPS = 1000000,	/* of all these schedules: fewer schedules of long executions */
	SEARCH_RUNS_MIN = 20,
	PASSING_RUNS = 50,	/* schedules tried until one passes */
	LIVELOCK_STEPS = 300,
	THREADS_RUNS = 200,	/* of a plan as written, if this world does not repeat */
	CHILDREN_MAX = 60,	/* for one attempt; a sanitizer's report ends a child */
};

static struct {
	struct verdict found;	/* of the smallest plan so far */
	uint64_t illegality;
	bool passes_bare, passes;	/* so does the original */
	struct plan judged;	/* the smallest plan so far, without its schedule */
	double deadline;
	bool late;
	/* of the attempt under way: */
	bool is_original;
	bool is_judged;		/* its program and its faults are those of `judged` */
	bool searches;
	bool is_best;		/* look at all schedules for the one with the fewest directives */
} of;

bool attempt_out_of_time(void)
{
	of.late |= now_s() >= of.deadline;
	return of.late;
}

unsigned attempt_runs(void)
{
	return shared->attempt.runs;
}

/* *p without its schedule and its strategy. */
static void copy_program(struct plan *out, const struct plan *p)
{
	*out = *p;
	plan_drop_schedule(out);
	out->strategy = PLAN_BLOCK;
	out->depth = out->steps_estimate = 0;
	out->seed = 0;
}

static bool has_faults(const struct plan *p)
{
	for (unsigned i = 0; i < p->directives_count; i++)
		if (p->directives[i].kind != PLAN_D_SWITCH &&
		    p->directives[i].kind != PLAN_D_VISIBLE)
			return true;
	return false;
}

/* ---- from phase to phase ----------------------------------------------------------- */

static void to_phase(enum attempt_phase phase)
{
	shared->attempt.next = 0;
	shared->attempt.phase = phase;
}

/* With the faults, or without if it has none and that was not asked before. */
static bool must_pass(const struct plan *p)
{
	return of.is_original || (of.passes && (has_faults(p) || !of.passes_bare));
}

/* The plan failed in the same way. Which schedules must pass? */
static void to_passes(void)
{
	if (of.is_judged)
		to_phase(ATTEMPT_HOLDS);
	else if (of.is_original || of.passes_bare)
		to_phase(ATTEMPT_PASSES_BARE);
	else
		to_phase(must_pass(&shared->plan) ? ATTEMPT_PASSES : ATTEMPT_HOLDS);
}

static void after_passes_bare(bool passes)
{
	shared->attempt.passes_bare = passes;
	if (!passes && !of.is_original)
		to_phase(ATTEMPT_FAILED);
	else
		to_phase(must_pass(&shared->plan) ? ATTEMPT_PASSES : ATTEMPT_HOLDS);
}

static void after_passes(bool passes)
{
	shared->attempt.passes = passes;
	to_phase(passes || of.is_original ? ATTEMPT_HOLDS : ATTEMPT_FAILED);
}

/* The plan as written ended with *v. */
static void after_written(const struct verdict *v)
{
	if (same_bug(&of.found, v)) {
		shared->attempt.verdict = *v;
		to_passes();
	} else if (shared->attempt.phase == ATTEMPT_WRITTEN && of.searches) {
		to_phase(ATTEMPT_SEARCH);
	} else {
		to_phase(ATTEMPT_FAILED);
	}
}

static void after_search(void)
{
	to_phase(shared->attempt.found ? ATTEMPT_AGAIN : ATTEMPT_FAILED);
}

/* ---- in the child -------------------------------------------------------------------- */

static void run(const struct world_options *w, struct verdict *v)
{
	shared->options = *w;
	memset(v, 0, sizeof *v);
	if (of.found.failure == KT_NONDETERMINISM)
		run_twice(w, true, v);
	else
		world_run(w, v);
	shared->attempt.runs++;
	shared_beat();
}

static void run_written(void)
{
	struct world_options w = world_options_of(&shared->plan);
	unsigned times = world_can(WORLD_REPEATS) ? 1 : THREADS_RUNS;
	struct verdict v = { .failure = KT_PASS };

	world_load(&shared->plan);
	for (unsigned i = 0; i < times && v.failure == KT_PASS; i++, w.seed++)
		run(&w, &v);
	after_written(&v);
}

static unsigned search_runs(void)
{
	unsigned runs = SEARCH_STEPS / (of.found.steps ? of.found.steps : 1);
	unsigned most = of.is_best ? SEARCH_RUNS_BEST : SEARCH_RUNS;

	return runs > most ? most : runs < SEARCH_RUNS_MIN ? SEARCH_RUNS_MIN : runs;
}

/*
 * Schedule i of a search. At first most schedules have few switches, so that few directives
 * repeat them. After its first steps a livelock repeats the same steps for ever. There all
 * strategies but one switch tasks so often that the directives do not fit into a plan.
 */
static struct world_options schedule(unsigned i)
{
	static const struct {
		enum plan_strategy_kind kind;
		uint32_t depth;
	} few[] = {
		{ PLAN_DELAY_BOUNDED, 1 }, { PLAN_PCT, 2 }, { PLAN_DELAY_BOUNDED, 2 },
		{ PLAN_PCT, 3 },
	}, many[] = {
		{ PLAN_RANDOM, 0 }, { PLAN_PCT, 2 }, { PLAN_RANDOM, 0 }, { PLAN_PCT, 3 },
	};
	bool is_livelock = of.found.failure == KT_LIVELOCK;
	bool is_simple = i < search_runs() / 10 || (of.is_best && i & 4);
	struct world_options w = {
		.strategy = is_simple ? few[i % 4].kind : many[i % 4].kind,
		.depth = is_simple ? few[i % 4].depth : many[i % 4].depth,
		.seed = i, .steps_estimate = of.found.steps,
	};

	if (is_livelock) {
		w.strategy = PLAN_DELAY_BOUNDED;
		w.depth = 2 + i / 2 % 2;
		w.steps_estimate = LIVELOCK_STEPS;
	}
	if (i == 0)
		w.strategy = PLAN_BLOCK;
	return w;
}

/* The execution that ran last failed with *v. Keep it if it is what the search looks for. */
static void keep_schedule(const struct verdict *v)
{
	static struct plan program, found;

	copy_program(&program, &shared->plan);
	if (!same_bug(&of.found, v) || !world_capture(&program, &shared->options, &found) ||
	    found.directives_count >= shared->directives_below)
		return;
	shared->plan = found;
	shared->directives_below = found.directives_count;
	shared->attempt.found = true;
}

static void search(void)
{
	static struct plan program;
	struct verdict v;

	copy_program(&program, &shared->plan);
	world_load(&program);
	while (shared->attempt.next < search_runs() && !attempt_out_of_time()) {
		struct world_options w = schedule(shared->attempt.next++);

		run(&w, &v);
		if (v.failure != KT_PASS)
			keep_schedule(&v);
		if (shared->attempt.found && (!of.is_best || shared->directives_below == 0))
			break;
	}
	after_search();
}

/* Run the program of the plan under other schedules until one passes. */
static bool some_schedule_passes(bool with_faults)
{
	static struct plan program;
	unsigned runs = of.found.failure == KT_EXPECT ? 1 : PASSING_RUNS;
	struct verdict v;

	copy_program(&program, &shared->plan);
	if (!with_faults)
		program.directives_count = 0;
	world_load(&program);
	while (shared->attempt.next < runs) {
		unsigned i = shared->attempt.next++;
		struct world_options w = {
			.strategy = i == 0 ? PLAN_BLOCK : i & 1 ? PLAN_RANDOM : PLAN_PCT,
			.depth = 2, .seed = i, .steps_estimate = of.found.steps,
			.check_expects = true, .knows = SUBJECT_KNOWS_ALL,
		};

		run(&w, &v);
		if (v.failure == KT_PASS)
			return true;
	}
	return false;
}

/* A plan as written runs first in a fresh process, because a bug may use what is left there. */
static void child(void *unused)
{
	(void)unused;
	while (shared->attempt.phase < ATTEMPT_FAILED) {
		switch (shared->attempt.phase) {
		case ATTEMPT_SEARCH: search(); return;
		case ATTEMPT_PASSES_BARE: after_passes_bare(some_schedule_passes(false)); break;
		case ATTEMPT_PASSES: after_passes(some_schedule_passes(true)); break;
		default: run_written(); break;
		}
	}
}

/* ---- in the parent ------------------------------------------------------------------- */

/* The child died in the execution under way, which so ended with *v. */
static void after_death(const struct verdict *v)
{
	switch (shared->attempt.phase) {
	case ATTEMPT_WRITTEN:
	case ATTEMPT_AGAIN: after_written(v); break;
	case ATTEMPT_SEARCH:
		keep_schedule(v);
		if (shared->attempt.found)
			after_search();
		break;
	default: break;	/* that schedule does not pass; the next child tries the next one */
	}
}

static bool conduct(struct plan *p, enum attempt_phase first, unsigned limit)
{
	struct verdict v;

	shared->plan = *p;
	shared->directives_below = limit;
	shared->attempt.found = false;
	to_phase(first);
	for (unsigned i = 0; i < CHILDREN_MAX && shared->attempt.phase < ATTEMPT_FAILED; i++) {
		if (!isolate_run(child, NULL, NULL, SILENCE_S, &v))
			return false;
		if (v.failure != KT_PASS)
			after_death(&v);
	}
	return shared->attempt.phase == ATTEMPT_HOLDS;
}

static uint64_t illegality(const struct plan *p)
{
	return subject->illegality ? subject->illegality(p) : 0;
}

void attempt_begin(const struct plan *p, const struct verdict *v, double deadline)
{
	static struct plan original;

	memset(&of, 0, sizeof of);
	of.found = *v;
	of.illegality = illegality(p);
	of.deadline = deadline;
	shared->attempt.runs = 0;
	copy_program(&of.judged, p);
	if (!world_can(WORLD_REPEATS))
		return;
	original = *p;
	of.is_original = true;
	shared->attempt.passes_bare = shared->attempt.passes = false;
	conduct(&original, ATTEMPT_PASSES_BARE, 0);
	of.is_original = false;
	of.passes_bare = shared->attempt.passes_bare;
	of.passes = shared->attempt.passes;
}

static bool attempt(struct plan *p, enum attempt_phase first, unsigned limit, struct verdict *v)
{
	static struct plan program;

	if (attempt_out_of_time() || illegality(p) != of.illegality)
		return false;
	p->has_trace = false;
	copy_program(&program, p);
	of.is_judged = plan_equal(&program, &of.judged);
	of.searches = limit && world_can(WORLD_REPEATS);
	if (!conduct(p, first, limit))
		return false;
	*p = shared->plan;
	*v = of.found = shared->attempt.verdict;
	copy_program(&of.judged, p);
	return true;
}

bool attempt_plan(struct plan *p, unsigned limit, struct verdict *v)
{
	of.is_best = false;
	return attempt(p, ATTEMPT_WRITTEN, limit, v);
}

bool attempt_schedule(struct plan *p, unsigned limit, struct verdict *v)
{
	of.is_best = true;
	return world_can(WORLD_REPEATS) && attempt(p, ATTEMPT_SEARCH, limit, v);
}
