/* SPDX-License-Identifier: GPL-2.0-only */
/* What attempt.c and attempt_child.c share. No other file includes it. */
#ifndef STRESS_HUNT_ATTEMPT_INTERNAL_H
#define STRESS_HUNT_ATTEMPT_INTERNAL_H

#include "stress/cause/cause.h"
#include "stress/hunt/attempt.h"

/* Written by the parent, between two attempts. */
struct attempt_of {
	struct verdict found;	/* of the smallest plan so far */
	uint64_t illegality;
	bool passes_bare, passes;	/* so does the original */
	char identity[CAUSE_IDENTITY_MAX];	/* of the bug by its cause; "": not known */
	struct plan judged;	/* the smallest plan so far, without its schedule */
	double deadline;
	bool late;
	/* of the attempt under way: */
	bool is_original;
	bool searches;		/* if the plan as written does not hold, try other schedules */
	bool is_near;		/* the directives stay in force; the schedules change the rest */
	bool is_best;		/* look at all schedules for the fewest directives */
	bool has_kill;		/* directive `kill` is to come earlier. If there is none,
				 * a kill is to be added */
	unsigned kill;
	char victim[64];
};
extern struct attempt_of attempt_of;

/* *p without its schedule and its strategy. */
void attempt_copy_program(struct plan *out, const struct plan *p);

/* ---- from phase to phase, in the child or in the parent -------------------------------- */

/* The plan as written ended with *v. Is it the bug? */
void attempt_after_written(const struct verdict *v, bool same);

/*
 * The execution of the search that ran last failed with *v. Keep it if it is what the search
 * looks for; and when the search is over, end its phase.
 */
void attempt_keep(const struct verdict *v);
void attempt_after_search(void);

void attempt_after_passes_bare(bool passes);
void attempt_after_passes(bool passes);

/* ---- attempt_child.c --------------------------------------------------------------------- */

/* Run phases of shared->attempt until a result is there, or a phase needs a fresh process. */
void attempt_child(void *unused);

#endif
