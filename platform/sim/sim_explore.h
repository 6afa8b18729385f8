/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two strategies that go through all executions of a program. dpor runs one of each class
 * of equivalent executions. bound runs all executions that have few deviations.
 */
#ifndef PLATFORM_SIM_SIM_EXPLORE_H
#define PLATFORM_SIM_SIM_EXPLORE_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/sim/sim_strategy.h"

/* ---- dpor ---------------------------------------------------------------- */

/*
 * Dynamic partial-order reduction: runs one execution of each class of equivalent ones.
 *
 *	if (!sim_explore(&o))
 *		no memory;
 *	do
 *		sim_run(sim_strategy_dpor(), ...);
 *	while (sim_explored(&e));
 *
 * The program must be free of data races, because the exploration does not see plain
 * accesses.
 */
/* Memory that belongs to a program. */
struct sim_memory {
	const void *at;
	size_t size;
};

struct sim_exploration {
	bool brute;		/* no reduction: every interleaving */
	/*
	 * What was explored from a state is not explored again from there. The program must say
	 * what memory it has besides os_alloc() and the stacks of tasks: a state is a hash of all
	 * that (dpor_state.c). Only if sim_knows_states().
	 */
	bool states;
	const struct sim_memory *memory;
	uint32_t memory_count;
	void (*normalize)(void);	/* called before that memory is read; may be NULL */
	/* Bytes for what is known of states; 0: no limit. Beyond it no more states are kept. */
	uint64_t memory_limit;
	bool settles;		/* see sim_settle() */
	/*
	 * The most kills, failed allocations and spurious wake-ups per execution, besides
	 * those that the program itself makes.
	 */
	uint32_t kills, fails, spurious;
	/* May the exploration kill a task of that name? */
	bool (*may_be_killed)(uint32_t name_hash);
};

struct sim_explored {
	uint64_t executions;	/* those that reached an end or a failure */
	uint64_t redundant;	/* subset of those that were equivalent to an earlier one */
	uint64_t blocked;	/* cut short: each task that could go on was asleep */
	uint64_t dropped;	/* cut short: the event that was planned next was not possible */
	uint64_t events;	/* over all executions */
	/* With sim_exploration.states: */
	uint64_t states;	/* that are kept */
	uint64_t cut;		/* executions that were cut at a state that had been explored */
	uint64_t bytes;		/* of memory for what is known of states */
	bool limited;		/* memory_limit was reached, so states were not kept */
	uint64_t class;		/* hash of the last one's events and their order; 0: cut short */
	bool too_long;		/* some execution had more events than fit */
	bool no_memory;		/* the exploration can't go on */
};

/* Can the exploration know states in this build? On x86-64 without ASan and TSan it can. */
bool sim_knows_states(void);

bool sim_explore(const struct sim_exploration *o);
struct sim_strategy *sim_strategy_dpor(void);
/* Called after an execution. Stores the totals so far. False if no execution is left to run. */
bool sim_explored(struct sim_explored *out);

/* ---- what a program tells the exploration -------------------------------- */

/*
 * Wait until *word is `value`. For models of protocols: the wait is one step, and the
 * exploration treats it as a single read that gives that value.
 */
void sim_await(const uint32_t *word, uint32_t value, struct kt_site *site);

/*
 * A named point. If the exploration `settles`, the caller goes on only when no other task
 * can, and the rest of the execution is run in one order only.
 */
void sim_settle(struct kt_site *site);

/* For hooks: what the current task does next depends on *object. */
void sim_depends(const void *object);

/* ---- bound --------------------------------------------------------------- */

/*
 * Every execution with few deviations from the usual course (strategy_bound.c says
 * what that is), depth first:
 *
 *	sim_bound(&b);
 *	do
 *		sim_run(sim_strategy_bound(), ...);
 *	while (sim_bounded(&too_long));
 *
 * It does not need to know which events depend on each other, so it works with every
 * back end and with programs that have data races.
 */
struct sim_bounds {
	uint32_t total;		/* the most deviations of all kinds together, per execution */
	uint32_t preemptions, kills, fails, spurious;
	bool (*may_be_killed)(uint32_t name_hash);
};

void sim_bound(const struct sim_bounds *b);
struct sim_strategy *sim_strategy_bound(void);
/*
 * False if no execution is left to run. *too_long: some choices were not tried, because
 * there was no room for them.
 */
bool sim_bounded(bool *too_long);
/*
 * Walk over the deviations of the last execution. Start with *i = 0; returns false after
 * the last deviation.
 */
bool sim_bound_turn(uint32_t *i, uint32_t *step, uint32_t *answer, uint32_t *usual);

#endif
