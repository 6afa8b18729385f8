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

/*
 * The n-th set bit of a byte, and how many there are: nearly every execution
 * has at most eight tasks, and a loop over bits is mispredicted every time.
 */
static uint8_t nth_bit[256][8], bits[256];

static void tables_init(void)
{
	for (uint32_t mask = 1; mask < 256; mask++)
		for (uint32_t i = 0; i < 8; i++)
			if (mask >> i & 1)
				nth_bit[mask][bits[mask]++] = (uint8_t)i;
}

static uint32_t random_next(struct sim_strategy *s, const struct sim_decision *d)
{
	uint64_t mask = d->runnable;
	uint32_t skip;

	(void)s;
	if (mask < 256)
		return nth_bit[mask][kt_rng_below(&rng, bits[mask])];
	skip = kt_rng_below(&rng, (uint32_t)__builtin_popcountll(mask));
	while (skip--)
		mask &= mask - 1;
	return (uint32_t)__builtin_ctzll(mask);
}

struct sim_strategy *sim_strategy_random(void)
{
	static struct sim_strategy s = {
		.name = "random", .begin = random_begin, .next = random_next,
	};

	if (!bits[1])
		tables_init();
	return &s;
}
