/* SPDX-License-Identifier: GPL-2.0-only */
/* The model of workers: exact counts, order, and what a call's return promises. */
#include "stress/model.h"

static unsigned get(const unsigned *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
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
	return (struct exec_past){ .accepted = get(&j->accepted), .started = get(&j->started) };
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
	/* A flush does not wait for a timer. */
	if (!j->delayed)
		check_done(t, j, past, by, "flush");
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

/* Under worker->lock. */
void model_work_order(const void *work, bool queued)
{
	const char *first = (const char *)exec.thread, *at = work;
	struct exec_thread *t;
	size_t i;

	/* A flush's own item is not in the order. */
	if (at < first || at >= (const char *)(exec.thread + PLAN_THREADS_MAX))
		return;
	t = &exec.thread[(size_t)(at - first) / sizeof *t];
	i = (size_t)(at - (const char *)t->job) / sizeof t->job[0];
	if (queued) {
		t->job[i].order = ++t->order;
		return;
	}
	if (t->job[i].order <= t->served)
		kt_fail(KT_MODEL, "works run out of order: %s, work %zu was number %u and runs "
			"after number %u", t->name, i, t->job[i].order, t->served);
	t->served = t->job[i].order;
}
