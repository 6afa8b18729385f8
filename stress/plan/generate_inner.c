/* SPDX-License-Identifier: GPL-2.0-only */
/* Inner tasks: what the function of a thread, or a work, calls. */
#include "stress/plan/generate.h"

static bool is_legal(const struct plan *p)
{
	struct plan_error err;

	return plan_check(p, &err) == 0;
}

/* Append the operation to the inner task, if that is legal. */
static void append(struct generator *g, const struct plan_op *op)
{
	gen_insert(g, g->task, g->p->tasks[g->task].ops_count, op, 1);
}

/* What the host does to itself, or its work to the worker. */
static void add_own(struct generator *g, unsigned host)
{
	static const enum plan_op_kind kinds[] = { PLAN_WAKE, PLAN_AFFINE, PLAN_FIND };
	struct plan_op op = { .kind = kinds[kt_rng_below(&g->rng, 3)] };

	if (g->p->threads[host].body == PLAN_WORKER && gen_one_in(g, 4))
		op = (struct plan_op){ .kind = PLAN_CANCEL, .work = gen_one_in(g, 2) };
	else if (g->p->threads[host].body == PLAN_WORKER)
		op = gen_work_op(g);
	else if (op.kind == PLAN_AFFINE)
		op.cpu = (int8_t)kt_rng_below(&g->rng, PLAN_CPUS);
	op.thread = (uint8_t)host;
	append(g, &op);
}

/* What it does to what a task has made. */
static void add_of_task(struct generator *g)
{
	struct plan_op op = { .kind = gen_may(g, SWARM_CPU, 4) ? PLAN_AFFINE : PLAN_WAKE };
	uint8_t thread = (uint8_t)kt_rng_below(&g->rng, g->p->threads_count);

	if (g->p->threads[thread].body == PLAN_WORKER)
		op = gen_work_op(g);
	op.thread = thread;
	append(g, &op);
}

/* The life of a thread or worker of its own. */
static void add_life(struct generator *g)
{
	struct plan was = *g->p;

	if (was.threads_count == PLAN_THREADS_MAX)
		return;
	gen_life(g);
	if (!is_legal(g->p))
		*g->p = was;
}

static void add_ops(struct generator *g, unsigned host)
{
	for (unsigned n = 1 + kt_rng_below(&g->rng, 3); n > 0; n--)
		switch (kt_rng_below(&g->rng, 4)) {
		case 0: add_of_task(g); break;
		case 1: add_life(g); break;
		default: add_own(g, host); break;
		}
}

/* One of the works that tasks use, most likely one that they queue. */
static uint8_t draw_work(struct generator *g, unsigned host)
{
	const struct plan *p = g->p;
	const struct plan_op *of_host[PLAN_OPS_MAX];
	uint32_t n = 0;

	for (unsigned i = 0; i < p->ops_count; i++)
		if (plan_op_has(p->ops[i].kind, PLAN_HAS_WORK) && p->ops[i].thread == host)
			of_host[n++] = &p->ops[i];
	return n ? of_host[kt_rng_below(&g->rng, n)]->work : 0;
}

/* Begin the inner task of the host. False if the host can't have one. */
static bool begin(struct generator *g, unsigned host)
{
	struct plan *p = g->p;

	if (plan_all_tasks(p) == PLAN_TASKS_MAX || plan_inner_of(p, host) >= 0)
		return false;
	g->task = plan_all_tasks(p);
	p->tasks[g->task] = (struct plan_task){
		.ops_first = p->ops_count, .host = (uint8_t)host,
		.work = p->threads[host].body == PLAN_WORKER ? draw_work(g, host) : 0,
	};
	p->inners_count++;
	return is_legal(p);
}

/* The thread parks itself once or twice, at any place of its inner task. */
static void add_self_parks(struct generator *g, unsigned host)
{
	struct plan_op op = { .kind = PLAN_PARK, .thread = (uint8_t)host };

	for (unsigned n = gen_one_in(g, 4) ? 2 : 1; n > 0; n--) {
		unsigned ops = g->p->tasks[g->task].ops_count;

		gen_insert(g, g->task, kt_rng_below(&g->rng, ops + 1u), &op, 1);
	}
}

void gen_inner(struct generator *g)
{
	struct plan was = *g->p;
	bool parks_itself = gen_one_in(g, 3) && was.threads_count < PLAN_THREADS_MAX;
	unsigned host;

	g->task = kt_rng_below(&g->rng, was.tasks_count);
	if (parks_itself)
		host = gen_self_parker(g);
	else if (was.threads_count)
		host = kt_rng_below(&g->rng, was.threads_count);
	else
		return;
	if (!begin(g, host)) {
		*g->p = was;
		return;
	}
	if (!parks_itself || gen_one_in(g, 2))
		add_ops(g, host);
	if (parks_itself)
		add_self_parks(g, host);
	if (g->p->tasks[g->task].ops_count == 0)
		*g->p = was;
}
