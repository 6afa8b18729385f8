/* SPDX-License-Identifier: GPL-2.0-only */
/* Every strategy by its number in the table, platform/strategy.h. */
#ifndef SIM_STRATEGIES_H
#define SIM_STRATEGIES_H

#include <stdbool.h>

#include "platform/sim/sim.h"
#include "platform/strategy.h"

/* Ready for sim_run(). `depth` counts only if the strategy takes one. */
struct sim_strategy *sim_strategy_of(enum kt_strategy kind, uint32_t depth);

/*
 * Must sim_strategies_profile() see an execution of the program, run to block,
 * before the strategy is used?
 */
bool sim_strategy_profiles(enum kt_strategy kind);

/* All strategies that profile learn from the record of that execution. */
void sim_strategies_profile(const struct sim_record *r);

#endif
