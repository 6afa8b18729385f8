/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Run to block: the least surprising schedule, and the one that a plan's
 * directives deviate from.
 */
#include "platform/sim/sim.h"

static void block_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s, (void)seed, (void)steps_estimate;
}

static uint32_t block_next(struct sim_strategy *s, const struct sim_decision *d)
{
	(void)s;
	return sim_default_next(d->runnable, d->timed, d->task, d->why);
}

struct sim_strategy *sim_strategy_block(void)
{
	static struct sim_strategy s = {
		.name = "block", .begin = block_begin, .next = block_next,
	};

	return &s;
}
