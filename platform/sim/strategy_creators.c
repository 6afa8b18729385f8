/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Creators go on: a strategy around another one. A task that was just made does not run
 * before its creator has blocked, yielded or ended. So if a task makes several others, all
 * of them exist before any of them works, and the other strategy's deviations are not spent
 * on tasks that are alone.
 *
 * A creator that goes on for long without blocking works itself. After WINDOW steps since it
 * last made a task, its newborns may run.
 */
#include "platform/sim/internal.h"

enum { WINDOW = 100 };

static struct {
	struct sim_strategy strategy;
	struct sim_strategy *inner;
	uint32_t seen;				/* tasks that are known */
	bool any;				/* `newborn` is not empty */
	struct sim_set newborn;
	uint32_t made_at[SIM_TASKS_MAX];	/* the step at which the task last made one */
} creators;

static void creators_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	creators.seen = 1;
	creators.any = false;
	creators.newborn = (struct sim_set){ { 0 } };
	creators.inner->begin(creators.inner, seed, steps_estimate);
	s->visits_from = creators.inner->visits_from;
}

static void meet(uint32_t step)
{
	const struct sim_record *r = sim.record;

	for (; creators.seen < r->tasks; creators.seen++) {
		sim_set_add(&creators.newborn, creators.seen);
		creators.made_at[r->task[creators.seen].parent] = step;
		creators.any = true;
	}
}

/* Must the newborn wait still? The strategy is not asked at each step, so states are looked at. */
static bool must_wait(uint32_t task, const struct sim_decision *d)
{
	uint32_t parent = sim.record->task[task].parent;

	if (task == d->task || sim.record->task[parent].state != SIM_RUNNABLE)
		return false;
	return parent != d->task ||
	       (d->why == SIM_POINT && d->step - creators.made_at[parent] <= WINDOW);
}

static void release(const struct sim_decision *d)
{
	const struct sim_set all = creators.newborn;

	creators.any = false;
	SIM_FOR_EACH(task, &all) {
		if (must_wait(task, d))
			creators.any = true;
		else
			sim_set_remove(&creators.newborn, task);
	}
}

/* *d without newborns becomes *out. False: no task would be left. */
static bool without_newborns(const struct sim_decision *d, struct sim_wide *wide,
			     struct sim_decision *out)
{
	uint64_t any;

	*out = *d;
	any = out->runnable = d->runnable & ~creators.newborn.word[0];
	out->timed = d->timed & ~creators.newborn.word[0];
	if (!d->wide)
		return any != 0;
	*wide = *d->wide;
	out->wide = wide;
	for (uint32_t w = 1; w < SIM_SET_WORDS; w++) {
		any |= wide->runnable[w - 1] &= ~creators.newborn.word[w];
		wide->timed[w - 1] &= ~creators.newborn.word[w];
	}
	return any != 0;
}

static uint32_t creators_next(struct sim_strategy *s, const struct sim_decision *d)
{
	struct sim_decision fewer;
	struct sim_wide wide;

	(void)s;
	if (creators.seen < sim.record->tasks)
		meet(d->step);
	if (!creators.any || d->why == SIM_MARK)
		return creators.inner->next(creators.inner, d);
	release(d);
	if (!creators.any || !without_newborns(d, &wide, &fewer))
		return creators.inner->next(creators.inner, d);
	return creators.inner->next(creators.inner, &fewer);
}

static uint32_t creators_choose(struct sim_strategy *s, enum sim_choice kind, uint32_t below)
{
	(void)s;
	return creators.inner->choose(creators.inner, kind, below);
}

static void creators_visit(struct sim_strategy *s, const struct sim_decision *d)
{
	creators.inner->visit(creators.inner, d);
	s->visits_from = creators.inner->visits_from;
}

struct sim_strategy *sim_strategy_creators(struct sim_strategy *inner)
{
	creators.inner = inner;
	creators.strategy = (struct sim_strategy){
		.name = inner->name, .begin = creators_begin, .next = creators_next,
		.choose = inner->choose ? creators_choose : NULL,
		.visit = inner->visit ? creators_visit : NULL,
	};
	return &creators.strategy;
}
