/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger: what happened in one execution of a plan, as plain data.
 *
 * The interpreter (exec_*.c) writes most of it; the injector writes which allocations it
 * made fail (ledger_alloc_failed()). The model (model.h) reads it. Nothing in it is a
 * pointer into core/, so a test can write a ledger by hand and ask the model about it.
 *
 * Each fact has one writer, named where its field stands. A fact that two tasks touch is
 * an atomic, mostly a relaxed one: the ledger itself orders nothing. What orders a write
 * before a read is the protocol under test, and the model checks that protocol by what it
 * reads. An atomic is accessed by its function below, which has the memory order. Only the
 * field's writer may read the field directly, and init once all tasks have ended.
 */
#ifndef STRESS_LEDGER_H
#define STRESS_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/role.h"
#include "stress/plan/plan.h"

/* Relaxed atomics. */
static inline unsigned counter_get(const unsigned *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static inline void counter_set(unsigned *counter, unsigned value)
{
	__atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

static inline void counter_add(unsigned *counter, unsigned n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/* ---- what there is ----------------------------------------------------------------- */

/* A work of a worker. */
struct ledger_job {
	/* of the plan: */
	bool delayed;			/* some operation delays it */
	uint32_t takers;		/* bit per task that cancels or mods it */

	/* relaxed atomics: */
	unsigned accepted;		/* times newly queued */
	unsigned taken;			/* times a cancel took it back */
	unsigned started, finished;	/* runs */
	unsigned cancels;		/* cancels that dropped worker->lock and wait */
	unsigned order;			/* its number in the queue when it was last put there;
					 * 0: never, or taken out since. Written under
					 * worker->lock. If only one task takes it out, that
					 * task may write 0 without the lock */
};

/* The callback of a per-CPU thread that was called last. */
enum ledger_callback {
	LEDGER_NO_CALLBACK,
	LEDGER_SETUP,
	LEDGER_RUN,
	LEDGER_PARK,
	LEDGER_UNPARK,
	LEDGER_CLEANUP,
	LEDGER_CALLBACKS	/* count */
};

/* A handle of the plan: one create, run or percpu operation, and the thread that it makes. */
struct ledger_thread {
	const struct plan_thread *plan;
	const char *name;		/* formatted */

	/* Written by the task that has the handle: */
	bool created;			/* its create returned a task */
	bool abandoned;			/* its create failed; if the thread runs, it reads this */
	bool stopped;			/* a stop was called */
	bool parked;			/* a park returned 0, and no unpark came after it */
	bool was_parked;		/* a park returned 0 at least once, so its function must
					 * be called */
	uint64_t cpus;			/* where it must run; 0: anywhere. Written while the
					 * thread sleeps */
	unsigned failed_creator;	/* bit per role: allocations that failed in the call */

	uint64_t affine;		/* where the task that has the handle has let it run; 0:
					 * unknown. Relaxed atomic */

	bool woken;			/* relaxed atomic; set before the first wake-up */
	unsigned unparks;		/* relaxed atomic; set before each unpark */

	/* Signals to a thread; atomics: */
	bool takes_signals;		/* written by the thread */
	bool signaling;			/* some task has begun to send one */
	unsigned signals;		/* sent to a thread that took signals before the call */

	/* For tasks that read the registry; see model_registry.c: */
	unsigned number;		/* kthread_id(), since its create returned; 0: not yet */
	bool ending;			/* set before the call that may end the thread */
	bool gone;			/* set after the thread was stopped */

	/* When its creator began to queue its request, and when the request was queued: moments
	 * of ledger.clock; 0: not yet. kthreadd reads them too. */
	unsigned begun, queued;

	/* Written by kthreadd: */
	unsigned failed_daemon;		/* bit per role: allocations that failed in the fork */
	bool served;			/* kthreadd took its request */

	/* Written by the thread; read after it was stopped or is gone: */
	unsigned runs;			/* of its function */
	unsigned turns;			/* of its loop, each after a wake-up */
	unsigned froze;			/* times that was_frozen was true */
	unsigned went_on;		/* times that its function returned from a park */
	uint8_t callback[PLAN_CPUS];	/* of a percpu: enum ledger_callback; CPU n's thread
					 * writes the n-th */

	/* Of a percpu, relaxed atomics: when its register began, and when it had succeeded;
	 * moments of ledger.clock; 0: not yet */
	unsigned registering, registered;

	/* Of a worker; relaxed atomics: */
	unsigned posted, posts_run;	/* works that free themselves */
	unsigned order, run_up_to;	/* numbers in its queue: of the work that was queued
					 * last, and of the work that was last taken out to run.
					 * Written under worker->lock */
	struct ledger_job job[PLAN_WORKS];
};

/* One register or cpu-up operation: a call that makes per-CPU threads. */
struct ledger_call {
	unsigned failed_caller;		/* like failed_creator, for a failure on the caller */
	unsigned failed_daemon;		/* like failed_daemon, for one on kthreadd, which writes
					 * it */
};

/* A task or an inner task of the plan. Written by that task. */
struct ledger_task {
	struct ledger_thread *creating;	/* the create that it is in, or NULL */
	struct ledger_call *calling;	/* the call that it is in, or NULL */
	const struct ledger_job *inserted;	/* the work that it put into a queue last */
};

struct ledger {
	const struct plan *plan;
	struct ledger_task task[PLAN_TASKS_MAX];
	struct ledger_thread thread[PLAN_THREADS_MAX];
	struct ledger_call call[PLAN_OPS_MAX];	/* by operation */

	/* Relaxed atomics: */
	unsigned clock;			/* the last moment, see ledger_moment() */
	unsigned queued;		/* requests of the threads above that were queued */
	unsigned freezes_begun, freezes_done;
	unsigned freezes_in_force;	/* freezes that are done and whose thaw has not begun */
	uint64_t cpus_tried;		/* CPUs that a task began to take off line */

	/* Written by kthreadd: */
	unsigned served;		/* requests of the threads above that it took */
	struct ledger_thread *forking;	/* kthreadd serves this thread's request; or NULL */
	struct ledger_call *forking_call;	/* kthreadd serves this call's request; or NULL */

	uint64_t online;		/* CPUs on line, by the results of the calls so far.
					 * Written by the only task that moves CPUs */

	/* Of the plan: */
	bool has_calls;			/* register or cpu-up operations */
	bool searches;			/* operations that read the registry */
	uint64_t cpus_down;		/* CPUs that some task takes off line */
	uint32_t cpu_tasks;		/* bit per task that moves CPUs */
};

extern struct ledger ledger;

/* Prepare executions of *p. The caller keeps *p in place until the next ledger_load(). */
void ledger_load(const struct plan *p);

/*
 * Calls add() for what executions of the loaded plan write, as far as the model still reads it. Of
 * moments it reads the order only, and only of requests that were not served. So they stand in
 * a form of their own, which ledger_normalize() brings up to date.
 */
void ledger_memory(void (*add)(const void *at, size_t size));
void ledger_normalize(void);

/* Begin an execution: nothing has happened in it yet. cpus: bits of all CPUs. */
void ledger_begin(uint64_t cpus);

/*
 * The injector made an allocation of the calling thread fail. If that thread is a task of the
 * plan, `by` is it; if not, `by` is NULL. `daemon`: the thread is kthreadd. The failure belongs
 * to the call that the thread is in.
 */
void ledger_alloc_failed(const struct ledger_task *by, bool daemon, enum kt_role role);

/* ---- a thread's life --------------------------------------------------------------- */

/* Call it before a wake-up of t. On t's thread the model reads whether it was called. */
static inline void ledger_waking(struct ledger_thread *t)
{
	__atomic_store_n(&t->woken, true, __ATOMIC_RELAXED);
}

static inline bool ledger_is_woken(const struct ledger_thread *t)
{
	return __atomic_load_n(&t->woken, __ATOMIC_RELAXED);
}

/* The thread takes signals from now on. */
static inline void ledger_takes_signals(struct ledger_thread *t)
{
	__atomic_store_n(&t->takes_signals, true, __ATOMIC_RELEASE);
}

static inline bool ledger_is_taking_signals(const struct ledger_thread *t)
{
	return __atomic_load_n(&t->takes_signals, __ATOMIC_ACQUIRE);
}

/* Call it before a signal is sent. */
static inline void ledger_signaling(struct ledger_thread *t)
{
	__atomic_store_n(&t->signaling, true, __ATOMIC_RELAXED);
}

static inline bool ledger_is_signaling(const struct ledger_thread *t)
{
	return __atomic_load_n(&t->signaling, __ATOMIC_RELAXED);
}

/* A signal was sent that the thread must not miss. Who reads the count sees the signal. */
static inline void ledger_signaled(struct ledger_thread *t)
{
	__atomic_fetch_add(&t->signals, 1, __ATOMIC_RELEASE);
}

static inline unsigned ledger_signals(const struct ledger_thread *t)
{
	return __atomic_load_n(&t->signals, __ATOMIC_ACQUIRE);
}

/* Release: a task that reads the number sees what the creator wrote before. */
static inline void ledger_numbered(struct ledger_thread *t, unsigned number)
{
	__atomic_store_n(&t->number, number, __ATOMIC_RELEASE);
}

static inline unsigned ledger_number(const struct ledger_thread *t)
{
	return __atomic_load_n(&t->number, __ATOMIC_ACQUIRE);
}

/*
 * Call it before a call that may end t. A relaxed store would do, because that call orders the
 * store before the end.
 */
static inline void ledger_ending(struct ledger_thread *t)
{
	__atomic_store_n(&t->ending, true, __ATOMIC_RELEASE);
}

static inline bool ledger_is_ending(const struct ledger_thread *t)
{
	return __atomic_load_n(&t->ending, __ATOMIC_ACQUIRE);
}

/* Call it after a stop of t has returned. */
static inline void ledger_gone(struct ledger_thread *t)
{
	__atomic_store_n(&t->gone, true, __ATOMIC_RELEASE);
}

static inline bool ledger_is_gone(const struct ledger_thread *t)
{
	return __atomic_load_n(&t->gone, __ATOMIC_ACQUIRE);
}

/* A park of the thread returned 0. */
static inline void ledger_parked(struct ledger_thread *t)
{
	t->parked = t->was_parked = true;
}

/* ---- requests ---------------------------------------------------------------------- */

/* A new moment, later than all others. Sequentially consistent, so moments have one order. */
static inline unsigned ledger_moment(void)
{
	return __atomic_add_fetch(&ledger.clock, 1, __ATOMIC_SEQ_CST);
}

/* t's creator begins to put the request into the queue. */
static inline void ledger_request_begun(struct ledger_thread *t, unsigned moment)
{
	__atomic_store_n(&t->begun, moment, __ATOMIC_RELAXED);
}

static inline unsigned ledger_begun(const struct ledger_thread *t)
{
	return __atomic_load_n(&t->begun, __ATOMIC_RELAXED);
}

/* The request of t has its place in the queue. kthreadd can't have seen the request yet. */
static inline void ledger_request_queued(struct ledger_thread *t, unsigned moment)
{
	__atomic_store_n(&t->queued, moment, __ATOMIC_RELEASE);
	counter_add(&ledger.queued, 1);
}

static inline unsigned ledger_queued(const struct ledger_thread *t)
{
	return __atomic_load_n(&t->queued, __ATOMIC_ACQUIRE);
}

/* kthreadd took the request of t. */
static inline void ledger_request_served(struct ledger_thread *t)
{
	t->served = true;
	ledger.served++;
}

/* ---- the freezer ------------------------------------------------------------------- */

/* Call the first before a freeze and the second after it. */
static inline void ledger_freeze_begun(void)
{
	counter_add(&ledger.freezes_begun, 1);
}

static inline void ledger_freeze_done(void)
{
	counter_add(&ledger.freezes_done, 1);
	counter_add(&ledger.freezes_in_force, 1);
}

/* Call it before a thaw. */
static inline void ledger_thawing(void)
{
	counter_add(&ledger.freezes_in_force, -1u);
}

/* How many freezes have returned, as far as the calling thread can see. */
static inline unsigned ledger_freezes(void)
{
	return counter_get(&ledger.freezes_done);
}

/* ---- works ------------------------------------------------------------------------- */

/* A work was put into its worker's queue. Under worker->lock. */
static inline void ledger_job_queued(struct ledger_thread *t, struct ledger_job *j)
{
	counter_set(&t->order, counter_get(&t->order) + 1);
	counter_set(&j->order, counter_get(&t->order));
}

/* The worker took it out of the queue, to run it. Under worker->lock. */
static inline void ledger_job_unlinked(struct ledger_thread *t, const struct ledger_job *j)
{
	if (counter_get(&j->order))
		counter_set(&t->run_up_to, counter_get(&j->order));
}

/* j is not in the queue any more, and will not run because of its last place there. */
static inline void ledger_job_out(struct ledger_job *j)
{
	counter_set(&j->order, 0);
}

/*
 * Read a word of core/ that another thread may write. In the simulator, where tasks are fibers that
 * ThreadSanitizer does not see ordered.
 */
const void *ledger_peek_pointer(const void *at);
bool ledger_peek_bool(const bool *at);

/* ---- CPUs -------------------------------------------------------------------------- */

/* Call it before a cpu_down(). */
static inline void ledger_cpu_going_down(unsigned cpu)
{
	__atomic_fetch_or(&ledger.cpus_tried, 1ull << cpu, __ATOMIC_RELAXED);
}

static inline uint64_t ledger_cpus_tried(void)
{
	return __atomic_load_n(&ledger.cpus_tried, __ATOMIC_RELAXED);
}

/* If no other task moves CPUs, the ledger can say which are on line. */
static inline bool ledger_knows_online(void)
{
	return (ledger.cpu_tasks & (ledger.cpu_tasks - 1)) == 0;
}

/* A cpu_down() or cpu_up() of the only task that moves CPUs returned 0. */
static inline void ledger_cpu_moved(unsigned cpu, bool up)
{
	uint64_t bit = 1ull << cpu;

	ledger.online = up ? ledger.online | bit : ledger.online & ~bit;
}

#endif
