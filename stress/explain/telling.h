/* SPDX-License-Identifier: GPL-2.0-only */
/* Chooses the steps and events of an interleaving that are worth showing to people. */
#ifndef STRESS_EXPLAIN_TELLING_H
#define STRESS_EXPLAIN_TELLING_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/sim/sim_trace.h"
#include "stress/run/world.h"

/*
 * Is the step at a named point, an exchange, a wake-up or a sleep, or does another task run
 * next?
 */
bool step_is_telling(const struct sim_record *r, uint32_t step);

/* Did something happen that the steps themselves do not show: a kill, a failed allocation? */
bool event_is_telling(const struct sim_record *r, const struct sim_event *e);

/* How many steps to show, from the first. Of a livelock one round is enough. */
uint32_t steps_to_show(const struct sim_record *r, const struct verdict *v);

#endif
