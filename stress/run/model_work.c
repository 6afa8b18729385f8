/* SPDX-License-Identifier: GPL-2.0-only */
/* The model of workers: exact counts, order, and what a call's return promises. */
#include <stddef.h>

#include "stress/run/model.h"

void model_work_started(struct exec_job *j)
{
	if (__atomic_load_n(&current->state, __ATOMIC_RELAXED) != TASK_RUNNING)
		kt_fail(KT_DISCIPLINE, "work entered in a state that is not RUNNING");
	if (counter_get(&j->started) != counter_get(&j->finished) + 1)
		kt_fail(KT_MODEL, "a work runs twice at the same time");
}

struct exec_past model_past(const struct exec_job *j)
{
	/* Who queues it first is in the queue before it says where: until then, or
	 * until that is seen here, a flush finds nothing to wait for. */
	bool said = KT_PEEK(j->dwork.work.worker);

	return (struct exec_past){
		.accepted = said ? counter_get(&j->accepted) : 0,
		.started = counter_get(&j->started),
		.order = said ? counter_get(&j->order) : 0,
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
	if (counter_get(&j->finished) < past->started)
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
	unsigned finished = counter_get(&j->finished), taken = counter_get(&j->taken);

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
	if (!(j->takers & ~(1u << by)) && counter_get(&t->served) < past->order)
		kt_fail(KT_MODEL, "flush returned before the work was run: %s, number %u in the "
			"queue, served up to %u", t->name, past->order, counter_get(&t->served));
}

void model_destroyed(const struct exec_thread *t)
{
	if (counter_get(&t->posted) != counter_get(&t->posts_run))
		kt_fail(KT_MODEL, "works lost or made up: %s, %u posted, %u run", t->name,
			counter_get(&t->posted), counter_get(&t->posts_run));
	for (unsigned i = 0; i < PLAN_WORKS; i++) {
		const struct exec_job *j = &t->job[i];

		if (counter_get(&j->finished) + counter_get(&j->taken) != counter_get(&j->accepted))
			kt_fail(KT_MODEL, "works lost or made up: %s, work %u queued %u times, run "
				"%u, taken back %u", t->name, i, counter_get(&j->accepted),
				counter_get(&j->finished), counter_get(&j->taken));
	}
}

/* ---- points -------------------------------------------------------------- */

/* Under worker->lock. */
static void note_queued(struct exec_thread *t, struct exec_job *j)
{
	struct exec_task *self = exec_self();

	if (counter_get(&j->cancels))
		kt_fail(KT_MODEL, "queued while a cancel of it waits: %s", t->name);
	counter_set(&t->order, counter_get(&t->order) + 1);
	counter_set(&j->order, counter_get(&t->order));
	if (self)
		self->inserted = j;
}

/* Under worker->lock. */
static void note_dequeued(struct exec_thread *t, struct exec_job *j)
{
	unsigned order = counter_get(&j->order);

	if (!order)
		return;
	if (order <= counter_get(&t->served))
		kt_fail(KT_MODEL, "works run out of order: %s, work %td was number %u and runs "
			"after number %u", t->name, j - t->job, order, counter_get(&t->served));
	counter_set(&t->served, order);
}

static struct {
	uint32_t queued, dequeued, timer, flushing, locked;
} watched_work;

void model_work_load(void)
{
	watched_work.queued = model_watch("worker.queued");
	watched_work.dequeued = model_watch("worker.unlinked");
	watched_work.timer = model_watch("cancel.timer");
	watched_work.flushing = model_watch("cancel.flushing");
	watched_work.locked = model_watch("cancel.locked");
}

bool model_work_point(uint32_t point, const void *work)
{
	const char *first = (const char *)exec.thread, *at = work;
	struct exec_thread *t;
	struct exec_job *j;

	if (point != watched_work.queued && point != watched_work.dequeued &&
	    point != watched_work.timer && point != watched_work.flushing &&
	    point != watched_work.locked)
		return false;
	/* A flush's own item is not counted, nor one that is posted. */
	if (at < first || at >= (const char *)(exec.thread + PLAN_THREADS_MAX))
		return true;
	t = &exec.thread[(size_t)(at - first) / sizeof *t];
	j = &t->job[(size_t)(at - (const char *)t->job) / sizeof t->job[0]];
	if (point == watched_work.queued)
		note_queued(t, j);
	else if (point == watched_work.dequeued)
		note_dequeued(t, j);
	else if (point == watched_work.locked)	/* still counted as canceling */
		__atomic_sub_fetch(&j->cancels, 1, __ATOMIC_RELAXED);
	else
		__atomic_add_fetch(&j->cancels, 1, __ATOMIC_RELAXED);
	return true;
}
