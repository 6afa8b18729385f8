/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of tasks: a bit per task. A set that is all zero is empty. */
#ifndef PLATFORM_SIM_SIM_SET_H
#define PLATFORM_SIM_SIM_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/sim/sim_trace.h"

enum { SIM_SET_WORDS = SIM_TASKS_MAX / SIM_WORD_TASKS };

struct sim_set {
	uint64_t word[SIM_SET_WORDS];
};

/* How many words have bits in the execution under way. Few executions have over 64 tasks. */
extern uint32_t sim_set_words;

/*
 * Code that runs at each step is written for a constant number of words, and is compiled
 * twice: for 1, which is quick, and for SIM_SET_WORDS.
 */
static inline bool sim_set_has_in(const struct sim_set *s, uint32_t task, uint32_t words)
{
	return s->word[words > 1 ? task / 64 : 0] >> task % 64 & 1;
}

static inline void sim_set_add_in(struct sim_set *s, uint32_t task, uint32_t words)
{
	s->word[words > 1 ? task / 64 : 0] |= 1ull << task % 64;
}

static inline void sim_set_remove_in(struct sim_set *s, uint32_t task, uint32_t words)
{
	s->word[words > 1 ? task / 64 : 0] &= ~(1ull << task % 64);
}

static inline bool sim_set_has(const struct sim_set *s, uint32_t task)
{
	return sim_set_has_in(s, task, SIM_SET_WORDS);
}

static inline void sim_set_add(struct sim_set *s, uint32_t task)
{
	sim_set_add_in(s, task, SIM_SET_WORDS);
}

static inline void sim_set_remove(struct sim_set *s, uint32_t task)
{
	sim_set_remove_in(s, task, SIM_SET_WORDS);
}

static inline void sim_set_subtract_in(struct sim_set *s, const struct sim_set *other,
				       uint32_t words)
{
	for (uint32_t w = 0; w < words; w++)
		s->word[w] &= ~other->word[w];
}

static inline uint32_t sim_set_count_in(const struct sim_set *s, uint32_t words)
{
	uint32_t n = 0;

	for (uint32_t w = 0; w < words; w++)
		n += (uint32_t)__builtin_popcountll(s->word[w]);
	return n;
}

static inline bool sim_set_is_empty_in(const struct sim_set *s, uint32_t words)
{
	uint64_t any = 0;

	for (uint32_t w = 0; w < words; w++)
		any |= s->word[w];
	return any == 0;
}

/* The smallest task of the set that is at least `from`; SIM_TASKS_MAX: there is none. */
static inline uint32_t sim_set_next_in(const struct sim_set *s, uint32_t from, uint32_t words)
{
	for (uint32_t w = from / 64; w < words; w++, from = w * 64) {
		uint64_t left = s->word[w] & ~0ull << from % 64;

		if (left)
			return w * 64 + (uint32_t)__builtin_ctzll(left);
	}
	return SIM_TASKS_MAX;
}

/*
 * The same for a set that belongs to the execution under way. The process that reads the
 * record of another one must not use them.
 */
static inline void sim_set_subtract(struct sim_set *s, const struct sim_set *other)
{
	sim_set_subtract_in(s, other, sim_set_words);
}

static inline uint32_t sim_set_count(const struct sim_set *s)
{
	return sim_set_count_in(s, sim_set_words);
}

static inline uint32_t sim_set_next(const struct sim_set *s, uint32_t from)
{
	return sim_set_next_in(s, from, sim_set_words);
}

/*
 * A loop over the tasks of *set, in ascending order. The set must not change meanwhile. The
 * body may `continue` and return, but it must not `break`, because there are two loops.
 */
#define SIM_FOR_EACH(task, set) SIM_FOR_EACH_IN(task, set, sim_set_words)

/* NOLINTBEGIN(bugprone-macro-parentheses): `task` is a declaration */
#define SIM_FOR_EACH_IN(task, set, words)                                      \
	for (uint32_t task##_word = 0, task = 0; task##_word < (words); task##_word++) \
		for (uint64_t task##_left = (set)->word[task##_word];          \
		     task##_left &&                                            \
		     (task = task##_word * 64 + (uint32_t)__builtin_ctzll(task##_left), true); \
		     task##_left &= task##_left - 1)
/* NOLINTEND(bugprone-macro-parentheses) */

/* Could any task run at that step of the record? If not, nothing was decided there. */
static inline bool sim_step_decides(const struct sim_record *r, uint32_t step)
{
	const struct sim_step *t = &r->trace[step];
	uint64_t any = t->runnable;

	for (uint32_t w = 1; t->wide && w < SIM_SET_WORDS; w++)
		any |= r->wide[step].runnable[w - 1];
	return any != 0;
}

/* Could the task run at that step of the record? */
static inline bool sim_step_can(const struct sim_record *r, uint32_t step, uint32_t task)
{
	const struct sim_step *t = &r->trace[step];

	if (task < SIM_WORD_TASKS)
		return t->runnable >> task & 1;
	return t->wide && r->wide[step].runnable[task / 64 - 1] >> task % 64 & 1;
}

#endif
