/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Generates legal plans at random. Each seed first switches off a random subset of what plans
 * can hold, so that the things that are left meet more often (Groce and others: "Swarm
 * Testing", ISSTA 2012). Small plans are the most likely, because most bugs need two creators
 * and few calls.
 *
 * The draws are a format: corpora, findings and measurements name plans by their seed. So a
 * change must not add, drop or reorder a draw of the seeds that are in use.
 */
#include <stdio.h>

#include "stress/plan/generate.h"

bool gen_one_in(struct generator *g, uint32_t n)
{
	return kt_rng_below(&g->rng, n) == 0;
}

bool gen_may(struct generator *g, enum swarm what, uint32_t one_in_n)
{
	return (g->swarm & what) && gen_one_in(g, one_in_n);
}

void gen_op(struct generator *g, enum plan_op_kind kind, unsigned thread)
{
	struct plan_op op = { .kind = kind, .thread = (uint8_t)thread };

	plan_insert_op(g->p, g->task, g->p->tasks[g->task].ops_count, &op);
}

void gen_cpu_op(struct generator *g, enum plan_op_kind kind, unsigned thread, int cpu)
{
	struct plan *p = g->p;

	gen_op(g, kind, thread);
	p->ops[p->ops_count - 1].cpu = (int8_t)cpu;
}

static void add_task(struct generator *g, unsigned ops_max)
{
	struct plan *p = g->p;
	struct plan_task *t = &p->tasks[p->tasks_count];
	unsigned lives = 1;
	char name[16];

	snprintf(name, sizeof name, "C%u", p->tasks_count + 1u);
	t->name = plan_intern_text(p, name);
	t->ops_first = p->ops_count;
	t->ops_count = 0;
	g->task = p->tasks_count++;
	if (g->swarm & SWARM_SECOND_CREATE)
		lives += kt_rng_below(&g->rng, 2);
	for (unsigned i = 0; i < lives && p->threads_count < PLAN_THREADS_MAX; i++) {
		if (t->ops_count + 5u > ops_max && i > 0)
			continue;
		if (g->hotplug && i == 0 && p->tasks_count <= 2 &&
		    (p->tasks_count == 1 || gen_one_in(g, 2)))
			gen_percpu_life(g);
		else if (!g->hotplug || gen_one_in(g, 4))
			gen_life(g); /* rarely: a plan with per-CPU threads is big enough */
	}
}

/* Two or three tasks are the most likely, then one; more are rare. */
static unsigned draw_tasks(struct generator *g, unsigned max)
{
	static const unsigned char weights[] = { 1, 2, 2, 2, 2, 2, 3, 3 };
	unsigned n = weights[kt_rng_below(&g->rng, sizeof weights)];

	if (gen_one_in(g, 16))
		n = 1 + kt_rng_below(&g->rng, max);
	return n < max ? n : max;
}

/* Add what the tasks do to each other's threads, to CPUs and to the registry. */
static void add_between(struct generator *g, unsigned tasks)
{
	const struct plan *p = g->p;

	if (tasks > 1 && p->threads_count && gen_may(g, SWARM_STRAY, 2))
		for (unsigned n = 1 + kt_rng_below(&g->rng, 6); n > 0; n--)
			gen_stray(g);
	if (g->hotplug)
		for (unsigned n = kt_rng_below(&g->rng, 3); n > 0; n--)
			gen_hotplug(g);
	if (gen_may(g, SWARM_FREEZE, 1))
		for (unsigned n = 1 + kt_rng_below(&g->rng, 3); n > 0; n--)
			gen_freeze(g);
	if (p->threads_count && gen_may(g, SWARM_REGISTRY, 2))
		for (unsigned n = 1 + kt_rng_below(&g->rng, 2); n > 0; n--)
			gen_reader(g);
}

void plan_generate(struct plan *p, uint64_t seed, const struct plan_generate_options *o)
{
	struct generator g = { .p = p };
	unsigned tasks_max = o->tasks_max ? o->tasks_max : 3;
	unsigned ops_max = o->ops_max ? o->ops_max : 8, tasks;

	plan_init(p);
	kt_rng_seed(&g.rng, seed);
	g.swarm = (unsigned)kt_rng_next(&g.rng) & SWARM_ALL;
	/* NOLINTNEXTLINE(misc-redundant-expression): two draws, each bit is set in a quarter */
	g.work_kinds = (unsigned)(kt_rng_next(&g.rng) & kt_rng_next(&g.rng)) |
		       1u << kt_rng_below(&g.rng, WORK_KINDS);
	tasks = draw_tasks(&g, tasks_max < PLAN_TASKS_MAX ? tasks_max : PLAN_TASKS_MAX);
	g.hotplug = gen_may(&g, SWARM_HOTPLUG, 3);
	g.hot_cpu = kt_rng_below(&g.rng, PLAN_CPUS);
	p->boot_concurrent = gen_may(&g, SWARM_BOOT, 4);
	while (p->tasks_count < tasks)
		add_task(&g, ops_max);
	add_between(&g, tasks);
	if (o->faults && tasks > 1 && gen_may(&g, SWARM_KILL_OP, 4))
		gen_kill_op(&g);
	if (o->faults && gen_one_in(&g, 4))
		for (unsigned n = 1 + kt_rng_below(&g.rng, 2); n > 0; n--)
			gen_fault(&g);
	/* Last, so that a plan without these has the draws of older corpora. */
	if (gen_may(&g, SWARM_INNER, 4))
		for (unsigned n = 1 + kt_rng_below(&g.rng, 2); n > 0; n--)
			gen_inner(&g);
	if (gen_may(&g, SWARM_SIGNAL, 4))
		for (unsigned n = 1 + kt_rng_below(&g.rng, 2); n > 0; n--)
			gen_signal(&g);
	if (gen_may(&g, SWARM_WORKER, 4))
		gen_worker_use(&g);
}
