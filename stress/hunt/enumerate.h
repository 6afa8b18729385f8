/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * --exhaustive: runs each given case once with each fault of one kind. The kinds are: an
 * allocation fails; a task is killed at a step; a task is killed and an allocation fails; a
 * sleep ends for no reason; time passes at a step at which it may.
 */
#ifndef STRESS_HUNT_ENUMERATE_H
#define STRESS_HUNT_ENUMERATE_H

#include <stdbool.h>
#include <stdint.h>

/* The fault that is tried next. It outlives the child that tries it. Zero: the first. */
struct enumeration {
	uint32_t plan;		/* number of the case */
	uint32_t task;		/* number of the victim */
	uint32_t step;		/* at which the task is killed, from 1; 0: no kill */
	uint32_t nth;		/* allocation, sleep or moment, from 1; 0: nothing is counted */
};

/*
 * In a child: go on from shared->enumeration until an execution is a finding or the hunt is
 * over. `hunt` is a struct hunt (execute.h).
 */
void enumerate_child(void *hunt);

/* Has each fault of each case been tried? */
bool enumerate_is_done(const struct enumeration *e);

#endif
