/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A strategy that does what the default one does (each task runs until it
 * blocks), but for given decisions. It runs on every fiber, without any order
 * between them, so no sanitizer sees it.
 */
#ifndef PLATFORM_CONFORMANCE_BOUNDED_H
#define PLATFORM_CONFORMANCE_BOUNDED_H

#include "platform/sim/sim.h"

enum { BOUNDED_PREEMPTIONS_MAX = 4, BOUNDED_DECISIONS_MAX = 600 };

extern struct bounded {
	struct sim_strategy strategy;

	/* set between runs: */
	unsigned preemptions;
	struct {
		unsigned decision, other;	/* the n-th of those not chosen by default */
	} preempt[BOUNDED_PREEMPTIONS_MAX];

	/* of the last run; later decisions than the last counted are the default's: */
	unsigned decisions;
	uint8_t others[BOUNDED_DECISIONS_MAX];	/* who else could have run */
} bounded;

#endif
