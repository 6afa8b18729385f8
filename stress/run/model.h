/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sequential specification of each call: which results are right after what was injected. A
 * result without a justification is a KT_MODEL failure whose message says what would have
 * justified it. The specification follows the outcome matrix of Linux's hand-off, a table in
 * stress/run/README.md.
 *
 * A check reads only the ledger and its arguments. It knows neither core/ nor an execution,
 * and it writes nothing. So a test can call it without an execution (model_test.c). The check
 * of an event is called before the event is written into the ledger, unless the check's
 * comment says otherwise.
 *
 * Each check runs on the thread that got the result and reads only what the protocol under
 * test has ordered before it, so that the checks themselves are no data race on real threads.
 */
#ifndef STRESS_MODEL_H
#define STRESS_MODEL_H

#include "stress/run/ledger.h"
#include "stress/run/model_core.h"

/* ---- threads: model_thread.c ------------------------------------------------------- */

/*
 * A create or run returned. task: it returned a task. If not, it returned -errno in `error`, or
 * NULL if `error` is 0.
 * killed: the calling task had been killed, which matters for -EINTR only.
 */
void model_created(const struct ledger_thread *t, bool task, long error, bool killed);

/*
 * t is a new thread, which sleeps until it is woken. The arguments say whether it has the
 * function and the data with which it was created, and whether it is marked as a CPU's own.
 */
void model_new(const struct ledger_thread *t, bool same_function, bool same_data, bool per_cpu);

/* wake_up_process() returned `woken`; first: it was the first call for t. */
void model_woken(const struct ledger_thread *t, bool first, int woken);

/* t's function was entered, on t's thread. The ledger has counted that run already. */
void model_running(const struct ledger_thread *t);

/* The state and the CPU of t's thread. */
struct model_place {
	bool running;		/* its state is RUNNING */
	bool on_cpus;		/* it is on a CPU of t->cpus, or t->cpus is 0 */
};

/*
 * t's function was entered (the first), or kthread_parkme() returned (the second): after an unpark
 * or a stop that nobody else's return has needed.
 */
void model_entered(const struct ledger_thread *t, struct model_place place);
void model_unparked(struct ledger_thread *t, struct model_place place);

/*
 * On t's thread: its loop has gone round once more, because it was woken. A thread that goes round
 * more often than it can have been woken does not sleep.
 */
void model_turned(struct ledger_thread *t);

/*
 * On t's thread: does it run where the task that has the handle has let it run? `on_cpus` was asked
 * between two reads of t->affine, which gave `cpus` and `again`.
 */
void model_allowed(const struct ledger_thread *t, uint64_t cpus, bool on_cpus, uint64_t again);

/* What t's function finds when it is entered. */
struct model_context {
	const char *name;	/* the full name */
	const char *comm;
	size_t comm_max;	/* bytes of comm, with its zero */
	bool from_daemon;	/* it has the flags of kthreadd's threads */
};

void model_context(const struct ledger_thread *t, const struct model_context *c);

/* What the platform says of t's thread. policy: 0 is the normal one. */
struct model_attributes {
	const char *comm;
	size_t comm_max;
	int policy;
	bool signals_ignored;
};

void model_attributes(const struct ledger_thread *t, const struct model_attributes *a);

/* kthread_stop() returned `result`. */
void model_stopped(const struct ledger_thread *t, int result);

/* What kthread_park(t) must return if it is called now. */
int model_park_result(const struct ledger_thread *t);
/* kthread_park(t) returned `err`. */
void model_parked(const struct ledger_thread *t, int err);
/* t called kthread_park(t) for itself, not for the first time if `again`. */
void model_parked_itself(const struct ledger_thread *t, bool again, int err);
/*
 * send_fatal_signal(t) returned `err`. lives: t can't have ended, because the task that has its
 * handle has not stopped it.
 */
void model_signaled(const struct ledger_thread *t, bool lives, int err);
/* On t's thread: a signal is pending. */
void model_got_signal(const struct ledger_thread *t);
/* The same at its end, after a signal was sent that it must not miss: is it pending? */
void model_keeps_signal(const struct ledger_thread *t, bool pending);
/* t called wake_up_process(t) for itself, and got `woken`. */
void model_woke_itself(const struct ledger_thread *t, int woken);
/* kthread_park(t) returned 0. asleep: the thread's state is PARKED and it has left its CPU. */
void model_is_parked(const struct ledger_thread *t, bool asleep);

/* task_set_cpus_allowed() returned `err`; bound: t was bound before; lives: t can't have ended. */
void model_affine(const struct ledger_thread *t, bool bound, bool lives, int err);

/* kthread_set_per_cpu(cpu) was called; is_per_cpu: kthread_is_per_cpu() says so. */
void model_per_cpu(const struct ledger_thread *t, int cpu, bool is_per_cpu);

/* Check `result` of a call against op's own "== R". what: the name for the message. */
void model_expect(const struct plan_op *op, const char *what, long result);

/* ---- requests: model_request.c ----------------------------------------------------- */

/* The boot of kthreadd or of its timers returned `err`. */
void model_booted(int err);

/* kthreadd takes t's request, on kthreadd's thread. */
void model_serving(const struct ledger_thread *t);

/* Everything has been shut down. */
void model_end(void);

/* ---- what threads borrow: model_borrow.c ------------------------------------------- */

/*
 * On t's thread kthread_use_mm() returned; if `used` is false, kthread_unuse_mm() returned.
 * mm_right: current->mm is the mm that was given, or NULL after kthread_unuse_mm().
 * active_right: current->active_mm is that mm.
 */
void model_borrowed(const struct ledger_thread *t, bool used, bool mm_right, bool active_right);

/* right: kthread_blkcg() returned the associated cgroup. */
void model_blkcg(const struct ledger_thread *t, bool right);

/* All threads have ended, and `references` to the cgroup are left. The owner has one of them. */
void model_cgroup_left(unsigned references);

/* The cgroup is released. owned: its owner has not put its reference yet. */
void model_cgroup_released(bool owned);

/* ---- works: model_work.c ----------------------------------------------------------- */

/* What was known of a work when a call began. */
struct model_past {
	unsigned accepted, started, order;
};

/*
 * What is known of j now. said: the calling thread sees that the work names its worker. A task
 * first puts the work into the queue, and then writes the worker into the work. A flush by a
 * thread that does not see that yet finds nothing to wait for.
 */
struct model_past model_past(const struct ledger_job *j, bool said);

/* A work was entered, on the worker's thread. running: its state is RUNNING. */
void model_work_started(const struct ledger_job *j, bool running);

/* A task posted a new work, which frees itself. queued: the work was put into the queue. */
void model_posted(const struct ledger_thread *t, bool queued);

/* A call that puts j into the queue at once returned to `by`. queued: j was not pending. */
void model_queued(const struct ledger_thread *t, const struct ledger_job *j,
		  const struct ledger_task *by, bool queued);

/* A cancel or flush of j returned to task number `by`. *past was read before the call. */
void model_canceled(const struct ledger_thread *t, const struct ledger_job *j,
		    const struct model_past *past, unsigned by);
void model_flushed(const struct ledger_thread *t, const struct ledger_job *j,
		   const struct model_past *past, unsigned by);

/* j is put into the queue, or taken out to run. Under worker->lock. */
void model_job_queued(const struct ledger_thread *t, const struct ledger_job *j);
void model_job_unlinked(const struct ledger_thread *t, const struct ledger_job *j);

/* kthread_destroy_worker() returned. */
void model_destroyed(const struct ledger_thread *t);

/* ---- the freezer: model_freeze.c --------------------------------------------------- */

/*
 * A freeze returned `err`. in_time: it returned before its deadline. parks: some task of the plan
 * parks a freezable thread.
 */
void model_froze(int err, bool in_time, bool parks);

/*
 * On t's thread kthread_freezable_should_stop() returned `stop`; `freezes` is ledger_freezes()
 * before that call. Or set_freezable() returned; `freezes` is then ledger_freezes() after that
 * call, and `stop` is kthread_should_stop(). The ledger has counted was_frozen already.
 */
void model_looked(const struct ledger_thread *t, unsigned freezes, bool was_frozen, bool stop);

/* t's thread does `what`, which it must not do in a freeze. */
void model_may_run(const struct ledger_thread *t, const char *what);

/* ---- the registry: model_registry.c ------------------------------------------------ */

/* What was known of a thread before the registry was searched for it. */
struct model_search {
	unsigned number;	/* 0: not made yet */
	bool gone;
};

/* Read it from the ledger, before the search. */
struct model_search model_search(const struct ledger_thread *t);

/* A task found in the registry. same: it is the task that t's create returned. */
struct model_met {
	unsigned number;
	bool same;
	const char *comm;
	size_t comm_max;
};

/* kthread_find(s->number) returned the task *met. If it returned NULL, met is NULL. */
void model_found(const struct ledger_thread *t, const struct model_search *s,
		 const struct model_met *met);

struct model_walk {
	struct model_search before[PLAN_THREADS_MAX];
	uint32_t met;		/* bit per thread of the plan */
	unsigned last;		/* number */
};

/* Before a walk through the registry. */
void model_walk_begin(struct model_walk *w);
/*
 * In the walk's read section, for each task that it meets. Returns the index of the plan's
 * thread with that number, or -1. If it is not -1, call model_walk_thread(), too.
 */
int model_walk_met(struct model_walk *w, unsigned number, bool is_kthread);
void model_walk_thread(struct model_walk *w, int thread, const struct model_met *met);
/* After the walk. */
void model_walk_end(const struct model_walk *w);

/* ---- per-CPU threads and CPUs: model_percpu.c, model_cpu.c ------------------------- */

/* What a callback of a per-CPU thread finds, on that thread. */
struct model_cpu {
	bool running;		/* the thread's state is RUNNING */
	bool own_thread;	/* the thread is the one that is registered for the CPU */
	bool online;		/* the CPU is on line */
	bool on_cpu;		/* the thread is on the CPU */
};

/* meant_online: the callback's caller says that the CPU is on line. */
void model_callback(const struct ledger_thread *t, unsigned cpu, enum ledger_callback what,
		    bool meant_online, struct model_cpu now);

/*
 * On the thread of CPU `cpu`, in its callback `park`. A CPU that goes off line parks its threads in
 * the order in which they were registered, the last one first.
 */
void model_parks_in_order(const struct ledger_thread *t, unsigned cpu);

/* armed: the timer of a work of t is armed; waits: the work waits for it. */
void model_timer(const struct ledger_thread *t, bool armed, bool waits);

/* A timer that was armed for `expires_ns` fires at `now_ns`. */
void model_fires(uint64_t expires_ns, uint64_t now_ns);

/*
 * The caller holds the hotplug lock. online: bits of the CPUs on line. threads: bits of the CPUs
 * that have a thread of t.
 */
void model_has_threads(const struct ledger_thread *t, uint64_t online, uint64_t threads);

/* `call` returned, and no thread of t may be left. threads: CPUs that have one. */
void model_nothing_left(const struct ledger_thread *t, uint64_t threads, const char *call);

/* A call that makes per-CPU threads returned `err`; killed as in model_created(). */
void model_answered(const struct ledger_call *call, const char *what, int err, bool killed);

/*
 * cpu_down() or cpu_up() returned `err`. cpus: bits of all CPUs. online: bits of the CPUs that
 * are on line now.
 */
void model_cpu_down(unsigned cpu, int err, uint64_t cpus, uint64_t online);
void model_cpu_up(unsigned cpu, int err, uint64_t online);

/* ---- words: model_words.c ---------------------------------------------------------- */

/* The roles for which kthreadd allocates. A failure makes a call return -ENOMEM or -EAGAIN. */
#define MODEL_ROLE(role) (1u << KT_ROLE_##role)

static inline unsigned model_nomem_daemon(void)
{
	return MODEL_ROLE(TASK) | (model_differs(MODEL_KTHREAD_EAGAIN) ? 0 : MODEL_ROLE(KTHREAD));
}

static inline unsigned model_again_daemon(void)
{
	return MODEL_ROLE(STACK) |
	       (model_differs(MODEL_KTHREAD_EAGAIN) ? MODEL_ROLE(KTHREAD) : 0);
}

/* The roles for which a creator allocates, and whose failure makes the create fail. */
static inline unsigned model_nomem_creator(unsigned roles)
{
	return model_differs(MODEL_NAME_CUT) ? roles & ~MODEL_ROLE(NAME) : roles;
}

/* A result as messages say it: "7", "-EINTR", "0x6b6b6b6b, the fill of freed memory". */
struct model_word {
	char s[64];
};

struct model_word model_value(long value);

/* The roles of `bits`: "task, stack"; "none". */
struct model_word model_roles(unsigned bits);

#endif
