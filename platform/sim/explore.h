/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the simulator tells strategy_dpor.c, besides the decisions: which objects
 * the event under way touches, and what a task that waits waits for.
 *
 * An event is what a task does from one decision to the next. Two events are
 * dependent if they touch the same object, unless both touch it in the same way
 * and that way commutes.
 */
#ifndef PLATFORM_SIM_EXPLORE_H
#define PLATFORM_SIM_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sim_access {
	SIM_WRITE,	/* the only one, with ACQUIRE, that is dependent on itself */
	SIM_READ,
	SIM_ACQUIRE,	/* of a lock; possible only if it is free */
	SIM_RELEASE,
	SIM_WAKE,	/* lets a sleeper go on, or gives it its permit */
	SIM_SAME,	/* readers of RCU that come and go; or callbacks, on another object */
	SIM_OTHER,
	SIM_END,	/* of all objects of a block */
};

enum sim_thing {	/* objects without an address, one per task or one at all */
	SIM_SLEEP,	/* permit, and being let through */
	SIM_KILLED,
	SIM_EXIT,
	SIM_PLACE,	/* which processors it may use */
	SIM_CLOCK,
	SIM_RCU,
};

enum sim_wait {		/* why the current task is at a mark, or blocks */
	SIM_WAIT_NOT,	/* a mark like others */
	SIM_WAIT_PERMIT,
	SIM_WAIT_EXIT,	/* of sim.wait_task */
	SIM_WAIT_WOKEN,
	SIM_WAIT_SETTLED,	/* a mark: until nobody else can go on */
	SIM_WAIT_VALUE,	/* a point: until the word there is sim.wait_task */
};

/* All of them do nothing unless sim.explores. */
void sim_explore_touch(const void *addr, enum sim_access how);
void sim_explore_thing(enum sim_thing thing, uint32_t task, enum sim_access how);
/* `task` gets its permit, or (let_through) is let through where it sleeps. */
void sim_explore_wake(uint32_t task, bool let_through);
/* The current task, which may be killed, looked whether it was. */
void sim_explore_looked(uint32_t task);
/* The current task made `task`. */
void sim_explore_spawned(uint32_t task);
/* The block at p, made by os_alloc(), or the object on a stack, is no more. */
void sim_explore_end(const void *p);
void sim_explore_object_begin(const void *addr, size_t size);
/* Before its execution, on the host. */
void sim_explore_execution(void);

/* memory.c: block at or around addr: who allocated it, as its how-manieth. */
bool sim_memory_block(const void *addr, uint32_t *task, uint32_t *nth, uint32_t *offset);

#endif
