/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of tasks: a bit per task. A set that is all zero is empty. */
#ifndef PLATFORM_SIM_SIM_SET_H
#define PLATFORM_SIM_SIM_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/sim/sim_trace.h"

enum { SIM_SET_WORDS = SIM_TASKS_MAX / 64 };

struct sim_set {
	uint64_t word[SIM_SET_WORDS];
};

/* How many words have bits in the execution under way. Few executions have over 64 tasks. */
extern uint32_t sim_set_words;

static inline bool sim_set_has(const struct sim_set *s, uint32_t task)
{
	return s->word[task / 64] >> task % 64 & 1;
}

static inline void sim_set_add(struct sim_set *s, uint32_t task)
{
	s->word[task / 64] |= 1ull << task % 64;
}

static inline void sim_set_remove(struct sim_set *s, uint32_t task)
{
	s->word[task / 64] &= ~(1ull << task % 64);
}

static inline void sim_set_subtract(struct sim_set *s, const struct sim_set *other)
{
	for (uint32_t w = 0; w < sim_set_words; w++)
		s->word[w] &= ~other->word[w];
}

static inline uint32_t sim_set_count(const struct sim_set *s)
{
	uint32_t n = 0;

	for (uint32_t w = 0; w < sim_set_words; w++)
		n += (uint32_t)__builtin_popcountll(s->word[w]);
	return n;
}

/*
 * A loop over the tasks of *set, in ascending order. The set must not change meanwhile. The
 * body may `continue` and return, but it must not `break`: there are two loops.
 */
#define SIM_FOR_EACH(task, set)                                                \
	for (uint32_t task##_word = 0; task##_word < sim_set_words; task##_word++) \
		for (uint64_t task##_left = (set)->word[task##_word], task = 0;  \
		     task##_left &&                                            \
		     (task = task##_word * 64 + (uint32_t)__builtin_ctzll(task##_left), true); \
		     task##_left &= task##_left - 1)

#endif
