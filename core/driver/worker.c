/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kthread_worker for drivers: that of core/worker.h. The objects begin with core's, and a
 * driver's function stands behind them, because core calls a function of ours, which calls it.
 */
#include <stdio.h>
#include <string.h>

#include "core/driver/cores.h"
#include "core/driver/driver.h"

#define ROOM(kd, core)                                                         \
	_Static_assert(sizeof(struct core) <= offsetof(struct kd, func),       \
		       "struct " #kd " is too small")

ROOM(kd_kwork, kthread_work);
ROOM(kd_kdwork, kthread_delayed_work);
_Static_assert(sizeof(struct kthread_worker) <= offsetof(struct kd_kworker, task),
	       "struct kd_kworker is too small");

static struct kthread_worker *worker_of(void *w)
{
	return w;
}

static void check_worker(const void *w, const char *call)
{
	if (!w || IS_ERR(w))
		kd_fail(KT_MEMORY, NULL, "%s of a worker that is %s", call,
			w ? "an error, such as of kthread_create_worker()" : "NULL");
}

/* ---- works ------------------------------------------------------------------------- */

static void run_work(struct kthread_work *work)
{
	struct kd_kwork *w = (void *)work;

	kd_object_gone(w);
	KD_CALLBACK(w->func(w));
	/* *w may be gone. */
}

static void run_delayed_work(struct kthread_work *work)
{
	struct kd_kdwork *w = (void *)work;

	kd_object_gone(w);
	KD_CALLBACK(w->func(w));
}

void kd_kwork_init(struct kd_kwork *w, void (*func)(void *work))
{
	KD_CALL(QUIET, NULL);
	kthread_init_work((void *)w, run_work);
	w->func = func;
}

void kd_kdwork_init(struct kd_kdwork *w, void (*func)(void *work))
{
	KD_CALL(QUIET, NULL);
	kd_self();
	kthread_init_delayed_work((void *)w, run_delayed_work, &kd_daemon.timers);
	w->func = func;
}

bool kd_kwork_queue(void *worker, struct kd_kwork *w)
{
	bool queued;

	KD_CALL(WAKE, KD_OBJECT(worker));
	kd_self();
	check_worker(worker, "kthread_queue_work()");
	queued = kthread_queue_work(worker_of(worker), (void *)w);
	if (queued)
		kd_object_add(w, "a kthread_work that is queued");
	return queued;
}

bool kd_kdwork_queue(void *worker, struct kd_kdwork *w, unsigned long ticks, bool mod)
{
	uint64_t delay = (uint64_t)ticks * KD_TICK_NS;
	bool result;

	KD_CALL(WAKE, KD_OBJECT(worker));
	kd_self();
	check_worker(worker, "kthread_queue_delayed_work()");
	kd_timers_boot();
	result = mod ? kthread_mod_delayed_work(worker_of(worker), (void *)w, delay)
		     : kthread_queue_delayed_work(worker_of(worker), (void *)w, delay);
	kd_object_add(w, "a kthread_delayed_work that is queued");
	return result;
}

bool kd_kwork_cancel(struct kd_kwork *w)
{
	bool was_pending;

	KD_CALL(CALL, w);
	kd_might_sleep("kthread_cancel_work_sync()");
	was_pending = kthread_cancel_work_sync((void *)w);
	kd_object_gone(w);
	return was_pending;
}

bool kd_kdwork_cancel(struct kd_kdwork *w)
{
	bool was_pending;

	KD_CALL(CALL, w);
	kd_might_sleep("kthread_cancel_delayed_work_sync()");
	was_pending = kthread_cancel_delayed_work_sync((void *)w);
	kd_object_gone(w);
	return was_pending;
}

void kd_kwork_flush(void *w)
{
	KD_CALL(CALL, w);
	kd_might_sleep("kthread_flush_work()");
	kthread_flush_work(w);
}

/* ---- workers -------------------------------------------------------------------------- */

void kd_kworker_init(struct kd_kworker *w)
{
	KD_CALL(QUIET, NULL);
	kthread_init_worker((void *)w);
}

/* A driver may read the field at any time, so it is only written if it changes. */
static void set_task(struct kd_kworker *w, struct task_struct *t)
{
	if (w->task != t)
		w->task = t;
}

int kd_kworker_fn(void *worker)
{
	int result;

	KD_CALL(QUIET, NULL);
	set_task(worker, kd_self()->task);
	result = kthread_worker_fn(worker);
	set_task(worker, NULL);
	return result;
}

void *kd_kworker_create(unsigned flags, bool runs, const char *namefmt, ...)
{
	struct kd_kworker *w;
	struct task_struct *k;
	char name[OS_NAME_MAX];
	va_list ap;

	KD_CALL(CALL, NULL);
	va_start(ap, namefmt);
	vsnprintf(name, sizeof name, namefmt, ap);
	va_end(ap);
	w = os_alloc(KT_ROLE_WORKER, sizeof *w);
	if (!w)
		return ERR_PTR(-ENOMEM);
	kthread_init_worker(worker_of(w));
	k = kd_kthread_create(kd_kworker_fn, w, NUMA_NO_NODE, "%s", name);
	if (IS_ERR(k)) {
		os_free(w);
		return k;
	}
	w->task = k;
	kthread_worker_given(worker_of(w), flags, k);
	if (runs)
		wake_up_process(k);
	return w;
}

/* As core's kthread_destroy_worker(), but the thread is one of ours. */
void kd_kworker_destroy(void *worker)
{
	struct kthread_worker *w = worker_of(worker);

	KD_CALL(CALL, KD_OBJECT(w));
	kd_might_sleep("kthread_destroy_worker()");
	check_worker(w, "kthread_destroy_worker()");
	kthread_flush_worker(w);
	kd_kthread_stop(((struct kd_kworker *)worker)->task, false);
	if (kthread_worker_has(w, false))
		kd_fail(KT_DISCIPLINE, NULL, "kthread_destroy_worker() with works queued");
	if (kthread_worker_has(w, true))
		kd_fail(KT_DISCIPLINE, NULL, "kthread_destroy_worker() with delayed works pending");
	kthread_worker_gone(w);
	os_free(w);
}

void kd_kworker_flush(void *worker)
{
	KD_CALL(CALL, KD_OBJECT(worker));
	kd_might_sleep("kthread_flush_worker()");
	check_worker(worker, "kthread_flush_worker()");
	kthread_flush_worker(worker_of(worker));
}
