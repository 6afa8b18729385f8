/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which strategy of a portfolio is next, by what each has found lately that was new.
 *
 * Half of the executions go to all alike, so that none starves; the other half in
 * proportion to the new pairs (schedule coverage) that an execution of each gave,
 * the last few hundred counting most. While nobody finds anything: to all alike.
 * A function of the draws and what is noted: no clock, whole numbers only.
 */
#ifndef STRESS_ADAPTIVE_H
#define STRESS_ADAPTIVE_H

#include <stdint.h>

enum { ADAPTIVE_MAX = 16 };

struct adaptive {	/* zero: nothing is known */
	uint32_t rate[ADAPTIVE_MAX];	/* new pairs an execution, in ADAPTIVE_ONE-ths */
};

enum {
	ADAPTIVE_ONE = 1 << 16,
	ADAPTIVE_MEMORY = 128,	/* executions after which what was noted counts 1/e */
	ADAPTIVE_CAP = 16,	/* more in one execution are the plan's doing */
};

/* Which of `count`; `draw` is uniform over all its values. */
uint32_t adaptive_choose(const struct adaptive *a, uint32_t count, uint64_t draw);

/* An execution of `which` gave so many. */
void adaptive_note(struct adaptive *a, uint32_t which, uint32_t fresh);

#endif
