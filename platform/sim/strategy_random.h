/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The random walk's draw, inline because most executions are random walks and draw at
 * every step. The generator is a linear congruential one (Knuth's MMIX), of which only
 * the upper half is used; kt_rng seeds it. For each byte a table holds how many bits are
 * set in it, and which is the n-th of them. Most executions have at most eight tasks; a
 * loop over bits would be mispredicted every time.
 */
#ifndef PLATFORM_SIM_STRATEGY_RANDOM_H
#define PLATFORM_SIM_STRATEGY_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/sim/sim_strategy.h"

enum { SIM_DRAW_BYTE = 256 };

extern struct sim_random {
	uint64_t state;
	uint8_t bits[SIM_DRAW_BYTE], nth_bit[SIM_DRAW_BYTE][8];
	bool has_pdep;	/* and popcnt */
} sim_random;

uint32_t sim_random_next(struct sim_strategy *s, const struct sim_decision *d);

static inline uint32_t sim_random_below(uint32_t below)
{
	uint32_t result = (uint32_t)(((sim_random.state >> 32) * below) >> 32);

	sim_random.state = sim_random.state * 6364136223846793005u + 1442695040888963407u;
	return result;
}

/*
 * Draw n, and return the n-th of more than eight tasks. For each byte, one multiplication
 * counts the set bits of that byte and all lower bytes. From these counts follow the byte
 * that has the n-th bit, and which bit of that byte it is. There is no branch, because the
 * processor would mispredict it half of the time.
 */
static inline uint8_t sim_random_draw_bytes(uint64_t runnable)
{
	const uint64_t each = 0x0101010101010101u, high = each << 7;
	uint64_t bits = runnable - (runnable >> 1 & 0x5555555555555555u), up_to, n, byte;

	bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
	up_to = ((bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fu) * each;
	n = sim_random_below((uint32_t)(up_to >> 56));
	/* Count the bytes for which at most n bits are set in that byte and all lower bytes. */
	byte = ((((n * each | high) - up_to) & high) >> 7) * each >> 56;
	n -= up_to << 8 >> byte * 8 & 0xff;
	return (uint8_t)(byte * 8 + sim_random.nth_bit[runnable >> byte * 8 & 0xff][n]);
}

static inline uint8_t sim_random_draw_wide(uint64_t runnable)
{
#if defined(__x86_64__)
	/* pdep puts a bit where the n-th bit of the mask is set. */
	if (__builtin_expect(sim_random.has_pdep, true)) {
		uint64_t count, at;

		__asm__("popcntq %1, %0" : "=r"(count) : "r"(runnable) : "cc");
		__asm__("pdepq %1, %2, %0" : "=r"(at)
			: "r"(runnable), "r"(1ull << sim_random_below((uint32_t)count)));
		return (uint8_t)__builtin_ctzll(at);
	}
#endif
	return sim_random_draw_bytes(runnable);
}

static inline uint8_t sim_random_draw_byte(uint64_t runnable)
{
	return sim_random.nth_bit[runnable][sim_random_below(sim_random.bits[runnable])];
}

/* One of `runnable`, which is not 0. */
static inline uint8_t sim_random_draw(uint64_t runnable)
{
	if (__builtin_expect(runnable >= SIM_DRAW_BYTE, false))
		return sim_random_draw_wide(runnable);
	return sim_random_draw_byte(runnable);
}

#endif
