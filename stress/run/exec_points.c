/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes down, at named points of core/, in which order requests and works are queued and
 * served. A point gives the address of its object. These functions compare it and never
 * dereference it.
 */
#include "platform/queue.h"
#include "stress/run/exec_internal.h"

/* Hashes of names, so that a point costs comparisons of numbers and not of names. */
static struct {
	uint64_t points;	/* bit hash % 64 of each */
	struct {
		uint32_t begun, queued, unlinked;
	} request;
	struct {
		uint32_t queued, unlinked, timer, flushing, locked;
	} work;
	uint32_t idle, firing;
} watched;

static uint32_t watch(const char *point)
{
	uint32_t hash = kt_name_hash(point);

	watched.points |= 1ull << hash % 64;
	return hash;
}

void exec_load_points(void)
{
	watched.points = 0;
	watched.request.begun = KT_QUEUE_POINTS_ORDERED ? 0 : watch("create.allocated");
	watched.request.queued = watch("create.appended");
	watched.request.unlinked = watch("kthreadd.unlinked");
	watched.work.queued = watch("worker.queued");
	watched.work.unlinked = watch("worker.unlinked");
	watched.work.timer = watch("cancel.timer");
	watched.work.flushing = watch("cancel.flushing");
	watched.work.locked = watch("cancel.locked");
	watched.idle = watch("worker.idle");
	watched.firing = watch("timer.firing");
}

uint64_t exec_points(void)
{
	return watched.points;
}

/* ---- requests ---------------------------------------------------------------------- */

/*
 * Relaxed atomics, because kthreadd compares them too. Relaxed is enough, because the creator
 * wrote the address that kthreadd looks for before kthreadd could see the request.
 */
static bool is_request(const void *const *of, const void *request)
{
	return __atomic_load_n(of, __ATOMIC_RELAXED) == request;
}

static void set_request(const void **of, const void *request)
{
	__atomic_store_n(of, request, __ATOMIC_RELAXED);
}

/* An earlier request may have had this memory: forget that one. */
static void forget_request(const void *request)
{
	for (unsigned i = 0; i < exec.plan->threads_count; i++)
		if (is_request(&exec.thread[i].request, request))
			set_request(&exec.thread[i].request, NULL);
	for (unsigned i = 0; ledger.has_calls && i < exec.plan->ops_count; i++)
		if (is_request(&exec.request[i], request))
			set_request(&exec.request[i], NULL);
}

/* The creator queued this request; kthreadd can't have seen it yet. */
static void request_queued(const void *request)
{
	struct exec_task *self = exec_self();
	struct ledger_thread *facts;
	unsigned now;

	forget_request(request);
	if (!self)
		return;
	if (self->facts->calling)
		set_request(&exec.request[self->facts->calling - ledger.call], request);
	facts = self->facts->creating;
	if (!facts)
		return;
	now = ledger_moment();
	set_request(&exec.thread[facts - ledger.thread].request, request);
	if (KT_QUEUE_POINTS_ORDERED)
		ledger_request_begun(facts, now);
	ledger_request_queued(facts, now);
}

static void request_begun(void)
{
	struct exec_task *self = exec_self();

	if (self && self->facts->creating)
		ledger_request_begun(self->facts->creating, ledger_moment());
}

static struct ledger_thread *thread_of(const void *request)
{
	for (unsigned i = 0; i < exec.plan->threads_count; i++)
		if (is_request(&exec.thread[i].request, request))
			return exec.thread[i].facts;
	return NULL;
}

static struct ledger_call *call_of(const void *request)
{
	for (unsigned i = 0; ledger.has_calls && i < exec.plan->ops_count; i++)
		if (is_request(&exec.request[i], request))
			return &ledger.call[i];
	return NULL;
}

/* kthreadd took the request. An allocation that fails on kthreadd's thread belongs to it. */
static void request_unlinked(const void *request)
{
	struct ledger_thread *facts = thread_of(request);

	ledger.forking = facts;
	ledger.forking_call = facts ? NULL : call_of(request);
	if (!facts)
		return;
	model_serving(facts);
	ledger_request_served(facts);
}

/* ---- works ------------------------------------------------------------------------- */

/* Under worker->lock. */
static void job_queued(struct exec_thread *t, struct exec_job *j)
{
	struct exec_task *self = exec_self();

	model_job_queued(t->facts, j->facts);
	ledger_job_queued(t->facts, j->facts);
	if (self)
		self->facts->inserted = j->facts;
}

/* Under worker->lock. */
static void job_unlinked(struct exec_thread *t, struct exec_job *j)
{
	model_job_unlinked(t->facts, j->facts);
	ledger_job_unlinked(t->facts, j->facts);
}

/* Do what the point needs, if it is a point of works. False for another point. */
static bool work_point(uint32_t point, const void *work)
{
	const char *first = (const char *)exec.thread, *at = work;
	struct exec_thread *t;
	struct exec_job *j;

	if (point != watched.work.queued && point != watched.work.unlinked &&
	    point != watched.work.timer && point != watched.work.flushing &&
	    point != watched.work.locked)
		return false;
	/* The work that a flush itself queues is not counted, nor is a posted work. */
	if (at < first || at >= (const char *)(exec.thread + PLAN_THREADS_MAX))
		return true;
	t = &exec.thread[(size_t)(at - first) / sizeof *t];
	j = &t->job[(size_t)(at - (const char *)t->job) / sizeof t->job[0]];
	if (point == watched.work.queued)
		job_queued(t, j);
	else if (point == watched.work.unlinked)
		job_unlinked(t, j);
	else if (point == watched.work.locked)	/* the cancel still counts as waiting */
		counter_add(&j->facts->cancels, -1u);
	else
		counter_add(&j->facts->cancels, 1);
	return true;
}

/* ---- loops and timers ------------------------------------------------------------------ */

/* A worker with nothing to do is about to sleep. If it is RUNNING, it was woken just now. */
static void worker_idles(void)
{
	const struct kthread_worker *worker = kthread_data(current);

	if (!exec_is_running())
		return;
	for (unsigned i = 0; i < exec.plan->threads_count; i++)
		if (__atomic_load_n(&exec.thread[i].worker, __ATOMIC_RELAXED) == worker)
			model_turned(exec.thread[i].facts);
}

static void timer_fires(void)
{
	const struct timer_list *t = exec.kthreadd.timers.running;

	model_fires(t->expires_ns, os_now_ns());
}

void exec_point(struct kt_site *site, const void *object)
{
	uint32_t point = kt_site_hash(site);

	if (work_point(point, object))
		return;
	if (point == watched.request.queued)
		request_queued(object);
	else if (point == watched.request.begun)
		request_begun();
	else if (point == watched.request.unlinked)
		request_unlinked(object);
	else if (point == watched.idle)
		worker_idles();
	else if (point == watched.firing)
		timer_fires();
}
