/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sequential specification of each call: what may come back, given what
 * was injected. A result without a justification is a KT_MODEL failure whose
 * message says what would have justified it. After the outcome matrix of
 * Linux's hand-off; stress/README.md has it as a table.
 *
 * Each check runs on the thread that got the result and reads only what the
 * protocol under test has ordered before it, so that the checks themselves are
 * no data race on real threads.
 */
#ifndef STRESS_MODEL_H
#define STRESS_MODEL_H

#include "stress/run/exec.h"

/* Of which roles kthreadd's failed allocations make a call return which error. */
#define MODEL_ROLE(role) (1u << KT_ROLE_##role)

enum {
	NOMEM_DAEMON = MODEL_ROLE(TASK) | MODEL_ROLE(KTHREAD),
	AGAIN_DAEMON = MODEL_ROLE(STACK),
};

/* kthread_create() or kthread_run() returned t->task to `by`. */
void model_created(struct exec_thread *t, const struct exec_task *by);
/* wake_up_process() returned `woken`; was it the first call for t? */
void model_woken(struct exec_thread *t, bool first, int woken);
/* t's function was entered, on t's thread. */
void model_running(struct exec_thread *t);
/* kthread_stop() returned `result`. */
void model_stopped(struct exec_thread *t, int result);
/* kthread_park() returned `err`, `due` is what the plan's order makes due. */
void model_parked(struct exec_thread *t, int due, int err);
/* kthread_parkme() returned, on t's thread. */
void model_unparked(struct exec_thread *t);
/* task_set_cpus_allowed() returned `err`; t was bound before? */
void model_affine(const struct exec_thread *t, bool bound, int err);
/* kthread_set_per_cpu(cpu) was called. */
void model_per_cpu(struct exec_thread *t, int cpu);
/* kthread_use_mm(mm), or _unuse_, returned, on t's thread. */
void model_borrowed(const struct exec_thread *t, const struct mm_struct *mm, bool used);
/* A work was entered, on the worker's thread. */
void model_work_started(struct exec_job *j);
/*
 * A call that puts j into the queue at once returned to `by`: true, it was not
 * pending, and so it is there.
 */
void model_queued(const struct exec_thread *t, const struct exec_job *j,
		  const struct exec_task *by, bool queued);
/* What is known of a work now; for the two below. */
struct exec_past model_past(const struct exec_job *j);
/* cancel, flush of j returned to the task with index `by`; *past is from the call. */
void model_canceled(const struct exec_thread *t, const struct exec_job *j,
		    const struct exec_past *past, unsigned by);
void model_flushed(const struct exec_thread *t, const struct exec_job *j,
		   const struct exec_past *past, unsigned by);
/* A named point of workers with a work; model_point() passes them on. */
void model_work_load(void);
bool model_work_point(uint32_t point, const void *work);
/* kthread_destroy_worker() returned. */
void model_destroyed(const struct exec_thread *t);
/* A freeze begins. It returned; by a thread that froze, not by its deadline? */
void model_freezing(void);
void model_froze(int err, bool in_time);
/* Before a thaw. */
void model_thawing(void);
/* Freezes that returned by now, as the calling thread may know. */
unsigned model_freezes(void);
/*
 * On t's thread: kthread_freezable_should_stop() returned, called when there had
 * been so many freezes; or set_freezable(), with stop as known then.
 */
void model_looked(struct exec_thread *t, unsigned freezes, bool was_frozen, bool stop);
/* On t's thread, which must not run this in a freeze. */
void model_may_run(const struct exec_thread *t, const char *what);
/* What was known of a thread before the registry was searched for it. */
struct model_search {
	unsigned id;		/* 0: not made yet */
	bool gone;
};

struct model_search model_search(const struct exec_thread *t);
/* kthread_find(s->id) returned k, which is the caller's until it is put. */
void model_found(const struct exec_thread *t, const struct model_search *s,
		 const struct task_struct *k);

struct model_walk {
	struct model_search before[PLAN_THREADS_MAX];
	uint32_t met;		/* bit per thread of the plan */
	unsigned last;		/* number */
};

/* Before a walk through the registry; for each k of it, in its read section; after it. */
void model_walk_begin(struct model_walk *w);
void model_walk_met(struct model_walk *w, const struct task_struct *k);
void model_walk_end(const struct model_walk *w);
/* A callback of a per-CPU thread, on that thread. `online`: is its CPU meant to be? */
enum model_callback { MODEL_SETUP, MODEL_RUN, MODEL_PARK, MODEL_UNPARK, MODEL_CLEANUP };

void model_percpu(struct exec_percpu *p, unsigned cpu, enum model_callback what, bool online);
/* With the hotplug lock held: the CPU is on line. */
void model_has_thread(struct exec_percpu *p, unsigned cpu);
/* smpboot's register and unregister returned. */
void model_registered(struct exec_percpu *p, int err);
void model_unregistered(struct exec_percpu *p);
/* A call that makes per-CPU threads returned `err` to `by`. */
void model_answered(const struct exec_call *call, const struct exec_task *by, const char *what,
		    int err);
/* Before a cpu_down(); it, or cpu_up(), returned. */
void model_cpu_going_down(unsigned cpu);
void model_cpu_down(unsigned cpu, int err);
void model_cpu_up(unsigned cpu, int err);
/* `call`, or who makes no per-CPU thread (NULL), queued it; whose is it? */
void model_call_requests(struct exec_call *call, const void *request);
struct exec_call *model_call_of(const void *request);

/* A plan's own "== R". */
void model_expect(const struct plan_op *op, const char *what, long result);

/* Everything has been shut down. */
void model_end(void);

/* Once per plan, before it runs. */
void model_load(void);

/* Named points, for the order in which requests are served. */
void model_point(struct kt_site *site, const void *subject);

/* Bit hash % 64: model_point() looks at a point with such a hash. */
extern uint64_t model_watches;
/* Set that bit for a point; its hash. */
uint32_t model_watch(const char *point);

#endif
