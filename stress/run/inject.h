/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Applies faults and switches while an execution runs. They are a plan's directives, and
 * faults that the driver draws at random or enumerates.
 *
 * On the simulator inject_strategy() wraps a strategy, which decides what no directive
 * decides. Kills take effect at every kind of site. On real threads kills take effect at named
 * points only. There switch, spurious and visible directives have no meaning and are ignored.
 */
#ifndef STRESS_INJECT_H
#define STRESS_INJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/os.h"
#include "stress/plan/plan.h"

/* Faults of one execution that are not in the plan. */
struct inject_faults {
	uint32_t kill_step;	/* kill `kill_task` at that step; 0: no kill */
	uint32_t kill_task;	/* the victim's number in the subject (subject.h) */
	uint32_t fail_nth;	/* fail the n-th allocation of any role; 0: none */
	/* Simulator only; 0: none. */
	uint32_t spurious_nth;	/* the n-th sleep without a permit ends at once */
	uint32_t spurious_more;	/* and so do so many after it */
	uint32_t timer_nth;	/* at the n-th step at which time may pass, time passes */
};

/*
 * Does a kill directive call os_kill(), which needs a live thread? The
 * simulator kills from outside: that is safe at any time and leaves the
 * program of the plan as it is.
 */
extern const bool inject_kills_by_call;

/* Compile the directives of *p. Call it after the subject has loaded *p. */
void inject_load(const struct plan *p);

/* Call it before each execution. */
void inject_begin(const struct inject_faults *faults);

/* Calls add() for what the injector counts in an execution (subject.memory). */
void inject_memory(void (*add)(const void *at, size_t size));

/* How many allocations the last execution asked for. */
uint32_t inject_allocations(void);

/*
 * What the last execution counted. inject_sleeps(): sleeps without a permit, if spurious_nth
 * was not 0. inject_timer_moments(): steps at which time may pass, if timer_nth was not 0.
 */
uint32_t inject_sleeps(void);
uint32_t inject_timer_moments(void);

/* Call it when the tasks have ended, before the teardown. On the simulator it is a named point. */
void inject_settle(void);

/* The hooks (platform/os.h) that inject while the loaded case runs. */
struct os_hooks inject_hooks(void);

/*
 * On the simulator: a strategy that applies directives and faults, and asks `inner` for all
 * other choices. It is `inner` itself if the execution has no directive and no fault that a
 * strategy must apply.
 */
struct sim_strategy;
struct sim_strategy *inject_strategy(struct sim_strategy *inner);

#endif
