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
	uint64_t drawn;			/* bit: the task's event has a priority */
	uint64_t pending;		/* bit: the task's event has an object */
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
	pos.drawn = pos.pending = 0;
	pos.stores = sim_record()->stores;
	pos.step = UINT32_MAX;
}

static uint64_t priority(uint32_t task)
{
	if (!(pos.drawn >> task & 1)) {
		pos.drawn |= 1ull << task;
		pos.event[task].priority = kt_rng_next(&pos.rng);
	}
	return pos.event[task].priority;
}

static void arrives(const struct sim_decision *d)
{
	struct event *e = &pos.event[d->task];

	if (d->step == pos.step)	/* asked again, after a store became visible */
		return;
	pos.step = d->step;
	/* A task that slept has no event when it is woken; a task that has finished has none. */
	pos.pending &= ~(1ull << d->task);
	if (d->object && d->why < SIM_BLOCKED)
		pos.pending |= 1ull << d->task;
	e->object = d->object;
	/* A load, and not test_bit. */
	e->loads = d->site && d->site->access == KT_LOAD && d->site->op[0] == 'l';
	pos.drawn &= ~(1ull << d->task);
}

/* The stores in `stores` can become visible. Each has a priority as long as that is so. */
static void note_stores(uint64_t stores)
{
	pos.drawn &= stores | ~pos.stores;
	pos.pending = (pos.pending & ~pos.stores) | stores;
	for (; stores; stores &= stores - 1) {
		uint32_t bit = (uint32_t)__builtin_ctzll(stores);
		const void *object = sim_store_object(bit);

		if (pos.event[bit].object != object)
			pos.drawn &= ~(1ull << bit);
		pos.event[bit] = (struct event){ object, false, pos.event[bit].priority };
	}
}

static bool race(const struct event *a, const struct event *b)
{
	return a->object == b->object && !(a->loads && b->loads);
}

static void redraw_racing(uint64_t others, uint32_t best)
{
	for (; others; others &= others - 1) {
		uint32_t task = (uint32_t)__builtin_ctzll(others);

		if (race(&pos.event[task], &pos.event[best]))
			pos.drawn &= ~(1ull << task);
	}
}

static uint32_t pos_next(struct sim_strategy *s, const struct sim_decision *d)
{
	uint64_t best_priority = 0;
	uint32_t best = (uint32_t)__builtin_ctzll(d->runnable);

	(void)s;
	arrives(d);
	if (pos.stores)
		note_stores(d->runnable & pos.stores);
	for (uint64_t mask = d->runnable; mask; mask &= mask - 1) {
		uint32_t task = (uint32_t)__builtin_ctzll(mask);
		uint64_t p = priority(task);

		if (p >= best_priority) {
			best = task;
			best_priority = p;
		}
	}
	if (pos.pending >> best & 1)
		redraw_racing(d->runnable & pos.pending & ~(1ull << best), best);
	pos.pending &= ~(1ull << best);	/* its event is done; a task that is woken has no event */
	pos.drawn &= ~(1ull << best);
	return best;
}

struct sim_strategy *sim_strategy_pos(void)
{
	static struct sim_strategy s = {
		.name = "pos", .begin = pos_begin, .next = pos_next,
	};

	return &s;
}
