/* SPDX-License-Identifier: GPL-2.0-only */
/* Operations on threads, and the table of all operations. */
#include <errno.h>

#include "stress/run/exec_internal.h"
#include "stress/run/model.h"

/*
 * Each call gets a frame address of its own: what a finished call left on the
 * stack must not be taken for the live object of a later one.
 */
__attribute__((noinline))
static struct task_struct *create(struct exec_thread *t, unsigned nth)
{
	const struct plan_thread *p = t->plan;
	const char *format = plan_string(exec.plan, p->format);
	volatile char *gap = __builtin_alloca(64 + nth * 256);

	gap[0] = 0;
	if (p->cpu >= 0)
		return kthread_create_on_cpu(exec_thread_fn, t, (unsigned)p->cpu, format);
	return kthread_create_on_node(exec_thread_fn, t, p->node, format, p->number);
}

/* The worker, too, in t->worker. */
static struct task_struct *create_worker(struct exec_thread *t)
{
	const struct plan_thread *p = t->plan;
	const char *format = plan_string(exec.plan, p->format);
	unsigned flags = p->freezable ? KTW_FREEZABLE : 0;
	struct kthread_worker *w = p->cpu >= 0 ?
		kthread_create_worker_on_cpu((unsigned)p->cpu, flags, format) :
		kthread_create_worker(flags, format, p->number);

	if (IS_ERR(w))
		return ERR_PTR(PTR_ERR(w));
	t->worker = w;
	return w->task;
}

/* `by` is in a call that makes t, or (NULL) is in none any more. */
static void set_creating(struct exec_task *by, struct exec_thread *t)
{
	if (!exec.oom) {
		by->creating = t;
		return;
	}
	/* Either a waiter is seen here, or exec_oom() sees that the call is
	 * over. */
	kt_lock_acquire(&exec.kill_lock);
	by->creating = t;
	for (; !t && by->oom_waiters > 0; by->oom_waiters--)
		kt_complete(&by->oom_over);
	kt_lock_release(&exec.kill_lock);
}

void exec_set_woken(struct exec_thread *t)
{
	__atomic_store_n(&t->woken, true, __ATOMIC_RELAXED);
	if (plan_body_exits(t->plan->body))
		exec_set_ending(t);
}

/* Relaxed would do: the call that comes next orders it before the end. */
void exec_set_ending(struct exec_thread *t)
{
	__atomic_store_n(&t->ending, true, __ATOMIC_RELEASE);
}

void exec_set_gone(struct exec_thread *t)
{
	__atomic_store_n(&t->gone, true, __ATOMIC_RELEASE);
}

/* kthread_run()'s wake-up, with what other tasks need before and after it. */
static void hand_out(struct exec_thread *t, bool wake)
{
	for (unsigned left = t->strays; left; left &= left - 1)
		get_task_struct(t->task);
	if (wake) {
		exec_set_woken(t);
		wake_up_process(t->task);
	}
}

/* As its owner does who has stopped it, or never had it. */
static void put_mm(struct exec_thread *t)
{
	if (t->mm)
		mmput(t->mm);
	t->mm = NULL;
}

/* With an mm for it to work in. */
static struct task_struct *create_borrower(struct exec_thread *t, unsigned nth)
{
	struct task_struct *task;

	t->mm = mm_alloc();
	if (!t->mm)
		return ERR_PTR(-ENOMEM);
	task = create(t, nth);
	if (IS_ERR(task))	/* it never looks at it */
		put_mm(t);
	return task;
}

static void do_create(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	unsigned nth = (unsigned)(op - &exec.plan->ops[by->plan->ops_first]);
	bool ok;

	set_creating(by, t);
	t->task = t->plan->body == PLAN_WORKER ? create_worker(t) :
		  t->plan->body == PLAN_BORROW ? create_borrower(t, nth) : create(t, nth);
	set_creating(by, NULL);
	model_created(t, by);
	ok = !IS_ERR(t->task);
	if (ok && t->plan->cpu >= 0) {
		t->cpus = 1ull << t->plan->cpu;
		t->bound = true;
	}
	model_expect(op, t->name, ok ? 0 : PTR_ERR(t->task));
	if (ok)		/* t->task is there for who sees the number */
		__atomic_store_n(&t->id, kthread_id(t->task), __ATOMIC_RELEASE);
	if (ok)
		hand_out(t, op->kind == PLAN_RUN);
	if (t->strays)
		kt_complete_all(&t->made);
}

void exec_put_strays(const struct exec_task *by)
{
	for (unsigned i = 0; i < exec.plan->threads_count; i++) {
		struct exec_thread *t = &exec.thread[i];

		if (!(t->strays >> by->index & 1))
			continue;
		kt_completion_wait(&t->made);
		if (t->task && !IS_ERR(t->task))
			put_task_struct(t->task);
		if (t->plan->body == PLAN_WORKER || t->plan->body == PLAN_PERCPU)
			kt_complete(&t->let_go);
	}
}

static void do_wake(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	bool first = !t->strays && !t->woken;
	int woken;

	exec_set_woken(t);
	if (t->plan->task != by->index) {	/* nothing is known of its state */
		wake_up_process(t->task);
		return;
	}
	woken = wake_up_process(t->task);
	model_woken(t, first, woken);
	model_expect(op, t->name, woken);
}

/* What unparking does to a CPU's own thread. */
static void to_own_cpu(struct exec_thread *t)
{
	if (t->parked && t->own_cpu)
		t->cpus = t->own_cpu;
	t->parked = false;
}

static void stop(struct exec_thread *t, const struct plan_op *op)
{
	int result;

	t->stopped = true;
	exec_set_ending(t);
	to_own_cpu(t);
	result = op && op->kind == PLAN_STOP_PUT ? kthread_stop_put(t->task)
						 : kthread_stop(t->task);
	exec_set_gone(t);
	model_stopped(t, result);
	put_mm(t);
	if (op)
		model_expect(op, t->name, result);
}

static void do_park(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	int due = t->stopped ? -ENOSYS : t->parked ? -EBUSY : 0, err;

	(void)by;
	if (due == 0)
		exec_set_woken(t);
	err = kthread_park(t->task);
	model_parked(t, due, err);
	if (err == 0)
		t->parked = t->was_parked = true;
	model_expect(op, t->name, err);
}

static void do_unpark(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by, (void)op;
	to_own_cpu(t);
	kthread_unpark(t->task);
}

static void do_bind(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by;
	t->cpus = 1ull << op->cpu;
	t->bound = true;
	kthread_bind(t->task, (unsigned)op->cpu);
}

static void do_affine(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	/* Bound by this task, or, asked by another, perhaps. */
	bool bound = t->plan->task == by->index && t->bound;
	int err = task_set_cpus_allowed(t->task, 1ull << op->cpu);

	model_affine(t, bound, err);
	if (t->plan->task == by->index)
		model_expect(op, t->name, err);
}

static void do_per_cpu(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by;
	kthread_set_per_cpu(t->task, op->cpu);
	t->own_cpu = op->cpu >= 0 ? 1ull << op->cpu : 0;
	model_per_cpu(t, op->cpu);
}

/* Its processor goes off line; kthread_unpark() brings a CPU's own thread back. */
static void do_displace(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by, (void)op;
	if (!t->cpus)
		return;		/* it has been already */
	task_cpu_gone(t->task, (unsigned)__builtin_ctzll(t->cpus));
	t->cpus = 0;
}

/* The owner of the completion lets it go as soon as it may. */
static void do_await(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by, (void)op;
	kt_completion_wait(&t->left);
	kt_completion_destroy(&t->left);
	t->awaited = true;
}

static void do_stop(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by;
	if (op->kind == PLAN_STOP_PUT && t->refs > 0)
		t->refs--;
	stop(t, op);
}

static void do_get(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by, (void)op;
	get_task_struct(t->task);
	t->refs++;
}

static void do_put(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by, (void)op;
	if (t->refs > 0)	/* else it is the thread's own: an illegal plan */
		t->refs--;
	put_task_struct(t->task);
}

static void do_post(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by, (void)op;
	exec_post(t);
}

static void do_ran(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by;
	kt_completion_wait(&t->job[op->work].ran);
}

static void do_open(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by, (void)op;
	kt_complete(&t->gate);
}

static void do_destroy(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by;
	exec_destroy(t, op->kind == PLAN_DESTROY);
}

/* Any task's thread, which may be gone or not be made yet. */
static void do_find(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	struct model_search s = model_search(t);
	struct task_struct *k = kthread_find(&exec.kthreadd, s.id);

	(void)by;
	model_found(t, &s, k);
	if (k)
		put_task_struct(k);
	model_expect(op, t->name, k != NULL);
}

static void do_walk(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	struct model_walk w;
	struct task_struct *k;

	(void)by, (void)t, (void)op;
	model_walk_begin(&w);
	rcu_read_lock();
	kthread_for_each(&exec.kthreadd, k) {
		KT_POINT(walk.met);
		model_walk_met(&w, k);
	}
	rcu_read_unlock();
	model_walk_end(&w);
}

static void do_kill(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by, (void)t;
	exec_kill(op->victim);
}

/* Long enough that no thread that looks can be late. */
#define FREEZE_FOR_NS 3600000000000ull

static void do_freeze(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	uint64_t deadline_ns = os_now_ns() + FREEZE_FOR_NS;
	int err;

	(void)t;
	model_freezing();
	err = freeze_kthreads_until(&exec.kthreadd, deadline_ns);
	model_froze(err, os_now_ns() < deadline_ns);
	by->freezes++;
	model_expect(op, "freeze", err);
}

static void do_thaw(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)t, (void)op;
	by->freezes--;
	model_thawing();
	thaw_kthreads(&exec.kthreadd);
}

void exec_thaw_rest(struct exec_task *by)
{
	while (by->freezes > 0)
		do_thaw(by, NULL, NULL);
}

/* Was its create called, and did it succeed? */
static bool is_there(const struct exec_thread *t)
{
	return t->plan->body == PLAN_PERCPU ? t->registered : t->task && !IS_ERR(t->task);
}

/* ---- all of them --------------------------------------------------------- */

void exec_run_op(struct exec_task *by, const struct plan_op *op)
{
	static void (*const run[PLAN_OPS])(struct exec_task *by, struct exec_thread *t,
					   const struct plan_op *op) = {
		[PLAN_CREATE] = do_create,
		[PLAN_RUN] = do_create,
		[PLAN_WAKE] = do_wake,
		[PLAN_STOP] = do_stop,
		[PLAN_STOP_PUT] = do_stop,
		[PLAN_GET] = do_get,
		[PLAN_PUT] = do_put,
		[PLAN_PARK] = do_park,
		[PLAN_UNPARK] = do_unpark,
		[PLAN_BIND] = do_bind,
		[PLAN_PER_CPU] = do_per_cpu,
		[PLAN_AFFINE] = do_affine,
		[PLAN_DISPLACE] = do_displace,
		[PLAN_AWAIT] = do_await,
		[PLAN_QUEUE] = exec_work_op,
		[PLAN_DELAY] = exec_work_op,
		[PLAN_MOD] = exec_work_op,
		[PLAN_CANCEL] = exec_work_op,
		[PLAN_FLUSH] = exec_work_op,
		[PLAN_FLUSH_WORKER] = exec_work_op,
		[PLAN_RAN] = do_ran,
		[PLAN_POST] = do_post,
		[PLAN_OPEN] = do_open,
		[PLAN_DESTROY] = do_destroy,
		[PLAN_DESTROY_RAW] = do_destroy,
		[PLAN_REGISTER] = exec_register,
		[PLAN_POKE] = exec_poke,
		[PLAN_SETTLE] = exec_settle,
		[PLAN_UNREGISTER] = exec_unregister,
		[PLAN_FIND] = do_find,
		[PLAN_WALK] = do_walk,
		[PLAN_KILL] = do_kill,
		[PLAN_FREEZE] = do_freeze,
		[PLAN_THAW] = do_thaw,
		[PLAN_CPU_DOWN] = exec_cpu_down,
		[PLAN_CPU_UP] = exec_cpu_up,
	};
	struct exec_thread *t = &exec.thread[op->thread];

	if (!plan_op_has(op->kind, PLAN_NO_HANDLE) && !plan_op_has(op->kind, PLAN_MAKES) &&
	    !plan_op_has(op->kind, PLAN_BY_ID)) {
		if (t->plan->task != by->index)
			kt_completion_wait(&t->made);
		if (!is_there(t))
			return;		/* as any caller does after a failed create */
	}
	run[op->kind](by, t, op);
}

/* A thread that nobody stopped and that can't have gone by itself. */
static bool must_be_stopped(const struct exec_thread *t)
{
	if (!t->task || IS_ERR(t->task) || t->stopped || t->plan->body == PLAN_WORKER)
		return false;	/* t->task is NULL of a percpu */
	return !plan_body_exits(t->plan->body) || !t->woken || t->parked || t->refs > 0;
}

void exec_stop_rest(struct exec_thread *t)
{
	if (t->worker && !t->destroyed)
		exec_destroy(t, true);
	exec_unregister_rest(t);
	if (must_be_stopped(t))
		stop(t, NULL);
	while (t->refs > 0) {
		t->refs--;
		put_task_struct(t->task);
	}
}
