/* SPDX-License-Identifier: GPL-2.0-only */
/* Rules about waiting: an operation must not wait for an operation that can only come after it. */
#include "stress/plan/check.h"

int check_destroy_first(const struct plan *p, unsigned op, const struct handle *handles,
			struct plan_error *err)
{
	const struct plan_op *made = &p->ops[op];
	const struct plan_task *task;

	if (!plan_op_has(made->kind, PLAN_MAKES) || !handles[made->thread].strays)
		return 0;
	task = &p->tasks[p->threads[made->thread].task];
	for (unsigned i = task->ops_first; i < op; i++)
		if (p->ops[i].kind == PLAN_DESTROY || p->ops[i].kind == PLAN_UNREGISTER)
			return check_fail(err,
					  "%s is used by other tasks and made after a destroy or "
					  "unregister, which may wait for them",
					  check_var(p, made));
	return 0;
}

/* Might the operation wait for a thread that is frozen, or for a task that waits for one? */
static bool waits_for_thaw(const struct plan *p, unsigned i)
{
	const struct plan_op *op = &p->ops[i];
	const struct plan_thread *t = &p->threads[op->thread];

	if (plan_op_has(op->kind, PLAN_NO_HANDLE))
		return false;
	if (plan_inner_of(p, op->thread) >= 0 && !plan_op_has(op->kind, PLAN_BY_ID))
		return true;	/* the inner task may wait for a task that waits for the thaw */
	if (check_is_stray(p, i) || op->kind == PLAN_DESTROY || op->kind == PLAN_DESTROY_RAW ||
	    op->kind == PLAN_UNREGISTER)
		return true;
	return (t->freezable && (op->kind == PLAN_FLUSH || op->kind == PLAN_FLUSH_WORKER ||
				 op->kind == PLAN_RAN)) ||
	       (t->body == PLAN_FREEZABLE && op->kind == PLAN_PARK);
}

int check_freeze(const struct plan *p, unsigned i, unsigned *depth, struct plan_error *err)
{
	const struct plan_op *op = &p->ops[i];

	if (op->kind == PLAN_THAW) {
		if (*depth == 0)
			return check_fail(err, "thaw: expected after a freeze by the same task");
		--*depth;
	}
	if (*depth > 0 && waits_for_thaw(p, i))
		return check_fail(err, "%s %s: may wait for the thaw, expected after it",
				  plan_op_name(op->kind), check_var(p, op));
	if (op->kind != PLAN_FREEZE)
		return 0;
	++*depth;
	return 0;
}

int check_gates(const struct plan *p, unsigned i, const struct handle *handles,
		struct plan_error *err)
{
	const struct plan_op *op = &p->ops[i];

	for (unsigned k = 0; k < p->threads_count; k++)
		if (handles[k].gate && p->threads[k].task == check_task_of(p, i) &&
		    (plan_op_has(op->kind, PLAN_NO_HANDLE) ? op->kind == PLAN_FREEZE
							   : op->thread != k))
			return check_fail(err, "%s: the gate of worker %s is closed, expected open",
					  plan_op_name(op->kind),
					  plan_string(p, p->threads[k].var));
	return 0;
}
