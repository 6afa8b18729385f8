/* SPDX-License-Identifier: GPL-2.0-only */
/* The operations create and run. */
#include <errno.h>

#include "stress/run/exec_ops.h"

/*
 * Each call has its frame at another address. If not, the simulator could mistake the dead
 * object that a call left on the stack for the live object of a later call.
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

/* Create a worker's thread. The worker itself goes to t->worker. */
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
	__atomic_store_n(&t->worker, w, __ATOMIC_RELAXED);	/* a worker compares it */
	return kthread_worker_task(w);
}

/* Allocate t->mm, and create a thread that works in it. */
static struct task_struct *create_borrower(struct exec_thread *t, unsigned nth)
{
	struct task_struct *task;

	t->mm = mm_alloc();
	if (!t->mm)
		return ERR_PTR(-ENOMEM);
	task = create(t, nth);
	if (IS_ERR(task)) {	/* no thread will use the mm */
		mmput(t->mm);
		t->mm = NULL;
	}
	return task;
}

/* Note that `by` is in a call that makes t. NULL: it is in no such call any more. */
static void set_creating(struct exec_task *by, struct exec_thread *t)
{
	struct ledger_thread *creating = t ? t->facts : NULL;

	if (!exec.oom) {
		by->facts->creating = creating;
		return;
	}
	/*
	 * The lock orders this with exec_oom(): this task sees the waiter, or the waiter sees
	 * that the call has returned.
	 */
	kt_lock_acquire(&exec.kill_lock);
	by->facts->creating = creating;
	for (; !t && by->oom_waiters > 0; by->oom_waiters--)
		kt_complete(&by->oom_over);
	kt_lock_release(&exec.kill_lock);
}

/* Take the references of the tasks that will use t. If `wake`, wake it, as kthread_run() does. */
static void hand_out(struct exec_thread *t, bool wake)
{
	for (unsigned left = exec_guarded(t); left; left &= left - 1)
		get_task_struct(t->task);
	if (wake) {
		exec_set_woken(t);
		wake_up_process(t->task);
	}
}

/* Ask the new thread about itself. It sleeps until it is woken, so it is still there. */
static void check_new(const struct exec_thread *t)
{
	bool same_data = kthread_data(t->task) == t && kthread_probe_data(t->task) == t;

	model_new(t->facts, kthread_func(t->task) != NULL, same_data, kthread_is_per_cpu(t->task));
}

/* The create returned: have the model check the result, and write it into the ledger. */
static bool answered(const struct exec_task *by, struct exec_thread *t)
{
	struct ledger_thread *facts = t->facts;
	long error = IS_ERR(t->task) ? PTR_ERR(t->task) : 0;
	bool ok = t->task && !error;

	facts->abandoned = error != 0;
	model_created(facts, ok, error, exec_was_killed(by, error));
	if (ok && t->plan->body != PLAN_WORKER)
		check_new(t);
	facts->created = ok;
	if (ok && t->plan->cpu >= 0) {
		facts->cpus = 1ull << t->plan->cpu;
		t->bound = true;
	}
	return ok;
}

void do_create(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	unsigned nth = (unsigned)(op - &exec.plan->ops[by->plan->ops_first]);
	bool ok;

	set_creating(by, t);
	t->task = t->plan->body == PLAN_WORKER ? create_worker(t) :
		  t->plan->body == PLAN_BORROW ? create_borrower(t, nth) : create(t, nth);
	set_creating(by, NULL);
	ok = answered(by, t);
	exec_expect(op, t->name, ok ? 0 : PTR_ERR(t->task));
	if (ok) {	/* a task that sees the number sees t->task, too */
		ledger_numbered(t->facts, kthread_id(t->task));
		hand_out(t, op->kind == PLAN_RUN);
	}
	if (t->strays)
		kt_complete_all(&t->made);
	if (!ok)
		exec_inner_is_over(t);
}
