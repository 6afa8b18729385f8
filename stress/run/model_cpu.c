/* SPDX-License-Identifier: GPL-2.0-only */
/* The model of CPUs that go off and on line, and of the calls that make per-CPU threads. */
#include <errno.h>

#include "platform/check.h"
#include "stress/run/model.h"

enum {
	NOMEM_REGISTER = MODEL_ROLE(SMPBOOT) | MODEL_ROLE(CREATE_INFO) | MODEL_ROLE(NAME),
};

void model_answered(const struct ledger_call *call, const char *what, int err, bool killed)
{
	if (call->failed_caller & model_nomem_creator(NOMEM_REGISTER)) {
		if (err != -ENOMEM)
			kt_fail(KT_MODEL, "%s returned %s after a failed allocation, expected "
				"-ENOMEM", what, model_value(err).s);
		return;
	}
	if (err == -EINTR) {
		if (!killed)
			kt_fail(KT_MODEL, "%s returned -EINTR to a task that was not killed", what);
		return;		/* this task has abandoned its request, so it must not read
				 * what kthreadd writes */
	}
	if (err == 0 && call->failed_daemon)
		kt_fail(KT_MODEL, "%s succeeded although a fork for it failed", what);
	if (err == 0 || (err == -ENOMEM && (call->failed_daemon & model_nomem_daemon())) ||
	    (err == -EAGAIN && (call->failed_daemon & model_again_daemon())))
		return;
	kt_fail(KT_MODEL, "%s returned %s without a cause: kthreadd's failed allocations: %s",
		what, model_value(err).s, model_roles(call->failed_daemon).s);
}

/* The calling task is the only one that moves CPUs, so it knows which CPUs are on line. */
static void check_moved(const char *call, unsigned cpu, int err, bool expected, uint64_t online)
{
	bool is_online = online >> cpu & 1;

	if (is_online != expected)
		kt_fail(KT_MODEL, "%s returned %s, and the CPU is %s line: CPU %u", call,
			model_value(err).s, is_online ? "on" : "off", cpu);
}

void model_cpu_down(unsigned cpu, int err, uint64_t cpus, uint64_t online)
{
	uint64_t others = cpus & ~(1ull << cpu);
	bool was_last = ledger.online == 1ull << cpu;

	if (err != 0 && err != -EBUSY)
		kt_fail(KT_MODEL, "cpu_down returned %s, expected 0 or -EBUSY", model_value(err).s);
	if (!online)
		kt_fail(KT_MODEL, "cpu_down returned %s, and no CPU is on line: CPU %u",
			model_value(err).s, cpu);
	/* A CPU that no task has tried to take down is on line. */
	if (err && (others & ~ledger_cpus_tried()))
		kt_fail(KT_MODEL, "cpu_down returned -EBUSY, and the CPU is not the last one: "
			"CPU %u", cpu);
	if (!ledger_knows_online())
		return;
	if ((err != 0) != was_last)
		kt_fail(KT_MODEL, "cpu_down returned %s, expected %s: CPU %u of %#llx",
			model_value(err).s, was_last ? "-EBUSY" : "0", cpu,
			(unsigned long long)ledger.online);
	check_moved("cpu_down", cpu, err, err != 0, online);
}

void model_cpu_up(unsigned cpu, int err, uint64_t online)
{
	if (!ledger_knows_online())
		return;
	if (err && (ledger.online >> cpu & 1))
		kt_fail(KT_MODEL, "cpu_up returned %s, and the CPU was on line before: CPU %u",
			model_value(err).s, cpu);
	check_moved("cpu_up", cpu, err, err == 0, online);
}
