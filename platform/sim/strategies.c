/* SPDX-License-Identifier: GPL-2.0-only */
#include "platform/sim/sim_strategies.h"

#include <stddef.h>

struct sim_strategy *sim_strategy_of(enum kt_strategy kind, uint32_t depth)
{
	switch (kind) {
#define ALONE(make)      make()
#define WITH_DEPTH(make) make(depth)
#define STRATEGY(id, word, depth_max, make, profile, places, measured, help) \
	case KT_STRATEGY_##id: return make;
#include "platform/words.def"
#undef STRATEGY
#undef WITH_DEPTH
#undef ALONE
	default: return sim_strategy_block();
	}
}

static void (*const profiles[])(const struct sim_record *r) = {
#define PROFILE(profile) profile
#define NO_PROFILE       NULL
#define STRATEGY(id, word, depth, make, profile, places, measured, help) \
	[KT_STRATEGY_##id] = (profile),
#include "platform/words.def"
#undef STRATEGY
#undef NO_PROFILE
#undef PROFILE
};

bool sim_strategy_profiles(enum kt_strategy kind)
{
	return profiles[kind] != NULL;
}

void sim_strategies_profile(const struct sim_record *r)
{
	for (unsigned i = 0; i < KT_STRATEGY_COUNT; i++)
		if (profiles[i])
			profiles[i](r);
}
