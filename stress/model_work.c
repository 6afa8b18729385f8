/* SPDX-License-Identifier: GPL-2.0-only */
/* The model of workers: exact counts, order, and what a call's return promises. */
#include <stddef.h>

#include "stress/model.h"

static unsigned get(const unsigned *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void put(unsigned *counter, unsigned value)
{
	__atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

void model_work_started(struct exec_job *j)
{
	if (__atomic_load_n(&current->state, __ATOMIC_RELAXED) != TASK_RUNNING)
		kt_fail(KT_DISCIPLINE, "work entered in a state that is not RUNNING");
	if (get(&j->started) != get(&j->finished) + 1)
		kt_fail(KT_MODEL, "a work runs twice at the same time");
}

struct exec_past model_past(const struct exec_job *j)
{
	/* Who queues it first is in the queue before it says where: until then, or
	 * until that is seen here, a flush finds nothing to wait for. */
	bool said = KT_PEEK(j->dwork.work.worker);

	return (struct exec_past){
		.accepted = said ? get(&j->accepted) : 0, .started = get(&j->started),
		.order = said ? get(&j->order) : 0,
	};
}

void model_queued(const struct exec_thread *t, const struct exec_job *j,
		  const struct exec_task *by, bool queued)
{
	if (queued && by->inserted != j)
		kt_fail(KT_MODEL, "newly queued without delay, and not in the queue: %s", t->name);
}

static void check_not_running(const struct exec_thread *t, const struct exec_job *j,
			      const struct exec_past *past, const char *call)
{
	if (get(&j->finished) < past->started)
		kt_fail(KT_MODEL, "%s returned while the work was still running: %s", call,
			t->name);
}

/*
 * What was queued at the call has run or was taken back. Another task's cancel
 * counts what it took only later, so then nothing can be said.
 */
static void check_done(const struct exec_thread *t, const struct exec_job *j,
		       const struct exec_past *past, unsigned by, const char *call)
{
	unsigned finished = get(&j->finished), taken = get(&j->taken);

	if (!(j->takers & ~(1u << by)) && finished + taken < past->accepted)
		kt_fail(KT_MODEL, "%s returned and the work is not done with: %s, queued %u times, "
			"run %u, taken back %u", call, t->name, past->accepted, finished, taken);
}

void model_canceled(const struct exec_thread *t, const struct exec_job *j,
		    const struct exec_past *past, unsigned by)
{
	check_not_running(t, j, past, "cancel");
	check_done(t, j, past, by, "cancel");
}

void model_flushed(const struct exec_thread *t, const struct exec_job *j,
		   const struct exec_past *past, unsigned by)
{
	check_not_running(t, j, past, "flush");
	if (!j->delayed) {
		check_done(t, j, past, by, "flush");
		return;
	}
	/* A flush does not wait for a timer, only for what is in the queue. */
	if (!(j->takers & ~(1u << by)) && get(&t->served) < past->order)
		kt_fail(KT_MODEL, "flush returned before the work was run: %s, number %u in the "
			"queue, served up to %u", t->name, past->order, get(&t->served));
}

void model_destroyed(const struct exec_thread *t)
{
	if (get(&t->posted) != get(&t->posts_run))
		kt_fail(KT_MODEL, "works lost or made up: %s, %u posted, %u run", t->name,
			get(&t->posted), get(&t->posts_run));
	for (unsigned i = 0; i < PLAN_WORKS; i++) {
		const struct exec_job *j = &t->job[i];

		if (get(&j->finished) + get(&j->taken) != get(&j->accepted))
			kt_fail(KT_MODEL, "works lost or made up: %s, work %u queued %u times, run "
				"%u, taken back %u", t->name, i, get(&j->accepted),
				get(&j->finished), get(&j->taken));
	}
}

/* ---- points -------------------------------------------------------------- */

/* Under worker->lock. */
static void note_queued(struct exec_thread *t, struct exec_job *j)
{
	struct exec_task *self = exec_self();

	if (get(&j->cancels))
		kt_fail(KT_MODEL, "queued while a cancel of it waits: %s", t->name);
	put(&t->order, get(&t->order) + 1);
	put(&j->order, get(&t->order));
	if (self)
		self->inserted = j;
}

/* Under worker->lock. */
static void note_dequeued(struct exec_thread *t, struct exec_job *j)
{
	unsigned order = get(&j->order);

	if (!order)
		return;
	if (order <= get(&t->served))
		kt_fail(KT_MODEL, "works run out of order: %s, work %td was number %u and runs "
			"after number %u", t->name, j - t->job, order, get(&t->served));
	put(&t->served, order);
}

static struct {
	uint32_t queued, dequeued, timer, flushing, locked;
} watched;

void model_work_load(void)
{
	watched.queued = model_watch("worker.queued");
	watched.dequeued = model_watch("worker.unlinked");
	watched.timer = model_watch("cancel.timer");
	watched.flushing = model_watch("cancel.flushing");
	watched.locked = model_watch("cancel.locked");
}

bool model_work_point(uint32_t point, const void *work)
{
	const char *first = (const char *)exec.thread, *at = work;
	struct exec_thread *t;
	struct exec_job *j;

	if (point != watched.queued && point != watched.dequeued && point != watched.timer &&
	    point != watched.flushing && point != watched.locked)
		return false;
	/* A flush's own item is not counted, nor one that is posted. */
	if (at < first || at >= (const char *)(exec.thread + PLAN_THREADS_MAX))
		return true;
	t = &exec.thread[(size_t)(at - first) / sizeof *t];
	j = &t->job[(size_t)(at - (const char *)t->job) / sizeof t->job[0]];
	if (point == watched.queued)
		note_queued(t, j);
	else if (point == watched.dequeued)
		note_dequeued(t, j);
	else if (point == watched.locked)	/* still counted as canceling */
		__atomic_sub_fetch(&j->cancels, 1, __ATOMIC_RELAXED);
	else
		__atomic_add_fetch(&j->cancels, 1, __ATOMIC_RELAXED);
	return true;
}
