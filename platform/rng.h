/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only source of randomness: a seeded generator, the same everywhere.
 * Algorithm: splitmix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom
 * Number Generators", OOPSLA 2014). It must not be used for secrets.
 */
#ifndef PLATFORM_RNG_H
#define PLATFORM_RNG_H

#include <stdint.h>

struct kt_rng {
	uint64_t state;
};

static inline void kt_rng_seed(struct kt_rng *r, uint64_t seed)
{
	r->state = seed;
}

static inline uint64_t kt_rng_next(struct kt_rng *r)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* 0 <= result < below; below > 0. Multiply-shift (Lemire); bias < 2^-32. */
static inline uint32_t kt_rng_below(struct kt_rng *r, uint32_t below)
{
	return (uint32_t)(((kt_rng_next(r) >> 32) * below) >> 32);
}

/* The i-th of the seeds that are derived from `seed`. They are independent of each other. */
static inline uint64_t kt_rng_derive(uint64_t seed, uint64_t i)
{
	struct kt_rng r = { seed ^ (i * 0xd1342543de82ef95ull) };

	kt_rng_next(&r);
	return kt_rng_next(&r);
}

#endif
