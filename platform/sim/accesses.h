/* SPDX-License-Identifier: GPL-2.0-only */
/* Which event each task does next, for accesses.c and strategy_orders.c. */
#ifndef PLATFORM_SIM_ACCESSES_H
#define PLATFORM_SIM_ACCESSES_H

#include "platform/sim/internal.h"

static inline uint64_t event_mix(uint64_t h)
{
	h *= 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

/* The task's part of keys: its name, and its number among the tasks of that name. */
uint64_t event_task_key(uint32_t task);
/* The event that the task does next. If it has just been made, its start. */
uint64_t event_next(uint32_t task);
uint64_t event_kill_key(uint64_t task_key);
/* The moment at which the store becomes visible that was done in the event of that key. */
uint64_t event_visible_key(uint64_t store);

/* Called by strategy `orders` when it begins: it needs keys, and hears of events. */
void sim_accesses_follow(void);
/* How many choices of that kind the event under way had before. */
uint32_t sim_accesses_choices(enum sim_choice kind);

/* strategy_orders.c: an event happens. */
void sim_orders_happens(uint64_t key);
#endif
