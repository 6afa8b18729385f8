/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Partial order sampling: each event has a random priority. The pending event with the
 * highest priority goes first, and those that race with it draw again. So the order of
 * racing events is decided anew each time, and the order of independent events does not
 * matter. With n tasks and e events any partial order has probability at least (1/n)^e, as
 * under a random walk. The fewer races the order has, the higher is its probability. Yuan,
 * Yang, Gu: "Partial Order Aware Concurrency Sampling", CAV 2018.
 *
 * An event is the operation that a task does next at the site that it reached last. A
 * task that was woken has no event, and races with nothing. Two events race if they are on
 * one object and are not both loads. With weak memory, a store that becomes visible is an
 * event, too.
 */

#include "platform/rng.h"
#include "platform/sim/sim.h"

static struct {
	struct kt_rng rng;
	struct sim_set drawn;		/* the task's event has a priority */
	struct sim_set pending;		/* the task's event has an object */
	uint64_t stores;		/* bits that stand for stores */
	uint32_t step;			/* the step of the last arrival */
	struct event {
		const void *object;	/* only compared */
		bool loads;
		uint64_t priority;
	} event[SIM_TASKS_MAX];
} pos;

static void pos_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s, (void)steps_estimate;
	kt_rng_seed(&pos.rng, seed);
	pos.drawn = pos.pending = (struct sim_set){ { 0 } };
	pos.stores = sim_record()->stores;
	pos.step = UINT32_MAX;
}

static inline uint64_t priority(uint32_t task, uint32_t words)
{
	if (!sim_set_has_in(&pos.drawn, task, words)) {
		sim_set_add_in(&pos.drawn, task, words);
		pos.event[task].priority = kt_rng_next(&pos.rng);
	}
	return pos.event[task].priority;
}

static inline void arrives(const struct sim_decision *d, uint32_t words)
{
	struct event *e = &pos.event[d->task];

	if (d->step == pos.step)	/* asked again, after a store became visible */
		return;
	pos.step = d->step;
	/* A task that slept has no event when it is woken; a task that has finished has none. */
	sim_set_remove_in(&pos.pending, d->task, words);
	if (d->object && d->why < SIM_BLOCKED)
		sim_set_add_in(&pos.pending, d->task, words);
	e->object = d->object;
	/* A load, and not test_bit. */
	e->loads = d->site && kt_access_loads((enum kt_access)d->site->access) &&
		   d->site->op[0] == 'l';
	sim_set_remove_in(&pos.drawn, d->task, words);
}

/* The stores in `stores` can become visible. Each has a priority as long as that is so. */
static void note_stores(uint64_t stores)
{
	pos.drawn.word[0] &= stores | ~pos.stores;
	pos.pending.word[0] = (pos.pending.word[0] & ~pos.stores) | stores;
	for (; stores; stores &= stores - 1) {
		uint32_t bit = (uint32_t)__builtin_ctzll(stores);
		const void *object = sim_store_object(bit);

		if (pos.event[bit].object != object)
			sim_set_remove(&pos.drawn, bit);
		pos.event[bit] = (struct event){ object, false, pos.event[bit].priority };
	}
}

static bool race(const struct event *a, const struct event *b)
{
	return a->object == b->object && !(a->loads && b->loads);
}

static inline void redraw_racing(struct sim_set can, uint32_t best, uint32_t words)
{
	for (uint32_t w = 0; w < words; w++)
		can.word[w] &= pos.pending.word[w];
	sim_set_remove_in(&can, best, words);
	SIM_FOR_EACH_IN(task, &can, words)
		if (race(&pos.event[task], &pos.event[best]))
		sim_set_remove_in(&pos.drawn, task, words);
}

static inline __attribute__((always_inline)) uint32_t next_in(const struct sim_decision *d,
							      const struct sim_set can,
							      uint32_t words)
{
	uint64_t best_priority = 0;
	uint32_t best = 0;

	arrives(d, words);
	if (pos.stores)
		note_stores(d->runnable & pos.stores);
	SIM_FOR_EACH_IN(task, &can, words)
	{
		uint64_t p = priority(task, words);

		if (p >= best_priority) {
			best = task;
			best_priority = p;
		}
	}
	if (sim_set_has_in(&pos.pending, best, words))
		redraw_racing(can, best, words);
	/* Its event is done; a task that is woken has no event. */
	sim_set_remove_in(&pos.pending, best, words);
	sim_set_remove_in(&pos.drawn, best, words);
	return best;
}

__attribute__((noinline)) static uint32_t next_wide(const struct sim_decision *d)
{
	return next_in(d, sim_can_run(d), SIM_SET_WORDS);
}

static uint32_t pos_next(struct sim_strategy *s, const struct sim_decision *d)
{
	(void)s;
	return d->wide ? next_wide(d) : next_in(d, (struct sim_set){ { d->runnable } }, 1);
}

struct sim_strategy *sim_strategy_pos(void)
{
	static struct sim_strategy s = {
		.name = "pos", .begin = pos_begin, .next = pos_next,
	};

	return &s;
}
