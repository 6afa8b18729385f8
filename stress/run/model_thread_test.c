/* SPDX-License-Identifier: GPL-2.0-only */
/* The rules of a thread's life: create, wake, run, park, stop. */
#include <errno.h>

#include "stress/run/model_test.h"

static void create_null(bool bad)
{
	model_created(A, !bad, 0, false);
}

static void create_failed_allocation(bool bad)
{
	A->failed_creator = MODEL_ROLE(NAME);
	model_created(A, bad, bad ? 0 : -ENOMEM, false);
}

static void create_other_error(bool bad)
{
	A->failed_creator = MODEL_ROLE(NAME);
	model_created(A, false, bad ? -EAGAIN : -ENOMEM, false);
}

static void create_eintr(bool bad)
{
	model_created(A, false, -EINTR, !bad);
}

static void create_enomem(bool bad)
{
	A->failed_daemon = bad ? MODEL_ROLE(STACK) : MODEL_ROLE(TASK);
	model_created(A, false, -ENOMEM, false);
}

static void create_eagain(bool bad)
{
	A->failed_daemon = bad ? 0 : MODEL_ROLE(STACK);
	model_created(A, false, -EAGAIN, false);
}

static void create_succeeds(bool bad)
{
	A->failed_daemon = bad ? MODEL_ROLE(KTHREAD) : 0;
	model_created(A, true, 0, false);
}

static void new_function(bool bad)
{
	model_new(A, !bad, true, false);
}

static void new_data(bool bad)
{
	model_new(A, true, !bad, false);
}

static void new_per_cpu(bool bad)
{
	model_new(A, true, true, bad);
}

static void first_wake(bool bad)
{
	model_woken(A, true, !bad);
	model_woken(A, false, 0);
}

static void runs_once(bool bad)
{
	ledger_waking(A);
	A->runs = bad ? 2 : 1;
	model_running(A);
}

static void runs_woken(bool bad)
{
	if (!bad)
		ledger_waking(A);
	model_running(A);
}

static void runs_not_abandoned(bool bad)
{
	ledger_waking(A);
	A->abandoned = bad;
	model_running(A);
}

static void entered_running(bool bad)
{
	model_entered(A, (struct model_place){ .running = !bad, .on_cpus = true });
}

static void entered_on_cpu(bool bad)
{
	A->cpus = bad ? 1 : 4;	/* CPU 2 is taken off line */
	model_entered(A, (struct model_place){ .running = true, .on_cpus = false });
}

static void unparked_running(bool bad)
{
	A->unparks = 1;
	model_unparked(A, (struct model_place){ .running = !bad, .on_cpus = true });
}

static void unparked_on_cpu(bool bad)
{
	A->cpus = 1;
	A->unparks = 1;
	model_unparked(A, (struct model_place){ .running = true, .on_cpus = !bad });
}

static void unparked_each(bool bad)
{
	struct model_place place = { .running = true, .on_cpus = true };

	A->unparks = 1;
	model_unparked(A, place);
	if (!bad)
		ledger_ending(A);	/* a stop unparks */
	model_unparked(A, place);
}

static void parked_itself(bool bad)
{
	model_parked_itself(A, false, bad ? -EBUSY : 0);
}

static void parked_itself_again(bool bad)
{
	model_parked_itself(A, true, 0);
	model_parked_itself(A, true, bad ? -ENOSYS : -EBUSY);
}

static void woke_itself(bool bad)
{
	model_woke_itself(A, bad);
}

static void signal_error(bool bad)
{
	model_signaled(A, false, 0);
	model_signaled(A, false, bad ? -EINTR : -ESRCH);
}

static void signal_lives(bool bad)
{
	model_signaled(A, bad, -ESRCH);
}

static void signal_sent(bool bad)
{
	if (!bad)
		ledger_signaling(A);
	model_got_signal(A);
}

static void signal_kept(bool bad)
{
	model_keeps_signal(A, !bad);
}

static void context_of(const char *name, const char *comm, bool from_daemon)
{
	model_context(A, &(struct model_context){ .name = name, .comm = comm, .comm_max = 16,
						  .from_daemon = from_daemon });
}

static void context_name(bool bad)
{
	context_of(bad ? "b" : "a", "a", true);
}

static void context_comm(bool bad)
{
	context_of("a", bad ? "b" : "a", true);
}

static void context_daemon(bool bad)
{
	context_of("a", "a", !bad);
}

static void attributes_of(const char *comm, int policy, bool signals_ignored)
{
	model_attributes(A, &(struct model_attributes){
		.comm = comm, .comm_max = 16, .policy = policy,
		.signals_ignored = signals_ignored,
	});
}

static void attributes_policy(bool bad)
{
	attributes_of("a", bad ? 1 : 0, true);
}

static void attributes_signals(bool bad)
{
	attributes_of("a", 0, !bad);
}

static void attributes_comm(bool bad)
{
	attributes_of(bad ? "init" : "a", 0, true);
}

static void stop_runs_parked(bool bad)
{
	ledger_parked(A);
	A->runs = !bad;
	model_stopped(A, bad ? -EINTR : 7);
}

static void stop_result(bool bad)
{
	A->runs = 1;
	model_stopped(A, bad ? -EINTR : 7);
}

static void stop_not_run(bool bad)
{
	model_stopped(A, bad ? 7 : -EINTR);
}

static void stop_freed(bool bad)
{
	A->runs = 1;
	model_stopped(A, bad ? 0x6b6b6b6b : 7);
}

static void park_first(bool bad)
{
	model_parked(A, bad ? -EINTR : 0);
}

static void park_again(bool bad)
{
	ledger_parked(A);
	model_parked(A, bad ? 0 : -EBUSY);
}

static void park_stopped(bool bad)
{
	A->stopped = true;
	model_parked(A, bad ? -EBUSY : -ENOSYS);
}

static void park_asleep(bool bad)
{
	model_is_parked(A, !bad);
}

static void affine_error(bool bad)
{
	model_affine(A, true, true, bad ? -EBUSY : -EINVAL);
}

static void affine_bound(bool bad)
{
	model_affine(A, bad, true, 0);
}

static void affine_done(bool bad)
{
	model_affine(A, false, bad, -EINVAL);
}

static void allowed(bool bad)
{
	model_allowed(A, 2, true, 2);
	model_allowed(A, 2, false, 1);	/* changed meanwhile */
	model_allowed(A, bad ? 2 : 4, false, bad ? 2 : 4);	/* CPU 2 is taken off line */
}

static void turns(bool bad)
{
	A->turns = 4u * ledger.plan->ops_count + 7u + bad;
	model_turned(A);
}

static void per_cpu_set(bool bad)
{
	model_per_cpu(A, 1, !bad);
}

static void per_cpu_ended(bool bad)
{
	model_per_cpu(A, -1, bad);
}

static void expect_value(bool bad)
{
	model_expect(expects_eintr, "a", bad ? 7 : -EINTR);
}

static void expect_ok(bool bad)
{
	model_expect(expects_ok, "b", bad ? -ENOMEM : 0);
}

const struct model_rule model_thread_rules[] = {
	RULE(create_null, "create returned NULL: a"),
	RULE(create_failed_allocation, "create returned a task after a failed allocation, "
				       "expected -ENOMEM: a"),
	RULE(create_other_error, "create returned -EAGAIN after a failed allocation, "
				 "expected -ENOMEM: a"),
	RULE(create_eintr, "create returned -EINTR to a task that was not killed: a"),
	RULE(create_enomem, "create returned -ENOMEM without a cause: a, kthreadd's failed "
			    "allocations: stack"),
	RULE(create_eagain, "create returned -EAGAIN without a cause: a, kthreadd's failed "
			    "allocations: none"),
	RULE(create_succeeds, "create succeeded although its fork failed: a"),
	RULE(new_function, "the thread has another function or data"),
	RULE(new_data, "the thread has another function or data"),
	RULE(new_per_cpu, "a new thread is marked as a CPU's own: a"),
	RULE(first_wake, "the first wake-up did not find the thread asleep: a"),
	RULE(runs_once, "threadfn was called twice: a"),
	RULE(runs_woken, "threadfn was called before any wake-up of the thread: a"),
	RULE(runs_not_abandoned, "threadfn was called for an abandoned create: a"),
	RULE_OF(entered_running, KT_DISCIPLINE, "threadfn entered in a state that is not RUNNING"),
	RULE(entered_on_cpu, "threadfn entered on a CPU it is not bound to: a"),
	RULE_OF(unparked_running, KT_DISCIPLINE, "kthread_parkme returned in a state that is not"),
	RULE(unparked_on_cpu, "kthread_parkme returned on a CPU it is not bound to: a"),
	RULE(unparked_each, "kthread_parkme returned before an unpark or a stop: a"),
	RULE(parked_itself, "a thread that parks itself got -EBUSY, expected 0: a"),
	RULE(parked_itself_again, "a thread that parks itself got -ENOSYS, expected 0 or -EBUSY"),
	RULE(woke_itself, "a running thread has woken itself: a"),
	RULE(signal_error, "a signal returned -EINTR, expected 0 or -ESRCH: a"),
	RULE(signal_lives, "a signal to a thread that lives returned -ESRCH: a"),
	RULE(signal_sent, "a signal is pending that no task has sent: a"),
	RULE(signal_kept, "a signal that was sent is not pending: a"),
	RULE(context_name, "the thread's full name is wrong: a is called 'b'"),
	RULE(context_comm, "the thread's comm is wrong: a is called 'b'"),
	RULE(context_daemon, "the thread did not start from kthreadd's context: a"),
	RULE(attributes_policy, "the thread has policy 1 and signals ignored 1, expected 0 and 1"),
	RULE(attributes_signals, "the thread has policy 0 and signals ignored 0, expected 0 and 1"),
	RULE(attributes_comm, "the platform's name for the thread is wrong: a is called 'init'"),
	RULE(stop_runs_parked, "stopped after a park that succeeded, and threadfn was not called"),
	RULE(stop_result, "stop returned -EINTR, expected 7: a, whose function ran"),
	RULE(stop_not_run, "stop returned 7, expected -EINTR: a, whose function did not run"),
	RULE(stop_freed, "stop returned 0x6b6b6b6b, the fill of freed memory, expected 7: a"),
	RULE(park_first, "park returned -EINTR, expected 0: a"),
	RULE(park_again, "park returned 0, expected -EBUSY: a"),
	RULE(park_stopped, "park returned -EBUSY, expected -ENOSYS: a"),
	RULE(park_asleep, "park returned while the thread was still running: a"),
	RULE(affine_error, "set_cpus_allowed returned -EBUSY, expected 0 or -EINVAL: a"),
	RULE(affine_bound, "the CPUs of a bound thread were changed: a"),
	RULE(affine_done, "set_cpus_allowed returned -EINVAL, expected 0: a"),
	RULE(allowed, "set_cpus_allowed returned 0, and the thread runs elsewhere: a"),
	RULE(turns, "the thread goes round without sleeping: a"),
	RULE(per_cpu_set, "kthread_is_per_cpu is wrong after set_per_cpu(1): a"),
	RULE(per_cpu_ended, "kthread_is_per_cpu is wrong after set_per_cpu(-1): a"),
	RULE_OF(expect_value, KT_EXPECT, "the plan expects -EINTR: a got 7"),
	RULE_OF(expect_ok, KT_EXPECT, "the plan expects ok: b got -ENOMEM"),
	{ 0 },
};
