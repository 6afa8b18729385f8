/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interpreter: runs a plan's program against core/, on whatever platform
 * is linked, and checks every result against the model (model.h).
 *
 * One plan is loaded at a time; executions of it follow each other. All memory
 * is static: an execution allocates only what core/ allocates.
 */
#ifndef STRESS_EXEC_H
#define STRESS_EXEC_H

#include <stdbool.h>
#include <stdint.h>

#include "core/kthread.h"
#include "core/kthreadd.h"
#include "core/mm.h"
#include "core/smpboot.h"
#include "core/worker.h"
#include "platform/completion.h"
#include "stress/plan/plan.h"

/*
 * Counters that several tasks touch. Relaxed: what orders them is the protocol
 * under test, and that is checked by what they say.
 */
static inline unsigned counter_get(const unsigned *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static inline void counter_set(unsigned *counter, unsigned value)
{
	__atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

static inline void counter_add(unsigned *counter, unsigned n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/* A work of a worker: what was asked, and what came of it. Relaxed atomics. */
struct exec_job {
	struct kthread_delayed_work dwork;
	struct exec_thread *thread;	/* its worker */
	bool delayed;			/* of the plan: some operation delays it */
	bool waited_for;		/* of the plan: some operation waits for a run */
	uint32_t takers;		/* of the plan: bit per task that takes it back */
	unsigned accepted;		/* times newly queued */
	unsigned taken;			/* times a cancel took it back */
	unsigned started, finished;	/* runs */
	unsigned cancels;		/* that have dropped worker->lock and wait */
	unsigned order;			/* number in its queue when last put there; 0: never,
					 * or taken out since. Written under worker->lock,
					 * 0 also by the only task that takes it out */
	kt_completion ran;		/* complete_all: has run once */
};

/* What was known of a work when a call began. */
struct exec_past {
	unsigned accepted, started, order;
};

/* What was made to fail in one call that makes per-CPU threads. */
struct exec_call {
	const void *request;		/* relaxed atomic; compared only */
	unsigned failed_caller;		/* bit per role */
	unsigned failed_daemon;		/* the same, written by kthreadd */
};

enum exec_cpu_state { EXEC_CPU_NEW, EXEC_CPU_ACTIVE, EXEC_CPU_PARKED, EXEC_CPU_CLEAN };

/* What one percpu operation registers. */
struct exec_percpu {
	struct smp_hotplug_thread ht;
	struct task_struct *store[PLAN_CPUS];	/* core's */
	struct exec_thread *thread;
	kt_lock lock;
	struct exec_cpu {
		enum exec_cpu_state state;	/* written by the CPU's thread; read when
						 * it was stopped */
		unsigned poked;			/* relaxed atomic */
		unsigned done;			/* how many of those, at least; relaxed
						 * atomic, written under lock */
		/* under lock: */
		unsigned waiters;		/* bit per task, and one for init */
		unsigned want[PLAN_TASKS_MAX + 1];	/* what it waits for */
	} cpu[PLAN_CPUS];
};
_Static_assert(PLAN_CPUS == NR_CPUS, "a plan's CPUs are those there are");

/* One create or run operation, its thread, and what was seen of both. */
struct exec_thread {
	const struct plan_thread *plan;
	const char *name;		/* formatted */

	/* written by the task that has the handle: */
	struct task_struct *task;	/* result of the create; NULL: not called yet */
	bool abandoned;			/* create failed; read by the thread, if it runs */
	bool stopped;
	bool parked;			/* by a kthread_park() that returned 0 */
	bool was_parked;		/* ever: then its function must be called */
	bool awaited;
	bool bound;
	unsigned refs;			/* references the plan holds */
	bool woken;			/* relaxed atomic; set before the first wake-up */
	uint64_t cpus;			/* where it must run; 0: anywhere. Written
					 * while it sleeps */
	uint64_t own_cpu;		/* and when it is unparked; 0: as before */

	/* Only if other tasks wake it (strays: bit per task): each holds a
	 * reference from `made` to its end. */
	unsigned strays;
	kt_completion made;		/* complete_all: task is there, or an error */

	kt_completion left;		/* only for a complete-exit */

	struct mm_struct *mm;		/* only for a borrow, until it was stopped */

	/* only for a worker: */
	struct kthread_worker *worker;	/* as `task` */
	kt_completion let_go;		/* completed once by each of the strays */
	bool destroyed;
	kt_completion gate;		/* completed once by each open */
	unsigned posted, posts_run;	/* relaxed atomics: works that free themselves */
	unsigned order, served;		/* of its works; written under worker->lock,
					 * relaxed atomics */
	struct exec_job job[PLAN_WORKS];

	/* only for a percpu: */
	struct exec_percpu *percpu;
	bool registered;		/* as `task`; then let_go and destroyed count, too */

	/* Atomics, for who reads the registry; see model_registry.c: */
	unsigned id;			/* kthread_id(), since its create returned */
	bool ending;			/* set before what may end it */
	bool gone;			/* set after it was stopped */

	/* Relaxed atomics, for kthreadd reads them too; see model_point(): */
	const void *request;		/* compared only */
	unsigned begun, appended;	/* moments of exec.clock; 0: not yet */

	unsigned failed_creator;	/* bit per role: allocations that failed in the call */

	/* written by kthreadd: */
	unsigned failed_daemon;		/* bit per role: the same, in the fork */
	bool unlinked;			/* its request */

	/* written by the thread; read after it was stopped or is gone: */
	unsigned runs;
	unsigned froze;			/* its own: was_frozen so many times */
};

struct exec_task {
	const struct plan_task *plan;
	const char *name;
	unsigned index;
	struct task_struct task;
	bool alive;			/* under kill_lock: there is a thread to kill */
	struct exec_thread *creating;	/* the call it is in, or NULL */
	struct exec_call *calling;	/* the same, of per-CPU threads */
	const struct exec_job *inserted;	/* the work it put into a queue last */
	unsigned freezes;		/* its own, not thawed yet */

	/* Only if a plan has an oom directive: */
	unsigned oom_waiters;		/* under kill_lock: wait for its return */
	kt_completion oom_over;		/* completed once per waiter */
};

struct exec {
	const struct plan *plan;
	struct kthreadd kthreadd;
	struct task_struct init;
	struct exec_task task[PLAN_TASKS_MAX];
	struct exec_thread thread[PLAN_THREADS_MAX];

	unsigned strays[PLAN_THREADS_MAX];	/* of the plan; see exec_thread */

	/* relaxed atomics */
	unsigned clock;			/* moments that the model tells apart */
	unsigned appended;		/* requests queued */

	/* kthreadd's own: */
	unsigned unlinked;		/* requests it took */
	struct exec_thread *forking;	/* the request it serves is one of these */
	struct exec_call *forking_call;

	/* relaxed atomics; see model_freeze.c. In force: returned, not thawing yet */
	unsigned freezes_begun, freezes_done, freezes_in_force;

	bool check_expects;		/* also the plan's own "== R" */

	/*
	 * Only if a plan kills: a task is not joined while another may kill it.
	 * kill_lock guards the tasks' `alive`, and oom_waiters and `creating`
	 * as seen by an allocation that waits. It nests inside create_list's lock.
	 */
	bool kills;
	kt_completion task_done;
	kt_lock kill_lock;

	/* Only if a thread borrows; see exec_borrow.c. */
	bool borrows;
	bool borrowed_back;		/* nobody has them any more */
	struct mm_struct *mm;
	struct cgroup_subsys_state css;

	bool oom;			/* the plan has an oom directive */
	bool timers;			/* the plan delays works */

	/* Only if a plan has per-CPU threads or brings CPUs up: */
	bool percpu_used;
	struct exec_call call[PLAN_OPS_MAX];	/* by operation */
	struct exec_percpu percpu[PLAN_PERCPUS_MAX];
	kt_completion settled[PLAN_TASKS_MAX + 1];	/* each task's, and init's */

	uint32_t cpu_tasks;		/* of the plan: bit per task that moves CPUs */
	uint64_t cpus_down;		/* of the plan: CPUs that are taken off line */
	uint64_t cpus_tried;		/* relaxed atomic: of those, begun to be */
	uint64_t online;		/* CPUs; of the only task that moves them */

	/* of the plan; see exec_job: */
	bool delayed[PLAN_THREADS_MAX][PLAN_WORKS];
	bool waited_for[PLAN_THREADS_MAX][PLAN_WORKS];
	uint32_t takers[PLAN_THREADS_MAX][PLAN_WORKS];
};

extern struct exec exec;

/* Tables for `p`, which must stay where it is while it is run. */
void exec_load(const struct plan *p);

/* One execution; runs as the first thread (sim_run()'s body, or adopted). */
void exec_body(void *unused);

/* A fatal signal to task number `victim`, if it runs. Only if exec.kills. */
void exec_kill(unsigned victim);

/* For an oom directive, on the allocating thread. */
void exec_oom(unsigned victim);

/* An allocation of the calling thread is made to fail: note in which call (blame.c). */
void exec_alloc_failed(enum kt_role role);

/* The task of the plan that calls, or NULL (kthreadd, init, a kthread). */
struct exec_task *exec_self(void);
bool exec_is_daemon(void);

#endif
