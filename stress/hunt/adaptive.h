/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which strategy of a portfolio is next, by how much each has lately found that was new.
 *
 * Half of the executions are shared equally, so that no strategy starves. The other half is
 * shared in proportion to the new pairs (schedule coverage) per execution of each strategy;
 * the last few hundred executions count most. While no strategy finds anything, all is
 * shared equally. A function of the draws and of what is noted: no clock, whole numbers only.
 */
#ifndef STRESS_HUNT_ADAPTIVE_H
#define STRESS_HUNT_ADAPTIVE_H

#include <stdint.h>

enum { ADAPTIVE_MAX = 16 };

struct adaptive {	/* zero: nothing is known */
	uint32_t rate[ADAPTIVE_MAX];	/* new pairs an execution, in ADAPTIVE_ONE-ths */
};

enum {
	ADAPTIVE_ONE = 1 << 16,
	ADAPTIVE_MEMORY = 128,	/* executions after which what was noted counts 1/e */
	ADAPTIVE_CAP = 16,	/* more in one execution come from the plan */
};

/* Which of `count`; `draw` is uniform over all its values. */
uint32_t adaptive_choose(const struct adaptive *a, uint32_t count, uint64_t draw);

/* An execution of `which` gave so many. */
void adaptive_note(struct adaptive *a, uint32_t which, uint32_t fresh);

#endif
