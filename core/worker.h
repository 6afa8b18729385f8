/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kthread_worker: a thread that runs queued works one after the other, first
 * queued, first run. After Linux kernel/kthread.c; core/README.md says where
 * and why it differs.
 *
 * A work may be queued on one worker only while it is pending, runs once per
 * time it was newly queued, and may queue itself again, or be freed, from its
 * function. Everything but init may be called by any task, also from a work's
 * function unless it says otherwise, with locks held unless it waits.
 *
 * Caller rules. Broken, they give the failure named:
 *   - a worker is destroyed when nothing is queued on it any more, no delayed
 *     work waits for its timer and none queues itself again (else a discipline
 *     failure, or use after free);
 *   - flush, cancel and destroy wait: not from a work's function on its own
 *     worker (else they wait for ever);
 *   - a work is initialized again only when it is idle;
 *   - of a worker that is frozen, flush and destroy, and cancel of a work that
 *     was running when they came, wait for the thaw (see core/freezer.h).
 *
 * Lock order: worker.lock -> timer_base.lock, pi_lock, a completion's own.
 */
#ifndef CORE_WORKER_H
#define CORE_WORKER_H

#include "core/kthread.h"
#include "core/timer.h"

/* Flags of a worker. */
#define KTW_FREEZABLE (1u << 0)	/* its thread freezes between works */

struct kthread_work;
typedef void (*kthread_work_func_t)(struct kthread_work *work);

struct kthread_worker {
	kt_lock lock;

	/* under lock: */
	struct list_head work_list;		/* to run, oldest first */
	struct list_head delayed_work_list;	/* wait for their timer */
	struct kthread_work *current_work;	/* compared only: it may be gone */
	struct task_struct *task;		/* NULL: no thread runs it (yet) */

	unsigned flags;		/* KTW_*; written before the thread starts */
};

struct kthread_work {
	kthread_work_func_t func;
	struct kthread_worker *worker;	/* written under the lock of both; tested
					 * without: NULL, never queued */

	/* under worker->lock: */
	struct list_head node;		/* in work_list or delayed_work_list, or empty */
	bool delayed;			/* in delayed_work_list */
	bool dropped;			/* its timer fired while it was being canceled */
	int canceling;			/* calls that wait for it: it can't be queued */
};

struct kthread_delayed_work {
	struct kthread_work work;
	struct timer_list timer;
};

void kthread_init_worker(struct kthread_worker *worker);
void kthread_init_work(struct kthread_work *work, kthread_work_func_t func);

/* base: whose timers; usually &current->kthreadd->timers, booted. */
void kthread_init_delayed_work(struct kthread_delayed_work *dwork, kthread_work_func_t func,
			       struct timer_base *base);

/* The thread function of a worker: kthread_create(kthread_worker_fn, worker, …). */
int kthread_worker_fn(void *worker);

/*
 * A worker with a thread of its own, which sleeps until it is woken
 * (wake_up_process(worker->task)) or something is queued on it.
 * Errors as kthread_create(), and -ENOMEM for the worker.
 */
__attribute__((format(printf, 2, 3)))
struct kthread_worker *kthread_create_worker(unsigned flags, const char *namefmt, ...);
struct kthread_worker *kthread_create_worker_on_cpu(unsigned cpu, unsigned flags,
						    const char *namefmt);

#define kthread_run_worker(flags, namefmt, ...)                                \
	(__extension__({                                                       \
		struct kthread_worker *kt_w =                                  \
			kthread_create_worker((flags), (namefmt), ##__VA_ARGS__); \
		if (!IS_ERR(kt_w))                                             \
			wake_up_process(kt_w->task);                           \
		kt_w;                                                          \
	}))

/* Run what is queued, end the thread, free the worker. See the caller rules. */
void kthread_destroy_worker(struct kthread_worker *worker);

/*
 * Queue at the end. True if it was newly queued; false if it was pending
 * already or is being canceled.
 */
bool kthread_queue_work(struct kthread_worker *worker, struct kthread_work *work);

/* The same after delay_ns; a delay of 0 is kthread_queue_work(). */
bool kthread_queue_delayed_work(struct kthread_worker *worker,
				struct kthread_delayed_work *dwork, uint64_t delay_ns);

/*
 * Queue after delay_ns from now, whether it is pending or not. False if it was
 * idle, true if it was pending, or is being canceled and so is left alone.
 */
bool kthread_mod_delayed_work(struct kthread_worker *worker,
			      struct kthread_delayed_work *dwork, uint64_t delay_ns);

/*
 * Take it back. On return it is neither pending nor running. True if it was
 * pending, exactly: each true is one time newly queued that was not run.
 */
bool kthread_cancel_work_sync(struct kthread_work *work);
bool kthread_cancel_delayed_work_sync(struct kthread_delayed_work *dwork);

/*
 * Wait until the instance that is queued or running now has finished; not for
 * later ones. Nothing to wait for, a delayed work whose timer is pending
 * included: returns at once.
 */
void kthread_flush_work(struct kthread_work *work);

/* Wait until all works queued by now have finished. */
void kthread_flush_worker(struct kthread_worker *worker);

#endif
