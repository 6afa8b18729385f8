/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions of operations: what task `by` does with its handle t. The handle's create has
 * succeeded. An operation without a handle ignores t. Only exec*.c include it.
 *
 * Do not rename them, because traces and findings contain names of sites, and the name of a
 * site begins with a function's name.
 */
#ifndef STRESS_EXEC_OPS_H
#define STRESS_EXEC_OPS_H

#include "stress/run/exec_internal.h"

typedef void exec_op(struct exec_task *by, struct exec_thread *t, const struct plan_op *op);

/* exec_create.c */
exec_op do_create;

/* exec_thread.c */
exec_op do_wake, do_stop, do_get, do_put, do_park, do_unpark, do_bind, do_affine, do_per_cpu,
	do_displace, do_await, do_signal;

/* exec_work.c */
exec_op do_queue, do_delay, do_mod, do_cancel, do_flush, do_flush_worker, do_ran, do_post,
	do_open, do_destroy;

/* exec_percpu.c */
exec_op exec_register, exec_poke, exec_settle, exec_unregister, exec_cpu_down, exec_cpu_up;

/* exec_registry.c */
exec_op do_find, do_walk;

/* exec_freeze.c */
exec_op do_freeze, do_thaw;

/* exec_ops.c */
exec_op do_kill;

#endif
