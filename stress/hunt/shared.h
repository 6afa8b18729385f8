/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory that a child which runs executions shares with its parent. It outlives the
 * child, so the parent can read there which execution was under way when the child died.
 */
#ifndef STRESS_HUNT_SHARED_H
#define STRESS_HUNT_SHARED_H

#include <stdbool.h>
#include <stdint.h>

#include "stress/hunt/adaptive.h"
#include "stress/hunt/enumerate.h"
#include "stress/hunt/tally.h"
#include "stress/run/world.h"

struct shared {
	/* written by the child: */
	struct plan plan;		/* the case that it runs */
	struct world_options options;	/* of the execution under way */
	struct verdict verdict;		/* failure != KT_PASS: the child's finding */
	struct verdict again;		/* of a second run in a process of its own */
	uint64_t executions;		/* relaxed atomic; heartbeat */
	uint64_t points;
	uint64_t next;			/* number of the execution under way */
	struct enumeration enumeration;	/* enumerate.h */
	struct adaptive adaptive;	/* what each strategy of the portfolio has found */
	uint32_t fresh;			/* new pairs of the loaded case */
	struct world_explored explored;	/* verify: so far */
	bool exhausted;			/* verify: there is nothing left to be tried */

	/* written by the child, and by the parent while there is no child: */
	struct tally tally;

	/* written by the parent: */
	unsigned directives_below;	/* shrink: it wants a schedule of fewer directives */
	bool stop;			/* end after this execution; relaxed atomic */
};

/* This process's. */
extern struct shared *shared;

#endif
