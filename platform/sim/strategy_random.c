/* SPDX-License-Identifier: GPL-2.0-only */
/* Random walk: at every step all runnable tasks are equally likely. */
#include "platform/rng.h"
#include "platform/sim/strategy_random.h"

struct sim_random sim_random;

static void random_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s, (void)steps_estimate;
	sim_random.state = kt_rng_derive(seed, 0);
}

static void tables_init(void)
{
	for (uint32_t mask = 1; mask < SIM_DRAW_BYTE; mask++)
		for (uint32_t i = 0; i < 8; i++)
			if (mask >> i & 1)
				sim_random.nth_bit[mask][sim_random.bits[mask]++] = (uint8_t)i;
#if defined(__x86_64__)
	/* On those two processors pdep is microcode, and slow. */
	sim_random.has_pdep = __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt") &&
			      !__builtin_cpu_is("znver1") && !__builtin_cpu_is("znver2");
#endif
}

__attribute__((noinline)) static uint32_t next_wide(const struct sim_decision *d)
{
	const struct sim_set can = sim_can_run(d);
	uint32_t n = sim_random_below(sim_set_count(&can));

	SIM_FOR_EACH(task, &can)
	if (n-- == 0)
		return task;
	return SIM_TASKS_MAX;	/* not reached */
}

uint32_t sim_random_next(struct sim_strategy *s, const struct sim_decision *d)
{
	(void)s;
	return d->wide ? next_wide(d) : sim_random_draw(d->runnable);
}

struct sim_strategy *sim_strategy_random(void)
{
	static struct sim_strategy s = {
		.name = "random", .begin = random_begin, .next = sim_random_next,
	};

	if (!sim_random.bits[1])
		tables_init();
	return &s;
}
