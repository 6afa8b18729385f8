/* SPDX-License-Identifier: GPL-2.0-only */
/* Simpler tasks: fewer of them, simpler operations and bodies, smaller numbers. */
#include <stdio.h>
#include <string.h>

#include "stress/plan/simpler.h"

enum { OPS_IN_PAIRS = 24 };	/* with more operations there are too many pairs */

/* ---- pairs of operations -------------------------------------------------------- */

static unsigned pairs(const struct plan *p)
{
	unsigned n = p->ops_count;

	return n <= OPS_IN_PAIRS ? n * n : 0;
}

/* As get and put, park and unpark: neither may go alone. */
static bool remove_pair(struct plan *p, unsigned n)
{
	unsigned a = n / p->ops_count, b = n % p->ops_count;

	if (a >= b || plan_op_has(p->ops[a].kind, PLAN_MAKES) ||
	    plan_op_has(p->ops[b].kind, PLAN_MAKES))
		return false;
	plan_remove_op(p, b);
	plan_remove_op(p, a);
	return true;
}

/* ---- an operation and the number of an allocation ------------------------------------ */

enum { ALLOCATIONS = 3 };	/* how many fewer are tried */

static unsigned ops_and_failures(const struct plan *p)
{
	return p->ops_count * p->directives_count * (unsigned)ALLOCATIONS;
}

/* Without an operation that allocates, a later allocation has a smaller number. */
static bool remove_allocating(struct plan *p, unsigned n)
{
	struct plan_directive *d = &p->directives[n / ALLOCATIONS % p->directives_count];
	unsigned op = n / ALLOCATIONS / p->directives_count, fewer = 1 + n % ALLOCATIONS;

	if ((d->kind != PLAN_D_FAIL && d->kind != PLAN_D_OOM) || d->nth <= fewer)
		return false;
	d->nth -= fewer;
	if (plan_op_has(p->ops[op].kind, PLAN_MAKES))
		plan_remove_thread(p, p->ops[op].thread);
	else
		plan_remove_op(p, op);
	return true;
}

/* ---- tasks ------------------------------------------------------------------------ */

static unsigned pairs_of_tasks(const struct plan *p)
{
	return p->tasks_count * p->tasks_count;
}

/* Task `from` kills task `victim`, or both are to be one task: then the kill has no sense. */
static void drop_kills(struct plan *p, unsigned a, unsigned b)
{
	for (unsigned i = p->ops_count; i-- > 0;) {
		unsigned t = 0;

		while (i < p->tasks[t].ops_first ||
		       i >= p->tasks[t].ops_first + (unsigned)p->tasks[t].ops_count)
			t++;
		if (p->ops[i].kind == PLAN_KILL && (t == a || t == b) &&
		    (p->ops[i].victim == a || p->ops[i].victim == b))
			plan_remove_op(p, i);
	}
}

/* One task does what two did, one after the other. */
static bool merge_tasks(struct plan *p, unsigned n)
{
	unsigned into = n / p->tasks_count, from = n % p->tasks_count;
	struct plan_op moved[PLAN_OPS_MAX];
	unsigned count;

	if (into == from)
		return false;
	drop_kills(p, into, from);
	count = p->tasks[from].ops_count;
	memcpy(moved, &p->ops[p->tasks[from].ops_first], count * sizeof moved[0]);
	while (p->tasks[from].ops_count)
		plan_remove_op(p, p->tasks[from].ops_first);
	for (unsigned i = 0; i < count; i++)
		plan_insert_op(p, into, p->tasks[into].ops_count, &moved[i]);
	for (unsigned i = 0; i < p->threads_count; i++)
		if (p->threads[i].task == from)
			p->threads[i].task = (uint8_t)into;
	for (unsigned i = 0; i < p->ops_count; i++)
		if (p->ops[i].kind == PLAN_KILL && p->ops[i].victim == from)
			p->ops[i].victim = (uint8_t)into;
	simpler_rename(p, plan_string(p, p->tasks[from].name), plan_string(p, p->tasks[into].name));
	plan_remove_task(p, from);
	return true;
}

static unsigned inners(const struct plan *p)
{
	return p->inners_count;
}

/* The task that made the host does it, as the last thing, without what is about the host. */
static bool take_from_inner(struct plan *p, unsigned n)
{
	unsigned inner = p->tasks_count + n, into = p->threads[p->tasks[inner].host].task;
	struct plan_op moved[PLAN_OPS_MAX];
	unsigned count = p->tasks[inner].ops_count;

	if (into >= p->tasks_count)
		return false;
	memcpy(moved, &p->ops[p->tasks[inner].ops_first], count * sizeof moved[0]);
	for (unsigned i = 0; i < p->threads_count; i++)
		if (p->threads[i].task == inner)
			p->threads[i].task = (uint8_t)into;
	for (unsigned i = 0; i < count; i++)
		if (!plan_is_of_host(p, inner, &moved[i]))
			plan_insert_op(p, into, p->tasks[into].ops_count, &moved[i]);
	plan_remove_task(p, inner);
	return true;
}

/* ---- threads ---------------------------------------------------------------------- */

/* From the simplest body on; a worker's operations need a worker. */
static const enum plan_body bodies[] = {
	PLAN_RETURN,   PLAN_EXIT,          PLAN_UNTIL_STOP,    PLAN_UNTIL_STOP_HARD,
	PLAN_PARKABLE, PLAN_PARKABLE_HARD, PLAN_COMPLETE_EXIT, PLAN_KILLABLE,
	PLAN_FREEZABLE, PLAN_BORROW,   PLAN_WORKER,
};
enum { BODIES = sizeof bodies / sizeof bodies[0] };
_Static_assert((int)BODIES == (int)PLAN_BODIES, "every body has a rank");

static unsigned bodies_of_threads(const struct plan *p)
{
	return p->threads_count * (unsigned)BODIES;
}

static bool simpler_body(struct plan *p, unsigned n)
{
	struct plan_thread *t = &p->threads[n / BODIES];
	unsigned to = n % BODIES;

	if (t->body == PLAN_PERCPU)
		return false;
	for (unsigned i = 0; i <= to; i++)
		if (bodies[i] == t->body)
			return false;
	t->body = bodies[to];
	t->freezable = false;
	return true;
}

/* Give the thread that name, also in directives. False if the name is bad or taken. */
static bool rename_thread(struct plan *p, struct plan_thread *t, const char *format)
{
	char name[PLAN_NAME_MAX + 16], old[PLAN_NAME_MAX];

	if (!plan_format_name(format, t->has_number, t->number, name, sizeof name) ||
	    strlen(name) >= PLAN_NAME_MAX || plan_knows_name(p, name))
		return false;
	snprintf(old, sizeof old, "%s", plan_string(p, t->name));
	t->format = plan_intern_text(p, format);
	t->name = plan_intern_text(p, name);
	simpler_rename(p, old, name);
	return t->format && t->name;
}

static unsigned names(const struct plan *p)
{
	return p->threads_count;
}

/* A name without a number: that of the handle. */
static bool plain_name(struct plan *p, unsigned n)
{
	struct plan_thread *t = &p->threads[n];

	if (t->body == PLAN_PERCPU || !t->has_number || t->cpu >= 0)
		return false;
	t->has_number = false;
	t->number = 0;
	return rename_thread(p, t, plan_string(p, t->var));
}

static unsigned cpus_of_threads(const struct plan *p)
{
	return p->threads_count * PLAN_CPUS;
}

/* A thread that is made on a CPU has that CPU in its name. */
static bool lower_cpu_of_thread(struct plan *p, unsigned n)
{
	struct plan_thread *t = &p->threads[n / PLAN_CPUS];
	char format[PLAN_NAME_MAX];

	if (t->cpu <= (int)(n % PLAN_CPUS))
		return false;
	t->cpu = (int16_t)(n % PLAN_CPUS);
	t->number = t->cpu;
	snprintf(format, sizeof format, "%s", plan_string(p, t->format));
	return rename_thread(p, t, format);
}

/* ---- operations ------------------------------------------------------------------- */

static const struct {
	enum plan_op_kind from, to;
} kinds[] = {
	{ PLAN_MOD, PLAN_QUEUE },     { PLAN_MOD, PLAN_DELAY },  { PLAN_DELAY, PLAN_QUEUE },
	{ PLAN_STOP_PUT, PLAN_STOP }, { PLAN_RUN, PLAN_CREATE }, { PLAN_FLUSH_WORKER, PLAN_FLUSH },
	{ PLAN_POST, PLAN_QUEUE },
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static unsigned kinds_of_ops(const struct plan *p)
{
	return p->ops_count * (unsigned)KINDS;
}

static bool simpler_kind(struct plan *p, unsigned n)
{
	struct plan_op *op = &p->ops[n / KINDS];

	if (op->kind != kinds[n % KINDS].from)
		return false;
	op->kind = kinds[n % KINDS].to;
	if (!plan_op_has(op->kind, PLAN_HAS_DELAY))
		op->delay_us = 0;
	return true;
}

static unsigned delays(const struct plan *p)
{
	return p->ops_count * (unsigned)SIMPLER_NUMBERS;
}

static bool shorter_delay(struct plan *p, unsigned n)
{
	struct plan_op *op = &p->ops[n / SIMPLER_NUMBERS];

	return plan_op_has(op->kind, PLAN_HAS_DELAY) &&
	       simpler_number(op->delay_us, n % SIMPLER_NUMBERS, &op->delay_us);
}

static unsigned cpus_of_ops(const struct plan *p)
{
	return p->ops_count * PLAN_CPUS;
}

static bool lower_cpu(struct plan *p, unsigned n)
{
	struct plan_op *op = &p->ops[n / PLAN_CPUS];

	if (!plan_op_has(op->kind, PLAN_HAS_CPU) || op->cpu <= (int)(n % PLAN_CPUS))
		return false;
	op->cpu = (int8_t)(n % PLAN_CPUS);
	return true;
}

static unsigned works_of_ops(const struct plan *p)
{
	return p->ops_count * PLAN_WORKS;
}

static bool lower_work(struct plan *p, unsigned n)
{
	struct plan_op *op = &p->ops[n / PLAN_WORKS];

	if (!plan_op_has(op->kind, PLAN_HAS_WORK) || op->work <= n % PLAN_WORKS)
		return false;
	op->work = (uint8_t)(n % PLAN_WORKS);
	return true;
}

/* ---- a number wherever it stands --------------------------------------------------- */

static unsigned pairs_of_cpus(const struct plan *p)
{
	return p->ops_count ? PLAN_CPUS * PLAN_CPUS : 0;
}

/* One CPU in place of another, in every operation. */
static bool lower_cpus(struct plan *p, unsigned n)
{
	int from = (int)(n / PLAN_CPUS), to = (int)(n % PLAN_CPUS);
	bool any = false;

	for (unsigned i = 0; from > to && i < p->ops_count; i++) {
		struct plan_op *op = &p->ops[i];

		if (!plan_op_has(op->kind, PLAN_HAS_CPU) || op->cpu != from)
			continue;
		op->cpu = (int8_t)to;
		any = true;
	}
	return any;
}

static unsigned pairs_of_works(const struct plan *p)
{
	return p->threads_count * (unsigned)(PLAN_WORKS * PLAN_WORKS);
}

/* One work of a worker in place of another. */
static bool lower_works(struct plan *p, unsigned n)
{
	unsigned thread = n / (PLAN_WORKS * PLAN_WORKS);
	unsigned from = n / PLAN_WORKS % PLAN_WORKS, to = n % PLAN_WORKS;
	bool any = false;

	for (unsigned i = 0; from > to && i < p->ops_count; i++) {
		struct plan_op *op = &p->ops[i];

		if (!plan_op_has(op->kind, PLAN_HAS_WORK) || op->thread != thread ||
		    op->work != from)
			continue;
		op->work = (uint8_t)to;
		any = true;
	}
	return any;
}

const struct simpler simpler_program[] = {
	{ inners, take_from_inner },     { pairs_of_tasks, merge_tasks },
	{ ops_and_failures, remove_allocating },
	{ pairs, remove_pair },          { bodies_of_threads, simpler_body },
	{ kinds_of_ops, simpler_kind },  { cpus_of_threads, lower_cpu_of_thread },
	{ pairs_of_cpus, lower_cpus },   { cpus_of_ops, lower_cpu },
	{ pairs_of_works, lower_works }, { works_of_ops, lower_work },
	{ delays, shorter_delay },       { names, plain_name },
};
const unsigned simpler_program_kinds = sizeof simpler_program / sizeof simpler_program[0];
