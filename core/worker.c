/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/worker.h"

#include <errno.h>
#include <string.h>

#include "core/kthread_internal.h"

/* ---- making and running ------------------------------------------------- */

void kthread_init_worker(struct kthread_worker *worker)
{
	memset(worker, 0, sizeof *worker);
	kt_lock_init(&worker->lock, "worker");
	INIT_LIST_HEAD(&worker->work_list);
	INIT_LIST_HEAD(&worker->delayed_work_list);
}

void kthread_init_work(struct kthread_work *work, kthread_work_func_t func)
{
	memset(work, 0, sizeof *work);
	os_object_begin(work, sizeof *work);	/* the work may be on a stack */
	INIT_LIST_HEAD(&work->node);
	work->func = func;
}

/* Unlink the oldest work and make it the current one. NULL: there is none. */
static struct kthread_work *next_work(struct kthread_worker *worker)
{
	struct kthread_work *work = NULL;

	kt_lock_acquire(&worker->lock);
	if (!list_empty(&worker->work_list)) {
		work = list_first_entry(&worker->work_list, struct kthread_work, node);
		list_del_init(&work->node);
		KT_POINT_ON(worker.unlinked, work);
	}
	/*
	 * Set this in the same hold of the lock as the unlinking. Then flush and cancel
	 * always find the work: in the list, or here.
	 */
	worker->current_work = work;
	kt_lock_release(&worker->lock);
	return work;
}

static void set_task(struct kthread_worker *worker, struct task_struct *task)
{
	kt_lock_acquire(&worker->lock);
	KT_ASSERT(!worker->task || worker->task == current);	/* a worker has one thread */
	worker->task = task;
	kt_lock_release(&worker->lock);
}

/*
 * Freeze if there is a freeze. Before that, the work that ran last stops being the current
 * one. So a flush or cancel of it has nothing to wait for, and does not wait for the thaw.
 */
static void freeze_worker(struct kthread_worker *worker)
{
	if (!freezing(current))
		return;
	kt_lock_acquire(&worker->lock);
	worker->current_work = NULL;
	kt_lock_release(&worker->lock);
	try_to_freeze();
}

int kthread_worker_fn(void *arg)
{
	struct kthread_worker *worker = arg;

	set_task(worker, current);
	if (worker->flags & KTW_FREEZABLE)
		set_freezable();
	for (;;) {
		struct kthread_work *work;

		/*
		 * Set the state before the tests. Another task first stops the thread or
		 * queues a work, and then wakes the thread.
		 */
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		work = next_work(worker);
		if (work) {
			__set_current_state(TASK_RUNNING);
			KT_POINT(worker.running);
			work->func(work);
			/* *work may be gone. */
			KT_POINT(worker.ran);
		} else if (!freezing(current)) {
			KT_POINT(worker.idle);
			schedule();
		} else {
			__set_current_state(TASK_RUNNING);
		}
		freeze_worker(worker);
	}
	__set_current_state(TASK_RUNNING);
	set_task(worker, NULL);
	return 0;
}

static struct kthread_worker *alloc_worker(unsigned flags)
{
	struct kthread_worker *worker = os_alloc(KT_ROLE_WORKER, sizeof *worker);

	if (worker) {
		kthread_init_worker(worker);
		worker->flags = flags;
	}
	return worker;
}

static void free_worker(struct kthread_worker *worker)
{
	kt_lock_destroy(&worker->lock);
	os_free(worker);
}

/*
 * Give the worker its thread and return the worker. If `task` is an error, free the worker
 * and return the error.
 */
static struct kthread_worker *with_task(struct kthread_worker *worker, struct task_struct *task)
{
	if (IS_ERR(task)) {
		free_worker(worker);
		return ERR_PTR(PTR_ERR(task));
	}
	worker->task = task;	/* set first, because queueing wakes it */
	return worker;
}

struct kthread_worker *kthread_create_worker(unsigned flags, const char *namefmt, ...)
{
	struct kthread_worker *worker = alloc_worker(flags);
	struct task_struct *task;
	va_list args;

	if (!worker)
		return ERR_PTR(-ENOMEM);
	va_start(args, namefmt);
	task = kthread_vcreate(kthread_worker_fn, worker, NUMA_NO_NODE, namefmt, args);
	va_end(args);
	return with_task(worker, task);
}

struct kthread_worker *kthread_create_worker_on_cpu(unsigned cpu, unsigned flags,
						    const char *namefmt)
{
	struct kthread_worker *worker = alloc_worker(flags);

	if (!worker)
		return ERR_PTR(-ENOMEM);
	return with_task(worker, kthread_create_on_cpu(kthread_worker_fn, worker, cpu, namefmt));
}

void kthread_destroy_worker(struct kthread_worker *worker)
{
	struct task_struct *task;

	kt_lock_acquire(&worker->lock);
	task = worker->task;
	kt_lock_release(&worker->lock);
	KT_ASSERT(task != NULL);
	kthread_flush_worker(worker);	/* a thread runs no works after its stop */
	kthread_stop(task);
	if (!list_empty(&worker->work_list))
		kt_fail(KT_DISCIPLINE, "worker destroyed with works queued");
	if (!list_empty(&worker->delayed_work_list))
		kt_fail(KT_DISCIPLINE, "worker destroyed with delayed works pending");
	free_worker(worker);
}

/* ---- queueing ------------------------------------------------------------ */

/* Functions that end in _locked need worker->lock. */
static bool queuing_blocked_locked(const struct kthread_work *work)
{
	return !list_empty(&work->node) || work->canceling;
}

static void set_worker_locked(struct kthread_worker *worker, struct kthread_work *work)
{
	KT_ASSERT(!work->worker || work->worker == worker);
	WRITE_ONCE(work->worker, worker);
}

/* Insert before `at`, which is work_list or a node in it. */
static void insert_work_locked(struct kthread_worker *worker, struct kthread_work *work,
			       struct list_head *at)
{
	if (work->canceling)
		kt_fail(KT_DISCIPLINE, "work inserted while it is being canceled");
	list_add_tail(&work->node, at);
	KT_POINT_ON(worker.queued, work);
	set_worker_locked(worker, work);
	/*
	 * A worker that runs a work looks at the list after it. A worker that has ended has
	 * no task.
	 */
	if (!worker->current_work && worker->task)
		wake_up_process(worker->task);
}

bool kthread_queue_work(struct kthread_worker *worker, struct kthread_work *work)
{
	bool queued;

	kt_lock_acquire(&worker->lock);
	queued = !queuing_blocked_locked(work);
	if (queued)
		insert_work_locked(worker, work, &worker->work_list);
	kt_lock_release(&worker->lock);
	return queued;
}

/* The timer's callback. It runs on the timers' thread. */
static void delayed_work_timer_fn(struct timer_list *t)
{
	struct kthread_delayed_work *dwork =
		container_of(t, struct kthread_delayed_work, timer);
	struct kthread_work *work = &dwork->work;
	struct kthread_worker *worker = READ_ONCE(work->worker);

	KT_POINT(timer.delayed_work);
	kt_lock_acquire(&worker->lock);
	/* A task may have taken the work back while the timer was firing. */
	if (work->delayed) {
		list_del_init(&work->node);
		work->delayed = false;
		if (work->canceling)
			work->dropped = true;
		else
			insert_work_locked(worker, work, &worker->work_list);
	}
	kt_lock_release(&worker->lock);
}

void kthread_init_delayed_work(struct kthread_delayed_work *dwork, kthread_work_func_t func,
			       struct timer_base *base)
{
	kthread_init_work(&dwork->work, func);
	timer_setup(&dwork->timer, base, delayed_work_timer_fn);
}

static void queue_delayed_locked(struct kthread_worker *worker,
				 struct kthread_delayed_work *dwork, uint64_t delay_ns)
{
	struct kthread_work *work = &dwork->work;

	if (delay_ns == 0) {
		insert_work_locked(worker, work, &worker->work_list);
		return;
	}
	/* Link the work before the timer is armed, or the timer might find nothing to move. */
	list_add_tail(&work->node, &worker->delayed_work_list);
	work->delayed = true;
	set_worker_locked(worker, work);
	mod_timer(&dwork->timer, os_now_ns() + delay_ns);
}

bool kthread_queue_delayed_work(struct kthread_worker *worker,
				struct kthread_delayed_work *dwork, uint64_t delay_ns)
{
	bool queued;

	kt_lock_acquire(&worker->lock);
	queued = !queuing_blocked_locked(&dwork->work);
	if (queued)
		queue_delayed_locked(worker, dwork, delay_ns);
	kt_lock_release(&worker->lock);
	return queued;
}

/* ---- taking back --------------------------------------------------------- */

/*
 * Stop the timer. The function drops the lock, because the timer's callback takes it.
 * `canceling` prevents meanwhile that a task or the callback queues the work.
 */
static void cancel_timer_locked(struct kthread_worker *worker, struct kthread_delayed_work *dwork)
{
	dwork->work.canceling++;
	kt_lock_release(&worker->lock);
	KT_POINT_ON(cancel.timer, &dwork->work);
	del_timer_sync(&dwork->timer);
	kt_lock_acquire(&worker->lock);
	KT_POINT_ON(cancel.locked, &dwork->work);
	dwork->work.canceling--;
}

/* Unlink the work. True if it was pending at the call. */
static bool take_back_locked(struct kthread_work *work)
{
	bool was_pending = !list_empty(&work->node) || work->dropped;

	list_del_init(&work->node);
	work->delayed = work->dropped = false;
	return was_pending;
}

bool kthread_mod_delayed_work(struct kthread_worker *worker,
			      struct kthread_delayed_work *dwork, uint64_t delay_ns)
{
	struct kthread_work *work = &dwork->work;
	bool ret = false;

	kt_lock_acquire(&worker->lock);
	if (!work->worker)
		goto queue;
	KT_ASSERT(work->worker == worker);
	cancel_timer_locked(worker, dwork);
	/*
	 * Tested after cancel_timer_locked(), because another task may have begun to cancel
	 * while the lock was dropped.
	 */
	if (work->canceling) {
		ret = true;
		goto out;
	}
	ret = take_back_locked(work);
queue:
	queue_delayed_locked(worker, dwork, delay_ns);
out:
	kt_lock_release(&worker->lock);
	return ret;
}

static bool cancel_sync(struct kthread_work *work, struct kthread_delayed_work *dwork)
{
	struct kthread_worker *worker = READ_ONCE(work->worker);
	bool ret;

	if (!worker)
		return false;	/* never queued */
	kt_lock_acquire(&worker->lock);
	if (dwork)
		cancel_timer_locked(worker, dwork);
	ret = take_back_locked(work);
	if (worker->current_work == work) {
		work->canceling++;	/* a count, because several calls may wait */
		kt_lock_release(&worker->lock);
		KT_POINT_ON(cancel.flushing, work);
		kthread_flush_work(work);
		kt_lock_acquire(&worker->lock);
		KT_POINT_ON(cancel.locked, work);
		work->canceling--;
	}
	kt_lock_release(&worker->lock);
	return ret;
}

bool kthread_cancel_work_sync(struct kthread_work *work)
{
	return cancel_sync(work, NULL);
}

bool kthread_cancel_delayed_work_sync(struct kthread_delayed_work *dwork)
{
	return cancel_sync(&dwork->work, dwork);
}

/* ---- waiting ------------------------------------------------------------- */

struct flush_work {
	struct kthread_work work;
	kt_completion done;
};

static void flush_work_fn(struct kthread_work *work)
{
	kt_complete(&container_of(work, struct flush_work, work)->done);
}

static void flush_begin(struct flush_work *flush)
{
	kthread_init_work(&flush->work, flush_work_fn);
	kt_completion_init(&flush->done);
}

static void flush_end(struct flush_work *flush, bool wait)
{
	if (wait)
		kt_completion_wait(&flush->done);
	kt_completion_destroy(&flush->done);
	os_object_end(&flush->work, sizeof flush->work);
}

void kthread_flush_work(struct kthread_work *work)
{
	struct kthread_worker *worker = READ_ONCE(work->worker);
	struct flush_work flush;
	bool wait = true;

	if (!worker)
		return;
	flush_begin(&flush);
	kt_lock_acquire(&worker->lock);
	if (!list_empty(&work->node) && !work->delayed)
		/* Right behind the work, so that we do not wait for later works. */
		insert_work_locked(worker, &flush.work, work->node.next);
	else if (worker->current_work == work)
		insert_work_locked(worker, &flush.work, worker->work_list.next);
	else
		wait = false;
	kt_lock_release(&worker->lock);
	flush_end(&flush, wait);
}

void kthread_flush_worker(struct kthread_worker *worker)
{
	struct flush_work flush;

	flush_begin(&flush);
	kthread_queue_work(worker, &flush.work);
	flush_end(&flush, true);
}
