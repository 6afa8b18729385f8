/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs a litmus test in the simulator: all its executions, and the states in which they end. */
#ifndef STRESS_LITMUS_RUN_H
#define STRESS_LITMUS_RUN_H

#include "platform/sim/sim.h"
#include "stress/litmus/test.h"

enum { RUN_STATES_MAX = 1024, RUN_MESSAGE_MAX = 512 };

/* How executions end: the values of test.item, and how many executions end so. */
struct run_state {
	int64_t value[TEST_ITEMS_MAX];
	uint64_t executions;
	bool holds;		/* the condition, without its quantifier */
};

enum run_end {
	RUN_ALL,	/* all executions ran */
	RUN_LIMIT,	/* there are more than the limit */
	RUN_WRONG,	/* the test does what no test may do; `message` says what */
};

struct run_outcome {
	enum run_end end;
	char message[RUN_MESSAGE_MAX];
	uint64_t executions;	/* all, also those that are not in a state */
	uint64_t redundant;	/* of these, equivalent to earlier ones */
	uint64_t deadlocks, endless;	/* of these, those that did not end */
	bool is_short;		/* more stores waited at a time than can be chosen among */
	uint64_t positive, negative;	/* executions for which the condition holds, or not */
	unsigned states;
	struct run_state state[RUN_STATES_MAX];	/* sorted by their values */
};

/*
 * Run the test's executions, at most `limit`. A loop that goes round more than RUN_ROUNDS_MAX times
 * makes its execution endless.
 */
enum { RUN_ROUNDS_MAX = 3 };
void run_test(const struct test *t, enum sim_model memory, uint64_t limit,
	      struct run_outcome *out);

/* The value as a text: a number, or the name of a variable whose address it is. */
const char *run_value_name(const struct test *t, int64_t value, char *buf, unsigned size);

#endif
