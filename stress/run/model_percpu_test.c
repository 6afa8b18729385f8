/* SPDX-License-Identifier: GPL-2.0-only */
/* The rules of per-CPU threads and of CPUs. */
#include <errno.h>

#include "stress/run/model_test.h"

static void callback(enum ledger_callback last, enum ledger_callback what, struct model_cpu now)
{
	P->callback[1] = (uint8_t)last;
	model_callback(P, 1, what, true, now);
}

/* B stands for a percpu that was registered later. */
static void parks_in_order(bool bad)
{
	counter_set(&P->registered, 2);
	counter_set(&B->registering, 3);
	counter_set(&B->registered, 4);
	B->callback[1] = bad ? LEDGER_RUN : LEDGER_PARK;
	model_parks_in_order(P, 1);
	counter_set(&B->registering, 1);
	B->callback[1] = LEDGER_RUN;
	model_parks_in_order(P, 1);
}

/* What a callback should find. */
static const struct model_cpu good = { true, true, true, true };

static void callback_running(bool bad)
{
	callback(LEDGER_SETUP, LEDGER_RUN, (struct model_cpu){ !bad, true, true, true });
}

static void callback_thread(bool bad)
{
	callback(LEDGER_SETUP, LEDGER_RUN, (struct model_cpu){ true, !bad, true, true });
}

static void callback_online(bool bad)
{
	callback(LEDGER_SETUP, LEDGER_RUN, (struct model_cpu){ true, true, !bad, true });
}

static void callback_offline(bool bad)
{
	P->callback[1] = LEDGER_PARK;
	model_callback(P, 1, LEDGER_CLEANUP, false, (struct model_cpu){ true, true, bad, false });
}

static void callback_on_cpu(bool bad)
{
	callback(LEDGER_SETUP, LEDGER_RUN, (struct model_cpu){ true, true, true, !bad });
}

static void setup_first(bool bad)
{
	callback(bad ? LEDGER_RUN : LEDGER_NO_CALLBACK, LEDGER_SETUP, good);
}

static void run_set_up(bool bad)
{
	callback(LEDGER_UNPARK, LEDGER_RUN, good);
	callback(bad ? LEDGER_NO_CALLBACK : LEDGER_RUN, LEDGER_RUN, good);
}

static void run_not_parked(bool bad)
{
	callback(bad ? LEDGER_PARK : LEDGER_UNPARK, LEDGER_RUN, good);
}

static void park_active(bool bad)
{
	callback(LEDGER_SETUP, LEDGER_PARK, good);
	callback(bad ? LEDGER_PARK : LEDGER_UNPARK, LEDGER_PARK, good);
}

static void unpark_parked(bool bad)
{
	callback(bad ? LEDGER_RUN : LEDGER_PARK, LEDGER_UNPARK, good);
}

static void cleanup_once(bool bad)
{
	callback(LEDGER_RUN, LEDGER_CLEANUP, good);
	callback(bad ? LEDGER_CLEANUP : LEDGER_PARK, LEDGER_CLEANUP, good);
}

static void has_threads(bool bad)
{
	model_has_threads(P, 6, bad ? 2 : 7);
}

static void no_thread_left(bool bad)
{
	model_nothing_left(P, bad ? 8 : 0, "unregister");
}

static void no_setup_left(bool bad)
{
	P->callback[2] = bad ? LEDGER_UNPARK : LEDGER_CLEANUP;
	model_nothing_left(P, 0, "a register that failed");
}

static void answered_failed_allocation(bool bad)
{
	ledger.call[0].failed_caller = MODEL_ROLE(SMPBOOT);
	model_answered(&ledger.call[0], "register", bad ? 0 : -ENOMEM, false);
}

static void answered_eintr(bool bad)
{
	model_answered(&ledger.call[0], "register", -EINTR, !bad);
}

static void answered_success(bool bad)
{
	ledger.call[0].failed_daemon = bad ? MODEL_ROLE(STACK) : 0;
	model_answered(&ledger.call[0], "cpu_up", 0, false);
}

static void answered_cause(bool bad)
{
	ledger.call[0].failed_daemon = bad ? 0 : MODEL_ROLE(STACK);
	model_answered(&ledger.call[0], "cpu_up", -EAGAIN, false);
}

static void cpu_down_error(bool bad)
{
	ledger.online = 4;
	ledger.cpus_tried = CPUS;
	model_cpu_down(2, bad ? -EINTR : -EBUSY, CPUS, 4);
}

static void cpu_down_none_left(bool bad)
{
	model_cpu_down(2, 0, CPUS, bad ? 0 : CPUS & ~4);
}

static void cpu_down_not_last(bool bad)
{
	ledger.cpu_tasks = 3;	/* two tasks move CPUs, so ledger.online is not used */
	ledger.cpus_tried = bad ? 7 : CPUS;
	model_cpu_down(2, -EBUSY, CPUS, 4);
}

static void cpu_down_known(bool bad)
{
	ledger.online = bad ? 4 : 6;
	model_cpu_down(2, 0, CPUS, 2);
}

static void cpu_down_moved(bool bad)
{
	ledger.online = 6;
	model_cpu_down(2, 0, CPUS, bad ? 6 : 2);
}

static void cpu_up_was_down(bool bad)
{
	ledger.online = bad ? 6 : 2;
	model_cpu_up(2, -ENOMEM, bad ? 6 : 2);
}

static void cpu_up_moved(bool bad)
{
	ledger.online = 2;
	model_cpu_up(2, 0, bad ? 2 : 6);
}

const struct model_rule model_percpu_rules[] = {
	RULE_OF(callback_running, KT_DISCIPLINE, "thread_fn called in a state that is not RUNNING"),
	RULE(callback_thread, "thread_fn called on a thread that is not the CPU's: p/0, CPU 1"),
	RULE(callback_online, "thread_fn called with the CPU off line: p/0, CPU 1"),
	RULE(callback_offline, "cleanup called with the CPU on line: p/0, CPU 1"),
	RULE(callback_on_cpu, "thread_fn called on another CPU: p/0, CPU 1"),
	RULE(setup_first, "setup called when it is active: p/0, CPU 1"),
	RULE(run_set_up, "thread_fn called when setup was not called: p/0, CPU 1"),
	RULE(run_not_parked, "thread_fn called when it is parked: p/0, CPU 1"),
	RULE(park_active, "park called when it is parked: p/0, CPU 1"),
	RULE(unpark_parked, "unpark called when it is active: p/0, CPU 1"),
	RULE(cleanup_once, "cleanup called when cleanup was called: p/0, CPU 1"),
	RULE(parks_in_order, "parked before threads that were registered later: p/0, CPU 1"),
	RULE(has_threads, "a CPU is on line and has no thread: p/0, CPU 2"),
	RULE(no_thread_left, "unregister left a thread behind: p/0, CPU 3"),
	RULE(no_setup_left, "a register that failed returned, setup was called and cleanup was "
			    "not: p/0, CPU 2"),
	RULE(answered_failed_allocation, "register returned 0 after a failed allocation, expected "
					 "-ENOMEM"),
	RULE(answered_eintr, "register returned -EINTR to a task that was not killed"),
	RULE(answered_success, "cpu_up succeeded although a fork for it failed"),
	RULE(answered_cause, "cpu_up returned -EAGAIN without a cause: kthreadd's failed "
			     "allocations: none"),
	RULE(cpu_down_error, "cpu_down returned -EINTR, expected 0 or -EBUSY"),
	RULE(cpu_down_none_left, "cpu_down returned 0, and no CPU is on line: CPU 2"),
	RULE(cpu_down_not_last, "cpu_down returned -EBUSY, and the CPU is not the last one: CPU 2"),
	RULE(cpu_down_known, "cpu_down returned 0, expected -EBUSY: CPU 2 of 0x4"),
	RULE(cpu_down_moved, "cpu_down returned 0, and the CPU is on line: CPU 2"),
	RULE(cpu_up_was_down, "cpu_up returned -ENOMEM, and the CPU was on line before: CPU 2"),
	RULE(cpu_up_moved, "cpu_up returned 0, and the CPU is off line: CPU 2"),
	{ 0 },
};
