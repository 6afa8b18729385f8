/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which orders of two events could matter? Those of two accesses to one object that conflict:
 * if all of them stay, each access sees what it saw. Of the accesses of two tasks to one object
 * only neighbours are taken, because these order the others.
 *
 * Plain accesses are not recorded. So each switch of tasks gives a pair, too: the last event
 * before it and the first after it.
 */
#include <stdlib.h>
#include <string.h>

#include "stress/cause/internal.h"

enum {
	OBJECT_TOUCHES_MAX = 1024,	/* the latest ones of an object */
	TASKS = SIM_TASKS_MAX,
};

static struct {
	struct pair *pair;
	uint32_t max, count;
} found;

/* A kill is an event of a task of its own, and so is a store that becomes visible. */
static uint32_t actor(const struct sim_event_record *e)
{
	return e->task + (uint32_t)e->what * TASKS;
}

static bool is_reference(const struct sim_event_record *e)
{
	return e->site && (strcmp(e->site->op, "ref") == 0 || strcmp(e->site->op, "unref") == 0);
}

static enum interest interest_of(const struct sim_touch_record *a,
				 const struct sim_touch_record *b)
{
	const struct sim_accesses *acc = sim_accesses();
	const struct sim_object *o = &acc->object[a->ends ? b->object : a->object];

	if (o->kind == SIM_OBJECT_KILLED)
		return OF_DATA;
	if (o->kind == SIM_OBJECT_SLEEP || o->kind == SIM_OBJECT_THING)
		return OF_SLEEP;
	if (acc->event[a->event].why == SIM_BLOCKED || acc->event[b->event].why == SIM_BLOCKED)
		return OF_WAKING;
	if (is_reference(&acc->event[a->event]) && is_reference(&acc->event[b->event]))
		return OF_REFERENCES;
	return a->locks && b->locks ? OF_LOCKS : OF_DATA;
}

static void add(uint32_t first, uint32_t second, uint32_t first_touch, uint32_t second_touch,
		enum interest interest)
{
	if (found.count == found.max ||
	    sim_accesses()->event[second].step > search.horizon)
		return;
	found.pair[found.count++] = (struct pair){
		.first = first, .second = second, .first_touch = first_touch,
		.second_touch = second_touch, .interest = interest,
	};
}

/* ---- accesses to one object ---------------------------------------------------- */

static uint32_t touch[OBJECT_TOUCHES_MAX], touches;	/* of one object, in their order */

static bool conflict(uint32_t i, uint32_t k)
{
	const struct sim_accesses *acc = sim_accesses();

	return sim_touches_conflict(&acc->touch[touch[i]], &acc->touch[touch[k]]);
}

static uint32_t actor_of(uint32_t i)
{
	const struct sim_accesses *acc = sim_accesses();

	return actor(&acc->event[acc->touch[touch[i]].event]);
}

/* Is k the first access of its task that conflicts with i? */
static bool is_first_after(uint32_t i, uint32_t k)
{
	for (uint32_t m = i + 1; m < k; m++)
		if (actor_of(m) == actor_of(k) && conflict(i, m))
			return false;
	return true;
}

/* A task sees its own store at once, so it does not matter when others see it. */
static bool is_own_store(const struct sim_touch_record *a, const struct sim_touch_record *b)
{
	const struct sim_event_record *x = &sim_accesses()->event[a->event];
	const struct sim_event_record *y = &sim_accesses()->event[b->event];

	return x->task == y->task && (x->what == SIM_BECOMES_VISIBLE ||
				      y->what == SIM_BECOMES_VISIBLE);
}

static void find_neighbours(uint32_t k)
{
	const struct sim_accesses *acc = sim_accesses();
	uint64_t seen[3 * TASKS / 64] = { 0 };

	seen[actor_of(k) / 64] |= 1ull << actor_of(k) % 64;
	for (uint32_t i = k; i-- > 0; ) {
		const struct sim_touch_record *a = &acc->touch[touch[i]];
		const struct sim_touch_record *b = &acc->touch[touch[k]];
		uint32_t who = actor_of(i);

		if ((seen[who / 64] >> who % 64 & 1) || !conflict(i, k) || is_own_store(a, b))
			continue;
		seen[who / 64] |= 1ull << who % 64;
		if (is_first_after(i, k))
			add(a->event, b->event, touch[i], touch[k], interest_of(a, b));
	}
}

/* by_object[first_of[o] ..]: touches of object o, and those that end its block. */
static void find_conflicts(void)
{
	const struct sim_accesses *acc = sim_accesses();
	static uint32_t begin[SIM_OBJECTS_MAX + 2], by_object[SIM_TOUCHES_MAX];

	memset(begin, 0, sizeof begin);
	for (uint32_t t = 0; t < acc->touches; t++)
		begin[acc->touch[t].object + 1]++;
	for (uint32_t o = 0; o <= acc->objects; o++)
		begin[o + 1] += begin[o];
	for (uint32_t t = acc->touches; t-- > 0; )
		by_object[--begin[acc->touch[t].object + 1]] = t;
	/* Now begin[o + 1] is where the touches of o begin. */
	for (uint32_t o = 1; o <= acc->objects; o++) {
		uint32_t block = acc->object[o].block;
		uint32_t t = begin[o + 1], end = o < acc->objects ? begin[o + 2] : acc->touches;
		uint32_t e = block ? begin[block + 1] : 0;
		uint32_t e_end = !block ? 0 : block < acc->objects ? begin[block + 2]
								      : acc->touches;

		if (end - t > OBJECT_TOUCHES_MAX - 8)
			t = end - (OBJECT_TOUCHES_MAX - 8);
		touches = 0;
		while ((t < end || e < e_end) && touches < OBJECT_TOUCHES_MAX)
			touch[touches++] = t == end || (e < e_end && by_object[e] < by_object[t]) ?
					   by_object[e++] : by_object[t++];
		for (uint32_t k = 1; k < touches; k++)
			find_neighbours(k);
	}
}

/* ---- switches ------------------------------------------------------------------ */

static uint32_t by_place[SIM_ACCESSES_MAX];

static void find_switches(void)
{
	const struct sim_accesses *acc = sim_accesses();
	uint32_t happened = 0;

	for (uint32_t i = 0; i < acc->events; i++)
		if (acc->event[i].place != SIM_NEVER) {
			by_place[acc->event[i].place] = i;
			happened++;
		}
	for (uint32_t i = 1; i < happened; i++)
		if (actor(&acc->event[by_place[i - 1]]) != actor(&acc->event[by_place[i]]))
			add(by_place[i - 1], by_place[i], SIM_NEVER, SIM_NEVER, OF_PLACES);
	/* What a task was about to do comes after all that happened. */
	for (uint32_t i = 0; i < acc->events && happened; i++)
		if (acc->event[i].could_run && search.horizon == UINT32_MAX)
			add(by_place[happened - 1], i, SIM_NEVER, SIM_NEVER, OF_PLACES);
}

/* ---- all ------------------------------------------------------------------------ */

static int by_interest(const void *x, const void *y)
{
	const struct sim_accesses *acc = sim_accesses();
	const struct pair *a = x, *b = y;

	if (a->interest != b->interest)
		return a->interest < b->interest ? -1 : 1;
	if (a->second != b->second)	/* SIM_NEVER comes last */
		return acc->event[a->second].place < acc->event[b->second].place ? -1 : 1;
	if (a->first != b->first)
		return acc->event[a->first].place < acc->event[b->first].place ? -1 : 1;
	return a->first_touch < b->first_touch ? -1 : a->first_touch > b->first_touch;
}

bool pair_is_later(const struct pair *a, const struct pair *b)
{
	const struct sim_accesses *acc = sim_accesses();
	uint32_t x = acc->event[a->second].place, y = acc->event[b->second].place;

	if (x != y)
		return x > y;
	return acc->event[a->first].place > acc->event[b->first].place;
}

static int by_events(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->second != b->second)
		return a->second < b->second ? -1 : 1;
	if (a->interest != b->interest)
		return a->interest > b->interest ? -1 : 1;
	return a->first_touch < b->first_touch ? -1 : a->first_touch > b->first_touch;
}

uint32_t pairs_find(struct pair *pair, uint32_t max, uint32_t *conflicts)
{
	uint32_t n = 0;

	found.pair = pair;
	found.max = max;
	found.count = 0;
	find_switches();
	find_conflicts();
	qsort(pair, found.count, sizeof *pair, by_events);
	/* Of pairs of the same two events the best stays. */
	for (uint32_t i = 0; i < found.count; i++)
		if (!n || pair[n - 1].first != pair[i].first ||
		    pair[n - 1].second != pair[i].second)
			pair[n++] = pair[i];
	qsort(pair, n, sizeof *pair, by_interest);
	*conflicts = 0;
	for (uint32_t i = 0; i < n; i++)
		*conflicts += pair[i].interest > OF_PLACES;
	return n;
}
