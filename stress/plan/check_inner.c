/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rules about inner tasks: what a thread's function or a work may call. They make sure that each
 * inner task ends, whatever the tasks do meanwhile, because who stops its thread or destroys its
 * worker waits for that.
 */
#include <errno.h>

#include "stress/plan/check.h"

bool check_is_inner(const struct plan *p, unsigned op)
{
	return p->inners_count && check_task_of(p, op) >= p->tasks_count;
}

/* How the plan writes the inner task: "on a". */
static const char *host_var(const struct plan *p, const struct plan_task *inner)
{
	return plan_string(p, p->threads[inner->host].var);
}

/* The operation that makes the thread; the number of operations if none does. */
static unsigned made_at(const struct plan *p, unsigned thread)
{
	unsigned i = 0;

	while (i < p->ops_count &&
	       !(plan_op_has(p->ops[i].kind, PLAN_MAKES) && p->ops[i].thread == thread))
		i++;
	return i;
}

static int check_host(const struct plan *p, const struct plan_task *inner, struct plan_error *err)
{
	const struct plan_thread *host = &p->threads[inner->host];

	if (host->task >= p->tasks_count)
		return check_fail(err, "on %s: a handle of an 'on' line, expected one of a task",
				  host_var(p, inner));
	if (host->body == PLAN_PERCPU || host->freezable)
		return check_fail(err, "on %s: %s, expected a thread or a worker that does not "
				  "freeze", host_var(p, inner),
				  host->freezable ? "a freezable worker" : "per-CPU threads");
	if (host->body == PLAN_WORKER && inner->work == PLAN_WORK_GATE)
		return check_fail(err, "on %s %u: work %u is the gate", host_var(p, inner),
				  inner->work, inner->work);
	return 0;
}

int check_hosts(const struct plan *p, struct plan_error *err)
{
	for (unsigned i = p->tasks_count; i < plan_all_tasks(p); i++) {
		const struct plan_task *inner = &p->tasks[i];

		if (check_host(p, inner, err) == 0)
			continue;
		if (inner->ops_count)
			err->op = inner->ops_first;
		return -EINVAL;
	}
	return 0;
}

/* What a work does to its own worker. */
static int check_own_worker(const struct plan *p, const struct plan_task *inner,
			    const struct plan_op *op, struct plan_error *err)
{
	const char *name = plan_op_name(op->kind), *var = host_var(p, inner);

	if (op->kind == PLAN_FLUSH || op->kind == PLAN_FLUSH_WORKER ||
	    (op->kind == PLAN_CANCEL && op->work == inner->work))
		return check_fail(err, "%s %s: the work waits for its own end", name, var);
	if (op->kind != PLAN_WAKE && !plan_op_has(op->kind, PLAN_OF_WORKER | PLAN_BY_OTHERS))
		return check_fail(err, "%s %s: expected what a work may do to its own worker",
				  name, var);
	if (plan_op_has(op->kind, PLAN_HAS_WORK) && op->work == PLAN_WORK_GATE)
		return check_fail(err, "%s %s %u: the gate, which only its own task queues", name,
				  var, op->work);
	return 0;
}

/* What a thread does to itself, or a work to its own worker. */
static int check_own_host(const struct plan *p, const struct plan_task *inner,
			  const struct plan_op *op, struct plan_error *err)
{
	const struct plan_thread *host = &p->threads[inner->host];
	const char *name = plan_op_name(op->kind);

	if (host->body == PLAN_WORKER)
		return check_own_worker(p, inner, op, err);
	if (op->kind == PLAN_PARK && (!plan_body_parks(host->body) || host->cpu >= 0))
		return check_fail(err, "park %s: parks itself, expected a function that parks and "
				  "no CPU's own thread", host_var(p, inner));
	if (op->kind == PLAN_PARK || op->kind == PLAN_WAKE || op->kind == PLAN_AFFINE)
		return 0;
	return check_fail(err, "%s %s: by the thread itself, expected park, wake, affine or find",
			  name, host_var(p, inner));
}

/* What an inner task does with a handle of a task, not its own host. */
static int check_of_task(const struct plan *p, const struct plan_task *inner,
			 const struct plan_op *op, struct plan_error *err)
{
	const struct plan_thread *t = &p->threads[op->thread], *host = &p->threads[inner->host];
	const char *name = plan_op_name(op->kind), *var = check_var(p, op);

	if (t->task >= p->tasks_count)
		return check_fail(err, "%s %s: a handle of another 'on' line", name, var);
	if (plan_inner_of(p, op->thread) >= 0 || t->freezable || t->body == PLAN_PERCPU)
		return check_fail(err, "%s %s: expected a thread or a worker that does not freeze, "
				  "without an 'on' line of its own", name, var);
	if (t->task > host->task ||
	    (t->task == host->task && made_at(p, op->thread) > made_at(p, inner->host)))
		return check_fail(err, "%s %s: made after %s, so this may wait for ever", name, var,
				  host_var(p, inner));
	return 0;
}

/* What an inner task makes must not freeze, because nobody thaws it in time. */
static int check_made(const struct plan *p, const struct plan_op *op, struct plan_error *err)
{
	const struct plan_thread *t = &p->threads[op->thread];

	if (!plan_op_has(op->kind, PLAN_MAKES) || !(t->freezable || t->body == PLAN_FREEZABLE))
		return 0;
	return check_fail(err, "%s: on an 'on' line, expected a thread or a worker that does not "
			  "freeze", check_var(p, op));
}

static bool is_of_tasks_only(enum plan_op_kind k)
{
	return k == PLAN_FREEZE || k == PLAN_THAW || k == PLAN_CPU_DOWN || k == PLAN_CPU_UP ||
	       k == PLAN_REGISTER || plan_op_has(k, PLAN_OF_PERCPU) || k == PLAN_DESTROY_RAW;
}

int check_inner(const struct plan *p, unsigned i, struct plan_error *err)
{
	const struct plan_op *op = &p->ops[i];
	unsigned task = check_task_of(p, i);
	const struct plan_task *inner = &p->tasks[task];

	if (is_of_tasks_only(op->kind))
		return check_fail(err, "%s on an 'on' line, expected in a task",
				  plan_op_name(op->kind));
	if (plan_op_has(op->kind, PLAN_NO_HANDLE) || plan_op_has(op->kind, PLAN_BY_ID))
		return 0;
	if (op->thread == inner->host)
		return check_own_host(p, inner, op, err);
	if (p->threads[op->thread].task == task)
		return check_made(p, op, err);
	return check_of_task(p, inner, op, err);
}

/* The inner task uses the handle of operation i, which is not its host's. */
static bool uses(const struct plan *p, const struct plan_task *inner, unsigned thread)
{
	for (unsigned i = inner->ops_first; i < inner->ops_first + (unsigned)inner->ops_count; i++)
		if (!plan_op_has(p->ops[i].kind, PLAN_NO_HANDLE) &&
		    !plan_op_has(p->ops[i].kind, PLAN_BY_ID) && p->ops[i].thread == thread)
			return inner->host != thread;
	return false;
}

int check_beside_inners(const struct plan *p, unsigned i, const struct handle *handles,
			struct plan_error *err)
{
	const struct plan_op *op = &p->ops[i];

	if (handles[op->thread].parks_itself &&
	    (op->kind == PLAN_PARK || op->kind == PLAN_BIND || op->kind == PLAN_PER_CPU))
		return check_fail(err, "%s %s: a thread that parks itself",
				  plan_op_name(op->kind), check_var(p, op));
	if (op->kind != PLAN_DESTROY && op->kind != PLAN_DESTROY_RAW)
		return 0;
	for (unsigned k = p->tasks_count; k < plan_all_tasks(p); k++) {
		const struct plan_task *inner = &p->tasks[k];
		const struct handle *host = &handles[inner->host];

		if (uses(p, inner, op->thread) &&
		    (p->threads[inner->host].task != p->threads[op->thread].task ||
		     (!host->stopped && !host->destroyed)))
			return check_fail(err,
					  "%s %s: waits for what is on %s, expected after that "
					  "thread's or worker's end",
					  plan_op_name(op->kind), check_var(p, op),
					  host_var(p, inner));
	}
	return 0;
}
