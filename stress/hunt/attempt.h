/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is a plan that resembles a finding, but is simpler, the same finding? The shrinker asks this of
 * each plan that it makes.
 *
 * A plan can fail in the same way and show another bug, or none. Two rules prevent that. First, it
 * breaks the same rules for callers as the original: none, unless the original broke one on
 * purpose. Second, if some schedule of the original passed, some schedule of the plan passes,
 * too, once without the faults and once with them. An expected result, for instance, may follow
 * from an operation that is missing; then every schedule fails.
 */
#ifndef STRESS_HUNT_ATTEMPT_H
#define STRESS_HUNT_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "stress/run/world.h"

/* What a child does for one attempt, and how far it is; in `shared`. The plan is shared->plan. */
enum attempt_phase {
	ATTEMPT_WRITTEN,	/* run the plan as written */
	ATTEMPT_SEARCH,		/* look for a schedule of its program that fails in the same way */
	ATTEMPT_KILL,		/* look for the first step at which a task can be killed */
	ATTEMPT_AGAIN,		/* run the plan that was found, in a fresh process */
	ATTEMPT_PASSES_BARE,	/* look for a schedule that passes without the faults */
	ATTEMPT_PASSES,		/* look for a schedule that passes with the faults */
	ATTEMPT_FAILED,
	ATTEMPT_HOLDS, /* the results */
};
struct attempt {
	enum attempt_phase phase;
	unsigned next;		/* the schedule to run next in this phase */
	bool found;		/* a search has put what it looks for into shared->plan */
	struct verdict verdict;	/* of the plan, if it failed in the same way */
	bool passes_bare, passes;	/* what those phases found out */
	unsigned runs;		/* executions so far, of all attempts */
};

/*
 * From now on attempts are compared with *p, whose verdict is *v. They end at `deadline`, a time
 * of now_s(). Runs *p.
 */
void attempt_begin(const struct plan *p, const struct verdict *v, double deadline);

/*
 * Find the cause of *v, the failure of the smallest plan so far. From then on a deadlock with that
 * cause is the same finding, whatever tasks wait. True if the cause was unknown before and is
 * known now.
 */
bool attempt_learn_cause(const struct plan *p, const struct verdict *v);

/* Has an attempt ended early since attempt_begin(), because of the deadline? */
bool attempt_out_of_time(void);

/*
 * Is *p the same finding as written? If not, and limit is not 0: is it with another schedule that
 * takes fewer directives than `limit`? Then *p gets that schedule. If it is, *v is its verdict.
 */
bool attempt_plan(struct plan *p, unsigned limit, struct verdict *v);

/*
 * Give *p the schedule with the fewest directives of those that are tried, if that has fewer than
 * `limit`.
 */
bool attempt_schedule(struct plan *p, unsigned limit, struct verdict *v);

/*
 * The same, among schedules that are like the one of *p: all of its directives stay in force. *p
 * itself need not be the finding; some directive may be missing.
 */
bool attempt_near(struct plan *p, unsigned limit, struct verdict *v);

/*
 * Have the kill that is that directive of *p come earlier, with the same schedule, if it can and
 * if that takes no more directives.
 */
bool attempt_earlier(struct plan *p, unsigned directive, struct verdict *v);

/*
 * Is *p, to which a kill of that task is added at some step, the same finding, with fewer
 * directives than `limit`? The kill is at the first such step.
 */
bool attempt_kill(struct plan *p, const char *victim, unsigned limit, struct verdict *v);

/* How many directives of *p are faults, and not its schedule. */
unsigned attempt_faults(const struct plan *p);

/* How many executions all attempts since attempt_begin() took. */
unsigned attempt_runs(void);

#endif
