/* SPDX-License-Identifier: GPL-2.0-only */
/* Rules about one handle: what may be done with the thread, worker or percpu, and when. */
#include "stress/plan/check.h"

/* May the handle's thread be gone by now? */
static bool may_be_gone(const struct handle *h)
{
	return h->refs == 0 && (h->stopped || h->woken_unheld);
}

/*
 * The operations of a worker whose gate is queued and closed. If such an operation waits for a
 * work that is queued after the gate, it waits for ever.
 */
static int check_gate(const struct plan *p, const struct plan_op *op, const struct handle *h,
		      struct plan_error *err)
{
	if (op->kind == PLAN_DESTROY_RAW)
		return check_fail(err, "destroy-raw %s: leaves timers armed, expected destroy",
				  check_var(p, op));
	if (plan_op_has(op->kind, PLAN_HAS_WORK) && op->work == PLAN_WORK_GATE &&
	    op->kind != PLAN_QUEUE)
		return check_fail(err,
				  "%s %s %u: work %u is the gate, expected only queue and open",
				  plan_op_name(op->kind), check_var(p, op), op->work, op->work);
	if (op->kind == PLAN_QUEUE && op->work == PLAN_WORK_GATE && (h->strays || h->queues_itself))
		return check_fail(err, "queue %s %u: the gate of a worker that other tasks use",
				  check_var(p, op), op->work);
	if (op->kind == PLAN_OPEN && !h->gate)
		return check_fail(err, "open %s: its gate is not queued", check_var(p, op));
	if (op->kind == PLAN_RAN && (!h->queued[op->work] || h->canceled[op->work]))
		return check_fail(err,
				  "ran %s %u: expected a work that this task has queued and that "
				  "no task cancels",
				  check_var(p, op), op->work);
	if (!h->gate || op->kind == PLAN_OPEN)
		return 0;
	if (op->kind == PLAN_FLUSH && op->work != PLAN_WORK_AGAIN && !h->delayed[op->work])
		return 0;
	return check_fail(err,
			  "%s %s: its gate is closed, expected open, or flush of a work queued "
			  "before and never delayed",
			  plan_op_name(op->kind), check_var(p, op));
}

static const char *of_percpu(unsigned i)
{
	return plan_op_has(i, PLAN_OF_PERCPU) ? plan_op_name(i) : NULL;
}

/* destroy-raw is never legal. */
static const char *of_worker(unsigned i)
{
	return i == PLAN_WAKE || (plan_op_has(i, PLAN_OF_WORKER) && i != PLAN_DESTROY_RAW)
		       ? plan_op_name(i)
		       : NULL;
}

/* Does the operation fit what the handle stands for: a thread, a worker or per-CPU threads? */
static int check_kind(const struct plan *p, const struct plan_op *op, struct plan_error *err)
{
	enum plan_body body = p->threads[op->thread].body;
	const char *name = plan_op_name(op->kind);
	char words[300];

	if (body == PLAN_PERCPU) {
		if (of_percpu(op->kind))
			return 0;
		return check_fail(err, "%s %s: per-CPU threads, expected %s", name,
				  check_var(p, op),
				  plan_one_of(words, sizeof words, of_percpu, PLAN_OPS));
	}
	if (of_percpu(op->kind))
		return check_fail(err, "%s %s: expected per-CPU threads", name, check_var(p, op));
	if (plan_op_has(op->kind, PLAN_OF_WORKER) == (body == PLAN_WORKER) ||
	    (body == PLAN_WORKER && op->kind == PLAN_WAKE))
		return 0;
	if (body != PLAN_WORKER)
		return check_fail(err, "%s %s: expected a worker", name, check_var(p, op));
	return check_fail(err, "%s %s: a worker, expected %s", name, check_var(p, op),
			  plan_one_of(words, sizeof words, of_worker, PLAN_OPS));
}

/* The operations of a thread that are legal in some of its states only. */
static int check_thread(const struct plan *p, const struct plan_op *op, const struct handle *h,
			struct plan_error *err)
{
	enum plan_body body = p->threads[op->thread].body;
	const char *name = plan_op_name(op->kind);

	switch (op->kind) {
	case PLAN_PUT:
	case PLAN_STOP_PUT:
		if (h->refs == 0)
			return check_fail(err, "%s %s: no reference is held", name,
					  check_var(p, op));
		return 0;
	case PLAN_PARK:
		if (!h->stopped && !h->parked && h->woken && !plan_body_parks(body))
			return check_fail(err,
					  "park %s: its function never parks, expected parkable "
					  "or a thread that was not woken",
					  check_var(p, op));
		return 0;
	case PLAN_BIND:
		if (h->woken || h->stopped)
			return check_fail(err, "bind %s: expected before its first wake-up",
					  check_var(p, op));
		return 0;
	case PLAN_PER_CPU:
		if (!h->bound || h->stopped || (h->woken && !h->parked))
			return check_fail(err, "per-cpu %s: expected a bound thread that sleeps",
					  check_var(p, op));
		return 0;
	case PLAN_DISPLACE:
		if (!h->bound || !h->parked || h->stopped)
			return check_fail(err,
					  "displace %s: expected a bound thread that is parked",
					  check_var(p, op));
		return 0;
	case PLAN_AWAIT:
		if (!(body == PLAN_COMPLETE_EXIT || (body == PLAN_KILLABLE && h->signaled)) ||
		    !h->woken || h->stopped || h->parked || h->awaited)
			return check_fail(err,
					  "await %s: expected a complete-exit that was woken, or a "
					  "killable that got a signal, not stopped and not awaited",
					  check_var(p, op));
		return 0;
	case PLAN_SIGNAL:
		if (body == PLAN_KILLABLE && !h->stopped && (!h->woken || h->parked))
			return check_fail(err,
					  "signal %s: waits until the thread takes signals, "
					  "expected after its first wake-up",
					  check_var(p, op));
		return 0;
	default: return 0;
	}
}

static int check_state(const struct plan *p, const struct plan_op *op, const struct handle *h,
		       struct plan_error *err)
{
	enum plan_body body = p->threads[op->thread].body;
	int e = check_kind(p, op, err);

	if (e)
		return e;
	if (h->destroyed)
		return check_fail(err,
				  body == PLAN_PERCPU ? "%s %s: it was unregistered"
						      : "%s %s: the worker was destroyed",
				  plan_op_name(op->kind), check_var(p, op));
	return body == PLAN_WORKER ? check_gate(p, op, h, err) : check_thread(p, op, h, err);
}

static int check_use(const struct plan *p, const struct plan_op *op, const struct handle *h,
		     struct plan_error *err)
{
	if (!h->made)
		return check_fail(err, "%s %s comes before its create", plan_op_name(op->kind),
				  check_var(p, op));
	/* await is legal even so, because its completion does not belong to the thread. */
	if (may_be_gone(h) && op->kind != PLAN_AWAIT)
		return check_fail(err,
				  "%s %s: the thread may be gone; take a reference ('get %s') "
				  "before it can exit",
				  plan_op_name(op->kind), check_var(p, op), check_var(p, op));
	return check_state(p, op, h, err);
}

static void set_woken(struct handle *h, bool exits)
{
	h->woken = true;
	h->woken_unheld |= exits && !h->parked;
}

static void apply_work(const struct plan_op *op, struct handle *h)
{
	switch (op->kind) {
	case PLAN_QUEUE:
	case PLAN_DELAY:
	case PLAN_MOD:
		h->queued[op->work] = true;
		h->gate |= op->work == PLAN_WORK_GATE;
		break;
	case PLAN_OPEN: h->gate = false; break;
	case PLAN_DESTROY:
	case PLAN_UNREGISTER: h->destroyed = true; break;
	default: break;
	}
}

static void apply_stop(const struct plan_op *op, struct handle *h)
{
	h->refs -= op->kind == PLAN_STOP_PUT;
	h->stopped = true;
	h->parked = false;
}

/* Make *h the state after the operation. */
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
	case PLAN_WAKE: set_woken(h, exits); break;
	case PLAN_PARK:
		if (!h->stopped)
			h->woken = h->parked = true;
		break;
	case PLAN_UNPARK:
		if (h->parked) {
			h->parked = false;
			set_woken(h, exits);
		}
		break;
	case PLAN_STOP_PUT:
	case PLAN_STOP: apply_stop(op, h); break;
	case PLAN_BIND: h->bound = true; break;
	case PLAN_AWAIT: h->awaited = true; break;
	case PLAN_SIGNAL: h->signaled = true; break;
	case PLAN_GET: h->refs++; break;
	case PLAN_PUT: h->refs--; break;
	default: apply_work(op, h); break;
	}
}

/* Check an operation by a task to which the handle does not belong. */
static int check_stray(const struct plan *p, const struct plan_op *op, const struct handle *h,
		       struct plan_error *err)
{
	enum plan_body body = p->threads[op->thread].body;

	if (p->handles_bare)
		return check_fail(err,
				  "%s %s: another task's handle without a reference, so what it "
				  "stands for may be gone",
				  plan_op_name(op->kind), check_var(p, op));
	if (plan_op_has(op->kind, PLAN_HAS_WORK) && op->work == PLAN_WORK_GATE)
		return check_fail(err, "%s %s %u: the gate, which only its own task queues",
				  plan_op_name(op->kind), check_var(p, op), op->work);
	if (h->made && plan_op_has(op->kind, PLAN_BY_OTHERS) &&
	    plan_op_has(op->kind, PLAN_OF_PERCPU) == (body == PLAN_PERCPU) &&
	    (body == PLAN_WORKER || !plan_op_has(op->kind, PLAN_OF_WORKER)))
		return 0;
	return check_fail(err,
			  "%s %s: another task's handle, expected one of an earlier task, to wake "
			  "its thread or to use its worker or per-CPU threads",
			  plan_op_name(op->kind), check_var(p, op));
}

int check_handle(const struct plan *p, unsigned i, struct handle *h, struct plan_error *err)
{
	const struct plan_op *op = &p->ops[i];

	if (plan_op_has(op->kind, PLAN_BY_ID)) {
		if (!h->made)
			return check_fail(err, "%s %s comes before its create",
					  plan_op_name(op->kind), check_var(p, op));
		return p->threads[op->thread].body == PLAN_PERCPU ? check_kind(p, op, err) : 0;
	}
	if (check_is_stray(p, i))
		return check_stray(p, op, h, err);
	if (!plan_op_has(op->kind, PLAN_MAKES)) {
		int e = check_use(p, op, h, err);

		if (e)
			return e;
	}
	apply(p, op, h);
	return 0;
}
