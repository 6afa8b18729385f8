/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Goes through the executions of a litmus test, each class of equivalent ones once or more. It is
 * a strategy of the simulator; run.c says before each operation what the operation does.
 */
#ifndef STRESS_LITMUS_EXPLORE_H
#define STRESS_LITMUS_EXPLORE_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/sim/sim.h"

/* What a thread does next. */
enum act {
	ACT_LOCAL,	/* nothing that another thread can see */
	ACT_LOAD,
	ACT_STORE,
	ACT_UPDATE,
	ACT_BARRIER,	/* smp_mb() */
	ACT_LOCK,
	ACT_UNLOCK,
	ACT_ANY,	/* it may depend on all that others do */
};

/* Begin with the first execution. Word i of the test is at `words` + i * `stride`. */
void explore_begin(enum sim_model memory, const char *words, unsigned stride);
/* From now on equivalent executions are not left out. */
void explore_every(void);
struct sim_strategy *explore_strategy(void);

/* Called in an execution, by its first thread: all threads are there. */
void explore_started(void);
/*
 * The thread, which is task `thread` + 1, is about to do that at its next point. `word`: the
 * variable or lock; 0 if the act is on none.
 */
void explore_next(unsigned thread, enum act act, unsigned word);

/* An execution has ended. Was it equivalent to one before, and ended early? */
bool explore_was_redundant(void);
/* Did more stores wait than a strategy can choose among? Then outcomes may be missing. */
bool explore_was_short(void);
/* Go on to the next execution. Returns false if there is none. */
bool explore_more(void);

#endif
