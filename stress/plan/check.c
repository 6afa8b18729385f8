/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a plan must keep beyond its grammar. Static: after a create that fails
 * the interpreter skips what follows on that handle, so program order decides.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stress/plan/internal.h"

__attribute__((format(printf, 2, 3)))
static int fail(struct plan_error *err, const char *fmt, ...)
{
	va_list ap;

	err->line = err->column = 0;
	err->op = err->directive = -1;
	va_start(ap, fmt);
	vsnprintf(err->message, sizeof err->message, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int check_directive(const struct plan *p, const struct plan_directive *d,
			   struct plan_error *err)
{
	const char *task = plan_string(p, d->task), *target = plan_string(p, d->target);

	if (d->task && !plan_knows_name(p, task))
		return fail(err, "a directive names '%s', which is no task or thread of the plan",
			    task);
	if (d->target && !plan_knows_name(p, target))
		return fail(err, "a directive names '%s', which is no task or thread of the plan",
			    target);
	if ((d->kind == PLAN_D_KILL || d->kind == PLAN_D_OOM) && plan_find_task(p, target) < 0)
		return fail(err, "'%s' can't be killed, expected a task of the plan", target);
	return 0;
}

/* What program order says of one handle. */
struct handle {
	bool made, stopped, awaited;
	bool strays;		/* another task uses it */
	bool stray_wakes;	/* and may wake it at any time */
	bool woken;		/* may run, or may have run */
	bool woken_unheld;	/* and may exit by itself, while no reference is held */
	bool parked, bound, destroyed;
	bool gate;		/* work 3 is queued and not opened */
	bool delayed[PLAN_WORKS], canceled[PLAN_WORKS];	/* anywhere in the plan */
	bool queued[PLAN_WORKS];
	int refs;
};

static const char *var(const struct plan *p, const struct plan_op *op)
{
	return plan_string(p, p->threads[op->thread].var);
}

/* May the handle's thread be gone by now? */
static bool may_be_gone(const struct handle *h)
{
	return h->refs == 0 && (h->stopped || h->woken_unheld);
}

static bool is_stray(const struct plan *p, unsigned op)
{
	unsigned owner = p->threads[p->ops[op].thread].task;
	const struct plan_task *t = &p->tasks[owner];

	return !plan_op_has(p->ops[op].kind, PLAN_NO_HANDLE) &&
	       !plan_op_has(p->ops[op].kind, PLAN_BY_ID) &&
	       (op < t->ops_first || op >= t->ops_first + (unsigned)t->ops_count);
}

/*
 * While the gate is queued and closed, whatever waits for a work behind it
 * waits for ever.
 */
static int check_gate(const struct plan *p, const struct plan_op *op, const struct handle *h,
		      struct plan_error *err)
{
	if (op->kind == PLAN_DESTROY_RAW)
		return fail(err, "destroy-raw %s: leaves timers armed, expected destroy",
			    var(p, op));
	if (plan_op_has(op->kind, PLAN_HAS_WORK) && op->work == PLAN_WORK_GATE &&
	    op->kind != PLAN_QUEUE)
		return fail(err, "%s %s %u: work %u is the gate, expected only queue and open",
			    plan_op_name(op->kind), var(p, op), op->work, op->work);
	if (op->kind == PLAN_QUEUE && op->work == PLAN_WORK_GATE && h->strays)
		return fail(err, "queue %s %u: the gate of a worker that other tasks use",
			    var(p, op), op->work);
	if (op->kind == PLAN_OPEN && !h->gate)
		return fail(err, "open %s: its gate is not queued", var(p, op));
	if (op->kind == PLAN_RAN && (!h->queued[op->work] || h->canceled[op->work]))
		return fail(err, "ran %s %u: expected a work that this task has queued and nobody "
			    "cancels", var(p, op), op->work);
	if (!h->gate || op->kind == PLAN_OPEN)
		return 0;
	if (op->kind == PLAN_FLUSH && op->work != PLAN_WORK_AGAIN && !h->delayed[op->work])
		return 0;
	return fail(err, "%s %s: its gate is closed, expected open, or flush of a work queued "
		    "before and never delayed", plan_op_name(op->kind), var(p, op));
}

static const char *of_percpu(unsigned i)
{
	return plan_op_has(i, PLAN_OF_PERCPU) ? plan_op_name(i) : NULL;
}

/* destroy-raw is never legal. */
static const char *of_worker(unsigned i)
{
	return i == PLAN_WAKE || (plan_op_has(i, PLAN_OF_WORKER) && i != PLAN_DESTROY_RAW) ?
	       plan_op_name(i) : NULL;
}

/* Is it an operation of what the handle stands for? */
static int check_kind(const struct plan *p, const struct plan_op *op, struct plan_error *err)
{
	enum plan_body body = p->threads[op->thread].body;
	const char *name = plan_op_name(op->kind);
	char words[300];

	if (body == PLAN_PERCPU) {
		if (of_percpu(op->kind))
			return 0;
		return fail(err, "%s %s: per-CPU threads, expected %s", name, var(p, op),
			    plan_one_of(words, sizeof words, of_percpu, PLAN_OPS));
	}
	if (of_percpu(op->kind))
		return fail(err, "%s %s: expected per-CPU threads", name, var(p, op));
	if (plan_op_has(op->kind, PLAN_OF_WORKER) == (body == PLAN_WORKER) ||
	    (body == PLAN_WORKER && op->kind == PLAN_WAKE))
		return 0;
	if (body != PLAN_WORKER)
		return fail(err, "%s %s: expected a worker", name, var(p, op));
	return fail(err, "%s %s: a worker, expected %s", name, var(p, op),
		    plan_one_of(words, sizeof words, of_worker, PLAN_OPS));
}

/* The operations that not every state of the thread allows. */
static int check_state(const struct plan *p, const struct plan_op *op, const struct handle *h,
		       struct plan_error *err)
{
	enum plan_body body = p->threads[op->thread].body;
	const char *name = plan_op_name(op->kind);
	int e = check_kind(p, op, err);

	if (e)
		return e;
	if (h->destroyed)
		return fail(err, body == PLAN_PERCPU ? "%s %s: it was unregistered" :
			    "%s %s: the worker was destroyed", name, var(p, op));
	if (body == PLAN_WORKER)
		return check_gate(p, op, h, err);
	switch (op->kind) {
	case PLAN_PUT:
	case PLAN_STOP_PUT:
		if (h->refs == 0)
			return fail(err, "%s %s: no reference is held", name, var(p, op));
		return 0;
	case PLAN_PARK:
		if (!h->stopped && !h->parked && h->woken && !plan_body_parks(body))
			return fail(err, "park %s: its function never parks, expected parkable "
				    "or a thread that was not woken", var(p, op));
		return 0;
	case PLAN_BIND:
		if (h->woken || h->stopped)
			return fail(err, "bind %s: expected before its first wake-up", var(p, op));
		return 0;
	case PLAN_PER_CPU:
		if (!h->bound || h->stopped || (h->woken && !h->parked))
			return fail(err, "per-cpu %s: expected a bound thread that sleeps",
				    var(p, op));
		return 0;
	case PLAN_DISPLACE:
		if (!h->bound || !h->parked || h->stopped)
			return fail(err, "displace %s: expected a bound thread that is parked",
				    var(p, op));
		return 0;
	case PLAN_AWAIT:
		if (body != PLAN_COMPLETE_EXIT || !h->woken || h->stopped || h->parked ||
		    h->awaited)
			return fail(err, "await %s: expected a complete-exit that was woken, not "
				    "stopped and not awaited", var(p, op));
		return 0;
	default:
		return 0;
	}
}

static int check_use(const struct plan *p, const struct plan_op *op, const struct handle *h,
		     struct plan_error *err)
{
	if (!h->made)
		return fail(err, "%s %s comes before its create", plan_op_name(op->kind),
			    var(p, op));
	/* The completion is not the thread's. */
	if (may_be_gone(h) && op->kind != PLAN_AWAIT)
		return fail(err, "%s %s: the thread may be gone; take a reference ('get %s') "
			    "before it can exit", plan_op_name(op->kind), var(p, op), var(p, op));
	return check_state(p, op, h, err);
}

static void set_woken(struct handle *h, bool exits)
{
	h->woken = true;
	h->woken_unheld |= exits && !h->parked;
}

static void apply(const struct plan *p, const struct plan_op *op, struct handle *h)
{
	const struct plan_thread *t = &p->threads[op->thread];
	bool exits = plan_body_exits(t->body);

	switch (op->kind) {
	case PLAN_CREATE:
	case PLAN_RUN:
	case PLAN_REGISTER:
		h->made = true;
		h->bound = t->cpu >= 0;
		if (op->kind == PLAN_RUN || h->stray_wakes)
			set_woken(h, exits);
		break;
	case PLAN_WAKE:
		set_woken(h, exits);
		break;
	case PLAN_PARK:
		if (h->stopped)
			break;
		h->woken = h->parked = true;
		break;
	case PLAN_UNPARK:
		if (h->parked) {
			h->parked = false;
			set_woken(h, exits);
		}
		break;
	case PLAN_STOP_PUT:
		h->refs--;
		h->stopped = true;
		h->parked = false;
		break;
	case PLAN_STOP:
		h->stopped = true;
		h->parked = false;
		break;
	case PLAN_BIND:
		h->bound = true;
		break;
	case PLAN_AWAIT:
		h->awaited = true;
		break;
	case PLAN_QUEUE:
	case PLAN_DELAY:
	case PLAN_MOD:
		h->queued[op->work] = true;
		h->gate |= op->work == PLAN_WORK_GATE;
		break;
	case PLAN_OPEN:
		h->gate = false;
		break;
	case PLAN_DESTROY:
	case PLAN_UNREGISTER:
		h->destroyed = true;
		break;
	case PLAN_GET:
		h->refs++;
		break;
	case PLAN_PUT:
		h->refs--;
		break;
	default:
		break;
	}
}

static int check_op(const struct plan *p, unsigned i, struct handle *h, struct plan_error *err)
{
	const struct plan_op *op = &p->ops[i];

	if (plan_op_has(op->kind, PLAN_BY_ID))
		return !h->made ? fail(err, "%s %s comes before its create",
				       plan_op_name(op->kind), var(p, op)) :
		       p->threads[op->thread].body == PLAN_PERCPU ? check_kind(p, op, err) : 0;
	if (is_stray(p, i)) {
		enum plan_body body = p->threads[op->thread].body;

		if (plan_op_has(op->kind, PLAN_HAS_WORK) && op->work == PLAN_WORK_GATE)
			return fail(err, "%s %s %u: the gate, which only its own task queues",
				    plan_op_name(op->kind), var(p, op), op->work);
		if (h->made && plan_op_has(op->kind, PLAN_BY_OTHERS) &&
		    plan_op_has(op->kind, PLAN_OF_PERCPU) == (body == PLAN_PERCPU) &&
		    (body == PLAN_WORKER || !plan_op_has(op->kind, PLAN_OF_WORKER)))
			return 0;
		return fail(err, "%s %s: another task's handle, expected a wake-up of an earlier "
			    "task's, or a work for its worker or per-CPU threads",
			    plan_op_name(op->kind), var(p, op));
	}
	if (!plan_op_has(op->kind, PLAN_MAKES)) {
		int e = check_use(p, op, h, err);

		if (e)
			return e;
	}
	apply(p, op, h);
	return 0;
}

/*
 * destroy and unregister wait for the others that use the handle, and they may
 * wait for a handle of this task: none of those comes after it.
 */
static int check_destroy_first(const struct plan *p, unsigned op, const struct handle *handles,
			       struct plan_error *err)
{
	const struct plan_op *made = &p->ops[op];
	const struct plan_task *task;

	if (!plan_op_has(made->kind, PLAN_MAKES) || !handles[made->thread].strays)
		return 0;
	task = &p->tasks[p->threads[made->thread].task];
	for (unsigned i = task->ops_first; i < op; i++)
		if (p->ops[i].kind == PLAN_DESTROY || p->ops[i].kind == PLAN_UNREGISTER)
			return fail(err, "%s is used by other tasks and made after a destroy or "
				    "unregister, which may wait for them", var(p, made));
	return 0;
}

static unsigned task_of(const struct plan *p, unsigned op)
{
	unsigned t = 0;

	while (op < p->tasks[t].ops_first ||
	       op >= p->tasks[t].ops_first + (unsigned)p->tasks[t].ops_count)
		t++;
	return t;
}

/* Might it wait for a thread that is frozen, or for a task that does? */
static bool waits_for_thaw(const struct plan *p, unsigned i)
{
	const struct plan_op *op = &p->ops[i];
	const struct plan_thread *t = &p->threads[op->thread];

	if (plan_op_has(op->kind, PLAN_NO_HANDLE))
		return false;
	if (is_stray(p, i) || op->kind == PLAN_DESTROY || op->kind == PLAN_DESTROY_RAW ||
	    op->kind == PLAN_UNREGISTER)
		return true;
	return (t->freezable && (op->kind == PLAN_FLUSH || op->kind == PLAN_FLUSH_WORKER ||
				  op->kind == PLAN_RAN)) ||
	       (t->body == PLAN_FREEZABLE && op->kind == PLAN_PARK);
}

/* depth: freezes by its task that are in force before op i, and then after it. */
static int check_freeze(const struct plan *p, unsigned i, unsigned *depth, struct plan_error *err)
{
	const struct plan_op *op = &p->ops[i];

	if (op->kind == PLAN_THAW) {
		if (*depth == 0)
			return fail(err, "thaw: expected after a freeze by the same task");
		--*depth;
	}
	if (*depth > 0 && waits_for_thaw(p, i))
		return fail(err, "%s %s: may wait for the thaw, expected after it",
			    plan_op_name(op->kind), var(p, op));
	if (op->kind != PLAN_FREEZE)
		return 0;
	++*depth;
	return 0;
}

/*
 * A task whose worker waits at the gate waits for nobody else: a freeze by
 * another task may wait for the worker, and others for that freeze.
 */
static int check_gates(const struct plan *p, unsigned i, const struct handle *handles,
		       struct plan_error *err)
{
	const struct plan_op *op = &p->ops[i];

	for (unsigned k = 0; k < p->threads_count; k++)
		if (handles[k].gate && p->threads[k].task == task_of(p, i) &&
		    (plan_op_has(op->kind, PLAN_NO_HANDLE) ? op->kind == PLAN_FREEZE
							   : op->thread != k))
			return fail(err, "%s: the gate of worker %s is closed, expected open",
				    plan_op_name(op->kind), plan_string(p, p->threads[k].var));
	return 0;
}

/*
 * Few enough threads for one execution. A CPU that comes up may make each
 * percpu's again: the creator of the last one may have been killed.
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
		return fail(err, "up to %u threads and tasks with memory %s, expected at most %d",
			    lives + p->tasks_count, plan_memory_name(p->memory), PLAN_WEAK_MAX);
	if (percpus <= PLAN_PERCPUS_MAX && (percpus == 0 || lives <= PLAN_LIVES_MAX))
		return 0;
	fail(err, "%u percpus, %u cpu-ups: up to %u threads, expected at most %d percpus and %d "
	     "threads", percpus, ups, lives, PLAN_PERCPUS_MAX, PLAN_LIVES_MAX);
	err->op = (int)last;
	return -EINVAL;
}

static void look_ahead(const struct plan *p, struct handle *handles)
{
	for (unsigned i = 0; i < p->ops_count; i++) {
		const struct plan_op *op = &p->ops[i];

		if (is_stray(p, i)) {
			handles[op->thread].strays = true;
			handles[op->thread].stray_wakes |= op->kind != PLAN_AFFINE;
		}
		if (plan_op_has(op->kind, PLAN_HAS_DELAY))
			handles[op->thread].delayed[op->work] = true;
		if (op->kind == PLAN_CANCEL)
			handles[op->thread].canceled[op->work] = true;
	}
}

static int check_rules(const struct plan *p, struct plan_error *err)
{
	struct handle handles[PLAN_THREADS_MAX] = { 0 };
	unsigned freezes[PLAN_TASKS_MAX] = { 0 };

	look_ahead(p, handles);
	for (unsigned i = 0; i < p->ops_count; i++) {
		const struct plan_op *op = &p->ops[i];
		int e = check_destroy_first(p, i, handles, err);

		if (e == 0)
			e = check_gates(p, i, handles, err);
		if (e == 0)
			e = check_freeze(p, i, &freezes[task_of(p, i)], err);
		if (e == 0 && !plan_op_has(op->kind, PLAN_NO_HANDLE))
			e = check_op(p, i, &handles[op->thread], err);
		if (e) {
			err->op = (int)i;
			return e;
		}
	}
	for (unsigned i = 0; i < p->threads_count; i++)
		if (handles[i].gate)
			return fail(err, "the gate of worker %s is queued and never opened",
				    plan_string(p, p->threads[i].var));
	return 0;
}

/* The tasks and points of a program are known only when it runs. */
static int check_program(const struct plan *p, struct plan_error *err)
{
	if (p->tasks_count || p->threads_count || p->ops_count || p->boot_concurrent)
		return fail(err, "a plan has a program or tasks, expected one of them");
	if (p->args[0] == 0)
		return fail(err, "the program has no name");
	return 0;
}

int plan_check(const struct plan *p, struct plan_error *err)
{
	if (p->origin.by && !p->origin.build)
		return fail(err, "the plan says how it was found and not on which build");
	if (plan_is_program(p))
		return check_program(p, err);
	if (p->tasks_count == 0)
		return fail(err, "the plan has no task, expected at least one or a program");
	for (unsigned i = 0; i < p->directives_count; i++) {
		int e = check_directive(p, &p->directives[i], err);

		if (e) {
			err->directive = (int)i;
			return e;
		}
	}
	if (check_lives(p, err) != 0)	/* the interpreter's bound: of any plan */
		return -EINVAL;
	/* A plan that expects a failure may break the caller rules on purpose. */
	if (p->has_expect && p->expect != KT_PASS)
		return 0;
	return check_rules(p, err);
}
