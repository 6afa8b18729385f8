/* SPDX-License-Identifier: GPL-2.0-only */
/* The operations freeze and thaw. */
#include "stress/run/exec_ops.h"

/* An hour, so that every thread that asks whether to freeze does so in time. */
#define FREEZE_FOR_NS 3600000000000ull

void do_freeze(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	uint64_t deadline_ns = os_now_ns() + FREEZE_FOR_NS;
	int err;

	(void)t;
	ledger_freeze_begun();
	exec_waits(by, EXEC_WAITS_FREEZE, NULL);
	err = freeze_kthreads_until(&exec.kthreadd, deadline_ns);
	exec_waits(by, EXEC_NO_WAIT, NULL);
	model_froze(err, os_now_ns() < deadline_ns, exec.parks_freezable);
	by->freezes++;
	if (err)	/* it is over */
		by->refused++;
	else
		ledger_freeze_done();
	exec_expect(op, "freeze", err);
}

void do_thaw(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)t, (void)op;
	by->freezes--;
	if (by->refused > 0) {
		by->refused--;
		return;
	}
	ledger_thawing();
	thaw_kthreads(&exec.kthreadd);
}

void exec_thaw_rest(struct exec_task *by)
{
	while (by->freezes > 0)
		do_thaw(by, NULL, NULL);
}
