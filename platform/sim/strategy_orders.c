/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keeps certain orders of two events, and is free in all else: it follows the reference, an
 * execution that was recorded, or draws. sim_orders.h says what an event is.
 *
 * A task waits while its next event is the second of an order whose first event has not
 * happened. To follow the reference is to take, of the tasks that can go on, the one whose next
 * event came first in it. An event that the reference lacks belongs to the task's event before
 * it. So a small change has a small effect.
 */
#include <string.h>

#include "platform/rng.h"
#include "platform/sim/accesses.h"
#include "platform/sim/weak.h"

enum {
	PLACES = 1 << 17,	/* a power of two */
	ORDERS_MAX = 1 << 14,
	EVENTS = 1 << 16,	/* of orders: slots of the table, a power of two */
	CHANGES_MAX = 3,
	SPINS_MAX = 4,
};

/* ---- the reference ----------------------------------------------------------- */

static struct {
	uint32_t run, mask, events, faults;
	struct { uint64_t key; uint32_t place, run; } at[PLACES];
	struct sim_fault fault[SIM_FAULTS_MAX];
} ref;

static uint32_t slot_of_place(uint64_t key)
{
	uint32_t i = (uint32_t)(event_mix(key) >> 36) & ref.mask;

	while (ref.at[i].run == ref.run && ref.at[i].key != key)
		i = (i + 1) & ref.mask;
	return i;
}

void sim_orders_refer(void)
{
	const struct sim_accesses *a = sim_accesses();

	ref.run++;
	ref.events = a->events;
	for (ref.mask = 63; ref.mask < 2 * a->events; )
		ref.mask = ref.mask << 1 | 1;
	for (uint32_t i = 0; i < a->events; i++) {
		uint32_t at = slot_of_place(a->event[i].key);

		if (a->event[i].place == SIM_NEVER)
			continue;
		ref.at[at].key = a->event[i].key;
		ref.at[at].place = a->event[i].place;
		ref.at[at].run = ref.run;
	}
	ref.faults = a->faults;
	memcpy(ref.fault, a->fault, sizeof ref.fault);
}

/* ---- the orders ---------------------------------------------------------------- */

/* An event that is in some order: the orders whose second event it is are a list. */
struct slot {
	uint64_t key;
	uint32_t run;
	uint32_t seconds;	/* first of the list, + 1 */
	bool happened;
};

static struct {
	struct sim_orders o;
	uint32_t run, mask;		/* a short table for few orders stays in the cache */
	struct slot slot[EVENTS];
	uint32_t first[ORDERS_MAX], second[ORDERS_MAX];	/* slots */
	uint32_t next[ORDERS_MAX];	/* in the list of its second event, + 1 */
	bool broken[ORDERS_MAX];
	uint32_t faults;		/* that happened */
} keep;

static uint32_t find(uint64_t key)
{
	uint32_t i = (uint32_t)(event_mix(key) >> 36) & keep.mask;

	while (keep.slot[i].run == keep.run && keep.slot[i].key != key)
		i = (i + 1) & keep.mask;
	return i;
}

static uint32_t add_event(uint64_t key)
{
	uint32_t i = find(key);

	if (keep.slot[i].run != keep.run)
		keep.slot[i] = (struct slot){ .key = key, .run = keep.run };
	return i;
}

void sim_orders_set(const struct sim_orders *o)
{
	keep.o = *o;
	if (keep.o.count > ORDERS_MAX)
		keep.o.count = ORDERS_MAX;
	keep.run++;
	for (keep.mask = 63; keep.mask < 4 * keep.o.count && keep.mask < EVENTS - 1; )
		keep.mask = keep.mask << 1 | 1;
	for (uint32_t i = 0; i < keep.o.count; i++) {
		keep.first[i] = add_event(o->order[i].first);
		keep.second[i] = add_event(o->order[i].second);
		keep.next[i] = keep.slot[keep.second[i]].seconds;
		keep.slot[keep.second[i]].seconds = i + 1;
	}
}

static bool slot_waits(const struct slot *s)
{
	if (s->run != keep.run)
		return false;
	for (uint32_t i = s->seconds; i; i = keep.next[i - 1])
		if (!keep.slot[keep.first[i - 1]].happened)
			return true;
	return false;
}

/* The event has to wait for another one. */
static bool waits(uint64_t key)
{
	return slot_waits(&keep.slot[find(key)]);
}

void sim_orders_happens(uint64_t key)
{
	struct slot *s = &keep.slot[find(key)];

	if (s->run != keep.run)
		return;
	for (uint32_t i = s->seconds; i; i = keep.next[i - 1])
		if (!keep.slot[keep.first[i - 1]].happened && !s->happened)
			keep.broken[i - 1] = true;
	s->happened = true;
}

enum sim_order_outcome sim_order_outcome(uint32_t i)
{
	if (keep.broken[i])
		return SIM_ORDER_BROKEN;
	return keep.slot[keep.first[i]].happened ? SIM_ORDER_KEPT : SIM_ORDER_OPEN;
}

struct sim_outcome sim_orders_outcome(void)
{
	struct sim_outcome out = { .faults = keep.faults };

	for (uint32_t i = 0; i < keep.o.count; i++)
		switch (sim_order_outcome(i)) {
		case SIM_ORDER_KEPT: out.kept++; break;
		case SIM_ORDER_BROKEN: out.broken++; break;
		default: out.open++;
		}
	return out;
}

/* ---- an execution ---------------------------------------------------------------- */

/*
 * How a random execution is drawn. NEAR ones follow the reference, so that most events of it come
 * again: one of so many steps is drawn, or some tasks are late by some events.
 */
enum flavour { UNIFORM, NEAR_LATE, STICKY, NEAR_4, PRIORITIES, NEAR_16 };

_Static_assert(NEAR_16 + 1 == SIM_FLAVOURS, "sim_orders.h says how many there are");

/* Where the task's next event is in the two tables, as long as its key is this one. */
struct found {
	uint64_t key;
	uint32_t slot, place;
};

static struct {
	struct found found[SIM_TASKS_MAX];
	struct kt_rng rng;
	enum flavour flavour;
	uint32_t last_place[SIM_TASKS_MAX];
	uint64_t priority[SIM_TASKS_MAX];
	uint64_t lowest;
	uint32_t change[CHANGES_MAX];		/* steps */
	uint32_t late[CHANGES_MAX];		/* by so many places, from that step on */
	uint32_t late_task[CHANGES_MAX];
	uint32_t kill_from[SIM_FAULTS_MAX];	/* steps */
	uint32_t spins;
	uint32_t stores;			/* tasks below, stores from here on */
} exec;

static void orders_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s, (void)seed, (void)steps_estimate;
	for (uint32_t i = 0; i < keep.o.count; i++)
		keep.slot[keep.first[i]].happened = keep.slot[keep.second[i]].happened = false;
	memset(keep.broken, 0, keep.o.count * sizeof keep.broken[0]);
	keep.faults = 0;
	memset(&exec, 0, sizeof exec);
	kt_rng_seed(&exec.rng, keep.o.seed);
	exec.flavour = keep.o.seed % SIM_FLAVOURS;
	exec.lowest = 1 << 20;
	exec.stores = sim.record->stores ? SIM_STORES_FIRST : SIM_TASKS_MAX;
	for (uint32_t i = 0; i < CHANGES_MAX; i++) {
		exec.change[i] = kt_rng_below(&exec.rng, ref.events + 1);
		exec.late[i] = kt_rng_below(&exec.rng, ref.events / 2 + 2);
		exec.late_task[i] = SIM_TASKS_MAX;
	}
	for (uint32_t i = 0; i < ref.faults; i++)
		exec.kill_from[i] = kt_rng_below(&exec.rng, ref.events + 1);
	sim_accesses_follow();
}

static uint64_t key_of(uint32_t answer)
{
	return answer >= exec.stores ? event_visible_key(weak_event(answer)) : event_next(answer);
}

static const struct found *look_up(uint32_t answer)
{
	struct found *f = &exec.found[answer];
	uint64_t key = key_of(answer);

	if (f->key != key)
		*f = (struct found){ .key = key, .slot = find(key), .place = slot_of_place(key) };
	return f;
}

static bool has_to_wait(uint32_t answer)
{
	return keep.o.count && slot_waits(&keep.slot[look_up(answer)->slot]);
}

/* The place of the answer's event in the reference, or of the last event before it. */
static uint32_t place_of(uint32_t answer)
{
	uint32_t i = look_up(answer)->place;

	if (ref.at[i].run == ref.run)
		return ref.at[i].place;
	return answer < exec.stores ? exec.last_place[answer] : UINT32_MAX;
}

static uint32_t earliest(const struct sim_set *can)
{
	uint32_t best = SIM_TASKS_MAX, place = 0;

	SIM_FOR_EACH(i, can)
	{
		uint32_t p = place_of(i);

		if (best == SIM_TASKS_MAX || p < place) {
			best = i;
			place = p;
		}
	}
	return best;
}

/* ---- faults ------------------------------------------------------------------------ */

static bool is_due(uint32_t i, const struct sim_decision *d)
{
	const struct sim_set can = sim_can_run(d);
	uint32_t first;

	if (keep.o.random)
		return d->step >= exec.kill_from[i];
	first = earliest(&can);
	return first == SIM_TASKS_MAX || place_of(first) > ref.fault[i].place;
}

static bool all_wait(const struct sim_decision *d)
{
	const struct sim_set can = sim_can_run(d);

	SIM_FOR_EACH(i, &can)
	if (!has_to_wait(i))
		return false;
	return true;
}

static void orders_visit(struct sim_strategy *s, const struct sim_decision *d)
{
	(void)s;
	for (uint32_t i = 0; i < ref.faults; i++) {
		const struct sim_fault *f = &ref.fault[i];

		if (f->kind != SIM_FAULT_KILL || !(keep.o.faults >> i & 1) ||
		    keep.faults >> i & 1 || waits(f->key) || !(is_due(i, d) || all_wait(d)))
			continue;
		for (uint32_t task = 0; task < sim.record->tasks; task++)
			if (event_task_key(task) == f->task_key) {
				keep.faults |= 1u << i;
				sim_kill(task);
			}
	}
}

static uint32_t orders_choose(struct sim_strategy *s, enum sim_choice kind, uint32_t below)
{
	uint8_t wanted = kind == SIM_CHOOSE_ALLOC_FAIL ? SIM_FAULT_ALLOC : SIM_FAULT_SPURIOUS;

	(void)s, (void)below;
	if (kind == SIM_CHOOSE_OTHER)
		return 0;
	for (uint32_t i = 0; i < ref.faults; i++) {
		const struct sim_fault *f = &ref.fault[i];

		if (f->kind == wanted && (keep.o.faults >> i & 1) &&
		    f->key == event_next(sim.current) &&
		    f->nth == sim_accesses_choices(kind) + 1) {
			keep.faults |= 1u << i;
			return 1;
		}
	}
	return 0;
}

/* ---- which task goes on --------------------------------------------------------------- */

static uint32_t any_of(const struct sim_set *can)
{
	uint32_t n = kt_rng_below(&exec.rng, sim_set_count(can));

	SIM_FOR_EACH(i, can)
	if (n-- == 0)
		return i;
	return SIM_TASKS_MAX;	/* not reached */
}

static uint32_t by_priority(const struct sim_set *can, const struct sim_decision *d)
{
	uint32_t best = SIM_TASKS_MAX;

	for (uint32_t i = 0; i < CHANGES_MAX; i++)
		if (exec.change[i] == d->step)
			exec.priority[d->task] = --exec.lowest;
	SIM_FOR_EACH(i, can)
	{
		if (!exec.priority[i])
			exec.priority[i] = kt_rng_next(&exec.rng) | 1ull << 32;
		if (best == SIM_TASKS_MAX || exec.priority[i] > exec.priority[best])
			best = i;
	}
	return best;
}

/* As earliest(), but the task that was under way at some steps is late. */
static uint32_t earliest_but(const struct sim_set *can, const struct sim_decision *d)
{
	uint32_t best = SIM_TASKS_MAX, place = 0;

	for (uint32_t i = 0; i < CHANGES_MAX; i++)
		if (exec.change[i] <= d->step && exec.late_task[i] == SIM_TASKS_MAX)
			exec.late_task[i] = d->task;
	SIM_FOR_EACH(task, can)
	{
		uint32_t p = place_of(task);

		for (uint32_t i = 0; i < CHANGES_MAX; i++)
			if (exec.late_task[i] == task && p < exec.change[i] + exec.late[i])
				p = exec.change[i] + exec.late[i];
		if (best == SIM_TASKS_MAX || p < place) {
			best = task;
			place = p;
		}
	}
	return best;
}

static uint32_t draw(const struct sim_set *can, const struct sim_decision *d)
{
	bool goes_on = d->why <= SIM_POINT && sim_set_has(can, d->task);

	switch (exec.flavour) {
	case PRIORITIES: return by_priority(can, d);
	case NEAR_LATE: return earliest_but(can, d);
	case NEAR_4:
	case NEAR_16:
		if (kt_rng_below(&exec.rng, exec.flavour == NEAR_4 ? 4 : 16))
			return earliest(can);
		return any_of(can);
	default: break;
	}
	if (goes_on && (d->why == SIM_MARK ||
			(exec.flavour == STICKY && kt_rng_below(&exec.rng, 8))))
		return d->task;
	return any_of(can);
}

static uint32_t orders_next(struct sim_strategy *s, const struct sim_decision *d)
{
	const struct sim_set able = sim_can_run(d);
	struct sim_set can = able;
	uint32_t next;

	(void)s;
	SIM_FOR_EACH(i, &able)
	if (has_to_wait(i))
		sim_set_remove(&can, i);
	if (sim_set_is_empty_in(&can, sim_set_words)) {
		if (d->why == SIM_YIELDED && exec.spins++ < SPINS_MAX && !has_to_wait(d->task))
			return d->task;
		can = able;	/* an order has to be broken */
	}
	exec.spins = 0;
	next = keep.o.random ? draw(&can, d) : earliest(&can);
	if (next < exec.stores)
		exec.last_place[next] = place_of(next);
	return next;
}

struct sim_strategy *sim_strategy_orders(void)
{
	static struct sim_strategy s = {
		.name = "orders", .begin = orders_begin, .next = orders_next,
		.choose = orders_choose, .visit = orders_visit,
	};

	return &s;
}
