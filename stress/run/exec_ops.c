/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of all operations. */
#include "stress/run/exec_ops.h"

void do_kill(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by, (void)t;
	exec_kill(op->victim);
}

/* The switch has no default, so that the compiler reports an operation without a case. */
static exec_op *function_of(enum plan_op_kind kind)
{
	switch (kind) {
	case PLAN_CREATE:
	case PLAN_RUN: return do_create;
	case PLAN_WAKE: return do_wake;
	case PLAN_STOP:
	case PLAN_STOP_PUT: return do_stop;
	case PLAN_GET: return do_get;
	case PLAN_PUT: return do_put;
	case PLAN_PARK: return do_park;
	case PLAN_UNPARK: return do_unpark;
	case PLAN_BIND: return do_bind;
	case PLAN_PER_CPU: return do_per_cpu;
	case PLAN_AFFINE: return do_affine;
	case PLAN_DISPLACE: return do_displace;
	case PLAN_AWAIT: return do_await;
	case PLAN_QUEUE: return do_queue;
	case PLAN_DELAY: return do_delay;
	case PLAN_MOD: return do_mod;
	case PLAN_CANCEL: return do_cancel;
	case PLAN_FLUSH: return do_flush;
	case PLAN_FLUSH_WORKER: return do_flush_worker;
	case PLAN_RAN: return do_ran;
	case PLAN_POST: return do_post;
	case PLAN_OPEN: return do_open;
	case PLAN_DESTROY:
	case PLAN_DESTROY_RAW: return do_destroy;
	case PLAN_REGISTER: return exec_register;
	case PLAN_POKE: return exec_poke;
	case PLAN_SETTLE: return exec_settle;
	case PLAN_UNREGISTER: return exec_unregister;
	case PLAN_FIND: return do_find;
	case PLAN_WALK: return do_walk;
	case PLAN_KILL: return do_kill;
	case PLAN_FREEZE: return do_freeze;
	case PLAN_THAW: return do_thaw;
	case PLAN_CPU_DOWN: return exec_cpu_down;
	case PLAN_CPU_UP: return exec_cpu_up;
	case PLAN_SIGNAL: return do_signal;
	case PLAN_OPS: break;
	}
	kt_fail(KT_ASSERTION, "operation %d is not in the table", (int)kind);
}

/* Was its create called, and did it succeed? */
static bool is_there(const struct exec_thread *t)
{
	return t->plan->body == PLAN_PERCPU ? t->registered : t->task && !IS_ERR(t->task);
}

void exec_run_op(struct exec_task *by, const struct plan_op *op)
{
	struct exec_thread *t = &exec.thread[op->thread];

	if (!plan_op_has(op->kind, PLAN_NO_HANDLE) && !plan_op_has(op->kind, PLAN_MAKES) &&
	    !plan_op_has(op->kind, PLAN_BY_ID)) {
		if (t->plan->task != by->index && t != by->host)
			kt_completion_wait(&t->made);
		if (!is_there(t))
			return;		/* as a caller does after a create that failed */
	}
	function_of(op->kind)(by, t, op);
}
