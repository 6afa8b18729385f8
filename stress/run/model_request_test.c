/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules of requests, of what threads borrow, and of the call to which a failed allocation
 * belongs.
 */
#include <errno.h>

#include "stress/run/model_test.h"

/* ---- requests --------------------------------------------------------------------- */

static void boot(bool bad)
{
	model_booted(bad ? -EAGAIN : 0);
}

static void queue_request(struct ledger_thread *t)
{
	unsigned now = ledger_moment();

	ledger_request_begun(t, now);
	ledger_request_queued(t, now);
}

static void served_in_order(bool bad)
{
	queue_request(A);
	queue_request(B);
	if (!bad)
		ledger_request_served(A);
	model_serving(B);
}

static void served_overlap(bool bad)
{
	if (!bad)	/* b's creator began before a's request had its place */
		ledger_request_begun(B, ledger_moment());
	queue_request(A);
	if (bad)
		ledger_request_begun(B, ledger_moment());
	ledger_request_queued(B, ledger_moment());
	model_serving(B);
}

static void served_once(bool bad)
{
	queue_request(A);
	if (bad)
		ledger_request_served(A);
	model_serving(A);
}

static void end_none_lost(bool bad)
{
	queue_request(A);
	if (!bad)
		ledger_request_served(A);
	model_end();
}

static void end_has_run(bool bad)
{
	B->created = true;
	ledger_waking(B);
	B->runs = !bad;
	model_end();
}

/* ---- what is borrowed ------------------------------------------------------------- */

static void use_mm(bool bad)
{
	model_borrowed(A, true, !bad, true);
}

static void unuse_mm(bool bad)
{
	model_borrowed(A, false, !bad, true);
}

static void lazy_mm(bool bad)
{
	model_borrowed(A, false, true, !bad);
}

static void blkcg(bool bad)
{
	model_blkcg(A, !bad);
}

static void cgroup_left(bool bad)
{
	model_cgroup_left(bad ? 3 : 1);
}

static void cgroup_released(bool bad)
{
	model_cgroup_released(bad);
}

/* ---- the call to which the ledger assigns a failed allocation --------------------- */

static void blame_creator(bool bad)
{
	ledger.task[C1].creating = A;
	ledger_alloc_failed(bad ? &ledger.task[C2] : &ledger.task[C1], false, KT_ROLE_NAME);
	model_created(A, false, -ENOMEM, false);
}

static void blame_daemon(bool bad)
{
	ledger.forking = A;
	ledger_alloc_failed(NULL, !bad, KT_ROLE_STACK);
	model_created(A, false, -EAGAIN, false);
}

static void blame_call(bool bad)
{
	ledger.task[C1].calling = &ledger.call[4];
	ledger_alloc_failed(&ledger.task[C1], false, bad ? KT_ROLE_TEST : KT_ROLE_SMPBOOT);
	model_answered(&ledger.call[4], "register", -ENOMEM, false);
}

static void blame_daemons_call(bool bad)
{
	ledger.forking_call = &ledger.call[4];
	ledger_alloc_failed(NULL, true, bad ? KT_ROLE_STACK : KT_ROLE_TASK);
	model_answered(&ledger.call[4], "register", -ENOMEM, false);
}

/* ---- all of them ------------------------------------------------------------------ */

const struct model_rule model_request_rules[] = {
	RULE(boot, "kthreadd did not boot, although nothing was made to fail"),
	RULE(served_in_order, "served out of order: b is served before a"),
	RULE(served_overlap, "served out of order: b is served before a"),
	RULE(served_once, "request served twice: a"),
	RULE(end_none_lost, "requests lost: 1 queued, 0 served"),
	RULE(end_has_run, "threadfn was never called, although the thread was woken"),
	RULE(use_mm, "kthread_use_mm returned and current->mm is not the mm that it was given: a"),
	RULE(unuse_mm, "kthread_unuse_mm returned and current->mm is not NULL: a"),
	RULE(lazy_mm, "kthread_unuse_mm returned and current->active_mm is not the mm used last"),
	RULE(blkcg, "kthread_blkcg is not what was associated: a"),
	RULE(cgroup_left, "references left to the cgroup by threads that ended: 2"),
	RULE(cgroup_released, "the cgroup was released, and its owner still has a reference"),
	RULE(blame_creator, "create returned -ENOMEM without a cause: a"),
	RULE(blame_daemon, "create returned -EAGAIN without a cause: a"),
	RULE(blame_call, "register returned -ENOMEM without a cause"),
	RULE(blame_daemons_call, "register returned -ENOMEM without a cause"),
	{ 0 },
};
