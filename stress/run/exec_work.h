/* SPDX-License-Identifier: GPL-2.0-only */
/* The interpreter's works of a worker. Only exec*.c include it. */
#ifndef STRESS_EXEC_WORK_H
#define STRESS_EXEC_WORK_H

#include "core/worker.h"
#include "platform/completion.h"
#include "stress/run/ledger.h"

struct exec_thread;

struct exec_job {
	struct kthread_delayed_work dwork;
	struct ledger_job *facts;
	struct exec_thread *thread;	/* its worker */
	bool waited_for;		/* of the plan: some operation waits for a run */
	kt_completion ran;		/* complete_all: the work has run once */
};

/* Begin and end the works of t in an execution. `thread` is t's index in the plan. */
void exec_begin_jobs(struct exec_thread *t, unsigned thread);
void exec_end_jobs(struct exec_thread *t);

/*
 * Wait until no other task uses t's worker, as the rules for callers require, and destroy it.
 * If cancel_first, its works are canceled first, so that no timer is armed.
 */
void exec_destroy(struct exec_thread *t, bool cancel_first);

#endif
