/* SPDX-License-Identifier: GPL-2.0-only */
/* Which modules observe the execution under way (observer.h). */
#include "platform/sim/internal.h"

/* ---- what several observers hear of ---------------------------------------- */

#define TELL_ALL(callback, ...) do {					\
	for (uint32_t i = 0; i < sim.observers; i++)			\
		if (sim.observer[i]->callback)				\
			sim.observer[i]->callback(__VA_ARGS__);		\
} while (0)

static void all_arrives(const struct sim_step *t, const void *object)
{
	TELL_ALL(arrives, t, object);
}

static void all_goes_on(uint32_t task)
{
	TELL_ALL(goes_on, task);
}

static void all_touches(const void *addr, enum sim_access how)
{
	TELL_ALL(touches, addr, how);
}

static void all_touches_thing(enum sim_thing thing, uint32_t task, enum sim_access how)
{
	TELL_ALL(touches_thing, thing, task, how);
}

static void all_waits(enum sim_wait wait, uint32_t what)
{
	TELL_ALL(waits, wait, what);
}

static void all_grants(uint32_t task, bool let_through)
{
	TELL_ALL(grants, task, let_through);
}

static void all_spawns(uint32_t task)
{
	TELL_ALL(spawns, task);
}

static void all_wakes(uint32_t task, uint32_t by, bool ahead)
{
	TELL_ALL(wakes, task, by, ahead);
}

static void all_releases(const void *edge)
{
	TELL_ALL(releases, edge);
}

static void all_acquires(const void *edge)
{
	TELL_ALL(acquires, edge);
}

static void all_object_begins(const void *addr, size_t size)
{
	TELL_ALL(object_begins, addr, size);
}

static void all_memory_ends(const void *addr, size_t size, enum sim_end end)
{
	TELL_ALL(memory_ends, addr, size, end);
}

/* ---- asking to be told --------------------------------------------------------- */

/* If only one observer has a callback, sim_tell has that callback itself, which saves a loop. */
#define ADD(callback, bit) do {						\
	if (o->callback) {						\
		sim_tell.callback = sim.observed & (bit) ? all_##callback : o->callback; \
		sim.observed |= (bit);					\
	}								\
} while (0)

static void add(const struct sim_observer *o)
{
	ADD(arrives, SIM_HEARS_ARRIVES);
	ADD(goes_on, SIM_HEARS_GOES_ON);
	ADD(touches, SIM_HEARS_TOUCHES);
	ADD(touches_thing, SIM_HEARS_THINGS);
	ADD(waits, SIM_HEARS_WAITS);
	ADD(grants, SIM_HEARS_GRANTS);
	ADD(spawns, SIM_HEARS_SPAWNS);
	ADD(wakes, SIM_HEARS_WAKES);
	ADD(releases, SIM_HEARS_RELEASES);
	ADD(acquires, SIM_HEARS_ACQUIRES);
	ADD(object_begins, SIM_HEARS_BEGINS);
	ADD(memory_ends, SIM_HEARS_ENDS);
	sim.observer[sim.observers++] = o;
}

void sim_observe(const struct sim_observer *o)
{
	KT_ASSERT(sim.observers < SIM_OBSERVERS_MAX);
	add(o);
	sim_set_slow_from();
}

void sim_observe_end(const struct sim_observer *o)
{
	uint32_t count = sim.observers;

	sim.observers = sim.observed = 0;
	for (uint32_t i = 0; i < count; i++)
		if (sim.observer[i] != o)
			add(sim.observer[i]);
	sim_set_slow_from();
}
