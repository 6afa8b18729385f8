/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Delay-bounded: the deterministic scheduler run to block, with at most `delays`
 * deviations. At a deviation, at a random step, the scheduler goes on with the next task
 * instead. Any schedule within that many delays has probability at least (1/k)^delays per
 * execution of k steps. Emmi, Qadeer, Rakamaric: "Delay-Bounded Scheduling", POPL 2011; the
 * random choice of steps is as in their tool.
 */
#include "platform/rng.h"
#include "platform/sim/sim.h"

#define DELAYS_MAX 64

static struct {
	struct sim_strategy strategy;
	struct kt_rng rng;
	uint32_t delays;
	uint32_t delay_at[DELAYS_MAX];	/* steps */
} delay;

static void delay_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s;
	kt_rng_seed(&delay.rng, seed);
	for (uint32_t i = 0; i < delay.delays; i++)
		delay.delay_at[i] = kt_rng_below(&delay.rng, steps_estimate);
}

/* How many delays fall on this step? Each of them passes over one task. */
static uint32_t delays_at(uint32_t step)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < delay.delays; i++)
		if (delay.delay_at[i] <= step) {
			delay.delay_at[i] = UINT32_MAX;
			n++;
		}
	return n;
}

static uint32_t after(const struct sim_set *can, uint32_t task)
{
	uint32_t next = sim_set_next(can, task + 1);

	return next < SIM_TASKS_MAX ? next : sim_set_next(can, 0);
}

static uint32_t delay_next(struct sim_strategy *s, const struct sim_decision *d)
{
	uint32_t next = sim_default_next(d), n = delays_at(d->step);
	struct sim_set can;

	(void)s;
	if (!n)
		return next;
	can = sim_can_run(d);
	for (; n > 0; n--)
		next = after(&can, next);
	return next;
}

struct sim_strategy *sim_strategy_delay(uint32_t delays)
{
	delay.delays = delays > DELAYS_MAX ? DELAYS_MAX : delays;
	delay.strategy = (struct sim_strategy){
		.name = "delay", .begin = delay_begin, .next = delay_next,
	};
	return &delay.strategy;
}
