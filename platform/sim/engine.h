/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The engine as another part of platform/ sees it that brings tasks and blocking operations
 * of its own. platform/hosted/ builds pthreads on it. Such a part includes this file, sim.h
 * and observer.h, and nothing else of the simulator.
 *
 * What every caller must keep:
 *
 *	- A function that is called in an execution is called by the current task, on that
 *	  task's stack, on the one OS thread that runs the simulator.
 *	- sim_point(), sim_block(), sim_block_until(), sim_yield() and sim_task_join() may let
 *	  other tasks run before they return. sim_mark() does that only if the strategy
 *	  visits each step. No other function does.
 *	- The engine does not switch thread-local storage. Compare sim_who() with the task
 *	  whose storage is set, after each of these functions.
 *	- Nothing that the engine is told may depend on an address, a clock or an unseeded
 *	  random number. An address is only compared with others.
 *
 * A blocking operation has this form. The point comes before the operation takes effect,
 * and the waker wakes each task that may be able to go on:
 *
 *	sim_point(site, object);
 *	while (it can't be done now) {
 *		note that sim_who() waits for object;
 *		sim_waits_for(holder);
 *		sim_waits(SIM_WAIT_WOKEN, 0);
 *		sim_block(site);
 *		sim_waits_for(SIM_NOBODY);
 *	}
 *	do it;
 *	sim_hb_acquire(object);
 *
 * For `verify`, the exploration up to equivalence (strategy_dpor.c), the engine must know
 * more: what each step touches. sim_point() tells of its object: an operation whose site has
 * the op "load" reads it, any other writes it. The op "acquire" is for kt_lock_modelled only.
 * A lock of another kind begins its acquire by sim_waits(SIM_WAIT_FREE, 0) and the point. Then
 * the exploration lets a task do the acquire only while the lock is free. The release is
 * sim_touch(lock, SIM_RELEASE), and a point without an object comes after it.
 *
 * Sites made at run time. A site is a struct kt_site that the caller fills. It and its
 * strings must live until the process ends, in memory that has the same address in the
 * process that runs executions and in its parent: the record names sites by their addresses,
 * and the parent reads it. sim_shared_map() returns such memory, if it is called before the
 * processes are forked. A site whose strings are costly to find is filled with
 * kt_site_later as its func; platform/point.h says how it gets them.
 */
#ifndef PLATFORM_SIM_ENGINE_H
#define PLATFORM_SIM_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/sim/hooks.h"
#include "platform/sim/observer.h"
#include "platform/sim/sim_trace.h"

#define SIM_NOBODY UINT32_MAX

/* ---- the state of the execution -------------------------------------------- */

/* The first fields of struct sim. Only the engine writes them. */
#define SIM_NOW_FIELDS							\
	uint64_t clock_ns;	/* virtual time */			\
	uint32_t current;	/* the task that runs */		\
	uint32_t unfinished;	/* tasks that have not finished */	\
	uint32_t observed;	/* SIM_HEARS_*: what some observer hears of */ \
	bool     running;	/* an execution is under way */		\
	bool     fair;		/* a fair draw decides, no strategy */	\
	bool     told;		/* a sanitizer must hear of switches */	\
	bool     draws;		/* sim_random_draw() decides if there is no timer */

struct sim_now {
	SIM_NOW_FIELDS
};

extern struct sim sim;

static inline const struct sim_now *sim_now(void)
{
	return (const struct sim_now *)(const void *)&sim;
}

static inline bool sim_is_running(void)
{
	return sim_now()->running;
}

/* The number of the task that runs. Valid in an execution. */
static inline uint32_t sim_who(void)
{
	return sim_now()->current;
}

/* How many tasks have not finished. With one, no schedule can matter. */
static inline uint32_t sim_unfinished(void)
{
	return sim_now()->unfinished;
}

/* ---- sites ------------------------------------------------------------------ */

/* sim_point() is in hooks.h. */

/* The task passes a site at which no other task needs to run first. */
void sim_mark(struct kt_site *site);

/*
 * The task sleeps until another task wakes it. It may be woken without a reason (the
 * strategy kills it), so the caller looks again at what it waits for.
 */
void sim_block(struct kt_site *why);

/*
 * As sim_block(), until the virtual clock shows deadline_ns. False if the deadline ended the
 * sleep. A deadline less than SIM_NEAR_NS away may pass at any moment, if the strategy lets it.
 * A later one passes only when no task can run.
 */
bool sim_block_until(struct kt_site *why, uint64_t deadline_ns);

/* The task spins: it looks in vain for something that another task must do first. */
void sim_yield(struct kt_site *where);

/* ---- waking ----------------------------------------------------------------- */

/* Each of these does nothing if the task does not sleep. */

/* The wake-up belongs to the last site that the current task has reached. */
void sim_wake(uint32_t task);
/* The wake-up belongs to the site that the current task is about to reach. */
void sim_wake_ahead(uint32_t task);
/* No task wakes it: a deadline does, or the strategy's kill. */
void sim_wake_unasked(uint32_t task);

/* ---- tasks ------------------------------------------------------------------ */

/*
 * Make a task that runs fn(arg) and return its number. Numbers are given in order; task 0 is
 * the body of sim_run(). The execution fails if there are too many. The new task runs only
 * when the caller reaches a point, so let one follow. The engine knows the task by its number
 * alone: os_self() is NULL in it, and it is no reader of RCU. An edge leads from here to the
 * task's beginning.
 */
uint32_t sim_task_spawn(const char *name, void (*fn)(void *arg), void *arg);

/*
 * Wait until the task has finished. deadline_ns may be NULL. False if the deadline came first.
 * Only one task at a time may wait for a task. An edge leads here from the task's end.
 */
bool sim_task_join(uint32_t task, const uint64_t *deadline_ns, struct kt_site *site);

bool sim_task_has_finished(uint32_t task);

/* Plans and reports call a task by its name. It is cut to OS_NAME_MAX - 1 bytes. */
void sim_task_rename(uint32_t task, const char *name);

/* The bounds of the task's stack. False if the task has never run in this process. */
bool sim_task_stack(uint32_t task, char **low, char **high);

/*
 * What the current task waits for, for the report of a deadlock: `task`, or SIM_NOBODY if it
 * does not wait or if no single task can end its wait.
 */
void sim_waits_for(uint32_t task);

/* ---- time ------------------------------------------------------------------- */

/* The virtual clock. It begins at 0, and goes on when a deadline passes. */
uint64_t sim_clock_ns(void);
/* Let time pass for all tasks. Deadlines that are over by then pass when their tasks go on. */
void sim_clock_advance(uint64_t ns);

/* ---- the end of an execution -------------------------------------------------- */

/*
 * End the execution here, without a failure: the program has called exit(), say, or what
 * is left of the execution is not worth running. What the tasks own is not checked. For a
 * failure there is kt_fail() (platform/check.h).
 */
void sim_cut(void) __attribute__((noreturn));
/* Did sim_cut() end the last execution? */
bool sim_was_cut(void);

/* ---- what the engine asks ------------------------------------------------------ */

/* A callback that is NULL is not called. */
struct sim_program {
	/* `task` ends: it will not run again. Called on its stack, and must not reach a site. */
	void (*task_ends)(uint32_t task);
	/*
	 * The class of the object at addr: not 0, the same in each execution, and not
	 * computed from addr alone. For example a hash of the module and the offset in it,
	 * or of the task that allocated the block, its number among the task's blocks, and
	 * the offset in it. Called when a task reaches a point. Strategy surw takes the
	 * accesses to one class as its interesting events. NULL: objects are told apart by
	 * kt_site.what.
	 */
	uint32_t (*class_of)(const void *addr);
	/*
	 * Time passes until a deadline that is SIM_NEAR_NS or more away also while tasks run: if
	 * all tasks that could run spin in vain, after many steps, and when tasks are scheduled
	 * fairly. Otherwise such a deadline passes only when no task can run.
	 */
	bool steps_take_time;
};

/* From the next execution on. *p is copied. */
void sim_set_program(const struct sim_program *p);

/* ---- before the first execution -------------------------------------------------- */

/*
 * The stacks of tasks have that many bytes each, rounded up to whole pages, with a page below
 * that faults. A page of a stack needs memory from its first use on. The stack of task N
 * is N stacks above that of task 0. If `base` is not NULL and the addresses are free, the
 * stacks begin there, so that they are the same in each process. Without a call they have
 * SIM_STACK_BYTES. Returns false, and changes nothing, after the first execution.
 */
#define SIM_STACK_BYTES (256u * 1024)
bool sim_set_stacks(size_t bytes, void *base);

/*
 * Zeroed memory for sites and the like, which child processes share with this one. A page
 * needs memory from its first use on. NULL: no memory.
 */
void *sim_shared_map(size_t bytes);

/* ---- telling observers ------------------------------------------------------------ */

/*
 * Observers hear of what the trace does not show: strategy dpor of what each step touches,
 * weak memory and ThreadSanitizer of edges (observer.h). Where nothing hears of it, each of
 * these costs one test.
 */
extern struct sim_observer sim_tell;	/* only callbacks with a bit in `observed` are valid */

static inline bool sim_is_heard(uint32_t hears)
{
	return __builtin_expect((sim_now()->observed & hears) != 0, false);
}

/*
 * The step under way touches *addr as well, besides the object that sim_point() was given. All
 * that decides what the step does must be told, for `verify`.
 */
static inline void sim_touch(const void *addr, enum sim_access how)
{
	if (sim_is_heard(SIM_HEARS_TOUCHES))
		sim_tell.touches(addr, how);
}

static inline void sim_touch_thing(enum sim_thing thing, uint32_t task, enum sim_access how)
{
	if (sim_is_heard(SIM_HEARS_THINGS))
		sim_tell.touches_thing(thing, task, how);
}

/* Call this before a task that sleeps in SIM_WAIT_WOKEN or SIM_WAIT_PERMIT is woken. */
static inline void sim_touch_wake(uint32_t task, bool let_through)
{
	if (sim_is_heard(SIM_HEARS_GRANTS))
		sim_tell.grants(task, let_through);
}

/* The site that the current task reaches next is such a wait. */
static inline void sim_waits(enum sim_wait wait, uint32_t what)
{
	if (sim_is_heard(SIM_HEARS_WAITS))
		sim_tell.waits(wait, what);
}

/* What comes before sim_hb_release() happens before what follows a later sim_hb_acquire(). */
static inline void sim_hb_release(const void *edge)
{
	if (sim_is_heard(SIM_HEARS_RELEASES))
		sim_tell.releases(edge);
}

static inline void sim_hb_acquire(const void *edge)
{
	if (sim_is_heard(SIM_HEARS_ACQUIRES))
		sim_tell.acquires(edge);
}

/* A new object lies at addr, perhaps where another one was. */
static inline void sim_object_begins(const void *addr, size_t size)
{
	if (sim_is_heard(SIM_HEARS_BEGINS))
		sim_tell.object_begins(addr, size);
}

/* Call this before the memory is reused or filled. */
static inline void sim_memory_ends(const void *addr, size_t size, enum sim_end end)
{
	if (sim_is_heard(SIM_HEARS_ENDS))
		sim_tell.memory_ends(addr, size, end);
}

/* ---- the record ------------------------------------------------------------------- */

/*
 * Does a fault make this allocation fail, one of memory that the caller manages? The driver's
 * hook decides, as for os_alloc().
 */
bool sim_alloc_fails(enum kt_role role, struct kt_site *site);

/* Note in the record that the current task was woken without a reason, by sim_choose(). */
void sim_note_spurious(void);

#endif
