/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small changes of plans, for the generator, the mutator, the shrinker and `verify`. A
 * result may break plan_check(), so the callers ask plan_check().
 */
#include <string.h>

#include "stress/plan/internal.h"

void plan_remove_op(struct plan *p, unsigned i)
{
	for (unsigned t = 0; t < plan_all_tasks(p); t++) {
		struct plan_task *task = &p->tasks[t];

		if (i >= task->ops_first && i < task->ops_first + task->ops_count)
			task->ops_count--;
		else if (task->ops_first > i)
			task->ops_first--;
	}
	memmove(&p->ops[i], &p->ops[i + 1], (p->ops_count - i - 1u) * sizeof p->ops[0]);
	p->ops_count--;
}

bool plan_insert_op(struct plan *p, unsigned task, unsigned at, const struct plan_op *op)
{
	unsigned i = p->tasks[task].ops_first + at;

	if (p->ops_count == PLAN_OPS_MAX)
		return false;
	memmove(&p->ops[i + 1], &p->ops[i], (p->ops_count - i) * sizeof p->ops[0]);
	p->ops[i] = *op;
	p->ops_count++;
	p->tasks[task].ops_count++;
	/*
	 * Move only the later tasks, because an earlier task that is empty may begin here, too.
	 */
	for (unsigned t = task + 1; t < plan_all_tasks(p); t++)
		p->tasks[t].ops_first++;
	return true;
}

/* Remove the inner task of thread i. Its own threads were made later, so i stays. */
static void remove_inner(struct plan *p, unsigned i)
{
	int inner = plan_inner_of(p, i);

	if (inner >= 0)
		plan_remove_task(p, (unsigned)inner);
}

void plan_remove_thread(struct plan *p, unsigned i)
{
	remove_inner(p, i);
	for (unsigned k = p->ops_count; k-- > 0; )
		if (!plan_op_has(p->ops[k].kind, PLAN_NO_HANDLE) && p->ops[k].thread == i)
			plan_remove_op(p, k);
	memmove(&p->threads[i], &p->threads[i + 1],
		(p->threads_count - i - 1u) * sizeof p->threads[0]);
	p->threads_count--;
	for (unsigned k = 0; k < p->ops_count; k++)
		if (!plan_op_has(p->ops[k].kind, PLAN_NO_HANDLE) && p->ops[k].thread > i)
			p->ops[k].thread--;
	for (unsigned k = p->tasks_count; k < plan_all_tasks(p); k++)
		if (p->tasks[k].host > i)
			p->tasks[k].host--;
}

void plan_remove_task(struct plan *p, unsigned i)
{
	for (unsigned k = p->threads_count; k-- > 0; )
		if (p->threads[k].task == i)
			plan_remove_thread(p, k);
	while (p->tasks[i].ops_count)
		plan_remove_op(p, p->tasks[i].ops_first);
	for (unsigned k = p->ops_count; k-- > 0; )
		if (p->ops[k].kind == PLAN_KILL && p->ops[k].victim == i)
			plan_remove_op(p, k);
	memmove(&p->tasks[i], &p->tasks[i + 1],
		(plan_all_tasks(p) - i - 1u) * sizeof p->tasks[0]);
	if (i < p->tasks_count)
		p->tasks_count--;
	else
		p->inners_count--;
	for (unsigned k = 0; k < p->threads_count; k++)
		if (p->threads[k].task > i)
			p->threads[k].task--;
	for (unsigned k = 0; k < p->ops_count; k++)
		if (p->ops[k].kind == PLAN_KILL && p->ops[k].victim > i)
			p->ops[k].victim--;
}

void plan_remove_directive(struct plan *p, unsigned i)
{
	memmove(&p->directives[i], &p->directives[i + 1],
		(p->directives_count - i - 1u) * sizeof p->directives[0]);
	p->directives_count--;
}

void plan_drop_dangling(struct plan *p)
{
	for (unsigned i = p->directives_count; i-- > 0; ) {
		const struct plan_directive *d = &p->directives[i];

		if ((d->task && !plan_knows_name(p, plan_string(p, d->task))) ||
		    (d->target && !plan_knows_name(p, plan_string(p, d->target))))
			plan_remove_directive(p, i);
	}
}

void plan_drop_identity(struct plan *p)
{
	p->signature = p->cause = p->identity = 0;
	p->origin = (struct plan_origin){ 0 };
}

void plan_drop_schedule(struct plan *p)
{
	uint16_t kept = 0;

	for (unsigned i = 0; i < p->directives_count; i++)
		if (p->directives[i].kind != PLAN_D_SWITCH &&
		    p->directives[i].kind != PLAN_D_VISIBLE &&
		    p->directives[i].kind != PLAN_D_STALE)
			p->directives[kept++] = p->directives[i];
	p->directives_count = kept;
	p->has_trace = false;
}

static void keep(struct plan *p, const struct plan *old, plan_str *s)
{
	*s = plan_intern_text(p, plan_string(old, *s));
}

void plan_compact(struct plan *p)
{
	static struct plan old;

	old = *p;
	memset(p->strings, 0, sizeof p->strings);
	p->strings_used = 1;
	for (unsigned i = 0; i < p->tasks_count; i++)
		keep(p, &old, &p->tasks[i].name);
	for (unsigned i = 0; i < p->threads_count; i++) {
		keep(p, &old, &p->threads[i].var);
		keep(p, &old, &p->threads[i].format);
		keep(p, &old, &p->threads[i].name);
	}
	for (unsigned i = 0; i < p->directives_count; i++) {
		keep(p, &old, &p->directives[i].task);
		keep(p, &old, &p->directives[i].point);
		keep(p, &old, &p->directives[i].target);
		keep(p, &old, &p->directives[i].store);
	}
	for (unsigned i = 0; i < p->args_count; i++)
		keep(p, &old, &p->args[i]);
	keep(p, &old, &p->signature);
	keep(p, &old, &p->cause);
	keep(p, &old, &p->identity);
	keep(p, &old, &p->origin.by);
	keep(p, &old, &p->origin.build);
	keep(p, &old, &p->binary);
}
