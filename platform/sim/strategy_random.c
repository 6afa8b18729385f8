/* SPDX-License-Identifier: GPL-2.0-only */
/* Random walk: at every step each runnable task is as likely as another. */
#include "platform/rng.h"
#include "platform/sim/sim.h"

static struct kt_rng rng;

static void random_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s, (void)steps_estimate;
	kt_rng_seed(&rng, seed);
}

static uint32_t random_next(struct sim_strategy *s, const struct sim_decision *d)
{
	uint64_t mask = d->runnable;
	uint32_t skip = kt_rng_below(&rng, (uint32_t)__builtin_popcountll(mask));

	(void)s;
	while (skip--)
		mask &= mask - 1;
	return (uint32_t)__builtin_ctzll(mask);
}

struct sim_strategy *sim_strategy_random(void)
{
	static struct sim_strategy s = {
		.name = "random", .begin = random_begin, .next = random_next,
	};

	return &s;
}
