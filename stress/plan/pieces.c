/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A plan as a row of pieces that can be taken away: directives, operations, tasks with inner tasks,
 * and extras.
 * An extra is not removed but gets its default. The plan has five extras (boot line, strategy,
 * memory model, what calls of a program may do besides: two), each thread has four (node, CPU,
 * being freezable, result) and each operation has one (its expected result).
 */
#include <string.h>

#include "stress/plan/internal.h"

enum { EXTRA_BOOT, EXTRA_STRATEGY, EXTRA_MEMORY, EXTRA_TIMEOUTS, EXTRA_TRYLOCKS, EXTRAS };
enum { EXTRA_NODE, EXTRA_CPU, EXTRA_FREEZABLE, EXTRA_RESULT, EXTRAS_PER_THREAD };

unsigned plan_pieces(const struct plan *p)
{
	return p->directives_count + p->ops_count + plan_all_tasks(p) + EXTRAS +
	       p->threads_count * EXTRAS_PER_THREAD + p->ops_count;
}

/*
 * The plain_ functions give an extra its default. False if it has that already, because then
 * there is nothing to try.
 */

static bool plain_plan(struct plan *p, unsigned extra)
{
	bool was;

	switch (extra) {
	case EXTRA_BOOT:
		was = p->boot_concurrent;
		p->boot_concurrent = false;
		return was;
	case EXTRA_STRATEGY:
		was = p->strategy != PLAN_BLOCK;
		p->strategy = PLAN_BLOCK;
		p->depth = p->steps_estimate = p->variant = 0;
		p->seed = 0;
		return was;
	case EXTRA_TIMEOUTS:
		was = p->early_timeouts;
		p->early_timeouts = false;
		return was;
	case EXTRA_TRYLOCKS:
		was = p->failing_trylocks;
		p->failing_trylocks = false;
		return was;
	default:
		was = p->memory != PLAN_SC;
		p->memory = p->memory == PLAN_PSO ? PLAN_TSO : PLAN_SC;
		return was;
	}
}

/* Thread i returns 0, and the stops that expect its result expect 0. */
static bool plain_result(struct plan *p, unsigned i)
{
	int32_t was = p->threads[i].result;

	p->threads[i].result = 0;
	for (unsigned k = 0; k < p->ops_count; k++) {
		struct plan_op *op = &p->ops[k];

		if ((op->kind == PLAN_STOP || op->kind == PLAN_STOP_PUT) && op->thread == i &&
		    op->expect == was)
			op->expect = 0;
	}
	return was != 0;
}

static bool plain_thread(struct plan *p, unsigned i, unsigned extra)
{
	struct plan_thread *t = &p->threads[i];
	bool was;

	switch (extra) {
	case EXTRA_NODE:
		was = t->node >= 0;
		t->node = -1;
		return was;
	case EXTRA_CPU:
		was = t->cpu >= 0;
		t->cpu = -1;
		return was;
	case EXTRA_FREEZABLE:
		was = t->freezable;
		t->freezable = false;
		return was;
	default: return plain_result(p, i);
	}
}

static bool plain_op(struct plan_op *op)
{
	bool was = op->has_expect;

	op->has_expect = op->expect_ok = false;
	op->expect = 0;
	return was;
}

static bool make_plain(struct plan *p, unsigned extra)
{
	unsigned of_threads = p->threads_count * (unsigned)EXTRAS_PER_THREAD;

	if (extra < EXTRAS)
		return plain_plan(p, extra);
	extra -= EXTRAS;
	if (extra < of_threads)
		return plain_thread(p, extra / EXTRAS_PER_THREAD, extra % EXTRAS_PER_THREAD);
	return plain_op(&p->ops[extra - of_threads]);
}

/* The thaw that ends the freeze at operation i; or i, if the freeze lasts until the task's end. */
static unsigned thaw_of(const struct plan *p, unsigned i)
{
	unsigned depth = 0, end = 0;

	for (unsigned t = 0; t < plan_all_tasks(p); t++)
		if (i >= p->tasks[t].ops_first)
			end = p->tasks[t].ops_first + p->tasks[t].ops_count;
	for (unsigned k = i; k < end; k++) {
		depth += p->ops[k].kind == PLAN_FREEZE;
		depth -= p->ops[k].kind == PLAN_THAW;
		if (depth == 0)
			return k;
	}
	return i;
}

/* The things to take away, by their indices in the plan as it was. */
struct marks {
	bool directive[PLAN_DIRECTIVES_MAX], op[PLAN_OPS_MAX], task[PLAN_TASKS_MAX];
	bool thread[PLAN_THREADS_MAX];
};

static bool mark(struct plan *out, struct marks *m, unsigned piece)
{
	if (piece < out->directives_count)
		return m->directive[piece] = true;
	piece -= out->directives_count;
	if (piece < out->ops_count) {
		/* A create takes along its thread and every operation on that. */
		if (plan_op_has(out->ops[piece].kind, PLAN_MAKES))
			m->thread[out->ops[piece].thread] = true;
		else
			m->op[piece] = true;
		if (out->ops[piece].kind == PLAN_FREEZE)
			m->op[thaw_of(out, piece)] = true;
		return true;
	}
	piece -= out->ops_count;
	if (piece < plan_all_tasks(out))
		return m->task[piece] = true;
	return make_plain(out, piece - plan_all_tasks(out));
}

static void remove_thread_called(struct plan *p, plan_str var)
{
	for (unsigned i = 0; i < p->threads_count; i++)
		if (p->threads[i].var == var)
			plan_remove_thread(p, i);
}

static void remove_inner_of(struct plan *p, plan_str var)
{
	for (unsigned i = p->tasks_count; i < plan_all_tasks(p); i++)
		if (p->threads[p->tasks[i].host].var == var)
			plan_remove_task(p, i);
}

/* A thread takes its inner task along, and that its own threads: so they are found by name. */
static void cut_threads_and_inners(struct plan *out, const struct marks *m)
{
	plan_str thread[PLAN_THREADS_MAX], host[PLAN_TASKS_MAX];
	unsigned threads = 0, hosts = 0;

	for (unsigned i = 0; i < out->threads_count; i++)
		if (m->thread[i])
			thread[threads++] = out->threads[i].var;
	for (unsigned i = out->tasks_count; i < plan_all_tasks(out); i++)
		if (m->task[i])
			host[hosts++] = out->threads[out->tasks[i].host].var;
	for (unsigned i = threads; i-- > 0; )
		remove_thread_called(out, thread[i]);
	for (unsigned i = 0; i < hosts; i++)
		remove_inner_of(out, host[i]);
}

static void cut(struct plan *out, const struct marks *m)
{
	unsigned tasks = out->tasks_count;

	for (unsigned i = out->directives_count; i-- > 0; )
		if (m->directive[i])
			plan_remove_directive(out, i);
	for (unsigned i = out->ops_count; i-- > 0; )
		if (m->op[i])
			plan_remove_op(out, i);
	cut_threads_and_inners(out, m);
	for (unsigned i = tasks; i-- > 0; )
		if (m->task[i])
			plan_remove_task(out, i);
	plan_drop_dangling(out);
	plan_compact(out);
}

bool plan_without(struct plan *out, const struct plan *p, unsigned first, unsigned count)
{
	struct plan_error err;
	struct marks m;
	bool any = false;

	memset(&m, 0, sizeof m);
	*out = *p;
	for (unsigned i = first; i < first + count && i < plan_pieces(p); i++)
		any |= mark(out, &m, i);
	if (!any)
		return false;
	cut(out, &m);
	return plan_check(out, &err) == 0;
}
