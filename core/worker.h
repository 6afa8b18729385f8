/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kthread_worker: a thread that runs queued works one after the other, in the order in
 * which they were queued. After Linux kernel/kthread.c; core/README.md says where and why
 * it differs.
 *
 * While a work is pending it may be queued on one worker only. A work runs once for each
 * time that it was newly queued. Its function may queue it again, or free it. Any task may
 * call every function except init. A work's function may call them, too, unless a comment
 * says otherwise. Functions that do not wait may be called with locks held.
 *
 * Caller rules. A broken rule gives the failure that is named:
 *   - a worker is destroyed only when nothing is queued on it any more, no delayed
 *     work waits for its timer and no work queues itself again (else a discipline
 *     failure, or use after free);
 *   - flush, cancel and destroy wait, so a work's function does not call them for its
 *     own worker (else they wait for ever);
 *   - a work is initialized again only when it is idle;
 *   - if a worker is frozen, flush and destroy of it wait for the thaw, and so does cancel
 *     of a work that was running when cancel was called (see core/freezer.h).
 *
 * Lock order: worker.lock -> timer_base.lock, pi_lock, a completion's own lock.
 */
#ifndef CORE_WORKER_H
#define CORE_WORKER_H

#include "core/kthread.h"
#include "core/timer.h"

/* Flags of a worker. */
#define KTW_FREEZABLE (1u << 0)	/* its thread freezes between works */

struct kthread_work;
typedef void (*kthread_work_func_t)(struct kthread_work *work);

#if !defined(KT_CORE_LINUX)
struct kthread_worker {
	kt_lock lock;

	/* under lock: */
	struct list_head work_list;		/* to run, oldest first */
	struct list_head delayed_work_list;	/* works whose timer has not fired */
	struct kthread_work *current_work;	/* compared only: it may be gone */
	struct task_struct *task;		/* NULL: no thread runs it, or not yet */

	unsigned flags;		/* KTW_*; written before the thread starts */
};

struct kthread_work {
	kthread_work_func_t func;
	struct kthread_worker *worker;	/* NULL: never queued. Written under the locks
					 * of the old and the new worker; tested for
					 * NULL without a lock */

	/* under worker->lock: */
	struct list_head node;		/* in work_list or delayed_work_list, or empty */
	bool delayed;			/* in delayed_work_list */
	bool dropped;			/* its timer fired while it was being canceled */
	int canceling;			/* calls that cancel it; if any, it can't be queued */
};

struct kthread_delayed_work {
	struct kthread_work work;
	struct timer_list timer;
};

/* The worker's thread; NULL if it has none. */
#define kthread_worker_task(w) ((w)->task)
/* For oracles: does the calling thread see that the work was queued before? */
#define kthread_work_was_queued(w) (KT_PEEK((w)->worker) != NULL)
#else
#include "core/linux/worker.h"
#endif

void kthread_init_worker(struct kthread_worker *worker) KT_BRIDGED(kthread_init_worker);
void kthread_init_work(struct kthread_work *work, kthread_work_func_t func)
	KT_BRIDGED(kthread_init_work);

/* base fires the work's timer. It is booted; usually it is &current->kthreadd->timers. */
void kthread_init_delayed_work(struct kthread_delayed_work *dwork, kthread_work_func_t func,
			       struct timer_base *base) KT_BRIDGED(kthread_init_delayed_work);

/* The thread function of a worker: kthread_create(kthread_worker_fn, worker, …). */
int kthread_worker_fn(void *worker);

/*
 * A worker with a thread of its own, which sleeps until it is woken
 * (wake_up_process(worker->task)) or a work is queued on it.
 * Errors: those of kthread_create(), and -ENOMEM if there is no memory for the worker.
 */
__attribute__((format(printf, 2, 3)))
struct kthread_worker *kthread_create_worker(unsigned flags, const char *namefmt, ...);
struct kthread_worker *kthread_create_worker_on_cpu(unsigned cpu, unsigned flags,
						    const char *namefmt)
	KT_BRIDGED(kthread_create_worker_on_cpu);

#define kthread_run_worker(flags, namefmt, ...)                                \
	(__extension__({                                                       \
		struct kthread_worker *kt_w =                                  \
			kthread_create_worker((flags), (namefmt), ##__VA_ARGS__); \
		if (!IS_ERR(kt_w))                                             \
			wake_up_process(kt_w->task);                           \
		kt_w;                                                          \
	}))

/* Run the queued works, end the thread, free the worker. See the caller rules. */
void kthread_destroy_worker(struct kthread_worker *worker);

/*
 * Queue the work at the end. True if it was newly queued; false if it was pending already
 * or is being canceled.
 */
bool kthread_queue_work(struct kthread_worker *worker, struct kthread_work *work);

/* As kthread_queue_work(), but queues the work after delay_ns. A delay of 0 queues it at once. */
bool kthread_queue_delayed_work(struct kthread_worker *worker,
				struct kthread_delayed_work *dwork, uint64_t delay_ns);

/*
 * Queue the work at delay_ns from now, whether it is pending or not. False if it was idle;
 * true if it was pending. If it is being canceled it is not queued, and the result is also
 * true.
 */
bool kthread_mod_delayed_work(struct kthread_worker *worker,
			      struct kthread_delayed_work *dwork, uint64_t delay_ns);

/*
 * Take the work back. On return it is neither pending nor running. True if it was
 * pending. This is exact: each true stands for one time that the work was newly queued
 * and did not run.
 */
bool kthread_cancel_work_sync(struct kthread_work *work);
bool kthread_cancel_delayed_work_sync(struct kthread_delayed_work *dwork);

/*
 * If the work is queued or running now, wait until that run has finished. Does not wait for
 * later runs. Otherwise returns at once, even if the timer of a delayed work is still
 * pending.
 */
void kthread_flush_work(struct kthread_work *work);

/* Wait until all works queued by now have finished. */
void kthread_flush_worker(struct kthread_worker *worker);

#endif
