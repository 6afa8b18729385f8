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
#include "stress/run/subject.h"
#include "stress/run/world.h"

struct shared {
	/* written by the child: */
	struct plan plan;		/* the case that it runs */
	uint64_t number;		/* of that case, if a hunt runs it */
	struct world_options options;	/* of the execution under way */
	struct verdict verdict;		/* failure != KT_PASS: the child's finding */
	struct subject_results results;	/* replay: of the last execution */
	char known[160];		/* replay: what subject->known() says of its failure */
	struct verdict again;		/* twice.c: verdict of a second run, in another process */
	uint64_t executions;		/* relaxed atomic; heartbeat */
	uint64_t points;		/* verify: steps of all executions */
	uint64_t next;			/* number of the execution under way */
	struct enumeration enumeration;	/* enumerate.c: the fault that is tried */
	struct adaptive adaptive;	/* random.c: decides the shares of the strategies */
	uint32_t fresh;			/* random.c: new pairs of the loaded case */
	struct world_explored explored;	/* verify: what the exploration has counted so far */
	uint64_t restarts;		/* verify: how often it had to begin again */
	bool exhausted;			/* verify: every execution has been tried */

	/* written by the child, and by the parent while there is no child: */
	struct tally tally;

	/* written by the parent: */
	unsigned directives_below;	/* shrink: look for fewer directives than this */
	bool stop;			/* end after this execution; relaxed atomic */
};

/* Set by isolate_init() and isolate_apart(). */
extern struct shared *shared;

/* In the child: an execution has ended. Without these calls the parent assumes a hang. */
static inline void shared_beat(void)
{
	__atomic_store_n(&shared->executions, shared->executions + 1, __ATOMIC_RELAXED);
}

/* In the child: should it end? */
static inline bool shared_should_stop(void)
{
	return __atomic_load_n(&shared->stop, __ATOMIC_RELAXED);
}

#endif
