/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Observers: modules that the engine tells what happens in an execution. A strategy
 * decides; an observer only hears. Each module that observes asks for that anew in each
 * execution, by sim_observe(), and sets the callbacks of what it wants to hear.
 *
 *	module			hears of
 *	strategy_dpor.c		what each event touches; waits, grants, spawns
 *	coverage.c		steps; objects on stacks that begin and end
 *	weak.c			steps, edges, memory that begins and ends
 *	notes.c			spawns and wake-ups
 *	details.c		steps; memory that ends
 *	accesses.c		what each event touches; memory that begins and ends
 *	sanitizer.c		edges, in builds with ThreadSanitizer
 *
 * sim.observed has a bit for each thing that some observer hears of. Where such a thing
 * happens the engine tests that bit, and calls what is in sim_tell only if the bit is set.
 * An observer of steps or touches makes every step take the slow path, so that the fast
 * paths test nothing for it.
 *
 * A callback runs on the stack of the current task, in the middle of what the task does.
 * It must not reach a site. It may kt_fail(). Observers are called in the order in which
 * they asked.
 */
#ifndef PLATFORM_SIM_OBSERVER_H
#define PLATFORM_SIM_OBSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_step;

enum sim_access {	/* how an event touches an object */
	SIM_WRITE,	/* two writes depend on each other, as do two acquires */
	SIM_READ,
	SIM_ACQUIRE,	/* acquires a lock; possible only if the lock is free */
	SIM_RELEASE,
	SIM_WAKE,	/* lets a sleeper go on, or gives it its permit */
	SIM_SAME,	/* RCU: readers enter or leave; on another object: callbacks run */
	SIM_OTHER,	/* RCU: a grace period or a callback is asked for */
	SIM_END,	/* ends all objects of a block */
};

enum sim_thing {	/* objects without an address */
	/* one per task: */
	SIM_SLEEP,	/* whether it has its permit or is let through */
	SIM_KILLED,	/* SIM_READ of it: the task looks whether it is killed */
	SIM_EXIT,
	SIM_PLACE,	/* the processors that it may use */
	/* one in all: */
	SIM_CLOCK,
	SIM_RCU,
};

enum sim_wait {		/* why a task is at the mark, block or point that comes next */
	SIM_WAIT_NOT,	/* it does not wait */
	SIM_WAIT_PERMIT,
	SIM_WAIT_EXIT,	/* it waits for the end of the task `what`; also at a point */
	SIM_WAIT_WOKEN,
	SIM_WAIT_SETTLED,	/* a mark: until no other task can go on */
	SIM_WAIT_VALUE,	/* a point: until the word there is `what` */
	SIM_WAIT_FREE,	/* a point that acquires a lock: its 32-bit word number `what` is 0 if
			 * it is free; its release is a SIM_RELEASE */
};

enum sim_end {		/* what kind of memory ends */
	SIM_END_BLOCK,		/* a block of os_alloc() is freed */
	SIM_END_IN_BLOCK,	/* an object inside such a block ends; the block lives on */
	SIM_END_ON_STACK,
};

/* A callback that is NULL is not called. */
struct sim_observer {
	/* The task t->task has reached a site. What it does next is an operation on *object. */
	void (*arrives)(const struct sim_step *t, const void *object);
	/* The simulator has decided that this task goes on: it does now what it was about to do. */
	void (*goes_on)(uint32_t task);

	/*
	 * The current task touches one more object than the one that arrives() named. If
	 * addr is NULL, it touches nothing.
	 */
	void (*touches)(const void *addr, enum sim_access how);
	void (*touches_thing)(enum sim_thing thing, uint32_t task, enum sim_access how);
	/* The site that the current task reaches next is a wait. */
	void (*waits)(enum sim_wait wait, uint32_t what);
	/* `task` gets its permit, or (let_through) is let through where it sleeps. */
	void (*grants)(uint32_t task, bool let_through);

	/* The current task has made `task`. */
	void (*spawns)(uint32_t task);
	/*
	 * `task` slept and can run. `by` is the task that woke it; SIM_TASKS_MAX: no task.
	 * `ahead`: the wake-up belongs to the site that `by` is about to reach; otherwise
	 * to the last site that `by` has reached.
	 */
	void (*wakes)(uint32_t task, uint32_t by, bool ahead);

	/*
	 * Happens-before edges: those that the contracts promise and no others. An edge is
	 * an address that is only compared.
	 */
	void (*releases)(const void *edge);
	void (*acquires)(const void *edge);

	/* A new object is there, on a stack or in a block. */
	void (*object_begins)(const void *addr, size_t size);
	/* Called before the memory is reused or filled. */
	void (*memory_ends)(const void *addr, size_t size, enum sim_end end);
};

enum {	/* bits of sim.observed, one per callback */
	SIM_HEARS_ARRIVES  = 1 << 0,
	SIM_HEARS_GOES_ON  = 1 << 1,
	SIM_HEARS_TOUCHES  = 1 << 2,
	SIM_HEARS_THINGS   = 1 << 3,
	SIM_HEARS_WAITS    = 1 << 4,
	SIM_HEARS_GRANTS   = 1 << 5,
	SIM_HEARS_SPAWNS   = 1 << 6,
	SIM_HEARS_WAKES    = 1 << 7,
	SIM_HEARS_RELEASES = 1 << 8,
	SIM_HEARS_ACQUIRES = 1 << 9,
	SIM_HEARS_BEGINS   = 1 << 10,
	SIM_HEARS_ENDS     = 1 << 11,

	/* If one of these bits is set, no step takes a fast path. */
	SIM_HEARS_STEPS    = SIM_HEARS_ARRIVES | SIM_HEARS_GOES_ON | SIM_HEARS_TOUCHES,
};

enum { SIM_OBSERVERS_MAX = 8 };		/* per execution */

/*
 * Called in an execution, or while it begins. sim_observe(): call o's callbacks from now
 * on. sim_observe_end(): stop that.
 */
void sim_observe(const struct sim_observer *o);
void sim_observe_end(const struct sim_observer *o);

#endif
