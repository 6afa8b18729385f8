/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/attempt.h"

#include <stdio.h>
#include <string.h>

#include "stress/hunt/attempt_internal.h"
#include "stress/hunt/budget.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/same_bug.h"
#include "stress/hunt/shared.h"
#include "stress/hunt/why.h"
#include "stress/run/subject.h"

enum { CHILDREN_MAX = 60 };	/* of one attempt; a sanitizer's report ends a child */

struct attempt_of attempt_of;

bool attempt_out_of_time(void)
{
	attempt_of.late |= now_s() >= attempt_of.deadline;
	return attempt_of.late;
}

unsigned attempt_runs(void)
{
	return shared->attempt.runs;
}

void attempt_copy_program(struct plan *out, const struct plan *p)
{
	*out = *p;
	plan_drop_schedule(out);
	out->strategy = PLAN_BLOCK;
	out->depth = out->steps_estimate = 0;
	out->seed = 0;
}

/* ---- from phase to phase ----------------------------------------------------------- */

static void to_phase(enum attempt_phase phase)
{
	shared->attempt.next = 0;
	shared->attempt.phase = phase;
}

unsigned attempt_faults(const struct plan *p)
{
	unsigned count = 0;

	for (unsigned i = 0; i < p->directives_count; i++)
		count += p->directives[i].kind != PLAN_D_SWITCH &&
			 p->directives[i].kind != PLAN_D_VISIBLE &&
			 p->directives[i].kind != PLAN_D_STALE;
	return count;
}

/* Some schedule must pass with the faults; or without, if that was not asked before. */
static void to_passes_or_end(void)
{
	bool is_new = attempt_faults(&shared->plan) > 0 || !attempt_of.passes_bare;

	to_phase(attempt_of.is_original || (attempt_of.passes && is_new) ? ATTEMPT_PASSES
									 : ATTEMPT_HOLDS);
}

static bool is_judged(void)
{
	static struct plan program;

	attempt_copy_program(&program, &shared->plan);
	return plan_equal(&program, &attempt_of.judged);
}

/* The plan failed in the same way. Which schedules must pass? */
static void judge(void)
{
	/* A legal plan whose executions are no function of it shows that in any schedule. */
	if (is_judged() || attempt_of.found.failure == KT_NONDETERMINISM)
		to_phase(ATTEMPT_HOLDS);
	else if (attempt_of.passes_bare)
		to_phase(ATTEMPT_PASSES_BARE);
	else
		to_passes_or_end();
}

void attempt_after_passes_bare(bool passes)
{
	shared->attempt.passes_bare = passes;
	if (passes || attempt_of.is_original)
		to_passes_or_end();
	else
		to_phase(ATTEMPT_FAILED);
}

void attempt_after_passes(bool passes)
{
	shared->attempt.passes = passes;
	to_phase(passes || attempt_of.is_original ? ATTEMPT_HOLDS : ATTEMPT_FAILED);
}

void attempt_after_written(const struct verdict *v, bool same)
{
	if (same) {
		shared->attempt.verdict = *v;
		judge();
	} else if (shared->attempt.phase == ATTEMPT_WRITTEN && attempt_of.searches) {
		to_phase(ATTEMPT_SEARCH);
	} else {
		to_phase(ATTEMPT_FAILED);
	}
}

void attempt_after_search(void)
{
	to_phase(shared->attempt.found ? ATTEMPT_AGAIN : ATTEMPT_FAILED);
}

void attempt_keep(const struct verdict *v)
{
	static struct plan found;

	if (!same_bug(&attempt_of.found, v) ||
	    !world_capture(&shared->plan, &shared->options, &found) ||
	    found.directives_count >= shared->directives_below)
		return;
	shared->plan = found;
	shared->directives_below = found.directives_count;
	shared->attempt.found = true;
}

/* The child died in the execution under way, which so ended with *v. */
static void after_death(const struct verdict *v)
{
	switch (shared->attempt.phase) {
	case ATTEMPT_WRITTEN:
	case ATTEMPT_AGAIN: attempt_after_written(v, same_bug(&attempt_of.found, v)); break;
	case ATTEMPT_SEARCH:
	case ATTEMPT_KILL:
		/* If a child dies before it searches, the next one would die, too. */
		if (shared->attempt.next > 0)
			attempt_keep(v);
		if (shared->attempt.found || shared->attempt.next == 0)
			attempt_after_search();
		break;
	default: break;	/* that schedule does not pass; the next child tries the next one */
	}
}

/* ---- attempts ------------------------------------------------------------------------ */

static bool conduct(struct plan *p, enum attempt_phase first, unsigned limit)
{
	struct verdict v;

	shared->plan = *p;
	shared->directives_below = limit;
	shared->attempt.found = false;
	to_phase(first);
	for (unsigned i = 0; i < CHILDREN_MAX && shared->attempt.phase < ATTEMPT_FAILED; i++) {
		if (!isolate_run(attempt_child, NULL, NULL, SILENCE_S, &v))
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

	memset(&attempt_of, 0, sizeof attempt_of);
	attempt_of.found = *v;
	attempt_of.illegality = illegality(p);
	attempt_of.deadline = deadline;
	attempt_copy_program(&attempt_of.judged, p);
	shared->attempt.runs = 0;
	if (!world_can(WORLD_REPEATS))
		return;
	original = *p;
	attempt_of.is_original = true;
	shared->attempt.passes_bare = shared->attempt.passes = false;
	conduct(&original, ATTEMPT_PASSES_BARE, 0);
	attempt_of.is_original = false;
	attempt_of.passes_bare = shared->attempt.passes_bare;
	attempt_of.passes = shared->attempt.passes;
}

bool attempt_learn_cause(const struct plan *p, const struct verdict *v)
{
	if (attempt_of.identity[0] || v->failure != KT_DEADLOCK || attempt_out_of_time() ||
	    !world_can(WORLD_REPEATS))
		return false;
	snprintf(attempt_of.identity, sizeof attempt_of.identity, "%s", why(p, v)->identity);
	return attempt_of.identity[0];
}

static bool attempt(struct plan *p, enum attempt_phase first, unsigned limit, struct verdict *v)
{
	if (attempt_out_of_time() || illegality(p) != attempt_of.illegality)
		return false;
	p->has_trace = false;
	if (!conduct(p, first, limit))
		return false;
	*p = shared->plan;
	*v = attempt_of.found = shared->attempt.verdict;
	attempt_copy_program(&attempt_of.judged, p);
	return true;
}

bool attempt_plan(struct plan *p, unsigned limit, struct verdict *v)
{
	attempt_of.searches = limit && world_can(WORLD_REPEATS);
	attempt_of.is_near = attempt_of.is_best = false;
	return attempt(p, ATTEMPT_WRITTEN, limit, v);
}

bool attempt_schedule(struct plan *p, unsigned limit, struct verdict *v)
{
	attempt_of.is_best = true;
	attempt_of.is_near = false;
	return world_can(WORLD_REPEATS) && attempt(p, ATTEMPT_SEARCH, limit, v);
}

bool attempt_near(struct plan *p, unsigned limit, struct verdict *v)
{
	attempt_of.is_best = attempt_of.is_near = true;
	return world_can(WORLD_REPEATS) && attempt(p, ATTEMPT_SEARCH, limit, v);
}

static bool attempt_kills(struct plan *p, const char *victim, unsigned limit, struct verdict *v)
{
	size_t length = strlen(victim);

	if (!world_can(WORLD_REPEATS) || !subject->victims || !subject->without ||
	    length >= sizeof attempt_of.victim)
		return false;
	memcpy(attempt_of.victim, victim, length + 1);
	attempt_of.is_best = true;
	return attempt(p, ATTEMPT_KILL, limit, v);
}

bool attempt_earlier(struct plan *p, unsigned directive, struct verdict *v)
{
	attempt_of.has_kill = true;
	attempt_of.kill = directive;
	return attempt_kills(p, plan_string(p, p->directives[directive].target),
			     p->directives_count + 1u, v);
}

bool attempt_kill(struct plan *p, const char *victim, unsigned limit, struct verdict *v)
{
	attempt_of.has_kill = false;
	return attempt_kills(p, victim, limit, v);
}
