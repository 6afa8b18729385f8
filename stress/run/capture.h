/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a trace to directives: the execution in a simulator's record as a plan
 * that repeats it without the strategy that found it.
 */
#ifndef STRESS_CAPTURE_H
#define STRESS_CAPTURE_H

#include "platform/sim/sim.h"
#include "stress/plan/plan.h"

/*
 * *out becomes p's program with p's oom directives, one switch per decision
 * that run-to-block would have taken differently, and one directive per kill,
 * spurious wake-up, failed allocation, and store that became visible by choice.
 * False if the directives do not fit into a plan.
 */
bool capture(const struct plan *p, const struct sim_record *r, struct plan *out);

/*
 * For an execution with more decisions than a plan has room for: p with one
 * directive per kill, spurious wake-up and failed allocation. With the strategy
 * and seed that decided, it repeats that execution. False if the directives do not fit.
 */
bool capture_events(const struct plan *p, const struct sim_record *r, struct plan *out);

#endif
