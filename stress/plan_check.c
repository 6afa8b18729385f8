/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a plan must keep beyond its grammar. Static: after a create that fails
 * the interpreter skips what follows on that handle, so program order decides.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stress/plan_internal.h"

__attribute__((format(printf, 2, 3)))
static int fail(struct plan_error *err, const char *fmt, ...)
{
	va_list ap;

	err->line = err->column = 0;
	err->op = err->directive = -1;
	va_start(ap, fmt);
	vsnprintf(err->message, sizeof err->message, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int check_directive(const struct plan *p, const struct plan_directive *d,
			   struct plan_error *err)
{
	const char *task = plan_string(p, d->task), *target = plan_string(p, d->target);

	if (d->task && !plan_knows_name(p, task))
		return fail(err, "a directive names '%s', which is no task or thread of the plan",
			    task);
	if (d->target && !plan_knows_name(p, target))
		return fail(err, "a directive names '%s', which is no task or thread of the plan",
			    target);
	if ((d->kind == PLAN_D_KILL || d->kind == PLAN_D_OOM) && plan_find_task(p, target) < 0)
		return fail(err, "'%s' can't be killed, expected a task of the plan", target);
	return 0;
}

/* What program order says of one handle. */
struct handle {
	bool made, stopped, woken_unheld;
	int refs;
};

static const char *var(const struct plan *p, const struct plan_op *op)
{
	return plan_string(p, p->threads[op->thread].var);
}

/* May the handle's thread be gone by now? */
static bool may_be_gone(const struct handle *h)
{
	return h->refs == 0 && (h->stopped || h->woken_unheld);
}

static int check_use(const struct plan *p, const struct plan_op *op, const struct handle *h,
		     struct plan_error *err)
{
	if (!h->made)
		return fail(err, "%s %s comes before its create", plan_op_name(op->kind),
			    var(p, op));
	if (may_be_gone(h))
		return fail(err, "%s %s: the thread may be gone; take a reference ('get %s') "
			    "before it can exit", plan_op_name(op->kind), var(p, op), var(p, op));
	if (op->kind == PLAN_STOP && h->stopped)
		return fail(err, "stop %s: a thread is stopped at most once", var(p, op));
	if (op->kind == PLAN_PUT && h->refs == 0)
		return fail(err, "put %s: no reference is held", var(p, op));
	return 0;
}

static void apply(const struct plan *p, const struct plan_op *op, struct handle *h)
{
	bool self_exit = p->threads[op->thread].body == PLAN_RETURN;

	switch (op->kind) {
	case PLAN_CREATE:
		h->made = true;
		break;
	case PLAN_RUN:
		h->made = true;
		h->woken_unheld = self_exit;
		break;
	case PLAN_WAKE:
		h->woken_unheld |= self_exit;
		break;
	case PLAN_STOP:
		h->stopped = true;
		break;
	case PLAN_GET:
		h->refs++;
		break;
	case PLAN_PUT:
		h->refs--;
		break;
	case PLAN_KILL:
		break;
	}
}

static int check_rules(const struct plan *p, struct plan_error *err)
{
	struct handle handles[PLAN_THREADS_MAX] = { 0 };

	for (unsigned i = 0; i < p->ops_count; i++) {
		const struct plan_op *op = &p->ops[i];
		struct handle *h = &handles[op->thread];

		if (op->kind == PLAN_KILL)
			continue;
		if (!plan_op_makes_thread(op->kind)) {
			int e = check_use(p, op, h, err);

			if (e) {
				err->op = (int)i;
				return e;
			}
		}
		apply(p, op, h);
	}
	return 0;
}

int plan_check(const struct plan *p, struct plan_error *err)
{
	if (p->tasks_count == 0)
		return fail(err, "the plan has no task, expected at least one");
	for (unsigned i = 0; i < p->directives_count; i++) {
		int e = check_directive(p, &p->directives[i], err);

		if (e) {
			err->directive = (int)i;
			return e;
		}
	}
	/* A plan that expects a failure may break the caller rules on purpose. */
	if (p->has_expect && p->expect != KT_PASS)
		return 0;
	return check_rules(p, err);
}
