/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Probabilistic concurrency testing: random priorities, and depth - 1 random
 * steps at which the running task's priority drops below all others. It finds a
 * bug of depth d with probability at least 1/(n k^(d-1)) per execution of n
 * tasks and k steps. Burckhardt, Kothari, Musuvathi, Nagarakatti: "A Randomized
 * Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010.
 *
 * Until another task has moved, the simulator passes over a task that spins, whatever its
 * priority. So a spin lock does not starve its holder. But several tasks that spin would let
 * the holder move only once in a number of steps that is exponential in their number. So a
 * task that yields gets the lowest priority of all, as in a fair scheduler (Musuvathi,
 * Qadeer: "Fair Stateless Model Checking", PLDI 2008). The bound above holds for a program
 * that never yields.
 */
#include <string.h>

#include "platform/rng.h"
#include "platform/sim/sim.h"

#define PCT_DEPTH_MAX 64
#define PCT_YIELDED   SIM_STEPS_MAX	/* below it: tasks that yielded, the last one lowest */

static struct {
	struct sim_strategy strategy;
	struct kt_rng rng;
	uint32_t depth;
	uint32_t changes;			/* depth - 1 */
	uint32_t change_at[PCT_DEPTH_MAX];	/* steps */
	struct sim_set drawn;			/* tasks with a priority */
	uint32_t lowest;			/* at most one less at each step */
	uint64_t stores;			/* bits that stand for stores */
	uint32_t priority[SIM_TASKS_MAX];	/* larger runs first */
} pct;

static void pct_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s;
	kt_rng_seed(&pct.rng, seed);
	pct.drawn = (struct sim_set){ { 0 } };
	pct.stores = sim_record()->stores;
	pct.changes = pct.depth - 1;
	pct.lowest = PCT_YIELDED;
	for (uint32_t i = 0; i < pct.changes; i++)
		pct.change_at[i] = kt_rng_below(&pct.rng, steps_estimate);
}

/*
 * Above PCT_YIELDED: a task gets i + 1 at change point i. Initial priorities are above all
 * of these.
 */
static inline uint32_t priority(uint32_t task, uint32_t words)
{
	if (!sim_set_has_in(&pct.drawn, task, words)) {
		sim_set_add_in(&pct.drawn, task, words);
		pct.priority[task] = PCT_YIELDED + pct.depth + 1 +
				     ((uint32_t)kt_rng_next(&pct.rng) >> 2);
	}
	return pct.priority[task];
}

static inline __attribute__((always_inline)) uint32_t next_in(const struct sim_decision *d,
							      const struct sim_set can,
							      uint32_t words)
{
	uint32_t best = 0, best_priority = 0;

	pct.drawn.word[0] &= d->runnable | ~pct.stores;	/* each store has a priority of its own */
	/*
	 * `<=`, because the strategy is not asked at a step that leaves no choice: a
	 * change point at such a step takes effect at the next decision.
	 */
	for (uint32_t i = 0; i < pct.changes; i++)
		if (pct.change_at[i] <= d->step) {
			priority(d->task, words);
			pct.priority[d->task] = PCT_YIELDED + i + 1;
			pct.change_at[i] = UINT32_MAX;
		}
	if (d->why == SIM_YIELDED) {
		priority(d->task, words);
		pct.priority[d->task] = pct.lowest--;
	}
	SIM_FOR_EACH_IN(task, &can, words)
	{
		uint32_t p = priority(task, words);

		if (p > best_priority) {
			best = task;
			best_priority = p;
		}
	}
	return best;
}

__attribute__((noinline)) static uint32_t next_wide(const struct sim_decision *d)
{
	return next_in(d, sim_can_run(d), SIM_SET_WORDS);
}

static uint32_t pct_next(struct sim_strategy *s, const struct sim_decision *d)
{
	(void)s;
	return d->wide ? next_wide(d) : next_in(d, (struct sim_set){ { d->runnable } }, 1);
}

struct sim_strategy *sim_strategy_pct(uint32_t depth)
{
	pct.depth = depth < 1 ? 1 : depth > PCT_DEPTH_MAX ? PCT_DEPTH_MAX : depth;
	pct.strategy = (struct sim_strategy){
		.name = "pct", .begin = pct_begin, .next = pct_next,
	};
	return &pct.strategy;
}
