/* SPDX-License-Identifier: GPL-2.0-only */
/* Simpler schedules: fewer directives, smaller numbers in them, a simpler strategy. */
#include "stress/plan/simpler.h"

enum { DIRECTIVES_IN_PAIRS = 24 };	/* with more directives there are too many pairs */

/* ---- pairs of directives ------------------------------------------------------ */

static unsigned pairs(const struct plan *p)
{
	unsigned n = p->directives_count;

	return n <= DIRECTIVES_IN_PAIRS ? n * n : 0;
}

/* Remove both of a pair. */
static bool remove_pair(struct plan *p, unsigned n)
{
	unsigned a = n / p->directives_count, b = n % p->directives_count;

	if (a >= b)
		return false;
	plan_remove_directive(p, b);
	plan_remove_directive(p, a);
	return true;
}

/* One switch in place of two: the task that the second switch chooses runs at the first. */
static bool merge_pair(struct plan *p, unsigned n)
{
	unsigned a = n / p->directives_count, b = n % p->directives_count;

	if (a == b || p->directives[a].kind != PLAN_D_SWITCH ||
	    p->directives[b].kind != PLAN_D_SWITCH ||
	    p->directives[a].target == p->directives[b].target)
		return false;
	p->directives[a].target = p->directives[b].target;
	plan_remove_directive(p, b);
	return true;
}

/* ---- numbers of directives ---------------------------------------------------- */

static unsigned visits(const struct plan *p)
{
	return p->directives_count * (unsigned)SIMPLER_NUMBERS;
}

static bool fewer_visits(struct plan *p, unsigned n)
{
	struct plan_directive *d = &p->directives[n / SIMPLER_NUMBERS];
	uint32_t visit;

	if (d->nth == 0 || !simpler_number(d->nth - 1, n % SIMPLER_NUMBERS, &visit))
		return false;
	d->nth = visit + 1;
	return true;
}

static bool fewer_older(struct plan *p, unsigned n)
{
	struct plan_directive *d = &p->directives[n / SIMPLER_NUMBERS];
	uint32_t older;

	if (!simpler_number(d->older, n % SIMPLER_NUMBERS, &older))
		return false;
	d->older = (uint8_t)older;
	return true;
}

/* ---- the strategy --------------------------------------------------------------- */

enum { SEEDS = 8 };

/* From the simplest on. pieces.c tries the default, block. */
static const struct {
	enum plan_strategy_kind kind;
	uint32_t depth;
} strategies[] = {
	{ PLAN_DELAY_BOUNDED, 1 },
	{ PLAN_DELAY_BOUNDED, 2 },
	{ PLAN_PCT, 2 },
	{ PLAN_RANDOM, 0 },
};
enum { STRATEGIES = sizeof strategies / sizeof strategies[0] };

static unsigned seeds(const struct plan *p)
{
	return p->strategy == PLAN_BLOCK ? 0 : STRATEGIES * SEEDS;
}

/* The place of the plan's strategy among these, or behind them. */
static unsigned rank(const struct plan *p)
{
	unsigned i = 0;

	while (i < STRATEGIES &&
	       (strategies[i].kind != p->strategy || strategies[i].depth != p->depth))
		i++;
	return i;
}

static bool simpler_strategy(struct plan *p, unsigned n)
{
	unsigned i = n / SEEDS, seed = n % SEEDS, was = rank(p);

	if (i > was || (i == was && seed >= p->seed))
		return false;
	p->strategy = strategies[i].kind;
	p->depth = strategies[i].depth;
	p->seed = seed;
	if (!plan_strategy_has_depth(p->strategy))
		p->steps_estimate = 0;
	return true;
}

static unsigned estimates(const struct plan *p)
{
	return p->steps_estimate != 0;
}

static bool no_estimate(struct plan *p, unsigned n)
{
	(void)n;
	p->steps_estimate = 0;
	return true;
}

const struct simpler simpler_schedule[] = {
	{ pairs, remove_pair },  { pairs, merge_pair },       { visits, fewer_visits },
	{ visits, fewer_older }, { seeds, simpler_strategy }, { estimates, no_estimate },
};
const unsigned simpler_schedule_kinds = sizeof simpler_schedule / sizeof simpler_schedule[0];
