/* SPDX-License-Identifier: GPL-2.0-only */
/* The model of workers: counts and order of works, and what holds when a call returns. */
#include <stddef.h>

#include "platform/check.h"
#include "stress/run/model.h"

void model_timer(const struct ledger_thread *t, bool armed, bool waits)
{
	if (armed && !waits)
		kt_fail(KT_MODEL, "a work's timer is armed, and the work does not wait for it: %s",
			t->name);
}

void model_fires(uint64_t expires_ns, uint64_t now_ns)
{
	if (now_ns < expires_ns)
		kt_fail(KT_MODEL, "a timer fires before its time");
}

void model_work_started(const struct ledger_job *j, bool running)
{
	if (!running)
		kt_fail(KT_DISCIPLINE, "work entered in a state that is not RUNNING");
	if (counter_get(&j->started) != counter_get(&j->finished) + 1)
		kt_fail(KT_MODEL, "a work runs twice at the same time");
}

struct model_past model_past(const struct ledger_job *j, bool said)
{
	return (struct model_past){
		.accepted = said ? counter_get(&j->accepted) : 0,
		.started = counter_get(&j->started),
		.order = said ? counter_get(&j->order) : 0,
	};
}

void model_posted(const struct ledger_thread *t, bool queued)
{
	if (!queued)
		kt_fail(KT_MODEL, "queueing a new work failed: %s", t->name);
}

void model_queued(const struct ledger_thread *t, const struct ledger_job *j,
		  const struct ledger_task *by, bool queued)
{
	if (queued && by->inserted != j)
		kt_fail(KT_MODEL, "newly queued without delay, and not in the queue: %s", t->name);
}

static void check_not_running(const struct ledger_thread *t, const struct ledger_job *j,
			      const struct model_past *past, const char *call)
{
	if (counter_get(&j->finished) < past->started)
		kt_fail(KT_MODEL, "%s returned while the work was still running: %s", call,
			t->name);
}

/*
 * Can another task take the work out of the queue? That task counts it only later, so the model
 * can't judge the counts.
 */
static bool others_take(const struct ledger_job *j, unsigned by)
{
	return j->takers & ~(1u << by);
}

/* May the counts of j be too low, because its timer has dropped it without a count? */
static bool may_drop(const struct ledger_job *j)
{
	return j->delayed && model_differs(MODEL_CANCEL_DROPS);
}

/* Each time that the work was queued before the call, it must have run or been taken back. */
static void check_done(const struct ledger_thread *t, const struct ledger_job *j,
		       const struct model_past *past, unsigned by, const char *call)
{
	unsigned finished = counter_get(&j->finished), taken = counter_get(&j->taken);

	if (!others_take(j, by) && !may_drop(j) && finished + taken < past->accepted)
		kt_fail(KT_MODEL,
			"%s returned and the work is not done with: %s, queued %u "
			"time%s, run %u, taken back %u",
			call, t->name, past->accepted, kt_plural(past->accepted), finished, taken);
}

void model_canceled(const struct ledger_thread *t, const struct ledger_job *j,
		    const struct model_past *past, unsigned by)
{
	check_not_running(t, j, past, "cancel");
	check_done(t, j, past, by, "cancel");
}

void model_flushed(const struct ledger_thread *t, const struct ledger_job *j,
		   const struct model_past *past, unsigned by)
{
	check_not_running(t, j, past, "flush");
	if (!j->delayed) {
		check_done(t, j, past, by, "flush");
		return;
	}
	/* A flush does not wait for a timer, only for what is in the queue. */
	if (!others_take(j, by) && !may_drop(j) && counter_get(&t->run_up_to) < past->order)
		kt_fail(KT_MODEL, "flush returned before the work was run: %s, number %u in the "
			"queue, run up to %u", t->name, past->order, counter_get(&t->run_up_to));
}

void model_job_queued(const struct ledger_thread *t, const struct ledger_job *j)
{
	if (counter_get(&j->cancels))
		kt_fail(KT_MODEL, "queued while a cancel of it waits: %s", t->name);
}

void model_job_unlinked(const struct ledger_thread *t, const struct ledger_job *j)
{
	unsigned order = counter_get(&j->order);

	if (order && order <= counter_get(&t->run_up_to))
		kt_fail(KT_MODEL, "works run out of order: %s, work %td was number %u and runs "
			"after number %u", t->name, j - t->job, order, counter_get(&t->run_up_to));
}

void model_destroyed(const struct ledger_thread *t)
{
	if (counter_get(&t->posted) != counter_get(&t->posts_run))
		kt_fail(KT_MODEL, "works lost or made up: %s, %u posted, %u run", t->name,
			counter_get(&t->posted), counter_get(&t->posts_run));
	for (unsigned i = 0; i < PLAN_WORKS; i++) {
		const struct ledger_job *j = &t->job[i];

		unsigned done = counter_get(&j->finished) + counter_get(&j->taken);

		if (done > counter_get(&j->accepted) ||
		    (done < counter_get(&j->accepted) && !may_drop(j)))
			kt_fail(KT_MODEL,
				"works lost or made up: %s, work %u queued %u time%s, "
				"run %u, taken back %u",
				t->name, i, counter_get(&j->accepted),
				kt_plural(counter_get(&j->accepted)), counter_get(&j->finished),
				counter_get(&j->taken));
	}
}
