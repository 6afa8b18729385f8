/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Run to block: the current task goes on until it can't; then the task with the next number
 * goes on. This is the least surprising schedule, and a plan's directives are deviations
 * from it.
 */
#include "platform/sim/internal.h"

static uint32_t usual(uint64_t runnable, uint64_t timed, uint32_t current, enum sim_why why)
{
	uint64_t stores = sim.record->stores, later;

	if (runnable & ~timed)	/* time passes only when nothing else can happen */
		runnable &= ~timed;
	/* Stores become visible as late as possible: before a task spins in vain. */
	if (why == SIM_YIELDED && (runnable & stores))
		runnable &= stores;
	else if (runnable & ~stores)
		runnable &= ~stores;
	later = current == 63 ? 0 : runnable & ~((sim_bit(current) << 1) - 1);
	if ((why == SIM_POINT || why == SIM_MARK) && (runnable & sim_bit(current)))
		return current;
	return (uint32_t)__builtin_ctzll(later ? later : runnable);
}

uint32_t sim_default_next(const struct sim_decision *d)
{
	if (d->wide)
		return sim_default_next_wide(d);
	return usual(d->runnable, d->timed, d->task, d->why);
}

uint32_t sim_default_next_at(const struct sim_record *r, uint32_t step)
{
	const struct sim_step *t = &r->trace[step];

	return sim_default_next(&(struct sim_decision){
		.runnable = t->runnable,
		.timed = t->timed,
		.task = t->task,
		.why = (enum sim_why)t->why,
		.wide = t->wide ? &r->wide[step] : NULL,
	});
}

static void block_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s, (void)seed, (void)steps_estimate;
}

static uint32_t block_next(struct sim_strategy *s, const struct sim_decision *d)
{
	(void)s;
	return sim_default_next(d);
}

struct sim_strategy *sim_strategy_block(void)
{
	static struct sim_strategy s = {
		.name = "block", .begin = block_begin, .next = block_next,
	};

	return &s;
}
