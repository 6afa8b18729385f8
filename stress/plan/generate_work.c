/* SPDX-License-Identifier: GPL-2.0-only */
/* The life of a worker: works, their gate, and freezes between them. */
#include "stress/plan/generate.h"

/*
 * List each operation from kinds[n] on, as often as its weight says. Returns the list's new
 * length.
 */
static unsigned list_work_kinds(enum plan_op_kind *kinds, bool delayed, unsigned n)
{
	for (enum plan_op_kind k = 0; k < PLAN_OPS; k++)
		for (unsigned i = 0; i < plan_op_weight(k); i++)
			if (plan_op_has(k, PLAN_HAS_DELAY) == delayed)
				kinds[n++] = k;
	return n;
}

/* A plan has few works, and few kinds of operations on them, so that operations meet on a work. */
struct plan_op gen_work_op(struct generator *g)
{
	enum plan_op_kind kinds[WORK_KINDS];
	struct plan_op op = { .kind = PLAN_QUEUE };
	unsigned n = list_work_kinds(kinds, false, 0);
	uint32_t kind;

	if (g->swarm & SWARM_DELAY)
		n = list_work_kinds(kinds, true, n);
	kind = kt_rng_below(&g->rng, n);
	for (unsigned tries = 0; tries < 4 && !(g->work_kinds >> kind & 1); tries++)
		kind = kt_rng_below(&g->rng, n);
	op.kind = kinds[kind];
	if (plan_op_has(op.kind, PLAN_HAS_WORK))
		op.work = gen_may(g, SWARM_AGAIN, 8) ? PLAN_WORK_AGAIN : gen_one_in(g, 4);
	if (plan_op_has(op.kind, PLAN_HAS_DELAY))
		op.delay_us = kt_rng_below(&g->rng, 3) * 50;
	return op;
}

static void add_work_op(struct generator *g, unsigned t, struct plan_op op)
{
	op.thread = (uint8_t)t;
	plan_insert_op(g->p, g->task, g->p->tasks[g->task].ops_count, &op);
}

/* Queue a work and then the gate, wait for the work, and open the gate. */
static void add_gate(struct generator *g, unsigned t)
{
	uint8_t work = gen_one_in(g, 2), flush = gen_one_in(g, 4) ? !work : work;
	struct plan_op ops[] = {
		{ .kind = PLAN_QUEUE, .work = work },
		{ .kind = PLAN_QUEUE, .work = PLAN_WORK_GATE },
		{ .kind = PLAN_FLUSH, .work = flush },
		{ .kind = PLAN_OPEN },
	};
	bool delays[PLAN_WORKS] = { false };

	for (unsigned i = 0; i < g->p->ops_count; i++)
		if (g->p->ops[i].thread == t && plan_op_has(g->p->ops[i].kind, PLAN_HAS_DELAY))
			delays[g->p->ops[i].work] = true;
	for (unsigned i = 0; i < sizeof ops / sizeof ops[0]; i++) {
		if (ops[i].kind == PLAN_FLUSH && (delays[flush] || gen_one_in(g, 4)))
			continue;
		add_work_op(g, t, ops[i]);
	}
}

/* Wait for a work, unless a task cancels it. */
static void add_waiting(struct generator *g, unsigned t)
{
	struct plan_op op = { .kind = PLAN_QUEUE, .work = gen_one_in(g, 3) };

	if ((g->swarm & SWARM_DELAY) && gen_one_in(g, 2)) {
		op.kind = PLAN_MOD;
		op.delay_us = kt_rng_below(&g->rng, 3) * 50;
	}
	for (unsigned i = 0; i < g->p->ops_count; i++)
		if (g->p->ops[i].thread == t && g->p->ops[i].kind == PLAN_CANCEL &&
		    g->p->ops[i].work == op.work)
			return;
	add_work_op(g, t, op);
	add_work_op(g, t, (struct plan_op){ .kind = PLAN_RAN, .work = op.work });
}

/* Perhaps queue a work. Freeze, do operations that wait for no frozen worker, and thaw. */
static void add_frozen_works(struct generator *g, unsigned t)
{
	do {
		if (gen_one_in(g, 2))
			add_work_op(g, t, (struct plan_op){ .kind = PLAN_QUEUE });
		gen_op(g, PLAN_FREEZE, 0);
		if (gen_one_in(g, 2))
			add_work_op(g, t, (struct plan_op){ .kind = PLAN_CANCEL });
		if (gen_one_in(g, 4)) {
			struct plan_op op = gen_work_op(g);

			if (op.kind == PLAN_FLUSH || op.kind == PLAN_FLUSH_WORKER)
				op.kind = PLAN_QUEUE;
			add_work_op(g, t, op);
		}
		gen_op(g, PLAN_THAW, 0);
	} while (gen_one_in(g, 2));
}

void gen_worker_life(struct generator *g, unsigned t)
{
	gen_op(g, gen_one_in(g, 2) ? PLAN_RUN : PLAN_CREATE, t);
	for (unsigned n = 1 + kt_rng_below(&g->rng, 6); n > 0; n--)
		add_work_op(g, t, gen_work_op(g));
	if (g->p->threads[t].freezable)
		add_frozen_works(g, t);
	if (gen_may(g, SWARM_GATE, 2))
		add_waiting(g, t);
	if (gen_may(g, SWARM_GATE, 2))
		add_gate(g, t);
	if (!gen_may(g, SWARM_TEARDOWN_STOPS, 2))
		gen_op(g, PLAN_DESTROY, t);
}
