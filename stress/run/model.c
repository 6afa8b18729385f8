/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/run/model.h"

#include <errno.h>
#include <string.h>

enum {
	NOMEM_CREATOR = MODEL_ROLE(CREATE_INFO) | MODEL_ROLE(NAME) | MODEL_ROLE(WORKER) |
			MODEL_ROLE(MM),
};

static const char *error_name(long error)
{
	switch (error) {
	case -ENOMEM: return "-ENOMEM";
	case -EAGAIN: return "-EAGAIN";
	case -EINTR: return "-EINTR";
	default: return "an unknown error";
	}
}

/* A request that failed in the fork was answered, or its creator was killed. */
static void check_answer(const struct exec_thread *t, long error)
{
	unsigned failed = t->failed_daemon;	/* ordered before us by the answer */

	if (error == -ENOMEM && (failed & NOMEM_DAEMON))
		return;
	if (error == -EAGAIN && (failed & AGAIN_DAEMON))
		return;
	kt_fail(KT_MODEL, "create returned %s without a cause: %s, failures injected: %#x",
		error_name(error), t->name, failed);
}

/* The thread sleeps until it is woken, so it can be asked. */
static void check_accessors(const struct exec_thread *t)
{
	if (kthread_data(t->task) != t || kthread_probe_data(t->task) != t ||
	    !kthread_func(t->task))
		kt_fail(KT_MODEL, "the thread has another function or data than it was created "
			"with: %s", t->name);
	if (kthread_is_per_cpu(t->task))
		kt_fail(KT_MODEL, "a new thread is marked as a CPU's own: %s", t->name);
}

void model_created(struct exec_thread *t, const struct exec_task *by)
{
	long error = IS_ERR(t->task) ? PTR_ERR(t->task) : 0;

	if (!t->task)
		kt_fail(KT_MODEL, "create returned NULL: %s", t->name);
	if (error)
		t->abandoned = true;
	if (t->failed_creator & NOMEM_CREATOR) {
		if (error != -ENOMEM)
			kt_fail(KT_MODEL, "an allocation failed in create, -ENOMEM is due: %s "
				"got %ld", t->name, error);
		return;
	}
	if (error == -EINTR) {
		if (!os_is_killed(&by->task.os))
			kt_fail(KT_MODEL, "create returned -EINTR to a task nobody killed: %s",
				t->name);
		return;		/* abandoned: the daemon's part is not ours to read */
	}
	if (error) {
		check_answer(t, error);
		return;
	}
	if (t->failed_daemon)
		kt_fail(KT_MODEL, "create succeeded although its fork failed: %s", t->name);
	if (t->plan->body != PLAN_WORKER)
		check_accessors(t);
}

void model_woken(struct exec_thread *t, bool first, int woken)
{
	if (first && !t->stopped && woken != 1)
		kt_fail(KT_MODEL, "the first wake-up did not find the thread asleep: %s", t->name);
}

/* On the thread: whenever its function goes on. */
static void check_place(const struct exec_thread *t, const char *when)
{
	if (__atomic_load_n(&current->state, __ATOMIC_RELAXED) != TASK_RUNNING)
		kt_fail(KT_DISCIPLINE, "%s in a state that is not RUNNING: %s", when, t->name);
	/* A CPU that is taken off line loses who is bound to it. */
	if (t->cpus && !(t->cpus & exec.cpus_down) && !os_on_cpus(t->cpus))
		kt_fail(KT_MODEL, "%s on a CPU it is not bound to: %s", when, t->name);
}

void model_borrowed(const struct exec_thread *t, const struct mm_struct *mm, bool used)
{
	if (current->mm != (used ? mm : NULL))
		kt_fail(KT_MODEL, "%s: the thread %s an mm it %s: %s",
			used ? "kthread_use_mm" : "kthread_unuse_mm",
			used ? "does not use" : "still uses", used ? "was given" : "returned",
			t->name);
	if (current->active_mm != mm)
		kt_fail(KT_MODEL, "%s: the thread is not lazy on the mm it used last: %s",
			used ? "kthread_use_mm" : "kthread_unuse_mm", t->name);
}

/* What every kthread's function may rely on when it is entered. */
static void check_context(const struct exec_thread *t)
{
	struct task_struct *self = current;
	struct os_attributes a;
	char name[OS_NAME_MAX];

	check_place(t, "threadfn entered");
	get_kthread_comm(name, sizeof name, self);
	if (strcmp(name, t->name) != 0)
		kt_fail(KT_MODEL, "the thread's full name is wrong: %s is called '%s'", t->name,
			name);
	if (strncmp(self->comm, t->name, OS_COMM_MAX - 1) != 0)
		kt_fail(KT_MODEL, "the thread's comm is wrong: %s is called '%s'", t->name,
			self->comm);
	if (!(self->flags & PF_KTHREAD) || !(self->flags & PF_NOFREEZE) ||
	    self->no_cgroup_migration)
		kt_fail(KT_MODEL, "the thread did not start from kthreadd's context: %s", t->name);
	if (os_get_attributes(&a) != 0)
		return;
	if (a.policy != OS_POLICY_NORMAL || !a.signals_ignored)
		kt_fail(KT_MODEL, "policy %d, signals ignored %d, due 0 and 1: %s", (int)a.policy,
			a.signals_ignored, t->name);
	if (strncmp(a.comm, t->name, OS_COMM_MAX - 1) != 0)
		kt_fail(KT_MODEL, "the platform's name for the thread is wrong: %s is called '%s'",
			t->name, a.comm);
}

void model_running(struct exec_thread *t)
{
	if (t->runs > 1)
		kt_fail(KT_MODEL, "threadfn was called twice: %s", t->name);
	if (!__atomic_load_n(&t->woken, __ATOMIC_RELAXED))
		kt_fail(KT_MODEL, "threadfn was called, although nobody woke the thread: %s",
			t->name);
	/* Not t->task: kthread_run() wakes the thread before that is written. */
	if (t->abandoned)
		kt_fail(KT_MODEL, "threadfn was called for an abandoned create: %s", t->name);
	check_context(t);
}

void model_stopped(struct exec_thread *t, int result)
{
	int due = t->runs ? t->plan->result : -EINTR;

	if (t->was_parked && !t->runs)
		kt_fail(KT_MODEL, "stopped after a park that succeeded, and threadfn was not "
			"called: %s", t->name);
	if (result != due)
		kt_fail(KT_MODEL, "stop returned %d, %d is due: %s, whose function %s", result,
			due, t->name, t->runs ? "ran" : "did not run");
}

void model_parked(struct exec_thread *t, int due, int err)
{
	if (err != due)
		kt_fail(KT_MODEL, "park returned %d, %d is due: %s", err, due, t->name);
	if (err)
		return;
	/* Serialized by the plan: nobody lets it go before we return. */
	if (__atomic_load_n(&t->task->state, __ATOMIC_RELAXED) != TASK_PARKED ||
	    __atomic_load_n(&t->task->on_cpu, __ATOMIC_ACQUIRE))
		kt_fail(KT_MODEL, "park returned while the thread was still running: %s", t->name);
}

void model_unparked(struct exec_thread *t)
{
	check_place(t, "kthread_parkme returned");
}

void model_affine(const struct exec_thread *t, bool bound, int err)
{
	if (err != 0 && err != -EINVAL)
		kt_fail(KT_MODEL, "set_cpus_allowed returned %d, 0 or -EINVAL is due: %s", err,
			t->name);
	if (bound && err == 0)
		kt_fail(KT_MODEL, "the CPUs of a bound thread were changed: %s", t->name);
}

void model_per_cpu(struct exec_thread *t, int cpu)
{
	if (kthread_is_per_cpu(t->task) != (cpu >= 0))
		kt_fail(KT_MODEL, "kthread_is_per_cpu is wrong after set_per_cpu(%d): %s", cpu,
			t->name);
}

void model_expect(const struct plan_op *op, const char *what, long result)
{
	if (!op->has_expect || !exec.check_expects)
		return;
	if (op->expect_ok) {
		if (result < 0)
			kt_fail(KT_EXPECT, "the plan expects ok: %s got %ld", what, result);
		return;
	}
	if (result != op->expect)
		kt_fail(KT_EXPECT, "the plan expects %d: %s got %ld", (int)op->expect, what,
			result);
}

void model_end(void)
{
	for (unsigned i = 0; i < exec.plan->threads_count; i++) {
		struct exec_thread *t = &exec.thread[i];

		/* A thread that was woken, not stopped, and is gone has run. */
		if (t->plan->body != PLAN_WORKER && t->task && !IS_ERR(t->task) && t->woken &&
		    !t->stopped && t->runs != 1)
			kt_fail(KT_MODEL, "threadfn was never called, although the thread was "
				"woken and not stopped: %s", t->name);
	}
	if (exec.appended != exec.unlinked)
		kt_fail(KT_MODEL, "requests lost: %u queued, %u served", exec.appended,
			exec.unlinked);
}

/*
 * First come, first served: nobody has its place (`appended`) from before this
 * request's creator began to take one, and is not served. Where points come in the
 * order of places, that is the place itself; else a creator begins at
 * create.allocated, and of requests that overlap any may be first.
 */
static void check_order(const struct exec_thread *t)
{
	unsigned begun = __atomic_load_n(&t->begun, __ATOMIC_RELAXED);

	for (unsigned i = 0; i < exec.plan->threads_count; i++) {
		const struct exec_thread *other = &exec.thread[i];
		unsigned place = __atomic_load_n(&other->appended, __ATOMIC_ACQUIRE);

		if (place != 0 && place < begun && !other->unlinked)
			kt_fail(KT_MODEL, "served out of order: %s is served before %s, which was "
				"queued earlier", t->name, other->name);
	}
}

static void note_served(struct exec_thread *t)
{
	exec.unlinked++;
	if (t->unlinked)
		kt_fail(KT_MODEL, "request served twice: %s", t->name);
	t->unlinked = true;
	check_order(t);
}

/* The points the model looks at: a comparison of hashes, not of names, each time. */
static struct {
	uint32_t begun, appended, unlinked;
} watched_create;

uint64_t model_watches;

uint32_t model_watch(const char *point)
{
	uint32_t hash = kt_name_hash(point);

	model_watches |= 1ull << hash % 64;
	return hash;
}

void model_load(void)
{
	model_watches = 0;
	watched_create.begun = KT_QUEUE_POINTS_ORDERED ? 0 : model_watch("create.allocated");
	watched_create.appended = model_watch("create.appended");
	watched_create.unlinked = model_watch("kthreadd.unlinked");
	model_work_load();
}

static unsigned moment(void)
{
	return __atomic_add_fetch(&exec.clock, 1, __ATOMIC_SEQ_CST);
}

/* The creator queued this request; kthreadd can't have seen it yet. */
static void note_request(const void *request)
{
	struct exec_task *self = exec_self();
	struct exec_thread *t = self ? self->creating : NULL;
	unsigned now;

	/* Its memory may have been an earlier one's. */
	for (unsigned i = 0; i < exec.plan->threads_count; i++)
		if (__atomic_load_n(&exec.thread[i].request, __ATOMIC_RELAXED) == request)
			__atomic_store_n(&exec.thread[i].request, NULL, __ATOMIC_RELAXED);
	model_call_requests(self ? self->calling : NULL, request);
	if (!t)
		return;
	now = moment();
	__atomic_store_n(&t->request, request, __ATOMIC_RELAXED);
	if (KT_QUEUE_POINTS_ORDERED)
		__atomic_store_n(&t->begun, now, __ATOMIC_RELAXED);
	__atomic_store_n(&t->appended, now, __ATOMIC_RELEASE);
	__atomic_add_fetch(&exec.appended, 1, __ATOMIC_RELAXED);
}

static void note_begun(void)
{
	struct exec_task *self = exec_self();

	if (self && self->creating)
		__atomic_store_n(&self->creating->begun, moment(), __ATOMIC_RELAXED);
}

static struct exec_thread *thread_of(const void *request)
{
	for (unsigned i = 0; i < exec.plan->threads_count; i++)
		if (__atomic_load_n(&exec.thread[i].request, __ATOMIC_RELAXED) == request)
			return &exec.thread[i];
	return NULL;
}

void model_point(struct kt_site *site, const void *subject)
{
	uint32_t point = kt_site_hash(site);
	struct exec_thread *t;

	if (model_work_point(point, subject))
		return;
	if (point == watched_create.appended) {
		note_request(subject);
	} else if (point == watched_create.begun) {
		note_begun();
	} else if (point == watched_create.unlinked) {
		t = thread_of(subject);
		exec.forking = t;
		exec.forking_call = t ? NULL : model_call_of(subject);
		if (t)
			note_served(t);
	}
}
