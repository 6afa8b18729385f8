/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inner tasks: operations that run inside the function of a thread (the host) or inside a work.
 *
 * An inner task holds references to what tasks have made, as a task does, until it ends. If its
 * host ends without running it, who stops the host lets go of them.
 */
#include "stress/run/exec_internal.h"

static struct exec_task *inner_end(void)
{
	return &exec.task[plan_all_tasks(exec.plan)];
}

static struct exec_task *first_inner(void)
{
	return &exec.task[exec.plan->tasks_count];
}

static bool host_ends_itself(const struct exec_task *inner)
{
	return plan_body_exits(inner->host->plan->body);
}

void exec_begin_inners(void)
{
	for (struct exec_task *t = first_inner(); t < inner_end(); t++) {
		unsigned i = (unsigned)(t - exec.task);
		const struct plan_task *plan = &exec.plan->tasks[i];
		struct exec_thread *host = &exec.thread[plan->host];

		*t = (struct exec_task){
			.plan = plan, .name = host->name, .index = i, .facts = &ledger.task[i],
			.host = host,
		};
		host->inner = t;
		if (host_ends_itself(t))
			kt_completion_init(&t->ended);
	}
}

void exec_end_inners(void)
{
	for (struct exec_task *t = first_inner(); t < inner_end(); t++)
		if (host_ends_itself(t))
			kt_completion_destroy(&t->ended);
}

/* Each thread finds only its own address here, so a relaxed load is enough. */
struct exec_task *exec_inner_self(void)
{
	const struct os_thread *self = os_self();

	for (struct exec_task *t = first_inner(); t < inner_end(); t++)
		if (__atomic_load_n(&t->runs_on, __ATOMIC_RELAXED) == self)
			return t;
	return NULL;
}

void exec_run_inner(struct exec_task *inner)
{
	const struct plan_op *op = &exec.plan->ops[inner->plan->ops_first];

	inner->begun = true;
	__atomic_store_n(&inner->runs_on, os_self(), __ATOMIC_RELAXED);
	KT_POINT(on.start);
	for (unsigned i = 0; i < inner->plan->ops_count; i++) {
		if (i > 0)
			KT_POINT(on.op);
		exec_run_op(inner, &op[i]);
	}
	exec_put_strays(inner);
	KT_POINT(on.end);
	__atomic_store_n(&inner->runs_on, NULL, __ATOMIC_RELAXED);
	if (host_ends_itself(inner))
		kt_complete(&inner->ended);
}

void exec_inner_is_over(struct exec_thread *t)
{
	struct exec_task *inner = t->inner;

	if (!inner || inner->begun || inner->over)
		return;
	inner->over = true;
	exec_put_strays(inner);
}

void exec_stop_hosts(void)
{
	for (struct exec_task *t = first_inner(); t < inner_end(); t++) {
		struct exec_thread *host = &exec.thread[t->plan->host];
		bool ends = host_ends_itself(t) && host->facts->created && !host->facts->stopped &&
			    !exec_must_stop(host);

		exec_stop_rest(host);
		if (ends)
			kt_completion_wait(&t->ended);
	}
}
