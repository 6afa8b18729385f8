/* SPDX-License-Identifier: GPL-2.0-only */
/* What the child of an attempt runs. */
#include <string.h>

#include "stress/hunt/attempt_internal.h"
#include "stress/hunt/same_bug.h"
#include "stress/hunt/shared.h"
#include "stress/hunt/twice.h"
#include "stress/run/subject.h"

enum {
	SEARCH_RUNS = 400,	/* schedules tried for a plan */
	SEARCH_RUNS_BEST = 2000,	/* for the one with the fewest directives */
	SEARCH_RUNS_NEAR = 100,	/* for fewer directives, from those of a plan on */
	SEARCH_STEPS = 1000000,	/* of all these schedules: fewer schedules of long executions */
	SEARCH_RUNS_MIN = 20,
	PASSING_RUNS = 50,	/* schedules tried until one passes */
	LIVELOCK_STEPS = 300,
	CAUSE_EXECUTIONS = 3000,	/* to find whether the cause is the same */
	THREADS_RUNS = 200,	/* of a plan as written, if this world does not repeat */
};

static void run(const struct world_options *w, struct verdict *v)
{
	shared->options = *w;
	memset(v, 0, sizeof *v);
	if (attempt_of.found.failure == KT_NONDETERMINISM)
		run_twice(w, true, v);
	else
		world_run(w, v);
	shared->attempt.runs++;
	shared_beat();
}

/*
 * A deadlock's signature has all tasks that wait, and nothing tells those that only happened to
 * wait. The cause does. If the child dies meanwhile, the attempt has failed.
 */
static bool has_same_cause(const struct verdict *v)
{
	static const struct cause_limits limits = { .executions = CAUSE_EXECUTIONS };
	enum attempt_phase phase = shared->attempt.phase;
	bool same;

	if (!attempt_of.identity[0] || v->failure != KT_DEADLOCK || attempt_out_of_time())
		return false;
	shared->attempt.phase = ATTEMPT_FAILED;
	cause_find(&shared->plan, v, &limits, &shared->cause);
	same = strcmp(shared->cause.identity, attempt_of.identity) == 0;
	shared->attempt.phase = phase;
	return same;
}

static void run_written(void)
{
	struct world_options w = world_options_of(&shared->plan);
	unsigned times = world_can(WORLD_REPEATS) ? 1 : THREADS_RUNS;
	struct verdict v = { .failure = KT_PASS };

	world_load(&shared->plan);
	for (unsigned i = 0; i < times && v.failure == KT_PASS; i++, w.seed++)
		run(&w, &v);
	attempt_after_written(&v, same_bug(&attempt_of.found, &v) || has_same_cause(&v));
}

static unsigned search_runs(void)
{
	unsigned steps = attempt_of.found.steps + (subject->overhead ? subject->overhead() : 0);
	unsigned runs = SEARCH_STEPS / (steps ? steps : 1);
	unsigned most = attempt_of.is_near   ? SEARCH_RUNS_NEAR
			: attempt_of.is_best ? SEARCH_RUNS_BEST
					     : SEARCH_RUNS;

	if (attempt_of.found.failure == KT_NONDETERMINISM)
		most /= 10;	/* each of them runs many times, in new processes */
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
	bool is_livelock = attempt_of.found.failure == KT_LIVELOCK;
	bool is_simple = i < search_runs() / 10 || (attempt_of.is_best && i & 4);
	struct world_options w = {
		.strategy = is_simple ? few[i % 4].kind : many[i % 4].kind,
		.depth = is_simple ? few[i % 4].depth : many[i % 4].depth,
		.seed = i,
		.steps_estimate = attempt_of.found.steps,
	};

	if (is_livelock) {
		/*
		 * It may show itself in few steps. The attempt that accepts the plan runs it with
		 * the usual limit.
		 */
		if (subject->steps_fair)
			w.steps_max = subject->steps_fair * 2;
		w.strategy = PLAN_DELAY_BOUNDED;
		w.depth = 2 + i / 2 % 2;
		w.steps_estimate = LIVELOCK_STEPS;
	}
	if (i == 0)
		w.strategy = PLAN_BLOCK;
	return w;
}

/* Without any switch there is only one schedule, the first of a search. */
static bool search_is_over(void)
{
	unsigned faults = attempt_faults(&shared->plan), below = shared->directives_below;

	return (shared->attempt.found && !attempt_of.is_best) || below <= faults ||
	       (below == faults + 1 && shared->attempt.next > 0 && !attempt_of.is_near);
}

static void search(void)
{
	static struct plan program;
	struct verdict v;

	if (attempt_of.is_near)
		program = shared->plan;
	else
		attempt_copy_program(&program, &shared->plan);
	world_load(&program);
	while (shared->attempt.next < search_runs() && !search_is_over() &&
	       !attempt_out_of_time()) {
		struct world_options w = schedule(shared->attempt.next++);

		run(&w, &v);
		if (v.failure != KT_PASS)
			attempt_keep(&v);
	}
	attempt_after_search();
}

/* The number of the victim in the subject. */
static unsigned victim_named(const char *name)
{
	unsigned i = 0;

	while (i < subject->victims() && strcmp(subject->victim(i), name) != 0)
		i++;
	return i;
}

/*
 * Prepare executions of the plan without its kill. Returns the step at which the kill is, or would
 * be too late.
 */
static uint32_t load_without_kill(struct world_options *w)
{
	static struct plan with, without;
	struct verdict v;
	uint32_t end;

	with = shared->plan;
	*w = world_options_of(&with);
	world_load(&with);
	run(w, &v);
	end = attempt_of.has_kill ? world_killed_at(attempt_of.victim) : v.steps;
	if (attempt_of.has_kill) {
		if (!subject->without(&without, &with, attempt_of.kill, 1))
			return 0;
		world_load(&without);
	}
	w->faults.kill_task = victim_named(attempt_of.victim);
	return w->faults.kill_task < subject->victims() ? end : 0;
}

/* Kill the task at each step in turn, from the first on. */
static void search_kill(void)
{
	struct world_options w;
	struct verdict v;
	uint32_t end = load_without_kill(&w);

	while (shared->attempt.next + 1 < end && shared->attempt.next < search_runs() &&
	       !shared->attempt.found && !attempt_out_of_time()) {
		w.faults.kill_step = ++shared->attempt.next;
		run(&w, &v);
		if (v.failure != KT_PASS)
			attempt_keep(&v);
	}
	attempt_after_search();
}

/*
 * In how many schedules one must pass. Whether a result comes that a plan expects must not depend
 * on the schedule.
 */
static unsigned passing_runs(void)
{
	if (attempt_of.found.failure == KT_EXPECT)
		return 1;
	return search_runs() < PASSING_RUNS ? search_runs() : PASSING_RUNS;
}

/* Run the program of the plan under other schedules until one passes. */
static bool some_schedule_passes(bool with_faults)
{
	static struct plan program;
	struct verdict v;

	attempt_copy_program(&program, &shared->plan);
	if (!with_faults)
		program.directives_count = 0;
	world_load(&program);
	while (shared->attempt.next < passing_runs() && !attempt_out_of_time()) {
		unsigned i = shared->attempt.next++;
		struct world_options w = {
			.strategy = i == 0  ? PLAN_BLOCK
				    : i & 1 ? PLAN_RANDOM
					    : PLAN_PCT,
			.depth = 2,
			.seed = i,
			.steps_estimate = attempt_of.found.steps,
			.check_expects = true,
			.knows = SUBJECT_KNOWS_ALL,
		};

		run(&w, &v);
		if (v.failure == KT_PASS)
			return true;
	}
	return false;
}

/* A plan as written runs first in its process, because a bug may use what is left there. */
void attempt_child(void *unused)
{
	(void)unused;
	while (shared->attempt.phase < ATTEMPT_FAILED) {
		switch (shared->attempt.phase) {
		case ATTEMPT_SEARCH: search(); return;
		case ATTEMPT_KILL: search_kill(); return;
		case ATTEMPT_PASSES_BARE:
			attempt_after_passes_bare(some_schedule_passes(false));
			break;
		case ATTEMPT_PASSES: attempt_after_passes(some_schedule_passes(true)); break;
		default: run_written(); break;
		}
	}
}
