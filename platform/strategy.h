/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The strategies. A strategy decides which task runs next in the simulator.
 * words.def has a row for each.
 */
#ifndef PLATFORM_STRATEGY_H
#define PLATFORM_STRATEGY_H

#include <stdint.h>

#define KT_STRATEGY_DEPTH_MAX 64

#define KT_NEVER	/* in words.def: no turn in the portfolio */

enum kt_strategy {
#define STRATEGY(id, word, depth, make, profile, places, measured, help) KT_STRATEGY_##id,
#include "platform/words.def"
#undef STRATEGY
	KT_STRATEGY_COUNT
};

/* "pct". */
const char *kt_strategy_name(enum kt_strategy s);

/* The largest depth that the strategy takes; 0: it takes none. */
uint32_t kt_strategy_depth_max(enum kt_strategy s);

/* The help sentence of the strategy's row in words.def. */
const char *kt_strategy_help(enum kt_strategy s);

struct kt_strategy_place {
	enum kt_strategy strategy;
	uint32_t depth;		/* 0 if it takes none */
};

/* The portfolio: how many turns there are, and which strategy has turn `nth`. */
uint32_t kt_portfolio_places(void);
struct kt_strategy_place kt_portfolio_place(uint32_t nth);

#endif
