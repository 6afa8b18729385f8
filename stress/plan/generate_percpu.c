/* SPDX-License-Identifier: GPL-2.0-only */
/* The life of per-CPU threads, and CPUs that go off and on line. */
#include <stdio.h>

#include "stress/plan/generate.h"

/* Mostly the plan's hot CPU, so that operations meet on it. */
static int8_t draw_cpu(struct generator *g)
{
	return (int8_t)(gen_one_in(g, 4) ? kt_rng_below(&g->rng, PLAN_CPUS) : g->hot_cpu);
}

struct plan_op gen_percpu_op(struct generator *g)
{
	struct plan_op op = { .kind = gen_one_in(g, 3) ? PLAN_SETTLE : PLAN_POKE };

	op.cpu = draw_cpu(g);
	return op;
}

static struct plan_op draw_hotplug_op(struct generator *g)
{
	struct plan_op op = { .kind = gen_one_in(g, 2) ? PLAN_CPU_DOWN : PLAN_CPU_UP };

	op.cpu = draw_cpu(g);
	return op;
}

/* Make new work as soon as the last work is done, because the thread is about to sleep then. */
static void add_pokes(struct generator *g, unsigned t)
{
	int8_t cpu = draw_cpu(g);

	for (unsigned n = 1 + kt_rng_below(&g->rng, 3); n > 0; n--) {
		gen_cpu_op(g, PLAN_POKE, t, cpu);
		gen_cpu_op(g, PLAN_SETTLE, t, cpu);
	}
}

static unsigned add_percpu_threads(struct generator *g)
{
	struct plan *p = g->p;
	unsigned n = p->threads_count++;
	char var[8], format[16], name[PLAN_NAME_MAX];

	snprintf(var, sizeof var, "%c%.0u", 'a' + (int)(n % 26), n / 26);
	snprintf(format, sizeof format, "%s/%%u", var);
	snprintf(name, sizeof name, "%s/0", var);
	p->threads[n] = (struct plan_thread){
		.var = plan_intern_text(p, var),
		.format = plan_intern_text(p, format),
		.name = plan_intern_text(p, name),
		.has_number = true,
		.body = PLAN_PERCPU,
		.node = -1,
		.cpu = -1,
		.task = (uint8_t)(p->tasks_count - 1),
	};
	return n;
}

void gen_percpu_life(struct generator *g)
{
	unsigned n = add_percpu_threads(g);

	if (gen_one_in(g, 2)) {
		gen_cpu_op(g, PLAN_CPU_DOWN, 0, (int)g->hot_cpu);
		gen_op(g, PLAN_REGISTER, n);
		if (!gen_one_in(g, 3))
			gen_cpu_op(g, PLAN_CPU_UP, 0, (int)g->hot_cpu);
	} else {
		gen_op(g, PLAN_REGISTER, n);
	}
	for (unsigned k = kt_rng_below(&g->rng, 5); k > 0; k--) {
		struct plan_op op = gen_one_in(g, 2) ? draw_hotplug_op(g) : gen_percpu_op(g);

		gen_cpu_op(g, op.kind, plan_op_has(op.kind, PLAN_NO_HANDLE) ? 0 : n, op.cpu);
	}
	if (gen_one_in(g, 2))
		add_pokes(g, n);
	if (!gen_may(g, SWARM_TEARDOWN_STOPS, 2))
		gen_op(g, PLAN_UNREGISTER, n);
}

static void insert_hotplug(struct generator *g, unsigned task, const struct plan_op *ops,
			   unsigned count)
{
	unsigned at = kt_rng_below(&g->rng, g->p->tasks[task].ops_count + 1u);

	gen_insert(g, task, at, ops, count);
}

/* Take one CPU down, or up, or down and up, or take all CPUs down. */
void gen_hotplug(struct generator *g)
{
	struct plan_op ops[PLAN_CPUS] = { 0 };
	unsigned task;

	ops[0] = draw_hotplug_op(g);
	ops[1] = draw_hotplug_op(g);
	task = kt_rng_below(&g->rng, g->p->tasks_count);
	switch (kt_rng_below(&g->rng, 4)) {
	case 0: insert_hotplug(g, task, ops, 1); break;
	case 1:
		for (unsigned i = 0; i < PLAN_CPUS; i++) {
			ops[i].kind = PLAN_CPU_DOWN;
			ops[i].cpu = (int8_t)((g->hot_cpu + i) % PLAN_CPUS);
		}
		insert_hotplug(g, task, ops, PLAN_CPUS);
		insert_hotplug(g, (task + 1) % g->p->tasks_count, ops + PLAN_CPUS - 2, 2);
		break;
	default:
		ops[0].kind = PLAN_CPU_DOWN;
		ops[1] = (struct plan_op){ .kind = PLAN_CPU_UP, .cpu = ops[0].cpu };
		insert_hotplug(g, task, ops, 2);
		break;
	}
}
