/* SPDX-License-Identifier: GPL-2.0-only */
/* The strategies, by their rows in platform/words.def. */
#ifndef PLATFORM_SIM_SIM_STRATEGIES_H
#define PLATFORM_SIM_SIM_STRATEGIES_H

#include <stdbool.h>

#include "platform/sim/sim_strategy.h"
#include "platform/strategy.h"

struct sim_record;

/* The functions that the rows name, for the files that have them. */
#define ALONE(make)      struct sim_strategy *make(void);
#define WITH_DEPTH(make) struct sim_strategy *make(uint32_t depth);
#define PROFILE(profile) void profile(const struct sim_record *r);
#define NO_PROFILE
#define STRATEGY(id, word, depth, make, profile, places, measured, help) make profile
#include "platform/words.def"
#undef STRATEGY
#undef NO_PROFILE
#undef PROFILE
#undef WITH_DEPTH
#undef ALONE

/* Ready for sim_run(). `depth` counts only if the strategy takes one. */
struct sim_strategy *sim_strategy_of(enum kt_strategy kind, uint32_t depth);

/*
 * `inner`, but a task that was just made waits until its creator blocks, yields or ends
 * (strategy_creators.c). For strategies that take one execution after the other.
 */
struct sim_strategy *sim_strategy_creators(struct sim_strategy *inner);

/*
 * Does the strategy need a profile? Then, before it is used, sim_strategies_profile() must
 * see an execution of the program under block, with sim_options.profiles.
 */
bool sim_strategy_profiles(enum kt_strategy kind);

/* Each strategy that needs a profile takes it from the record of that execution. */
void sim_strategies_profile(const struct sim_record *r);

#endif
