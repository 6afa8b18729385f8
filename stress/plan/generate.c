/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Legal plans at random. Swarm: each seed first switches off a random subset
 * of what plans can hold, so that what is left meets itself more often (Groce
 * and others: "Swarm Testing", ISSTA 2012). Small plans are the most likely:
 * most bugs need two creators and few calls.
 */
#include <stdio.h>
#include <string.h>

#include "platform/rng.h"
#include "stress/plan/internal.h"
#include "stress/plan/points.h"

enum swarm {
	SWARM_RUN = 1 << 0,
	SWARM_RETURN = 1 << 1,		/* functions that return by themselves */
	SWARM_HARD = 1 << 2,
	SWARM_NODE = 1 << 3,
	SWARM_LONG_NAME = 1 << 4,
	SWARM_SECOND_CREATE = 1 << 5,
	SWARM_NO_WAKE = 1 << 6,		/* stop before wake */
	SWARM_TEARDOWN_STOPS = 1 << 7,
	SWARM_KILL_OP = 1 << 8,
	SWARM_BOOT = 1 << 9,
	SWARM_EXTRA_REF = 1 << 10,
	SWARM_PARK = 1 << 11,
	SWARM_CPU = 1 << 12,		/* bound threads */
	SWARM_PER_CPU = 1 << 13,
	SWARM_EXIT = 1 << 14,		/* kthread_exit() and its relative */
	SWARM_STRAY = 1 << 15,		/* wake-ups from other tasks */
	SWARM_AGAIN = 1 << 16,		/* stop twice, park twice, unpark for nothing;
					 * works that queue themselves again */
	SWARM_WORKER = 1 << 17,
	SWARM_DELAY = 1 << 18,		/* delayed works */
	SWARM_GATE = 1 << 19,		/* works that wait */
	SWARM_FREEZE = 1 << 20,
	SWARM_REGISTRY = 1 << 21,	/* walks and finds */
	SWARM_HOTPLUG = 1 << 22,	/* CPUs that go and come, per-CPU threads */
	SWARM_BORROW = 1 << 23,
	SWARM_ALL = (1 << 24) - 1,
};

static const struct named_point points[] = {
#define X(side, name) { side, name },
	NAMED_POINTS(X)
#undef X
};

#define OPERATION(id, word, traits, weight, help) + (weight)
enum {	/* how many a worker's operations are, each counted by its weight */
	WORK_KINDS = 0
#include "stress/plan/words.def"
};
#undef OPERATION

struct generator {
	struct plan *p;
	struct kt_rng rng;
	unsigned swarm;
	unsigned work_kinds;	/* bit per kind: what works are made to do */
	bool hotplug;		/* this plan has per-CPU threads */
	unsigned hot_cpu;	/* and most of what it does is with this CPU */
};

static bool one_in(struct generator *g, uint32_t n)
{
	return kt_rng_below(&g->rng, n) == 0;
}

static bool may(struct generator *g, enum swarm what, uint32_t one_in_n)
{
	return (g->swarm & what) && one_in(g, one_in_n);
}

static plan_str intern(struct plan *p, const char *s)
{
	return plan_intern(p, s, strlen(s));
}

static void add_op(struct generator *g, enum plan_op_kind kind, unsigned thread)
{
	struct plan_op op = { .kind = kind, .thread = (uint8_t)thread };
	unsigned task = g->p->tasks_count - 1u;

	plan_insert_op(g->p, task, g->p->tasks[task].ops_count, &op);
}

enum { TURNS = 7 };	/* of bodies; the last is DRAW_REST's */

/* When and how often a body is drawn: words.def has the rules. */
static const struct {
	unsigned turn;
	enum swarm swarm;
	uint32_t one_in;
} draws[] = {
#define DRAW(turn, swarm, n) { turn, SWARM_##swarm, n }
#define DRAW_REST            { TURNS, SWARM_ALL, 1 }
#define BODY(id, word, traits, draw, help) [PLAN_##id] = draw,
#include "stress/plan/words.def"
#undef BODY
#undef DRAW_REST
#undef DRAW
};

/* One of the bodies of that turn. */
static enum plan_body draw_of_turn(struct generator *g, unsigned turn, bool hard)
{
	enum plan_body of_turn[PLAN_BODIES];
	bool hards = false;
	uint32_t n = 0;

	for (enum plan_body b = 0; b < PLAN_BODIES; b++)
		if (draws[b].turn == turn)
			hards |= plan_body_has(b, PLAN_HARD);
	for (enum plan_body b = 0; b < PLAN_BODIES; b++)
		if (draws[b].turn == turn && (!hards || plan_body_has(b, PLAN_HARD) == hard))
			of_turn[n++] = b;
	return of_turn[n > 1 ? kt_rng_below(&g->rng, n) : 0];
}

static enum plan_body draw_body(struct generator *g)
{
	bool hard = may(g, SWARM_HARD, 2);

	for (unsigned turn = 1; turn < TURNS; turn++) {
		enum plan_body b = 0;

		while (b < PLAN_BODIES && draws[b].turn != turn)
			b++;
		if (b < PLAN_BODIES && may(g, draws[b].swarm, draws[b].one_in))
			return draw_of_turn(g, turn, hard);
	}
	return draw_of_turn(g, TURNS, hard);
}

static unsigned add_thread(struct generator *g)
{
	struct plan *p = g->p;
	unsigned n = p->threads_count++;
	struct plan_thread *t = &p->threads[n];
	char var[8], format[32], name[PLAN_NAME_MAX];

	memset(t, 0, sizeof *t);
	snprintf(var, sizeof var, "%c%.0u", 'a' + (int)(n % 26), n / 26);
	t->has_number = one_in(g, 2);
	t->number = (int32_t)n;
	snprintf(format, sizeof format, "%s%s", may(g, SWARM_LONG_NAME, 3) ?
		 "a-name-longer-than-comm/" : "w", t->has_number ? "%u" : var);
	if (!plan_format_name(format, t->has_number, t->number, name, sizeof name))
		name[0] = '\0';		/* not with these formats */
	t->var = intern(p, var);
	t->format = intern(p, format);
	t->name = intern(p, name);
	t->body = draw_body(g);
	t->result = t->body == PLAN_WORKER ? 0 : (int32_t)kt_rng_below(&g->rng, 8);
	t->freezable = t->body == PLAN_WORKER && (g->swarm & SWARM_FREEZE) && !one_in(g, 4);
	t->node = -1;
	if (t->body != PLAN_WORKER && may(g, SWARM_NODE, 4))
		t->node = (int16_t)kt_rng_below(&g->rng, 2);
	t->cpu = -1;
	if (t->node < 0 && t->has_number && t->number < PLAN_CPUS && may(g, SWARM_CPU, 4))
		t->cpu = (int16_t)t->number;
	t->task = (uint8_t)(p->tasks_count - 1);
	return n;
}

static void add_cpu_op(struct generator *g, enum plan_op_kind kind, unsigned thread, int cpu)
{
	struct plan *p = g->p;

	add_op(g, kind, thread);
	p->ops[p->ops_count - 1].cpu = (int8_t)cpu;
}

/* Between create and the first wake-up. True if the thread is bound. */
static bool add_binding(struct generator *g, unsigned t)
{
	bool bound = g->p->threads[t].cpu >= 0;

	if (may(g, SWARM_CPU, 4)) {
		add_cpu_op(g, PLAN_BIND, t, (int)kt_rng_below(&g->rng, PLAN_CPUS));
		bound = true;
	}
	if (may(g, SWARM_CPU, 4))
		add_cpu_op(g, PLAN_AFFINE, t, (int)kt_rng_below(&g->rng, PLAN_CPUS));
	if (bound && may(g, SWARM_PER_CPU, 2))
		add_cpu_op(g, PLAN_PER_CPU, t, (int)kt_rng_below(&g->rng, PLAN_CPUS + 1) - 1);
	return bound;
}

/* Park, and perhaps go on. */
static void add_parking(struct generator *g, unsigned t, bool bound)
{
	do {
		add_op(g, PLAN_PARK, t);
		if (may(g, SWARM_AGAIN, 4))
			add_op(g, PLAN_PARK, t);
		if (bound && may(g, SWARM_CPU, 2))
			add_op(g, PLAN_DISPLACE, t);
		if (bound && may(g, SWARM_PER_CPU, 4))
			add_cpu_op(g, PLAN_PER_CPU, t, (int)kt_rng_below(&g->rng, PLAN_CPUS));
		if (one_in(g, 4))
			return;		/* stays parked until it is stopped */
		add_op(g, PLAN_UNPARK, t);
	} while (plan_body_parks(g->p->threads[t].body) && one_in(g, 4));
	if (may(g, SWARM_AGAIN, 8) && !plan_body_exits(g->p->threads[t].body))
		add_op(g, PLAN_UNPARK, t);
}

/* From kinds[n] on each operation as often as its weight says; how many there are then. */
static unsigned list_work_kinds(enum plan_op_kind *kinds, bool delayed, unsigned n)
{
	for (enum plan_op_kind k = 0; k < PLAN_OPS; k++)
		for (unsigned i = 0; i < plan_op_weight(k); i++)
			if (plan_op_has(k, PLAN_HAS_DELAY) == delayed)
				kinds[n++] = k;
	return n;
}

/* Few works and, per plan, few kinds of operations, so that they meet on one. */
static struct plan_op draw_work_op(struct generator *g)
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
		op.work = may(g, SWARM_AGAIN, 8) ? PLAN_WORK_AGAIN : one_in(g, 4);
	if (plan_op_has(op.kind, PLAN_HAS_DELAY))
		op.delay_us = kt_rng_below(&g->rng, 3) * 50;
	return op;
}

static void add_work_op(struct generator *g, unsigned t, struct plan_op op)
{
	unsigned task = g->p->tasks_count - 1u;

	op.thread = (uint8_t)t;
	plan_insert_op(g->p, task, g->p->tasks[task].ops_count, &op);
}

/* A work, the gate behind it, a wait for the first, and the gate opened. */
static void add_gate(struct generator *g, unsigned t)
{
	uint8_t work = one_in(g, 2), flush = one_in(g, 4) ? !work : work;
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
		if (ops[i].kind == PLAN_FLUSH && (delays[flush] || one_in(g, 4)))
			continue;
		add_work_op(g, t, ops[i]);
	}
}

/* Wait for a work that nobody cancels. */
static void add_waiting(struct generator *g, unsigned t)
{
	struct plan_op op = { .kind = PLAN_QUEUE, .work = one_in(g, 3) };

	if ((g->swarm & SWARM_DELAY) && one_in(g, 2)) {
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

/* Perhaps a work on its way, a freeze, and what does not wait for a frozen worker. */
static void add_frozen_works(struct generator *g, unsigned t)
{
	do {
		if (one_in(g, 2))
			add_work_op(g, t, (struct plan_op){ .kind = PLAN_QUEUE });
		add_op(g, PLAN_FREEZE, 0);
		if (one_in(g, 2))
			add_work_op(g, t, (struct plan_op){ .kind = PLAN_CANCEL });
		if (one_in(g, 4)) {
			struct plan_op op = draw_work_op(g);

			if (op.kind == PLAN_FLUSH || op.kind == PLAN_FLUSH_WORKER)
				op.kind = PLAN_QUEUE;
			add_work_op(g, t, op);
		}
		add_op(g, PLAN_THAW, 0);
	} while (one_in(g, 2));
}

static void add_worker_life(struct generator *g, unsigned t)
{
	add_op(g, one_in(g, 2) ? PLAN_RUN : PLAN_CREATE, t);
	for (unsigned n = 1 + kt_rng_below(&g->rng, 6); n > 0; n--)
		add_work_op(g, t, draw_work_op(g));
	if (g->p->threads[t].freezable)
		add_frozen_works(g, t);
	if (may(g, SWARM_GATE, 2))
		add_waiting(g, t);
	if (may(g, SWARM_GATE, 2))
		add_gate(g, t);
	if (!may(g, SWARM_TEARDOWN_STOPS, 2))
		add_op(g, PLAN_DESTROY, t);
}

/* Of a freezable thread perhaps while it is frozen. */
static void add_stop(struct generator *g, unsigned t)
{
	bool in_freeze = g->p->threads[t].body == PLAN_FREEZABLE && one_in(g, 2);

	if (in_freeze)
		add_op(g, PLAN_FREEZE, 0);
	add_op(g, PLAN_STOP, t);
	if (in_freeze)
		add_op(g, PLAN_THAW, 0);
}

/* Looked for while it may be ending, and again: the window is one step wide. */
static void add_finds(struct generator *g, unsigned t)
{
	for (unsigned n = 1 + kt_rng_below(&g->rng, 4); n > 0; n--)
		add_op(g, PLAN_FIND, t);
}

/* The life of one thread, within the caller rules. */
static void add_life(struct generator *g)
{
	unsigned t = add_thread(g);
	enum plan_body body = g->p->threads[t].body;
	bool exits = plan_body_exits(body);
	bool run = may(g, SWARM_RUN, 4);
	bool wake = !run && !may(g, SWARM_NO_WAKE, 4);
	bool ref = !run && (may(g, SWARM_EXTRA_REF, 4) || (exits && wake && one_in(g, 2)));
	bool early = !run && may(g, SWARM_PARK, 6);	/* parked before it ever runs */
	bool bound;

	if (body == PLAN_WORKER) {
		add_worker_life(g, t);
		return;
	}
	add_op(g, run ? PLAN_RUN : PLAN_CREATE, t);
	if (ref)
		add_op(g, PLAN_GET, t);
	bound = run ? g->p->threads[t].cpu >= 0 : add_binding(g, t);
	if (early)
		add_parking(g, t, bound);
	else if (wake)
		add_op(g, PLAN_WAKE, t);
	if (!early && (run || wake) && plan_body_parks(body))
		add_parking(g, t, bound);
	if (body == PLAN_COMPLETE_EXIT && !early && (run || wake) && one_in(g, 2))
		add_op(g, PLAN_AWAIT, t);
	if ((g->swarm & SWARM_REGISTRY) && (exits ? !ref : one_in(g, 8)))
		add_finds(g, t);
	/* Gone by itself, or stopped by teardown. */
	if ((exits && (run || wake || early) && !ref) || may(g, SWARM_TEARDOWN_STOPS, 4))
		return;
	if (ref && one_in(g, 4)) {
		add_op(g, PLAN_STOP_PUT, t);
		return;
	}
	add_stop(g, t);
	if (ref && may(g, SWARM_AGAIN, 4))
		add_op(g, one_in(g, 2) ? PLAN_STOP : PLAN_PARK, t);
	if (ref)
		add_op(g, PLAN_PUT, t);
}

/* Few CPUs, so that operations meet on one. */
static int8_t draw_cpu(struct generator *g)
{
	return (int8_t)(one_in(g, 4) ? kt_rng_below(&g->rng, PLAN_CPUS) : g->hot_cpu);
}

static struct plan_op draw_percpu_op(struct generator *g)
{
	return (struct plan_op){
		.kind = one_in(g, 3) ? PLAN_SETTLE : PLAN_POKE, .cpu = draw_cpu(g),
	};
}

static struct plan_op draw_hotplug_op(struct generator *g)
{
	return (struct plan_op){
		.kind = one_in(g, 2) ? PLAN_CPU_DOWN : PLAN_CPU_UP, .cpu = draw_cpu(g),
	};
}

/* Work made as soon as the last is done: the thread is about to sleep. */
static void add_pokes(struct generator *g, unsigned t)
{
	int8_t cpu = draw_cpu(g);

	for (unsigned n = 1 + kt_rng_below(&g->rng, 3); n > 0; n--) {
		add_cpu_op(g, PLAN_POKE, t, cpu);
		add_cpu_op(g, PLAN_SETTLE, t, cpu);
	}
}

/* The life of per-CPU threads. */
static void add_percpu(struct generator *g)
{
	struct plan *p = g->p;
	unsigned n = p->threads_count++;
	struct plan_thread *t = &p->threads[n];
	char var[8], format[16], name[PLAN_NAME_MAX];

	snprintf(var, sizeof var, "%c%.0u", 'a' + (int)(n % 26), n / 26);
	snprintf(format, sizeof format, "%s/%%u", var);
	snprintf(name, sizeof name, "%s/0", var);
	*t = (struct plan_thread){
		.var = intern(p, var), .format = intern(p, format), .name = intern(p, name),
		.has_number = true, .body = PLAN_PERCPU, .node = -1, .cpu = -1,
		.task = (uint8_t)(p->tasks_count - 1),
	};
	if (one_in(g, 2)) {
		add_cpu_op(g, PLAN_CPU_DOWN, 0, (int)g->hot_cpu);
		add_op(g, PLAN_REGISTER, n);
		if (!one_in(g, 3))
			add_cpu_op(g, PLAN_CPU_UP, 0, (int)g->hot_cpu);
	} else {
		add_op(g, PLAN_REGISTER, n);
	}
	for (unsigned k = kt_rng_below(&g->rng, 5); k > 0; k--) {
		struct plan_op op = one_in(g, 2) ? draw_hotplug_op(g) : draw_percpu_op(g);

		add_cpu_op(g, op.kind, plan_op_has(op.kind, PLAN_NO_HANDLE) ? 0 : n, op.cpu);
	}
	if (one_in(g, 2))
		add_pokes(g, n);
	if (!may(g, SWARM_TEARDOWN_STOPS, 2))
		add_op(g, PLAN_UNREGISTER, n);
}

/* At any moment of that task; nothing if it would be illegal. */
static void insert_anywhere(struct generator *g, unsigned task, const struct plan_op *ops,
			    unsigned count)
{
	struct plan *p = g->p;
	unsigned at = kt_rng_below(&g->rng, p->tasks[task].ops_count + 1u);
	struct plan tried = *p;
	struct plan_error err;

	while (count-- > 0)
		plan_insert_op(&tried, task, at, &ops[count]);
	if (plan_check(&tried, &err) == 0)
		*p = tried;
}

/* CPUs go or come: down and up, one of both, or as many down as others leave. */
static void add_hotplug(struct generator *g)
{
	struct plan_op ops[PLAN_CPUS] = { draw_hotplug_op(g), draw_hotplug_op(g) };
	unsigned task = kt_rng_below(&g->rng, g->p->tasks_count);

	switch (kt_rng_below(&g->rng, 4)) {
	case 0:
		insert_anywhere(g, task, ops, 1);
		break;
	case 1:
		for (unsigned i = 0; i < PLAN_CPUS; i++) {
			ops[i].kind = PLAN_CPU_DOWN;
			ops[i].cpu = (int8_t)((g->hot_cpu + i) % PLAN_CPUS);
		}
		insert_anywhere(g, task, ops, PLAN_CPUS);
		insert_anywhere(g, (task + 1) % g->p->tasks_count, ops + PLAN_CPUS - 2, 2);
		break;
	default:
		ops[0].kind = PLAN_CPU_DOWN;
		ops[1] = (struct plan_op){ .kind = PLAN_CPU_UP, .cpu = ops[0].cpu };
		insert_anywhere(g, task, ops, 2);
		break;
	}
}

/* A wake-up by who has nothing to do with the thread, or a work for its worker. */
static void add_stray(struct generator *g)
{
	struct plan *p = g->p;
	struct plan_op op = { .kind = may(g, SWARM_CPU, 2) ? PLAN_AFFINE : PLAN_WAKE };
	unsigned task = 1 + kt_rng_below(&g->rng, p->tasks_count - 1u);
	struct plan tried = *p;
	struct plan_error err;

	if (op.kind == PLAN_AFFINE)
		op.cpu = (int8_t)kt_rng_below(&g->rng, PLAN_CPUS);
	op.thread = (uint8_t)kt_rng_below(&g->rng, p->threads_count);
	if (p->threads[op.thread].task >= task)
		return;
	if (p->threads[op.thread].body == PLAN_WORKER) {
		uint8_t thread = op.thread;

		op = draw_work_op(g);
		op.thread = thread;
	} else if (p->threads[op.thread].body == PLAN_PERCPU) {
		op.kind = one_in(g, 3) ? PLAN_SETTLE : PLAN_POKE;
		op.cpu = draw_cpu(g);
	}
	plan_insert_op(&tried, task, kt_rng_below(&g->rng, p->tasks[task].ops_count + 1u), &op);
	if (plan_check(&tried, &err) == 0)
		*p = tried;
}

/* A freeze somewhere, and its thaw, or none. */
static void add_freeze(struct generator *g)
{
	struct plan *p = g->p;
	unsigned task = kt_rng_below(&g->rng, p->tasks_count);
	unsigned ops = p->tasks[task].ops_count, at = kt_rng_below(&g->rng, ops + 1u);
	unsigned end = at + kt_rng_below(&g->rng, ops - at + 1u);
	struct plan tried = *p;
	struct plan_error err;

	if (!one_in(g, 6))
		plan_insert_op(&tried, task, end, &(struct plan_op){ .kind = PLAN_THAW });
	plan_insert_op(&tried, task, at, &(struct plan_op){ .kind = PLAN_FREEZE });
	if (plan_check(&tried, &err) == 0)
		*p = tried;
}

/* A reader of the registry, at any moment of any task. */
static void add_reader(struct generator *g)
{
	struct plan *p = g->p;
	struct plan_op op = { .kind = one_in(g, 2) ? PLAN_WALK : PLAN_FIND };
	unsigned task = kt_rng_below(&g->rng, p->tasks_count);
	unsigned at = kt_rng_below(&g->rng, p->tasks[task].ops_count + 1u);
	struct plan tried = *p;
	struct plan_error err;

	if (op.kind == PLAN_FIND)
		op.thread = (uint8_t)kt_rng_below(&g->rng, p->threads_count);
	/* Illegal of per-CPU threads: then there is no reader. */
	for (unsigned n = 1 + kt_rng_below(&g->rng, 3); n > 0; n--)
		plan_insert_op(&tried, task, at, &op);
	if (plan_check(&tried, &err) == 0)
		*p = tried;
}

static void add_task(struct generator *g, unsigned ops_max)
{
	struct plan *p = g->p;
	struct plan_task *t = &p->tasks[p->tasks_count];
	unsigned lives = 1;
	char name[16];

	snprintf(name, sizeof name, "C%u", p->tasks_count + 1u);
	t->name = intern(p, name);
	t->ops_first = p->ops_count;
	t->ops_count = 0;
	p->tasks_count++;
	if (g->swarm & SWARM_SECOND_CREATE)
		lives += kt_rng_below(&g->rng, 2);
	for (unsigned i = 0; i < lives && p->threads_count < PLAN_THREADS_MAX; i++) {
		if (t->ops_count + 5u > ops_max && i > 0)
			continue;
		if (g->hotplug && i == 0 && p->tasks_count <= 2 &&
		    (p->tasks_count == 1 || one_in(g, 2)))
			add_percpu(g);
		else if (!g->hotplug || one_in(g, 4))
			add_life(g);	/* rarely, for it is enough as it is */
	}
}

static void add_kill_op(struct generator *g)
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

static plan_str thread_name(struct generator *g, unsigned i)
{
	const struct plan_thread *t = &g->p->threads[i];
	char buf[PLAN_NAME_MAX + 16];

	return intern(g->p, plan_thread_name(g->p, t, kt_rng_below(&g->rng, plan_names(t)), buf));
}

/* Some task's name, or a thread's, for the point's side. */
static plan_str who(struct generator *g, enum point_side side)
{
	struct plan *p = g->p;

	if (side == POINT_DAEMON)
		return intern(p, "kthreadd");
	if (side == POINT_TIMERS)
		return intern(p, "ktimers");
	if (side == POINT_THREAD && p->threads_count)
		return thread_name(g, kt_rng_below(&g->rng, p->threads_count));
	return p->tasks[kt_rng_below(&g->rng, p->tasks_count)].name;
}

static struct plan_directive *new_directive(struct plan *p, enum plan_directive_kind kind)
{
	struct plan_directive *d = &p->directives[p->directives_count++];

	memset(d, 0, sizeof *d);
	d->kind = kind;
	return d;
}

static void add_fault(struct generator *g)
{
	struct plan *p = g->p;
	const struct named_point *point =
		&points[kt_rng_below(&g->rng, sizeof points / sizeof points[0])];
	plan_str victim = p->tasks[kt_rng_below(&g->rng, p->tasks_count)].name;
	struct plan_directive *d;

	switch (kt_rng_below(&g->rng, 4)) {
	case 0:
		d = new_directive(p, PLAN_D_FAIL);
		d->role = (enum kt_role)kt_rng_below(&g->rng, KT_ROLE_TEST);
		d->nth = 1 + kt_rng_below(&g->rng, 3);
		break;
	case 1:
		d = new_directive(p, PLAN_D_OOM);
		d->role = one_in(g, 2) ? KT_ROLE_TASK : KT_ROLE_KTHREAD;
		d->nth = 1 + kt_rng_below(&g->rng, 2);
		d->target = victim;
		break;
	default:
		d = new_directive(p, PLAN_D_KILL);
		d->task = who(g, point->side);
		d->point = intern(p, point->name);
		d->nth = 1 + kt_rng_below(&g->rng, 2);
		d->target = victim;
		break;
	}
}

/* Two or three tasks are the most likely, then one; more are rare. */
static unsigned draw_tasks(struct generator *g, unsigned max)
{
	static const unsigned char weights[] = { 1, 2, 2, 2, 2, 2, 3, 3 };
	unsigned n = weights[kt_rng_below(&g->rng, sizeof weights)];

	if (one_in(g, 16))
		n = 1 + kt_rng_below(&g->rng, max);
	return n < max ? n : max;
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
	g.hotplug = may(&g, SWARM_HOTPLUG, 3);
	g.hot_cpu = kt_rng_below(&g.rng, PLAN_CPUS);
	p->boot_concurrent = may(&g, SWARM_BOOT, 4);
	while (p->tasks_count < tasks)
		add_task(&g, ops_max);
	if (tasks > 1 && p->threads_count && may(&g, SWARM_STRAY, 2))
		for (unsigned n = 1 + kt_rng_below(&g.rng, 6); n > 0; n--)
			add_stray(&g);
	if (g.hotplug)
		for (unsigned n = kt_rng_below(&g.rng, 3); n > 0; n--)
			add_hotplug(&g);
	if (may(&g, SWARM_FREEZE, 1))
		for (unsigned n = 1 + kt_rng_below(&g.rng, 3); n > 0; n--)
			add_freeze(&g);
	if (p->threads_count && may(&g, SWARM_REGISTRY, 2))
		for (unsigned n = 1 + kt_rng_below(&g.rng, 2); n > 0; n--)
			add_reader(&g);
	if (o->faults && tasks > 1 && may(&g, SWARM_KILL_OP, 4))
		add_kill_op(&g);
	if (o->faults && one_in(&g, 4))
		for (unsigned n = 1 + kt_rng_below(&g.rng, 2); n > 0; n--)
			add_fault(&g);
}
