/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checks what a plan must keep beyond its grammar. The check follows program order and
 * supposes that every create succeeds. If one fails, the interpreter skips the later
 * operations on its handle.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "platform/point.h"
#include "stress/plan/check.h"

int check_fail(struct plan_error *err, const char *fmt, ...)
{
	va_list ap;

	err->line = err->column = 0;
	err->op = err->directive = -1;
	va_start(ap, fmt);
	vsnprintf(err->message, sizeof err->message, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

const char *check_var(const struct plan *p, const struct plan_op *op)
{
	return plan_string(p, p->threads[op->thread].var);
}

unsigned check_task_of(const struct plan *p, unsigned op)
{
	unsigned t = 0;

	while (op < p->tasks[t].ops_first ||
	       op >= p->tasks[t].ops_first + (unsigned)p->tasks[t].ops_count)
		t++;
	return t;
}

bool check_is_stray(const struct plan *p, unsigned op)
{
	unsigned owner = p->threads[p->ops[op].thread].task;
	const struct plan_task *t = &p->tasks[owner];

	if (p->inners_count && plan_is_of_host(p, check_task_of(p, op), &p->ops[op]))
		return false;
	return !plan_op_has(p->ops[op].kind, PLAN_NO_HANDLE) &&
	       !plan_op_has(p->ops[op].kind, PLAN_BY_ID) &&
	       (op < t->ops_first || op >= t->ops_first + (unsigned)t->ops_count);
}

static int check_directive(const struct plan *p, const struct plan_directive *d,
			   struct plan_error *err)
{
	const char *task = plan_string(p, d->task), *target = plan_string(p, d->target);

	if (d->task && !plan_knows_name(p, task))
		return check_fail(err,
				  "a directive names '%s', which is no task or thread of the plan",
				  task);
	if (d->target && !plan_knows_name(p, target))
		return check_fail(err,
				  "a directive names '%s', which is no task or thread of the plan",
				  target);
	if ((d->kind == PLAN_D_KILL || d->kind == PLAN_D_OOM) && plan_find_task(p, target) < 0)
		return check_fail(err, "'%s' can't be killed, expected a task of the plan", target);
	return 0;
}

/*
 * Are there few enough threads for one execution? When a CPU comes on line, the thread of each
 * percpu may be made again, because the creator of the last one may have been killed.
 */
static int check_lives(const struct plan *p, struct plan_error *err)
{
	unsigned percpus = 0, ups = 0, last = 0, lives;

	for (unsigned i = 0; i < p->threads_count; i++)
		percpus += p->threads[i].body == PLAN_PERCPU;
	for (unsigned i = 0; i < p->ops_count; i++) {
		ups += p->ops[i].kind == PLAN_CPU_UP;
		if (p->ops[i].kind == PLAN_CPU_UP || p->ops[i].kind == PLAN_REGISTER)
			last = i;
	}
	lives = p->threads_count + percpus * (PLAN_CPUS - 1 + ups);
	if (p->memory != PLAN_SC && lives + p->tasks_count > PLAN_WEAK_MAX)
		return check_fail(err,
				  "up to %u threads and tasks with memory %s, expected at most %d",
				  lives + p->tasks_count, plan_memory_name(p->memory),
				  PLAN_WEAK_MAX);
	if (percpus <= PLAN_PERCPUS_MAX && (percpus == 0 || lives <= PLAN_LIVES_MAX))
		return 0;
	check_fail(err,
		   "%u percpus, %u cpu-ups: up to %u threads, expected at most %d percpus and %d "
		   "threads",
		   percpus, ups, lives, PLAN_PERCPUS_MAX, PLAN_LIVES_MAX);
	err->op = (int)last;
	return -EINVAL;
}

/* Find what the rules need to know of each handle before its create. */
static void look_ahead(const struct plan *p, struct handle *handles)
{
	for (unsigned i = 0; i < p->ops_count; i++) {
		const struct plan_op *op = &p->ops[i];

		if (check_is_stray(p, i)) {
			handles[op->thread].strays = true;
			handles[op->thread].stray_wakes |= op->kind != PLAN_AFFINE &&
							   op->kind != PLAN_SIGNAL;
		}
		if (plan_op_has(op->kind, PLAN_HAS_DELAY))
			handles[op->thread].delayed[op->work] = true;
		if (op->kind == PLAN_CANCEL)
			handles[op->thread].canceled[op->work] = true;
		if (check_is_inner(p, i) && plan_is_of_host(p, check_task_of(p, i), op)) {
			handles[op->thread].parks_itself |= op->kind == PLAN_PARK;
			handles[op->thread].queues_itself |= plan_op_has(op->kind, PLAN_OF_WORKER);
		}
	}
}

/* Check operation i, and make *handles and *freezes the state after it if it is legal. */
static int check_op(const struct plan *p, unsigned i, struct handle *handles, unsigned *freezes,
		    struct plan_error *err)
{
	const struct plan_op *op = &p->ops[i];
	bool inner = check_is_inner(p, i);
	bool of_host = inner && plan_is_of_host(p, check_task_of(p, i), op);
	int e = check_destroy_first(p, i, handles, err);

	if (e == 0)
		e = check_gates(p, i, handles, err);
	if (e == 0)
		e = check_freeze(p, i, &freezes[check_task_of(p, i)], err);
	if (e == 0 && inner)
		e = check_inner(p, i, err);
	else if (e == 0 && p->inners_count && !plan_op_has(op->kind, PLAN_NO_HANDLE))
		e = check_beside_inners(p, i, handles, err);
	if (e == 0 && !of_host && !plan_op_has(op->kind, PLAN_NO_HANDLE))
		e = check_handle(p, i, &handles[op->thread], err);
	if (e)
		err->op = (int)i;
	return e;
}

/* The rules that a plan breaks, by the messages that say so. */
struct broken {
	uint32_t rule[PLAN_OPS_MAX + PLAN_THREADS_MAX];
	unsigned count;
};

static void add_broken(struct broken *b, const struct plan_error *err)
{
	uint32_t rule = kt_text_hash(err->message);

	for (unsigned i = 0; i < b->count; i++)
		if (b->rule[i] == rule)
			return;
	b->rule[b->count++] = rule;
}

/*
 * Check every rule about what operations do. Without `all` the check ends at the first one that
 * is broken.
 */
static int check_rules(const struct plan *p, struct broken *all, struct plan_error *err)
{
	struct handle handles[PLAN_THREADS_MAX] = { 0 };
	unsigned freezes[PLAN_TASKS_MAX] = { 0 };
	int first = check_hosts(p, err);

	if (first && !all)
		return first;
	if (first)
		add_broken(all, err);
	look_ahead(p, handles);
	for (unsigned i = 0; i < p->ops_count; i++) {
		int e = check_op(p, i, handles, freezes, err);

		if (e && !all)
			return e;
		if (e)
			add_broken(all, err);
		first = first ? first : e;
	}
	for (unsigned i = 0; i < p->threads_count; i++) {
		if (!handles[i].gate)
			continue;
		first = check_fail(err, "the gate of worker %s is queued and never opened",
				   plan_string(p, p->threads[i].var));
		if (!all)
			return first;
		add_broken(all, err);
	}
	return first;
}

uint64_t plan_illegality(const struct plan *p)
{
	struct broken all = { .count = 0 };
	struct plan_error err;
	uint64_t sum = 0;

	if (plan_is_program(p) || check_rules(p, &all, &err) == 0)
		return 0;
	for (unsigned i = 0; i < all.count; i++)
		sum += (all.rule[i] + 1) * 0x9e3779b97f4a7c15ull;
	return sum ? sum : 1;
}

/* The tasks and points of a program are known only when it runs. */
static int check_program(const struct plan *p, struct plan_error *err)
{
	if (p->tasks_count || p->threads_count || p->ops_count || p->boot_concurrent)
		return check_fail(err, "the plan has a program and tasks, expected one of them");
	if (p->args[0] == 0)
		return check_fail(err, "the program has no name");
	return 0;
}

int plan_check(const struct plan *p, struct plan_error *err)
{
	if (p->origin.by && !p->origin.build)
		return check_fail(err, "the plan says how it was found and not on which build");
	if (plan_allows(p) && !plan_is_program(p))
		return check_fail(err, "the plan says what calls of a program may do and has no "
				  "program");
	if (p->variant && !plan_is_program(p))
		return check_fail(err, "the plan has a variant and no program");
	if (p->binary && !plan_is_program(p))
		return check_fail(err, "the plan has the build of a program and no program");
	if (plan_is_program(p))
		return check_program(p, err);
	if (p->tasks_count == 0)
		return check_fail(err, "the plan has no task, expected at least one or a program");
	for (unsigned i = 0; i < p->directives_count; i++) {
		int e = check_directive(p, &p->directives[i], err);

		if (e) {
			err->directive = (int)i;
			return e;
		}
	}
	if (check_lives(p, err) != 0) /* this limit also holds for a plan that may break rules */
		return -EINVAL;
	/* A plan that expects a failure may break the caller rules on purpose. */
	if (p->has_expect && p->expect != KT_PASS)
		return 0;
	return check_rules(p, NULL, err);
}
