/* SPDX-License-Identifier: GPL-2.0-only */
/* What the interpreter's files exec*.c share. No other file includes it. */
#ifndef STRESS_EXEC_INTERNAL_H
#define STRESS_EXEC_INTERNAL_H

#include <errno.h>

#include "core/kthread.h"
#include "core/kthreadd.h"
#include "core/mm.h"
#include "stress/run/exec.h"
#include "stress/run/exec_percpu.h"
#include "stress/run/exec_work.h"
#include "stress/run/ledger.h"
#include "stress/run/model.h"
#include "stress/run/subject.h"

/* One create, run or percpu operation, and what the interpreter needs of its thread. */
struct exec_thread {
	const struct plan_thread *plan;
	const char *name;		/* formatted */
	struct ledger_thread *facts;

	/* written by the task that has the handle: */
	struct task_struct *task;	/* the create's result; NULL: it was not called yet */
	bool awaited;
	bool bound;
	unsigned refs;			/* references that the plan holds */
	uint64_t own_cpu;		/* where it must run once it is unparked; 0: as before */

	/* Only if other tasks use the thread. Each of them holds a reference to the thread,
	 * from `made` until that task ends, unless the plan's handles are bare. */
	unsigned strays;		/* bit per such task */
	kt_completion made;		/* complete_all: `task` is a task or an error */

	kt_completion left;		/* only for a complete-exit, or a killable thread: it got
					 * a signal */
	kt_completion ready;		/* only for a killable thread: complete_all, it takes
					 * signals */

	struct exec_task *inner;	/* its inner task, or NULL */

	struct mm_struct *mm;		/* only for a thread that borrows, until it was stopped */

	/* only for a worker: */
	struct kthread_worker *worker;	/* written by the same task as `task` */
	kt_completion let_go;		/* each task in `strays` completes it once */
	bool destroyed;
	bool closing;			/* relaxed atomic: it is being destroyed, so its inner task
					 * does not begin any more */
	kt_completion gate;		/* each `open` completes it once */
	struct exec_job job[PLAN_WORKS];

	/* only for a percpu: */
	struct exec_percpu *percpu;
	bool registered;		/* written by the same task as `task`. A percpu uses
					 * let_go and destroyed, too */

	const void *request;		/* address of its request, never dereferenced; relaxed
					 * atomic, because kthreadd reads it, too */
};

/* A call that Linux does not return from in some states; exec_known.c. */
enum exec_wait_kind {
	EXEC_NO_WAIT,
	EXEC_WAITS_STOP,
	EXEC_WAITS_WORK,	/* flush or cancel of a work */
	EXEC_WAITS_WORKER,	/* flush-worker or destroy */
	EXEC_WAITS_FREEZE,
};

struct exec_wait {
	enum exec_wait_kind kind;
	const struct exec_thread *thread;
	bool second;		/* the thread was stopped before */
	bool flushes_delayed;	/* a flush, and some operation delays the work */
};

struct exec_task {
	const struct plan_task *plan;
	const char *name;
	unsigned index;
	struct ledger_task *facts;	/* if exec.oom, kill_lock guards `creating` */
	struct task_struct task;
	bool alive;			/* under kill_lock: there is a thread to kill */
	unsigned freezes;		/* this task's freezes that it has not thawed */
	unsigned refused;		/* of these, freezes that have failed */
	struct exec_wait wait;		/* written by the task; read when no task runs any more */

	/* Only of an inner task, which has no `task` of its own: */
	const struct exec_thread *host;	/* NULL: it is a task */
	const struct os_thread *runs_on;	/* relaxed atomic: where it runs now */
	bool begun;			/* written by the host */
	bool over;			/* it will not begin, and what it would use is let go */
	bool parked_itself;
	kt_completion ended;		/* if the host ends by itself: it has ended */

	/* Only if a plan has an oom directive: */
	unsigned oom_waiters;		/* under kill_lock: threads in exec_oom() that wait until
					 * this task's call returns */
	kt_completion oom_over;		/* completed once per waiter */
};

/*
 * Traces name locks and completions as the code writes them, `exec.kill_lock`. So do not
 * rename them.
 */
struct exec {
	const struct plan *plan;
	struct kthreadd kthreadd;
	struct task_struct init;
	struct exec_wait init_wait;
	struct exec_task task[PLAN_TASKS_MAX];
	struct exec_thread thread[PLAN_THREADS_MAX];

	bool check_expects;		/* also the plan's own "== R" */
	struct subject_results results;	/* if check_expects; an operation's task writes its own */

	/* Written by exec_load(); what the plan needs: */
	bool kills;
	bool oom;			/* it has an oom directive */
	bool timers;			/* it delays works */
	bool borrows;			/* a thread borrows */
	bool parks_freezable;		/* some task parks a freezable thread */
	unsigned strays[PLAN_THREADS_MAX];	/* see exec_thread */
	bool affine_strays[PLAN_THREADS_MAX];	/* other tasks change its CPUs */
	bool waited_for[PLAN_THREADS_MAX][PLAN_WORKS];	/* see exec_job */

	/*
	 * Only if a plan kills, because a task must not be joined while another may kill it.
	 * kill_lock guards the tasks' `alive`, and their oom_waiters and `creating` in
	 * exec_oom(). It nests inside create_list's lock.
	 */
	kt_completion task_done;
	kt_lock kill_lock;

	/* Only if a thread borrows; see exec_borrow.c. */
	bool borrowed_back;		/* no thread uses mm and css any more */
	struct mm_struct *mm;
	struct cgroup_subsys_state css;

	/* Only if a plan has per-CPU threads or brings CPUs up: */
	const void *request[PLAN_OPS_MAX];	/* by operation; like exec_thread's `request` */
	struct exec_percpu percpu[PLAN_PERCPUS_MAX];
	kt_completion settled[PLAN_TASKS_MAX + 1];	/* each task's, and init's */
};

extern struct exec exec;

/* ---- exec.c ------------------------------------------------------------------------ */

/*
 * The calling thread's task in the plan, or the inner task that it runs. NULL if it has none
 * (kthreadd, init, a kthread).
 */
struct exec_task *exec_self(void);

/* Did `by`, the caller, get -EINTR, and had it been killed? The checks of the model need this. */
static inline bool exec_was_killed(const struct exec_task *by, long error)
{
	return error == -EINTR && !by->host && os_is_killed(&by->task.os);
}

/* op has returned `result`. Check the plan's own "== R". */
static inline void exec_expect(const struct plan_op *op, const char *what, long result)
{
	if (!exec.check_expects)
		return;
	exec.results.returned[op - exec.plan->ops] = true;
	exec.results.value[op - exec.plan->ops] = (int32_t)result;
	model_expect(op, what, result);
}

/* Call it before a wake-up of t. If t's function returns by itself, the wake-up may end t. */
static inline void exec_set_woken(const struct exec_thread *t)
{
	ledger_waking(t->facts);
	if (plan_body_exits(t->plan->body))
		ledger_ending(t->facts);
}

/* Has t a completion that an await waits for? */
static inline bool exec_is_awaited(const struct exec_thread *t)
{
	return t->plan->body == PLAN_COMPLETE_EXIT || t->plan->body == PLAN_KILLABLE;
}

/*
 * Bit per task that uses t and has a reference until it ends, as the rules for callers require. The
 * destroy of a worker or of per-CPU threads waits for these tasks.
 */
static inline unsigned exec_guarded(const struct exec_thread *t)
{
	return exec.plan->handles_bare ? 0 : t->strays;
}

/* ---- exec_inner.c ------------------------------------------------------------------ */

/* Prepare the inner tasks of an execution, and release them when their hosts have ended. */
void exec_begin_inners(void);
void exec_end_inners(void);
/* The inner task that runs on the calling thread, or NULL. */
struct exec_task *exec_inner_self(void);
/* On its host: run it. */
void exec_run_inner(struct exec_task *inner);
/* t has ended, or was never made. If its inner task did not begin, it lets go of its handles. */
void exec_inner_is_over(struct exec_thread *t);
/* Teardown: stop the hosts that the plan has left, and wait until all inner tasks have ended. */
void exec_stop_hosts(void);

/* ---- exec_known.c ------------------------------------------------------------------ */

/* `by` (NULL: init) is about to make such a call, or with EXEC_NO_WAIT has returned from it. */
void exec_waits(struct exec_task *by, enum exec_wait_kind kind, const struct exec_thread *t);
void exec_waits_for_work(struct exec_task *by, const struct exec_thread *t,
			 const struct exec_job *j, bool flushes);

/* ---- exec_points.c ----------------------------------------------------------------- */

/* Find the points that exec_points() returns. Call it once. */
void exec_load_points(void);

/* ---- exec_body.c ------------------------------------------------------------------- */

/* The function of every kthread that is no worker; data: its exec_thread. */
int exec_thread_fn(void *data);

/* kthread_parkme() returned, on t's thread. */
void exec_unparked(const struct exec_thread *t);

/* Is the calling thread's state RUNNING? */
static inline bool exec_is_running(void)
{
	return __atomic_load_n(&current->state, __ATOMIC_RELAXED) == TASK_RUNNING;
}

/* ---- exec_ops.c -------------------------------------------------------------------- */

/* Run one operation of `by`. If the create of its handle failed, do nothing. */
void exec_run_op(struct exec_task *by, const struct plan_op *op);

/* ---- exec_thread.c ----------------------------------------------------------------- */

/* At the end of `by`, put the references that it still has to other tasks' threads. */
void exec_put_strays(const struct exec_task *by);
/* Must it be stopped? No task stopped it, and it can't have gone by itself. */
bool exec_must_stop(const struct exec_thread *t);
/* Stop or destroy t, if the plan's tasks have left it running. */
void exec_stop_rest(struct exec_thread *t);

/* ---- exec_freeze.c ----------------------------------------------------------------- */

/* At the end of `by`, thaw once for each of its freezes that it has not thawed. */
void exec_thaw_rest(struct exec_task *by);

/* ---- exec_borrow.c ----------------------------------------------------------------- */

/* Make and release the mm and the cgroup that an execution's threads borrow. */
void exec_begin_borrow(void);
void exec_end_borrow(void);
/* The function of a thread that borrows. */
void exec_borrow(struct exec_thread *t);

#endif
