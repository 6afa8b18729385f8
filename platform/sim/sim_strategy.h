/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A strategy answers the choices of an execution: which task goes on, what fails, which
 * task is killed. This is its interface. sim_strategies.h lists the strategies, and
 * sim_explore.h has the two that go through all executions.
 */
#ifndef PLATFORM_SIM_SIM_STRATEGY_H
#define PLATFORM_SIM_SIM_STRATEGY_H

#include <stdint.h>

#include "platform/point.h"
#include "platform/sim/sim_set.h"
#include "platform/sim/sim_trace.h"

#define SIM_NEAR_NS     1000000000ull	/* a later deadline passes only if no task can run */
/* With weak memory: lower bits stand for tasks, this bit and higher ones for stores. */
#define SIM_STORES_FIRST 52

struct sim_decision {
	uint64_t runnable;	/* Bit i: task i can run. Excludes the current task if it
				 * yields. Never 0 in next(). With weak memory, from bit
				 * SIM_STORES_FIRST on: a store can become visible; next() is
				 * then asked again. */
	uint64_t timed;		/* The subset of runnable that sleeps until a deadline less
				 * than SIM_NEAR_NS away. To choose one of them is to let that
				 * much time pass. */
	const struct sim_wide *wide;	/* NULL, or the tasks from 64 on in these sets. It is
				 * not NULL if the execution has more than 64 tasks. */
	uint32_t task;		/* the task that is at the site */
	uint32_t step;		/* number of sites reached before */
	enum sim_why why;
	struct kt_site *site;
	const void *object;	/* the object of the operation that comes next; NULL: none */
};

enum sim_choice {
	SIM_CHOOSE_SPURIOUS,	/* answers 0 and 1; 1: this park returns at once */
	SIM_CHOOSE_ALLOC_FAIL,	/* answers 0 and 1; 1: this allocation fails */
	SIM_CHOOSE_STALE,	/* 0: this load reads the newest store; k: the k-th before it */
	SIM_CHOOSE_OTHER,
};

/*
 * Where the answers come from. Each strategy is a small file, strategy_*.c. A strategy
 * that wraps another one embeds this struct and passes the calls on.
 */
struct sim_strategy {
	const char *name;
	/* An execution begins; steps_estimate is how many steps to expect. */
	void (*begin)(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate);
	/*
	 * Answers one of sim_can_run(d). If the task yields and the strategy knows that it can
	 * go on, d->task is an answer, too. Called at every step that leaves a choice.
	 * Named points leave no choice, because there are sites around what they mark.
	 */
	uint32_t (*next)(struct sim_strategy *s, const struct sim_decision *d);
	/* 0 <= result < below. NULL: always 0. */
	uint32_t (*choose)(struct sim_strategy *s, enum sim_choice kind, uint32_t below);
	/*
	 * Called at every step before anything else, even if d->runnable has only one bit
	 * or none. May call sim_kill(). NULL: not called.
	 */
	void (*visit)(struct sim_strategy *s, const struct sim_decision *d);
	/*
	 * The first step that visit() wants to see; visit() may raise it. If begin() sets
	 * this to more than 0, next() is asked only at the steps at which it would be asked
	 * without visit().
	 */
	uint32_t visits_from;
};

/* ---- for strategies ------------------------------------------------------ */

struct sim_set sim_can_run_wide(const struct sim_decision *d);
bool sim_is_choice_wide(const struct sim_decision *d);
uint32_t sim_first_that_can_wide(const struct sim_decision *d);

/* The tasks that can run; with weak memory also the stores that can become visible. */
static inline struct sim_set sim_can_run(const struct sim_decision *d)
{
	if (__builtin_expect(d->wide != NULL, false))
		return sim_can_run_wide(d);
	return (struct sim_set){ { d->runnable } };
}

/* Is `answer` one of sim_can_run(d)? */
static inline bool sim_can(const struct sim_decision *d, uint32_t answer)
{
	if (answer < SIM_WORD_TASKS)
		return d->runnable >> answer & 1;
	return answer < SIM_TASKS_MAX && d->wide &&
	       (d->wide->runnable[answer / 64 - 1] >> answer % 64 & 1);
}

/* Can more than one of them run? */
static inline bool sim_is_choice(const struct sim_decision *d)
{
	return (d->runnable & (d->runnable - 1)) || (d->wide && sim_is_choice_wide(d));
}

/* The smallest of sim_can_run(d). */
static inline uint32_t sim_first_that_can(const struct sim_decision *d)
{
	if (d->runnable)
		return (uint32_t)__builtin_ctzll(d->runnable);
	return sim_first_that_can_wide(d);
}

/* The smallest task that sleeps until a near deadline; SIM_TASKS_MAX: there is none. */
static inline uint32_t sim_first_timed(const struct sim_decision *d)
{
	if (d->timed)
		return (uint32_t)__builtin_ctzll(d->timed);
	for (uint32_t w = 1; d->wide && w < SIM_SET_WORDS; w++)
		if (d->wide->timed[w - 1])
			return w * 64 + (uint32_t)__builtin_ctzll(d->wide->timed[w - 1]);
	return SIM_TASKS_MAX;
}

/*
 * The answer of sim_strategy_block(). A plan describes a trace by where it deviates from
 * these answers.
 */
uint32_t sim_default_next(const struct sim_decision *d);
/* Its answer at that step of the record. */
uint32_t sim_default_next_at(const struct sim_record *r, uint32_t step);

/*
 * From visit(): kill a task and record that. Ignored if there is no such task, or if
 * it has finished.
 */
void sim_kill(uint32_t task);

/*
 * From visit(): make a store visible, and the stores that must become visible before
 * it. Consider the stores that the task has done at sites of that name hash and that are
 * not visible yet. The store is the one for which exactly `older` of these are older.
 */
void sim_show(uint32_t task, uint32_t site_hash, uint32_t older);

/* The object of the store that has this bit in sim_decision.runnable. */
const void *sim_store_object(uint32_t bit);
/* The task that did it. */
uint32_t sim_store_task(uint32_t bit);

/* From choose(): the task for which the choice is made. */
uint32_t sim_chooser(void);

/* Ask the strategy for a choice. For hooks that run inside an execution. */
uint32_t sim_choose(enum sim_choice kind, uint32_t below);

#endif
