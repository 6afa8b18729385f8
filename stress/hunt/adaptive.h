/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Chooses the next strategy of a portfolio. A strategy that lately showed more new pairs gets
 * more executions.
 *
 * Half of the executions are shared equally, so that no strategy starves. The other half is
 * shared in proportion to the new pairs (schedule coverage) per execution of each strategy;
 * the last few hundred executions count most. While no strategy shows a new pair, all is
 * shared equally. The choice is a function of the draws and of the notes. It uses no clock,
 * and whole numbers only.
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
	ADAPTIVE_MEMORY = 128,	/* a note's weight is 1/e after this many executions */
	ADAPTIVE_CAP = 16,	/* at most this many new pairs of one execution count. If there
				 * are more, a new plan caused them, and not the strategy */
};

/*
 * Returns the number of a strategy, below `count`. `draw` is uniform over all values of its
 * type.
 */
uint32_t adaptive_choose(const struct adaptive *a, uint32_t count, uint64_t draw);

/* An execution under strategy number `which` showed `fresh` new pairs. */
void adaptive_note(struct adaptive *a, uint32_t which, uint32_t fresh);

#endif
