/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inserts operations that are not part of the life of the task's own threads: on another
 * task's thread, on all threads by a freeze, on the registry, on another task.
 */
#include "stress/plan/generate.h"

bool gen_insert(struct generator *g, unsigned task, unsigned at, const struct plan_op *ops,
		unsigned count)
{
	struct plan tried = *g->p;
	struct plan_error err;

	while (count-- > 0)
		plan_insert_op(&tried, task, at, &ops[count]);
	if (plan_check(&tried, &err) != 0)
		return false;
	*g->p = tried;
	return true;
}

void gen_stray(struct generator *g)
{
	struct plan *p = g->p;
	struct plan_op op = { .kind = gen_may(g, SWARM_CPU, 2) ? PLAN_AFFINE : PLAN_WAKE };
	unsigned task = 1 + kt_rng_below(&g->rng, p->tasks_count - 1u);
	uint8_t thread;

	if (op.kind == PLAN_AFFINE)
		op.cpu = (int8_t)kt_rng_below(&g->rng, PLAN_CPUS);
	thread = (uint8_t)kt_rng_below(&g->rng, p->threads_count);
	if (p->threads[thread].task >= task)
		return;
	if (p->threads[thread].body == PLAN_WORKER)
		op = gen_work_op(g);
	else if (p->threads[thread].body == PLAN_PERCPU)
		op = gen_percpu_op(g);
	op.thread = thread;
	gen_insert(g, task, kt_rng_below(&g->rng, p->tasks[task].ops_count + 1u), &op, 1);
}

/* Insert a freeze, mostly with a thaw. Without a thaw the task thaws at its end. */
void gen_freeze(struct generator *g)
{
	struct plan *p = g->p;
	unsigned task = kt_rng_below(&g->rng, p->tasks_count);
	unsigned ops = p->tasks[task].ops_count, at = kt_rng_below(&g->rng, ops + 1u);
	unsigned end = at + kt_rng_below(&g->rng, ops - at + 1u);
	struct plan tried = *p;
	struct plan_error err;

	if (!gen_one_in(g, 6))
		plan_insert_op(&tried, task, end, &(struct plan_op){ .kind = PLAN_THAW });
	plan_insert_op(&tried, task, at, &(struct plan_op){ .kind = PLAN_FREEZE });
	if (plan_check(&tried, &err) == 0)
		*p = tried;
}

void gen_reader(struct generator *g)
{
	struct plan *p = g->p;
	struct plan_op op = { .kind = gen_one_in(g, 2) ? PLAN_WALK : PLAN_FIND };
	unsigned task = kt_rng_below(&g->rng, p->tasks_count);
	unsigned at = kt_rng_below(&g->rng, p->tasks[task].ops_count + 1u);
	struct plan_op ops[3];
	unsigned n;

	if (op.kind == PLAN_FIND)
		op.thread = (uint8_t)kt_rng_below(&g->rng, p->threads_count);
	n = 1 + kt_rng_below(&g->rng, 3);
	for (unsigned i = 0; i < n; i++)
		ops[i] = op;
	gen_insert(g, task, at, ops, n); /* inserts nothing if op finds per-CPU threads */
}

void gen_kill_op(struct generator *g)
{
	struct plan *p = g->p;
	unsigned task = kt_rng_below(&g->rng, p->tasks_count);
	struct plan_op op = {
		.kind = PLAN_KILL,
		.victim = (uint8_t)((task + 1 + kt_rng_below(&g->rng, p->tasks_count - 1u)) %
				    p->tasks_count),
	};

	plan_insert_op(p, task, kt_rng_below(&g->rng, p->tasks[task].ops_count + 1u), &op);
}

/* The life of a thread that takes signals, at the end of a task. */
static void add_killable(struct generator *g)
{
	struct plan was = *g->p;
	struct plan_error err;

	if (was.threads_count == PLAN_THREADS_MAX)
		return;
	g->task = kt_rng_below(&g->rng, was.tasks_count);
	gen_killable(g);
	if (plan_check(g->p, &err) != 0)
		*g->p = was;
}

void gen_signal(struct generator *g)
{
	struct plan *p = g->p;
	struct plan_op op = { .kind = PLAN_SIGNAL };
	unsigned task;

	if (gen_one_in(g, 2))
		add_killable(g);
	if (p->threads_count == 0)
		return;
	op.thread = (uint8_t)kt_rng_below(&g->rng, p->threads_count);
	task = p->threads[op.thread].task;
	if (gen_one_in(g, 2))
		task = kt_rng_below(&g->rng, plan_all_tasks(p));
	gen_insert(g, task, kt_rng_below(&g->rng, p->tasks[task].ops_count + 1u), &op, 1);
}

/* One of the plan's workers; the number of threads if it has none. */
static unsigned draw_worker(struct generator *g)
{
	unsigned workers[PLAN_THREADS_MAX], n = 0;

	for (unsigned i = 0; i < g->p->threads_count; i++)
		if (g->p->threads[i].body == PLAN_WORKER)
			workers[n++] = i;
	return n ? workers[kt_rng_below(&g->rng, n)] : g->p->threads_count;
}

/* Where the task creates the thread, from its first operation; -1 if it runs it at once. */
static int created_at(const struct plan *p, unsigned task, unsigned thread)
{
	for (unsigned i = 0; i < p->tasks[task].ops_count; i++) {
		const struct plan_op *op = &p->ops[p->tasks[task].ops_first + i];

		if (op->kind == PLAN_CREATE && op->thread == thread)
			return (int)i;
	}
	return -1;
}

/* A task delays a work that another one delays and cancels. */
static void add_contended_work(struct generator *g, unsigned worker, unsigned task)
{
	unsigned later = g->p->tasks_count - task - 1u, other;
	struct plan_op ops[] = {
		{ .kind = PLAN_DELAY, .thread = (uint8_t)worker, .work = gen_one_in(g, 2),
		  .delay_us = 50 + kt_rng_below(&g->rng, 2) * 50 },
		{ .kind = PLAN_CANCEL, .thread = (uint8_t)worker },
	};

	if (later == 0)	/* only later tasks may use the worker */
		return;
	other = task + 1 + kt_rng_below(&g->rng, later);
	ops[1].work = ops[0].work;
	gen_insert(g, task, kt_rng_below(&g->rng, g->p->tasks[task].ops_count + 1u), ops, 2);
	for (unsigned n = 2; n > 0; n--)
		gen_insert(g, other, kt_rng_below(&g->rng, g->p->tasks[other].ops_count + 1u),
			   ops, 1);
}

void gen_worker_use(struct generator *g)
{
	unsigned worker = draw_worker(g), task;
	struct plan_op wake = { .kind = PLAN_WAKE, .thread = (uint8_t)worker };
	int at;

	if (worker == g->p->threads_count || g->p->threads[worker].task >= g->p->tasks_count)
		return;
	task = g->p->threads[worker].task;
	at = created_at(g->p, task, worker);
	if (at >= 0 && gen_one_in(g, 2))
		gen_insert(g, task, (unsigned)at + 1, &wake, 1);
	if (g->swarm & SWARM_DELAY)
		add_contended_work(g, worker, task);
}
