/* SPDX-License-Identifier: GPL-2.0-only */
/* The model of a thread's life: create, wake, run, park, stop, and where it runs. */
#include <errno.h>
#include <string.h>

#include "platform/check.h"
#include "stress/run/model.h"

enum {
	NOMEM_CREATOR = MODEL_ROLE(CREATE_INFO) | MODEL_ROLE(NAME) | MODEL_ROLE(WORKER) |
			MODEL_ROLE(MM),
};

/* ---- create ------------------------------------------------------------------------ */

/* The caller's own allocations did not fail, so kthreadd's fork must have failed with `error`. */
static void check_answer(const struct ledger_thread *t, long error)
{
	unsigned failed = t->failed_daemon;	/* kthreadd wrote it before it answered */

	if (error == -ENOMEM && (failed & model_nomem_daemon()))
		return;
	if (error == -EAGAIN && (failed & model_again_daemon()))
		return;
	kt_fail(KT_MODEL, "create returned %s without a cause: %s, kthreadd's failed "
		"allocations: %s", model_value(error).s, t->name, model_roles(failed).s);
}

void model_created(const struct ledger_thread *t, bool task, long error, bool killed)
{
	if (!task && !error)
		kt_fail(KT_MODEL, "create returned NULL: %s", t->name);
	if (t->failed_creator & model_nomem_creator(NOMEM_CREATOR)) {
		if (error != -ENOMEM)
			kt_fail(KT_MODEL, "create returned %s after a failed allocation, expected "
				"-ENOMEM: %s", task ? "a task" : model_value(error).s, t->name);
		return;
	}
	if (error == -EINTR) {
		if (!killed)
			kt_fail(KT_MODEL, "create returned -EINTR to a task that was not killed: "
				"%s", t->name);
		return;		/* this task has abandoned its request, so it must not read
				 * what kthreadd writes */
	}
	if (error)
		check_answer(t, error);
	else if (t->failed_daemon)
		kt_fail(KT_MODEL, "create succeeded although its fork failed: %s", t->name);
}

void model_new(const struct ledger_thread *t, bool same_function, bool same_data, bool per_cpu)
{
	if (!same_function || !same_data)
		kt_fail(KT_MODEL, "the thread has another function or data than it was created "
			"with: %s", t->name);
	if (per_cpu)
		kt_fail(KT_MODEL, "a new thread is marked as a CPU's own: %s", t->name);
}

/* ---- run --------------------------------------------------------------------------- */

void model_woken(const struct ledger_thread *t, bool first, int woken)
{
	if (t->plan->body == PLAN_WORKER && model_differs(MODEL_WORKER_STARTS))
		return;
	if (first && !t->stopped && woken != 1)
		kt_fail(KT_MODEL, "the first wake-up did not find the thread asleep: %s", t->name);
}

void model_running(const struct ledger_thread *t)
{
	if (t->runs > 1)
		kt_fail(KT_MODEL, "threadfn was called twice: %s", t->name);
	if (!ledger_is_woken(t))
		kt_fail(KT_MODEL, "threadfn was called before any wake-up of the thread: %s",
			t->name);
	/* Do not ask for `created`: kthread_run() wakes the thread before `created` is written. */
	if (t->abandoned)
		kt_fail(KT_MODEL, "threadfn was called for an abandoned create: %s", t->name);
}

static void check_place(const struct ledger_thread *t, struct model_place place,
			const char *when)
{
	if (!place.running)
		kt_fail(KT_DISCIPLINE, "%s in a state that is not RUNNING: %s", when, t->name);
	/* A CPU that is taken off line loses the threads that are bound to it. */
	if (!place.on_cpus && !(t->cpus & ledger.cpus_down))
		kt_fail(KT_MODEL, "%s on a CPU it is not bound to: %s", when, t->name);
}

void model_entered(const struct ledger_thread *t, struct model_place place)
{
	check_place(t, place, "threadfn entered");
}

void model_unparked(struct ledger_thread *t, struct model_place place)
{
	check_place(t, place, "kthread_parkme returned");
	/* Each return needs an unpark of its own. A stop unparks, too. */
	if (++t->went_on > counter_get(&t->unparks) + ledger_is_ending(t))
		kt_fail(KT_MODEL, "kthread_parkme returned before an unpark or a stop: %s",
			t->name);
}

void model_turned(struct ledger_thread *t)
{
	/* An operation makes at most four wake-ups of one thread, and the teardown makes some. */
	unsigned most = 4u * ledger.plan->ops_count + 8u;

	if (++t->turns > most)
		kt_fail(KT_MODEL, "the thread goes round without sleeping: %s", t->name);
}

void model_allowed(const struct ledger_thread *t, uint64_t cpus, bool on_cpus, uint64_t again)
{
	/* A CPU that is taken off line loses its threads. */
	if (cpus && !on_cpus && cpus == again && !(cpus & ledger.cpus_down))
		kt_fail(KT_MODEL, "set_cpus_allowed returned 0, and the thread runs elsewhere: %s",
			t->name);
}

void model_context(const struct ledger_thread *t, const struct model_context *c)
{
	/* A name that was not allocated is as long as comm. */
	bool cut = model_differs(MODEL_NAME_CUT) && (t->failed_creator & MODEL_ROLE(NAME));

	if (cut ? strncmp(c->name, t->name, c->comm_max - 1) != 0 : strcmp(c->name, t->name) != 0)
		kt_fail(KT_MODEL, "the thread's full name is wrong: %s is called '%s'", t->name,
			c->name);
	if (strncmp(c->comm, t->name, c->comm_max - 1) != 0)
		kt_fail(KT_MODEL, "the thread's comm is wrong: %s is called '%s'", t->name,
			c->comm);
	if (!c->from_daemon)
		kt_fail(KT_MODEL, "the thread did not start from kthreadd's context: %s", t->name);
}

void model_attributes(const struct ledger_thread *t, const struct model_attributes *a)
{
	if (a->policy != 0 || !a->signals_ignored)
		kt_fail(KT_MODEL, "the thread has policy %d and signals ignored %d, expected 0 "
			"and 1: %s", a->policy, a->signals_ignored, t->name);
	if (strncmp(a->comm, t->name, a->comm_max - 1) != 0)
		kt_fail(KT_MODEL, "the platform's name for the thread is wrong: %s is called '%s'",
			t->name, a->comm);
}

/* ---- stop and park ----------------------------------------------------------------- */

void model_stopped(const struct ledger_thread *t, int result)
{
	int expected = t->runs ? t->plan->result : -EINTR;

	if (t->was_parked && !t->runs)
		kt_fail(KT_MODEL, "stopped after a park that succeeded, and threadfn was not "
			"called: %s", t->name);
	if (result != expected)
		kt_fail(KT_MODEL, "stop returned %s, expected %s: %s, whose function %s",
			model_value(result).s, model_value(expected).s, t->name,
			t->runs ? "ran" : "did not run");
}

int model_park_result(const struct ledger_thread *t)
{
	return t->stopped ? -ENOSYS : t->parked ? -EBUSY : 0;
}

void model_parked(const struct ledger_thread *t, int err)
{
	int expected = model_park_result(t);

	if (err != expected)
		kt_fail(KT_MODEL, "park returned %s, expected %s: %s", model_value(err).s,
			model_value(expected).s, t->name);
}

void model_parked_itself(const struct ledger_thread *t, bool again, int err)
{
	/* Its flag is clear, unless it has set the flag before and no unpark has cleared that. */
	if (err != 0 && !(again && err == -EBUSY))
		kt_fail(KT_MODEL, "a thread that parks itself got %s, expected %s: %s",
			model_value(err).s, again ? "0 or -EBUSY" : "0", t->name);
}

void model_woke_itself(const struct ledger_thread *t, int woken)
{
	if (woken)
		kt_fail(KT_MODEL, "a running thread has woken itself: %s", t->name);
}

void model_is_parked(const struct ledger_thread *t, bool asleep)
{
	/*
	 * One task makes all calls on a thread, one after another, so no call unparks the thread
	 * before park returns.
	 */
	if (!asleep)
		kt_fail(KT_MODEL, "park returned while the thread was still running: %s", t->name);
}

/* ---- signals ----------------------------------------------------------------------- */

void model_signaled(const struct ledger_thread *t, bool lives, int err)
{
	if (err != 0 && err != -ESRCH)
		kt_fail(KT_MODEL, "a signal returned %s, expected 0 or -ESRCH: %s",
			model_value(err).s, t->name);
	if (lives && err != 0)
		kt_fail(KT_MODEL, "a signal to a thread that lives returned %s: %s",
			model_value(err).s, t->name);
}

void model_got_signal(const struct ledger_thread *t)
{
	if (!ledger_is_signaling(t))
		kt_fail(KT_MODEL, "a signal is pending that no task has sent: %s", t->name);
}

void model_keeps_signal(const struct ledger_thread *t, bool pending)
{
	if (!pending)
		kt_fail(KT_MODEL, "a signal that was sent is not pending: %s", t->name);
}

/* ---- CPUs -------------------------------------------------------------------------- */

void model_affine(const struct ledger_thread *t, bool bound, bool lives, int err)
{
	if (err != 0 && err != -EINVAL)
		kt_fail(KT_MODEL, "set_cpus_allowed returned %s, expected 0 or -EINVAL: %s",
			model_value(err).s, t->name);
	if (bound && err == 0)
		kt_fail(KT_MODEL, "the CPUs of a bound thread were changed: %s", t->name);
	if (lives && !bound && err != 0)
		kt_fail(KT_MODEL, "set_cpus_allowed returned %s, expected 0: %s",
			model_value(err).s, t->name);
}

void model_per_cpu(const struct ledger_thread *t, int cpu, bool is_per_cpu)
{
	if (is_per_cpu != (cpu >= 0))
		kt_fail(KT_MODEL, "kthread_is_per_cpu is wrong after set_per_cpu(%d): %s", cpu,
			t->name);
}

/* ---- the plan's own expectations --------------------------------------------------- */

void model_expect(const struct plan_op *op, const char *what, long result)
{
	if (!op->has_expect)
		return;
	if (op->expect_ok) {
		if (result < 0)
			kt_fail(KT_EXPECT, "the plan expects ok: %s got %s", what,
				model_value(result).s);
		return;
	}
	if (result != op->expect)
		kt_fail(KT_EXPECT, "the plan expects %s: %s got %s", model_value(op->expect).s,
			what, model_value(result).s);
}
