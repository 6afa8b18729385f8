/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model of per-CPU threads.
 *
 * Each thread writes which callback it had last, and the task that has stopped the thread reads
 * that. The interpreter asks core/ where the thread runs and whether its CPU is on line. The
 * answer stays true during the check: a CPU can't go off line before its thread is parked, and
 * only the thread itself parks. While a task has the hotplug lock, no CPU goes off line.
 */
#include "platform/check.h"
#include "stress/run/model.h"

#define AFTER(callback) (1u << LEDGER_##callback)

/*
 * The callbacks that may be the last of a thread that is set up, and neither parked nor cleaned
 * up.
 */
#define ACTIVE (AFTER(SETUP) | AFTER(RUN) | AFTER(UNPARK))

static const struct {
	const char *name;
	unsigned after;		/* bit per callback that may come right before this one */
	const char *state;	/* of a thread whose last callback is this one */
} callbacks[] = {
	[LEDGER_NO_CALLBACK] = { "nothing", 0, "setup was not called" },
	[LEDGER_SETUP] = { "setup", AFTER(NO_CALLBACK), "it is active" },
	[LEDGER_RUN] = { "thread_fn", ACTIVE, "it is active" },
	[LEDGER_PARK] = { "park", ACTIVE, "it is parked" },
	[LEDGER_UNPARK] = { "unpark", AFTER(PARK), "it is active" },
	[LEDGER_CLEANUP] = { "cleanup", ACTIVE | AFTER(PARK), "cleanup was called" },
};
_Static_assert(sizeof callbacks / sizeof callbacks[0] == LEDGER_CALLBACKS,
	       "every callback has its rule");

void model_callback(const struct ledger_thread *t, unsigned cpu, enum ledger_callback what,
		    bool meant_online, struct model_cpu now)
{
	const char *name = callbacks[what].name;
	uint8_t last = t->callback[cpu];

	if (!now.running)
		kt_fail(KT_DISCIPLINE, "%s called in a state that is not RUNNING: %s, CPU %u",
			name, t->name, cpu);
	if (!now.own_thread)
		kt_fail(KT_MODEL, "%s called on a thread that is not the CPU's: %s, CPU %u", name,
			t->name, cpu);
	if (!(callbacks[what].after >> last & 1))
		kt_fail(KT_MODEL, "%s called when %s: %s, CPU %u", name, callbacks[last].state,
			t->name, cpu);
	if (now.online != meant_online)
		kt_fail(KT_MODEL, "%s called with the CPU %s line: %s, CPU %u", name,
			meant_online ? "off" : "on", t->name, cpu);
	if (meant_online && !now.on_cpu)
		kt_fail(KT_MODEL, "%s called on another CPU: %s, CPU %u", name, t->name, cpu);
}

void model_parks_in_order(const struct ledger_thread *t, unsigned cpu)
{
	unsigned registered = counter_get(&t->registered);

	for (unsigned i = 0; registered && i < ledger.plan->threads_count; i++) {
		const struct ledger_thread *later = &ledger.thread[i];

		/* While a CPU goes off line, no call registers or unregisters threads. */
		if (counter_get(&later->registering) > registered &&
		    counter_get(&later->registered) && (ACTIVE >> later->callback[cpu] & 1))
			kt_fail(KT_MODEL, "parked before threads that were registered later: %s, "
				"CPU %u", t->name, cpu);
	}
}

void model_has_threads(const struct ledger_thread *t, uint64_t online, uint64_t threads)
{
	uint64_t without = online & ~threads;

	if (without)
		kt_fail(KT_MODEL, "a CPU is on line and has no thread: %s, CPU %d", t->name,
			__builtin_ctzll(without));
}

void model_nothing_left(const struct ledger_thread *t, uint64_t threads, const char *call)
{
	for (unsigned cpu = 0; cpu < PLAN_CPUS; cpu++) {
		if (threads >> cpu & 1)
			kt_fail(KT_MODEL, "%s left a thread behind: %s, CPU %u", call, t->name,
				cpu);
		/* The thread is stopped, so this task may read what the thread wrote. */
		if ((ACTIVE | AFTER(PARK)) >> t->callback[cpu] & 1)
			kt_fail(KT_MODEL, "%s returned, setup was called and cleanup was not: "
				"%s, CPU %u", call, t->name, cpu);
	}
}
