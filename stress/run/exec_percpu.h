/* SPDX-License-Identifier: GPL-2.0-only */
/* The interpreter's per-CPU threads. Only exec*.c include it. */
#ifndef STRESS_EXEC_PERCPU_H
#define STRESS_EXEC_PERCPU_H

#include "core/smpboot.h"
#include "platform/lock.h"
#include "stress/plan/plan.h"

struct exec_thread;

/* What one percpu operation registers. */
struct exec_percpu {
	struct smp_hotplug_thread ht;
	struct task_struct *store[PLAN_CPUS];	/* core/ writes it */
	struct exec_thread *thread;
	kt_lock lock;
	struct exec_cpu {
		unsigned poked;			/* relaxed atomic */
		unsigned done;			/* at least this many pokes are done; relaxed
						 * atomic, written under lock */
		/* under lock: */
		unsigned waiters;		/* bit per task, and one for init */
		unsigned want[PLAN_TASKS_MAX + 1];	/* for which `done` each of them waits */
	} cpu[PLAN_CPUS];
};
_Static_assert(PLAN_CPUS == NR_CPUS, "a plan can name every CPU and no other");

/* Begin and end the per-CPU threads of an execution. Only if ledger.has_calls. */
void exec_begin_percpus(void);
void exec_end_percpus(void);

/*
 * Unregister t, if the plan's tasks have left it registered. First wait for the work of each
 * poke.
 */
void exec_unregister_rest(struct exec_thread *t);

#endif
