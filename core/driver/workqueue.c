/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Work queues. Each has threads of its own, and as many as it needs: if a work is queued and no
 * thread is idle, another one is started, up to max_active. So works run side by side, and one may
 * wait for another. A work that runs is not run by a second thread at the same time.
 */
#include <stdio.h>
#include <string.h>

#include "core/driver/driver.h"

enum { WORKERS_MAX = 8 }; /* of a queue; max_active is usually larger */

struct worker {
	struct kd_service service;
	struct kd_wq *wq;
	struct kd_work *runs; /* under wq->lock; compared only */
	uint64_t number;      /* of the work that it runs: kd_work.number */
	bool idle;
};

struct kd_wq {
	struct kd_lock lock;
	struct kd_list pending; /* under lock, from here on */
	struct worker worker[WORKERS_MAX];
	int workers, max_active;
	uint64_t queued; /* works so far: the number of the last one */
	uint32_t ends;   /* futex word: counts the ends of runs */
	char name[OS_COMM_MAX];
	bool dying;
};

static struct kd_wq *system_wq; /* atomic */
static struct kd_lock system_lock;

/* ---- threads --------------------------------------------------------------------------- */

static struct worker *runs_locked(struct kd_wq *wq, const struct kd_work *w)
{
	for (int i = 0; i < wq->workers; i++)
		if (wq->worker[i].runs == w)
			return &wq->worker[i];
	return NULL;
}

static bool is_linked(const struct kd_work *w)
{
	return READ_ONCE(w->node.next) != &w->node;
}

/* The oldest work that does not run already, unlinked; or NULL. */
static struct kd_work *take_locked(struct kd_wq *wq)
{
	for (struct kd_list *at = wq->pending.next; at != &wq->pending; at = at->next) {
		struct kd_work *w = container_of(at, struct kd_work, node);

		if (!runs_locked(wq, w)) {
			kd_list_del(&w->node);
			return w;
		}
	}
	return NULL;
}

static void run(struct worker *me, struct kd_work *w)
{
	void (*func)(void *) = w->func;

	kd_object_gone(w);
	KD_CALLBACK(func(w));
	/* *w may be gone. */
	if (kd_in_atomic())
		kd_fail(KT_DISCIPLINE, NULL,
			"a work's function on %s ends with a spin lock held, or "
			"with preemption or interrupts disabled",
			me->wq->name);
}

static void worker_main(void *arg)
{
	struct worker *me = arg;
	struct kd_wq *wq = me->wq;

	KD_LOCK(&wq->lock);
	for (;;) {
		struct kd_work *w;

		set_current_state(TASK_UNINTERRUPTIBLE);
		w = take_locked(wq);
		if (w) {
			__set_current_state(TASK_RUNNING);
			me->runs = w;
			me->idle = false;
			me->number = w->number;
			KD_UNLOCK(&wq->lock);
			run(me, w);
			KD_LOCK(&wq->lock);
			me->runs = NULL;
			fetch_add(&wq->ends, 1);
			os_futex_wake(&wq->ends, OS_FUTEX_ALL);
			continue;
		}
		me->idle = true;
		if (kd_service_should_stop(&me->service))
			break;
		KD_UNLOCK(&wq->lock);
		schedule();
		KD_LOCK(&wq->lock);
	}
	__set_current_state(TASK_RUNNING);
	KD_UNLOCK(&wq->lock);
}

/* A work was linked: let a thread take it. */
static void kick_locked(struct kd_wq *wq)
{
	struct worker *w;
	char name[OS_COMM_MAX + 8];

	for (int i = 0; i < wq->workers; i++)
		if (wq->worker[i].idle) {
			wq->worker[i].idle = false;
			wake_up_process(&wq->worker[i].service.task);
			return;
		}
	if (wq->workers == wq->max_active)
		return;
	w = &wq->worker[wq->workers];
	snprintf(name, sizeof name, "%.10s-%d", wq->name, wq->workers);
	w->wq = wq;
	wq->workers++;
	kd_service_start(&w->service, name, worker_main, w);
}

/* ---- queues ------------------------------------------------------------------------------ */

static struct kd_wq *make(int max_active, const char *name)
{
	struct kd_wq *wq = kd_alloc(sizeof *wq);

	kd_list_init(&wq->pending);
	wq->max_active = max_active > 0 && max_active < WORKERS_MAX ? max_active : WORKERS_MAX;
	memcpy(wq->name, name, strnlen(name, sizeof wq->name - 1));
	return wq;
}

struct kd_wq *kd_wq_system(void)
{
	struct kd_wq *wq = smp_load_acquire(&system_wq);

	if (wq)
		return wq;
	KD_CALL(QUIET, NULL);
	kd_self();
	KD_LOCK(&system_lock);
	if (!system_wq)
		smp_store_release(&system_wq, make(0, "events"));
	wq = system_wq;
	KD_UNLOCK(&system_lock);
	return wq;
}

struct kd_wq *kd_wq_alloc(int max_active, const char *namefmt, ...)
{
	char name[OS_NAME_MAX];
	struct kd_wq *wq;
	va_list ap;

	KD_CALL(CALL, NULL);
	kd_might_sleep("alloc_workqueue()");
	va_start(ap, namefmt);
	vsnprintf(name, sizeof name, namefmt, ap);
	va_end(ap);
	wq = os_alloc(KT_ROLE_WORKER, 1); /* may fail, and is the driver's to handle */
	if (!wq)
		return NULL;
	os_free(wq);
	return make(max_active, name);
}

static void check_wq(struct kd_wq *wq, const char *call)
{
	if (!wq || IS_ERR(wq))
		kd_fail(KT_MEMORY, NULL, "%s of a work queue that is NULL", call);
	if (READ_ONCE(wq->dying))
		kd_fail(KT_MEMORY, NULL, "%s of work queue %s, which was destroyed", call,
			wq->name);
}

/* Sleep until some run has ended since the futex word was `ends`. */
static void wait_for_end(struct kd_wq *wq, uint32_t ends)
{
	os_futex_wait_at(&wq->ends, ends, NULL, KT_SITE("wait", "work"));
}

/* Is a work left that has at most that number? */
static bool has_works_locked(struct kd_wq *wq, uint64_t number)
{
	for (struct kd_list *at = wq->pending.next; at != &wq->pending; at = at->next)
		if (container_of(at, struct kd_work, node)->number <= number)
			return true;
	for (int i = 0; i < wq->workers; i++)
		if (wq->worker[i].runs && wq->worker[i].number <= number)
			return true;
	return false;
}

/* Until all works have run that are queued now. */
static void flush(struct kd_wq *wq)
{
	uint64_t number;

	KD_LOCK(&wq->lock);
	number = wq->queued;
	while (has_works_locked(wq, number)) {
		uint32_t ends = READ_ONCE(wq->ends);

		KD_UNLOCK(&wq->lock);
		wait_for_end(wq, ends);
		KD_LOCK(&wq->lock);
	}
	KD_UNLOCK(&wq->lock);
}

void kd_wq_flush(struct kd_wq *wq)
{
	KD_CALL(CALL, wq);
	kd_might_sleep("flush_workqueue()");
	check_wq(wq, "flush_workqueue()");
	flush(wq);
}

void kd_wq_destroy(struct kd_wq *wq)
{
	KD_CALL(CALL, wq);
	kd_might_sleep("destroy_workqueue()");
	check_wq(wq, "destroy_workqueue()");
	flush(wq);
	KD_LOCK(&wq->lock);
	if (wq->pending.next != &wq->pending)
		kd_fail(KT_DISCIPLINE, NULL, "destroy_workqueue() of %s with works queued",
			wq->name);
	WRITE_ONCE(wq->dying, true);
	KD_UNLOCK(&wq->lock);
	/* The memory and the threads stay until the end: a use of them is a finding. */
}

void kd_workqueues_at_end(void)
{
	if (system_wq)
		flush(system_wq);
}

/* ---- works ---------------------------------------------------------------------------------- */

static void check_work(const struct kd_work *w)
{
	if (w->magic != KD_MAGIC)
		kd_fail(KT_DISCIPLINE, NULL, "a work is used that was never initialized");
}

void kd_work_init(struct kd_work *w, void (*func)(void *work))
{
	KD_CALL(QUIET, NULL);
	memset(w, 0, sizeof *w);
	w->func = func;
	kd_list_init(&w->node);
	w->magic = KD_MAGIC;
}

bool kd_work_queue(struct kd_wq *wq, struct kd_work *w)
{
	struct kd_wq *before;
	bool queued = false;

	KD_CALL(WAKE, w);
	kd_self();
	check_wq(wq, "queue_work()");
	check_work(w);
	before = READ_ONCE(w->wq);
	if (before && before != wq) { /* it may still run there */
		KD_LOCK(&before->lock);
		if (runs_locked(before, w) && !READ_ONCE(before->dying))
			wq = before;
		KD_UNLOCK(&before->lock);
	}
	KD_LOCK(&wq->lock);
	if (!is_linked(w) && !READ_ONCE(w->cancels)) {
		WRITE_ONCE(w->wq, wq);
		w->number = ++wq->queued;
		kd_list_add_tail(&w->node, &wq->pending);
		kd_object_add(w, "a work that is queued");
		kick_locked(wq);
		queued = true;
	}
	KD_UNLOCK(&wq->lock);
	return queued;
}

/* Until the runs have ended that are queued or under way. True if there was one. */
static bool flush_work(struct kd_work *w)
{
	struct kd_wq *wq = READ_ONCE(w->wq);
	struct worker *runs;
	bool waited = false;
	uint64_t number;

	if (!wq)
		return false;
	KD_LOCK(&wq->lock);
	runs = runs_locked(wq, w);
	if (runs && &runs->service.task == current)
		kd_fail(KT_DEADLOCK, NULL, "a work's own function waits for its end");
	number = is_linked(w) ? w->number : runs ? runs->number : 0;
	while ((is_linked(w) && w->number <= number) || (runs && runs->number <= number)) {
		uint32_t ends = READ_ONCE(wq->ends);

		waited = true;
		KD_UNLOCK(&wq->lock);
		wait_for_end(wq, ends);
		KD_LOCK(&wq->lock);
		runs = runs_locked(wq, w);
	}
	KD_UNLOCK(&wq->lock);
	return waited;
}

bool kd_work_flush(struct kd_work *w)
{
	KD_CALL(CALL, w);
	kd_might_sleep("flush_work()");
	check_work(w);
	return flush_work(w);
}

static bool unlink_work(struct kd_work *w, int cancels)
{
	struct kd_wq *wq = READ_ONCE(w->wq);
	bool was_pending;

	fetch_add(&w->cancels, cancels);
	if (!wq)
		return false;
	KD_LOCK(&wq->lock);
	was_pending = is_linked(w);
	if (was_pending) {
		kd_list_del(&w->node);
		fetch_add(&wq->ends, 1); /* a flush may wait for it */
		os_futex_wake(&wq->ends, OS_FUTEX_ALL);
	}
	kd_object_gone(w);
	KD_UNLOCK(&wq->lock);
	return was_pending;
}

bool kd_work_cancel(struct kd_work *w, bool sync)
{
	bool was_pending;

	KD_CALL(CALL, w);
	kd_self();
	if (sync)
		kd_might_sleep("cancel_work_sync()");
	check_work(w);
	was_pending = unlink_work(w, sync ? 1 : 0);
	if (sync) {
		flush_work(w);
		unlink_work(w, -1);
	}
	return was_pending;
}

bool kd_work_pending(const struct kd_work *w)
{
	KD_CALL(CALL, w);
	return is_linked(w);
}

unsigned kd_work_busy(struct kd_work *w)
{
	struct kd_wq *wq;
	unsigned busy;

	KD_CALL(CALL, w);
	kd_self();
	wq = READ_ONCE(w->wq);
	busy = is_linked(w);
	if (wq) {
		KD_LOCK(&wq->lock);
		busy |= runs_locked(wq, w) ? 2 : 0;
		KD_UNLOCK(&wq->lock);
	}
	return busy;
}

/* ---- delayed works --------------------------------------------------------- */

static void queue_now(void *arg)
{
	struct kd_dwork *w = arg;

	kd_work_queue(w->wq, &w->work);
}

void kd_dwork_init(struct kd_dwork *w, void (*func)(void *work))
{
	KD_CALL(QUIET, NULL);
	kd_work_init(&w->work, func);
	kd_timer_init(&w->timer, w, queue_now, false);
	w->wq = NULL;
}

bool kd_dwork_queue(struct kd_wq *wq, struct kd_dwork *w, unsigned long ticks, bool mod)
{
	bool was_pending;

	KD_CALL(WAKE, w);
	kd_self();
	check_wq(wq, "queue_delayed_work()");
	check_work(&w->work);
	was_pending = is_linked(&w->work) || kd_timer_pending(&w->timer);
	if (was_pending && !mod)
		return false;
	if (READ_ONCE(w->work.cancels))
		return mod;
	if (was_pending) {
		kd_timer_del(&w->timer, false, false);
		unlink_work(&w->work, 0);
	}
	w->wq = wq;
	if (ticks)
		kd_timer_mod(&w->timer, os_now_ns() + (uint64_t)ticks * KD_TICK_NS);
	else
		kd_work_queue(wq, &w->work);
	return mod ? was_pending : true;
}

bool kd_dwork_flush(struct kd_dwork *w)
{
	KD_CALL(CALL, w);
	kd_might_sleep("flush_delayed_work()");
	check_work(&w->work);
	if (kd_timer_del(&w->timer, true, false))
		kd_work_queue(w->wq, &w->work);
	return flush_work(&w->work);
}

bool kd_dwork_cancel(struct kd_dwork *w, bool sync)
{
	bool was_pending;

	KD_CALL(CALL, w);
	kd_self();
	if (sync)
		kd_might_sleep("cancel_delayed_work_sync()");
	check_work(&w->work);
	if (sync)
		unlink_work(&w->work, 1);
	was_pending = kd_timer_del(&w->timer, sync, false);
	was_pending |= unlink_work(&w->work, 0);
	if (sync) {
		flush_work(&w->work);
		unlink_work(&w->work, -1);
	}
	return was_pending;
}
