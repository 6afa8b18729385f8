/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes directives from a trace: turns the execution in a simulator's record into a plan.
 * The plan repeats the execution without the strategy that found it.
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
 * Use this if the execution has more decisions than a plan has room for. *out becomes p with
 * one directive per kill, spurious wake-up and failed allocation. It repeats the execution
 * together with the strategy and the seed that made the decisions. False if the directives do
 * not fit.
 */
bool capture_events(const struct plan *p, const struct sim_record *r, struct plan *out);

#endif
