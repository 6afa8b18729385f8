/* SPDX-License-Identifier: GPL-2.0-only */
/* The rules of works and of the freezer. */
#include <errno.h>

#include "stress/run/model_test.h"

/* ---- works ------------------------------------------------------------------------ */

static void timer_in_time(bool bad)
{
	model_fires(100, bad ? 99 : 100);
}

static void timer_of_work(bool bad)
{
	model_timer(W, false, false);
	model_timer(W, true, !bad);
}

static void work_running(bool bad)
{
	counter_set(&W->job[0].started, 1);
	model_work_started(&W->job[0], !bad);
}

static void work_alone(bool bad)
{
	counter_set(&W->job[0].started, bad ? 2 : 1);
	model_work_started(&W->job[0], true);
}

static void posted(bool bad)
{
	model_posted(W, !bad);
}

static void queued_is_there(bool bad)
{
	ledger.task[C1].inserted = bad ? NULL : &W->job[0];
	model_queued(W, &W->job[0], &ledger.task[C1], true);
}

/* A work that was queued once, and has perhaps started and finished since a call began. */
static struct model_past queued_once(struct ledger_job *j, bool started, bool finished)
{
	struct model_past past;

	counter_set(&j->accepted, 1);
	ledger_job_queued(W, j);
	counter_set(&j->started, started);
	past = model_past(j, true);
	counter_set(&j->finished, finished);
	return past;
}

static void cancel_not_running(bool bad)
{
	struct model_past past = queued_once(&W->job[0], true, !bad);

	model_canceled(W, &W->job[0], &past, C1);
}

static void cancel_done(bool bad)
{
	struct model_past past = queued_once(&W->job[0], false, false);

	counter_set(&W->job[0].taken, !bad);
	model_canceled(W, &W->job[0], &past, C2);
}

static void flush_not_running(bool bad)
{
	struct model_past past = queued_once(&W->job[3], true, !bad);

	model_flushed(W, &W->job[3], &past, C1);
}

static void flush_done(bool bad)
{
	struct model_past past = queued_once(&W->job[3], false, !bad);

	model_flushed(W, &W->job[3], &past, C1);
}

static void flush_others_take(bool bad)
{
	/* C2 cancels work 0, and counts that later than C1's flush returns. */
	struct model_past past = queued_once(&W->job[0], false, false);

	model_flushed(W, &W->job[0], &past, bad ? C2 : C1);
}

static void flush_unsaid(bool bad)
{
	struct model_past past;

	counter_set(&W->job[3].accepted, 1);
	past = model_past(&W->job[3], bad);
	model_flushed(W, &W->job[3], &past, C1);
}

static void flush_delayed(bool bad)
{
	struct model_past past = queued_once(&W->job[1], false, false);

	if (!bad)
		ledger_job_unlinked(W, &W->job[1]);
	model_flushed(W, &W->job[1], &past, C1);
}

static void queue_no_cancel(bool bad)
{
	counter_set(&W->job[0].cancels, bad);
	model_job_queued(W, &W->job[0]);
}

static void work_order(bool bad)
{
	ledger_job_queued(W, &W->job[0]);
	ledger_job_queued(W, &W->job[1]);
	if (bad)
		ledger_job_unlinked(W, &W->job[1]);
	model_job_unlinked(W, &W->job[0]);
}

static void work_order_taken_out(bool bad)
{
	ledger_job_queued(W, &W->job[0]);
	ledger_job_unlinked(W, &W->job[0]);
	if (!bad)
		ledger_job_out(&W->job[0]);
	model_job_unlinked(W, &W->job[0]);
}

static void destroyed_posts(bool bad)
{
	counter_set(&W->posted, 2);
	counter_set(&W->posts_run, bad ? 1 : 2);
	model_destroyed(W);
}

static void destroyed_works(bool bad)
{
	counter_set(&W->job[2].accepted, 2);
	counter_set(&W->job[2].finished, 1);
	counter_set(&W->job[2].taken, !bad);
	model_destroyed(W);
}

/* ---- the freezer ------------------------------------------------------------------ */

static void freeze_result(bool bad)
{
	model_froze(bad ? -EBUSY : 0, true, true);
}

static void freeze_deadline(bool bad)
{
	model_froze(0, !bad, true);
}

static void freeze(void)
{
	ledger_freeze_begun();
	ledger_freeze_done();
}

static void may_run(bool bad)
{
	freeze();
	if (!bad)
		ledger_thawing();
	model_may_run(A, "a freezable worker runs a work");
}

static void looked_runs(bool bad)
{
	freeze();
	model_looked(A, 1, false, !bad);	/* a thread that should stop may run */
}

static void looked_frozen(bool bad)
{
	if (!bad)
		ledger_freeze_begun();
	A->froze = 1;
	model_looked(A, 0, true, false);
}

static void looked_missed(bool bad)
{
	freeze();
	ledger_thawing();
	A->froze = !bad;
	model_looked(A, 0, !bad, false);
}

/* ---- all of them ------------------------------------------------------------------ */

const struct model_rule model_work_rules[] = {
	RULE_OF(work_running, KT_DISCIPLINE, "work entered in a state that is not RUNNING"),
	RULE(timer_in_time, "a timer fires before its time"),
	RULE(timer_of_work, "a work's timer is armed, and the work does not wait for it: w"),
	RULE(work_alone, "a work runs twice at the same time"),
	RULE(posted, "queueing a new work failed: w"),
	RULE(queued_is_there, "newly queued without delay, and not in the queue: w"),
	RULE(cancel_not_running, "cancel returned while the work was still running: w"),
	RULE(cancel_done, "cancel returned and the work is not done with: w, queued 1 time, "
			  "run 0, taken back 0"),
	RULE(flush_not_running, "flush returned while the work was still running: w"),
	RULE(flush_done, "flush returned and the work is not done with: w"),
	RULE(flush_others_take, "flush returned and the work is not done with: w"),
	RULE(flush_unsaid, "flush returned and the work is not done with: w"),
	RULE(flush_delayed, "flush returned before the work was run: w, number 1 in the queue, "
			    "run up to 0"),
	RULE(queue_no_cancel, "queued while a cancel of it waits: w"),
	RULE(work_order, "works run out of order: w, work 0 was number 1 and runs after number 2"),
	RULE(work_order_taken_out, "works run out of order: w, work 0 was number 1 and runs after "
				   "number 1"),
	RULE(destroyed_posts, "works lost or made up: w, 2 posted, 1 run"),
	RULE(destroyed_works, "works lost or made up: w, work 2 queued 2 times, run 1, taken back "
			      "0"),
	RULE(freeze_result, "freeze returned -EBUSY, expected 0"),
	RULE(freeze_deadline, "freeze was ended by its deadline"),
	RULE(may_run, "a freezable worker runs a work in a freeze: a"),
	RULE(looked_runs, "a freezable thread runs in a freeze: a"),
	RULE(looked_frozen, "was_frozen is true without a freeze: a froze 1 time in 0 freezes"),
	RULE(looked_missed, "a freeze was done while the thread looked, and was_frozen is false: "
			    "a"),
	{ 0 },
};
