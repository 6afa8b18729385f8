/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the generator's files share their work. Each file appends or inserts operations of
 * one kind; generate.c decides which kinds a plan gets.
 */
#ifndef STRESS_PLAN_GENERATE_H
#define STRESS_PLAN_GENERATE_H

#include "platform/rng.h"
#include "stress/plan/internal.h"

/* What a plan may hold. Each plan has a random subset of these bits. */
enum swarm {
	SWARM_RUN = 1 << 0,
	SWARM_RETURN = 1 << 1,		/* functions that return by themselves */
	SWARM_HARD = 1 << 2,		/* uninterruptible sleeps */
	SWARM_NODE = 1 << 3,
	SWARM_LONG_NAME = 1 << 4,
	SWARM_SECOND_CREATE = 1 << 5,
	SWARM_NO_WAKE = 1 << 6,		/* stop before wake */
	SWARM_TEARDOWN_STOPS = 1 << 7,	/* threads that the tasks leave running */
	SWARM_KILL_OP = 1 << 8,
	SWARM_BOOT = 1 << 9,
	SWARM_EXTRA_REF = 1 << 10,
	SWARM_PARK = 1 << 11,
	SWARM_CPU = 1 << 12,		/* bound threads */
	SWARM_PER_CPU = 1 << 13,
	SWARM_EXIT = 1 << 14,		/* kthread_exit() and kthread_complete_and_exit() */
	SWARM_STRAY = 1 << 15,		/* wake-ups from other tasks */
	SWARM_AGAIN = 1 << 16,		/* a second stop, a second park, an unpark of a thread
					 * that is not parked; works that queue themselves */
	SWARM_WORKER = 1 << 17,
	SWARM_DELAY = 1 << 18,		/* delayed works */
	SWARM_GATE = 1 << 19,		/* works that wait */
	SWARM_FREEZE = 1 << 20,
	SWARM_REGISTRY = 1 << 21,	/* walks and finds */
	SWARM_HOTPLUG = 1 << 22,	/* CPUs that go off and on line, per-CPU threads */
	SWARM_BORROW = 1 << 23,
	SWARM_INNER = 1 << 24,		/* threads and works that call what tasks call */
	SWARM_SIGNAL = 1 << 25,		/* signals to threads */
	SWARM_ALL = (1 << 26) - 1,
};

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a term of a sum */
#define OPERATION(id, word, traits, weight, help) + (weight)
enum {	/* the sum of the weights of a worker's operations */
	WORK_KINDS = 0
#include "stress/plan/words.def"
};
#undef OPERATION

struct generator {
	struct plan *p;
	struct kt_rng rng;
	unsigned task;		/* the task or inner task that gets the next operations */
	unsigned swarm;
	unsigned work_kinds;	/* bit per kind of operation that this plan prefers */
	bool hotplug;		/* this plan has per-CPU threads */
	unsigned hot_cpu;	/* the CPU of most of this plan's operations with a CPU */
};

/* ---- generate.c --------------------------------------------------------- */

/* True once in n times. This makes a draw. */
bool gen_one_in(struct generator *g, uint32_t n);

/* Like gen_one_in() if the plan may hold `what`. If not, it returns false without a draw. */
bool gen_may(struct generator *g, enum swarm what, uint32_t one_in_n);

/* Append an operation to g->task. */
void gen_op(struct generator *g, enum plan_op_kind kind, unsigned thread);
void gen_cpu_op(struct generator *g, enum plan_op_kind kind, unsigned thread, int cpu);

/* ---- generate_thread.c, generate_work.c, generate_percpu.c: append to g->task --------- */

/* Append the create of a thread or a worker, and what happens to it until its end. */
void gen_life(struct generator *g);
/*
 * Append the life of a thread that is to park itself: no operation parks it. Returns its index.
 * Only if the plan has room for a thread.
 */
unsigned gen_self_parker(struct generator *g);
/* The same for a thread that takes signals. */
unsigned gen_killable(struct generator *g);
/* Append what happens to thread t, which is a worker, until its end. */
void gen_worker_life(struct generator *g, unsigned t);
/* Append the register of per-CPU threads, and what happens to them until their end. */
void gen_percpu_life(struct generator *g);

/* Draw an operation of a worker or of a percpu. The caller fills in its thread. */
struct plan_op gen_work_op(struct generator *g);
struct plan_op gen_percpu_op(struct generator *g);

/* ---- generate_percpu.c, generate_between.c: insert into any task what is legal there */

/*
 * Insert all `count` operations at one place. If that is illegal, change nothing and return
 * false.
 */
bool gen_insert(struct generator *g, unsigned task, unsigned at, const struct plan_op *ops,
		unsigned count);

void gen_hotplug(struct generator *g);	/* CPUs go off or on line */
void gen_stray(struct generator *g);	/* a wake-up, a work or a poke by another task */
void gen_freeze(struct generator *g);
void gen_worker_use(struct generator *g);	/* a worker is woken by hand; one task delays a work
						 * that another one cancels */
void gen_signal(struct generator *g);	/* to any thread, perhaps to a new one */
void gen_reader(struct generator *g);	/* of the registry */
void gen_kill_op(struct generator *g);	/* a task kills another one; always legal */

/* ---- generate_inner.c ----------------------------------------------------- */

/* An inner task, perhaps with a thread for it. Inserts nothing if what it draws is illegal. */
void gen_inner(struct generator *g);

/* ---- generate_fault.c ----------------------------------------------------- */

void gen_fault(struct generator *g);	/* a directive that kills or fails something */

#endif
