/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model of per-CPU threads and of the CPUs they are on.
 *
 * What a thread has been through is written by that thread and read by who has
 * stopped it. Where it runs, and whether its CPU is on line, is asked of the
 * core: while a thread is not parked its CPU can't go, and only the thread
 * itself parks; who has the hotplug lock keeps all CPUs.
 */
#include <errno.h>

#include "stress/run/model.h"

enum {
	NOMEM_REGISTER = MODEL_ROLE(SMPBOOT) | MODEL_ROLE(CREATE_INFO) | MODEL_ROLE(NAME),
};

static bool is_online(unsigned cpu)
{
	return __atomic_load_n(&exec.kthreadd.cpus.online, __ATOMIC_RELAXED) >> cpu & 1;
}

static struct task_struct *thread_on(struct exec_percpu *p, unsigned cpu)
{
	return __atomic_load_n(&p->store[cpu], __ATOMIC_RELAXED);
}

/* ---- callbacks ------------------------------------------------------------------- */

static const char *const names[] = {
	[MODEL_SETUP] = "setup", [MODEL_RUN] = "thread_fn", [MODEL_PARK] = "park",
	[MODEL_UNPARK] = "unpark", [MODEL_CLEANUP] = "cleanup",
};

/* May this be called now? And what it makes of the thread. */
static bool step(struct exec_cpu *c, enum model_callback what)
{
	enum exec_cpu_state was = c->state;

	switch (what) {
	case MODEL_SETUP:
		c->state = EXEC_CPU_ACTIVE;
		return was == EXEC_CPU_NEW;
	case MODEL_RUN:
		return was == EXEC_CPU_ACTIVE;
	case MODEL_PARK:
		c->state = EXEC_CPU_PARKED;
		return was == EXEC_CPU_ACTIVE;
	case MODEL_UNPARK:
		c->state = EXEC_CPU_ACTIVE;
		return was == EXEC_CPU_PARKED;
	default:
		c->state = EXEC_CPU_CLEAN;
		return was == EXEC_CPU_ACTIVE || was == EXEC_CPU_PARKED;
	}
}

void model_percpu(struct exec_percpu *p, unsigned cpu, enum model_callback what, bool online)
{
	static const char *const states[] = {
		[EXEC_CPU_NEW] = "setup was not called", [EXEC_CPU_ACTIVE] = "it is active",
		[EXEC_CPU_PARKED] = "it is parked", [EXEC_CPU_CLEAN] = "cleanup was called",
	};
	const char *name = p->thread->name;
	enum exec_cpu_state was = p->cpu[cpu].state;

	if (__atomic_load_n(&current->state, __ATOMIC_RELAXED) != TASK_RUNNING)
		kt_fail(KT_DISCIPLINE, "%s called in a state that is not RUNNING: %s, CPU %u",
			names[what], name, cpu);
	if (thread_on(p, cpu) != current)
		kt_fail(KT_MODEL, "%s called on a thread that is not the CPU's: %s, CPU %u",
			names[what], name, cpu);
	if (!step(&p->cpu[cpu], what))
		kt_fail(KT_MODEL, "%s called when %s: %s, CPU %u", names[what], states[was], name,
			cpu);
	if (is_online(cpu) != online)
		kt_fail(KT_MODEL, "%s called with the CPU %s line: %s, CPU %u", names[what],
			online ? "off" : "on", name, cpu);
	if (online && !os_on_cpus(1ull << cpu))
		kt_fail(KT_MODEL, "%s called on another CPU: %s, CPU %u", names[what], name, cpu);
}

/* ---- register and unregister ------------------------------------------------------ */

/* With the hotplug lock held, and the CPU on line. */
void model_has_thread(struct exec_percpu *p, unsigned cpu)
{
	if (!thread_on(p, cpu))
		kt_fail(KT_MODEL, "CPU %u is on line and has no thread: %s", cpu, p->thread->name);
}

static void check_nothing_left(struct exec_percpu *p, const char *call)
{
	for (unsigned cpu = 0; cpu < PLAN_CPUS; cpu++) {
		enum exec_cpu_state state;

		if (thread_on(p, cpu))
			kt_fail(KT_MODEL, "%s left a thread behind: %s, CPU %u", call,
				p->thread->name, cpu);
		/* Stopped: what it wrote is ours to read. */
		state = p->cpu[cpu].state;
		if (state == EXEC_CPU_ACTIVE || state == EXEC_CPU_PARKED)
			kt_fail(KT_MODEL, "%s returned, setup was called and cleanup was not: "
				"%s, CPU %u", call, p->thread->name, cpu);
	}
}

void model_registered(struct exec_percpu *p, int err)
{
	if (err) {
		check_nothing_left(p, "a register that failed");
		return;
	}
	cpus_read_lock(&exec.kthreadd);
	for (unsigned cpu = 0; cpu < PLAN_CPUS; cpu++)
		if (is_online(cpu))
			model_has_thread(p, cpu);
	cpus_read_unlock(&exec.kthreadd);
}

void model_unregistered(struct exec_percpu *p)
{
	check_nothing_left(p, "unregister");
}

/* ---- results ----------------------------------------------------------------------- */

void model_answered(const struct exec_call *call, const struct exec_task *by, const char *what,
		    int err)
{
	if (call->failed_caller & NOMEM_REGISTER) {
		if (err != -ENOMEM)
			kt_fail(KT_MODEL, "an allocation failed in %s, -ENOMEM is due, not %d",
				what, err);
		return;
	}
	if (err == -EINTR) {
		if (!os_is_killed(&by->task.os))
			kt_fail(KT_MODEL, "%s returned -EINTR to a task nobody killed", what);
		return;		/* abandoned: the daemon's part is not ours to read */
	}
	if (err == 0 && call->failed_daemon)
		kt_fail(KT_MODEL, "%s succeeded although a fork for it failed", what);
	if (err == 0 || (err == -ENOMEM && (call->failed_daemon & NOMEM_DAEMON)) ||
	    (err == -EAGAIN && (call->failed_daemon & AGAIN_DAEMON)))
		return;
	kt_fail(KT_MODEL, "%s returned %d without a cause, failures injected: %#x", what, err,
		call->failed_daemon);
}

/* If no other task moves them, what is on line is known. */
static bool one_moves(void)
{
	return (exec.cpu_tasks & (exec.cpu_tasks - 1)) == 0;
}

void model_cpu_going_down(unsigned cpu)
{
	__atomic_fetch_or(&exec.cpus_tried, 1ull << cpu, __ATOMIC_RELAXED);
}

void model_cpu_down(unsigned cpu, int err)
{
	uint64_t others = CPU_POSSIBLE_MASK & ~(1ull << cpu);

	if (err != 0 && err != -EBUSY)
		kt_fail(KT_MODEL, "cpu_down returned %d, 0 or -EBUSY is due", err);
	if (!__atomic_load_n(&exec.kthreadd.cpus.online, __ATOMIC_RELAXED))
		kt_fail(KT_MODEL, "cpu_down returned %d, and no CPU is on line: CPU %u", err, cpu);
	/* Whatever was on line is what nobody has tried to take down, at least. */
	if (err && (others & ~__atomic_load_n(&exec.cpus_tried, __ATOMIC_RELAXED)))
		kt_fail(KT_MODEL, "cpu_down returned -EBUSY, and CPU %u is not the last", cpu);
	if (!one_moves())
		return;
	if ((err != 0) != (exec.online == 1ull << cpu))
		kt_fail(KT_MODEL, "cpu_down returned %d, on line are %#llx: CPU %u", err,
			(unsigned long long)exec.online, cpu);
	if (err == 0)
		exec.online &= ~(1ull << cpu);
	if (is_online(cpu) != (err != 0))
		kt_fail(KT_MODEL, "cpu_down returned %d, and CPU %u is not so", err, cpu);
}

void model_cpu_up(unsigned cpu, int err)
{
	if (!one_moves())
		return;
	if (err && (exec.online >> cpu & 1))
		kt_fail(KT_MODEL, "cpu_up returned %d, and CPU %u is on line", err, cpu);
	if (err == 0)
		exec.online |= 1ull << cpu;
	if (is_online(cpu) != (err == 0))
		kt_fail(KT_MODEL, "cpu_up returned %d, and CPU %u is not so", err, cpu);
}

/* ---- requests ----------------------------------------------------------------------- */

/* kthreadd can't have seen it yet. Its memory may have been an earlier one's. */
void model_call_requests(struct exec_call *call, const void *request)
{
	if (!exec.percpu_used)
		return;
	for (unsigned i = 0; i < exec.plan->ops_count; i++)
		if (__atomic_load_n(&exec.call[i].request, __ATOMIC_RELAXED) == request)
			__atomic_store_n(&exec.call[i].request, NULL, __ATOMIC_RELAXED);
	if (call)
		__atomic_store_n(&call->request, request, __ATOMIC_RELAXED);
}

struct exec_call *model_call_of(const void *request)
{
	for (unsigned i = 0; exec.percpu_used && i < exec.plan->ops_count; i++)
		if (__atomic_load_n(&exec.call[i].request, __ATOMIC_RELAXED) == request)
			return &exec.call[i];
	return NULL;
}
