/* SPDX-License-Identifier: GPL-2.0-only */
/* What the interpreter's files exec*.c share; nobody else includes it. */
#ifndef STRESS_EXEC_INTERNAL_H
#define STRESS_EXEC_INTERNAL_H

#include "stress/run/exec.h"

/* exec_body.c: the function of every kthread that is no worker; data: its exec_thread. */
int exec_thread_fn(void *data);

/* exec_ops.c */

/* Run one operation of `by`; nothing if its handle's create failed. */
void exec_run_op(struct exec_task *by, const struct plan_op *op);
/* Before a wake-up; whether it has run is asked by the model, on the thread. */
void exec_set_woken(struct exec_thread *t);
/* What it has frozen and not thawed at its end. */
void exec_thaw_rest(struct exec_task *by);
/* Before what may end the thread, and when it has been stopped. */
void exec_set_ending(struct exec_thread *t);
void exec_set_gone(struct exec_thread *t);
/* What a task still holds of others' threads at its end. */
void exec_put_strays(const struct exec_task *by);
/* What a plan leaves of t. */
void exec_stop_rest(struct exec_thread *t);

/* exec_work.c: works of a worker */
void exec_load_work_op(const struct plan_op *op, unsigned task);
void exec_begin_jobs(struct exec_thread *t, unsigned thread);
void exec_work_op(struct exec_task *by, struct exec_thread *t, const struct plan_op *op);
void exec_post(struct exec_thread *t);
void exec_destroy(struct exec_thread *t, bool cancel_first);
void exec_end_jobs(struct exec_thread *t);

/* exec_borrow.c: what threads borrow */
void exec_begin_borrow(void);
void exec_end_borrow(void);
void exec_borrow(struct exec_thread *t);

/* exec_percpu.c: per-CPU threads, and CPUs that go and come */
void exec_load_percpu_op(const struct plan_op *op, unsigned task);
void exec_begin_percpus(void);
void exec_end_percpus(void);
void exec_register(struct exec_task *by, struct exec_thread *t, const struct plan_op *op);
void exec_poke(struct exec_task *by, struct exec_thread *t, const struct plan_op *op);
void exec_settle(struct exec_task *by, struct exec_thread *t, const struct plan_op *op);
void exec_unregister(struct exec_task *by, struct exec_thread *t, const struct plan_op *op);
void exec_cpu_down(struct exec_task *by, struct exec_thread *t, const struct plan_op *op);
void exec_cpu_up(struct exec_task *by, struct exec_thread *t, const struct plan_op *op);
/* What a plan leaves registered; what was poked for is done first. */
void exec_unregister_rest(struct exec_thread *t);

#endif
