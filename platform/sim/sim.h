/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulator as a driver sees it: run one execution under a strategy, get
 * the verdict, the trace and its hash.
 *
 * An execution runs every thread (here: task) as a fiber on the calling OS
 * thread. A task runs until it reaches a site (platform/point.h); there the
 * strategy says which task goes on. An execution depends on the program and the
 * strategy's answers alone, not on a clock or an address, so the same answers give
 * the same trace hash in every build.
 *
 * One OS thread per process uses the simulator. The record is in memory that
 * is shared with the parent process. So a driver that runs executions in a child
 * can read what happened even if a sanitizer ends the child.
 */
#ifndef PLATFORM_SIM_SIM_H
#define PLATFORM_SIM_SIM_H

#include <stdint.h>

#include "platform/sim/sim_coverage.h"
#include "platform/sim/sim_explore.h"
#include "platform/sim/sim_orders.h"
#include "platform/sim/sim_strategies.h"
#include "platform/sim/sim_strategy.h"
#include "platform/sim/sim_trace.h"

#define SIM_MOVED_MAX  4096

/*
 * What other tasks may see of a task's stores (weak.c). A store is visible at once, or it
 * waits in the task's store buffer. The strategy chooses when a waiting store becomes
 * visible, as it chooses the next task.
 */
enum sim_model {
	SIM_SC,		/* each store becomes visible at once */
	SIM_TSO,	/* a task's stores become visible in the order in which it did them */
	SIM_PSO,	/* only a task's stores to one location become visible in that order */
	SIM_ARM,	/* as SIM_PSO, and a load may read an older store (view.c) */
};

struct sim_options {
	struct sim_strategy *strategy;
	uint64_t seed;
	uint32_t steps_estimate;	/* 0: 100 */
	uint32_t steps_fair;	/* from this step on a fair draw decides; 0: half of steps_max */
	uint32_t steps_max;	/* an execution of more steps is a livelock; 0: SIM_STEPS_USUAL */
	uint32_t laps;		/* At steps_max the execution goes on so many times for another half
				 * of steps_max. Its record has only the last steps then. */
	void (*on_lap)(void);	/* Called at the beginning of each. NULL: nothing is called. */
	uint32_t moved;		/* Raises os_alloc()'s addresses by this times 16 bytes; below
				 * SIM_MOVED_MAX. Nothing may depend on it. */
	enum sim_model memory;
	bool loads_drawn;	/* SIM_ARM: loads read older stores at random, drawn from `seed`;
				 * else only if the strategy says so */
	bool profiles;		/* sim_strategies_profile() will see this execution */
};

/*
 * Run body(arg) as task 0, named "init", until every task has finished or
 * something has failed. The record is valid until the next call. After a
 * failure the simulator is ready for the next execution. Memory that a failed execution did
 * not get from os_alloc() is not freed.
 */
const struct sim_record *sim_run(const struct sim_options *o, void (*body)(void *), void *arg);

/*
 * From the next execution on, deadlines far away pass also while tasks run: see steps_take_time in
 * engine.h. For code that sleeps and then looks again at what other tasks do.
 */
void sim_let_steps_take_time(void);

/*
 * The cost of one fiber switch in ns, measured over `rounds` round trips.
 * sim_bare_switch_ns() measures a switch that is inline, saves nothing and is always
 * predicted, so no switch can cost less. The other function measures the simulator's own
 * switch.
 */
double sim_bare_switch_ns(uint64_t rounds);
double sim_own_switch_ns(uint64_t rounds);

#endif
