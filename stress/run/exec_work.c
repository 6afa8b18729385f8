/* SPDX-License-Identifier: GPL-2.0-only */
/* Works: a worker's side of the interpreter. */
#include "stress/run/exec_internal.h"
#include "stress/run/model.h"

static void may_run(const struct exec_thread *t)
{
	if (t->plan->freezable)
		model_may_run(t, "a freezable worker runs a work");
}

static void job_fn(struct kthread_work *work)
{
	struct exec_job *j = container_of(work, struct exec_job, dwork.work);
	struct exec_thread *t = j->thread;

	counter_add(&j->started, 1);
	model_work_started(j);
	may_run(t);
	KT_POINT(work.running);
	if (j == &t->job[PLAN_WORK_GATE])
		kt_completion_wait(&t->gate);
	if (j == &t->job[PLAN_WORK_AGAIN]) {
		cpu_relax();	/* it may be at it for long: let others come first */
		if (kthread_queue_work(t->worker, work))
			counter_add(&j->accepted, 1);
	}
	may_run(t);
	counter_add(&j->finished, 1);
	if (j->waited_for)
		kt_complete_all(&j->ran);
}

/* A work that is its function's to free. */
struct post {
	struct kthread_work work;
	struct exec_thread *thread;
};

static void post_fn(struct kthread_work *work)
{
	struct post *p = container_of(work, struct post, work);

	may_run(p->thread);
	counter_add(&p->thread->posts_run, 1);
	os_free(p);
}

void exec_post(struct exec_thread *t)
{
	struct post *p = os_alloc(KT_ROLE_TEST, sizeof *p);

	if (!p)
		return;
	kthread_init_work(&p->work, post_fn);
	p->thread = t;
	counter_add(&t->posted, 1);	/* before: it may run and be counted at once */
	exec_set_woken(t);
	if (!kthread_queue_work(t->worker, &p->work))
		kt_fail(KT_MODEL, "queueing a new work failed: %s", t->name);
}

/* Who uses which work, and how. */
void exec_load_work_op(const struct plan_op *op, unsigned task)
{
	bool delays = plan_op_has(op->kind, PLAN_HAS_DELAY);

	if (!plan_op_has(op->kind, PLAN_HAS_WORK))
		return;
	exec.delayed[op->thread][op->work] |= delays;
	exec.waited_for[op->thread][op->work] |= op->kind == PLAN_RAN;
	exec.timers |= delays;
	if (op->kind == PLAN_CANCEL || op->kind == PLAN_MOD)
		exec.takers[op->thread][op->work] |= 1u << task;
}

void exec_begin_jobs(struct exec_thread *t, unsigned thread)
{
	kt_completion_init(&t->let_go);
	kt_completion_init(&t->gate);
	for (unsigned i = 0; i < PLAN_WORKS; i++) {
		kthread_init_delayed_work(&t->job[i].dwork, job_fn, &exec.kthreadd.timers);
		t->job[i].thread = t;
		t->job[i].waited_for = exec.waited_for[thread][i];
		kt_completion_init(&t->job[i].ran);
		t->job[i].delayed = exec.delayed[thread][i];
		t->job[i].takers = exec.takers[thread][i];
	}
}

static void forget_order(struct exec_job *j)
{
	__atomic_store_n(&j->order, 0, __ATOMIC_RELAXED);
}

static bool cancel(struct exec_job *j)
{
	bool taken = j->delayed ? kthread_cancel_delayed_work_sync(&j->dwork)
				: kthread_cancel_work_sync(&j->dwork.work);

	forget_order(j);
	if (taken)
		counter_add(&j->taken, 1);
	return taken;
}

void exec_work_op(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	struct exec_job *j = &t->job[op->work];
	uint64_t delay_ns = (uint64_t)op->delay_us * 1000;
	struct exec_past past[PLAN_WORKS];
	bool result = false;

	for (unsigned i = 0; i < PLAN_WORKS; i++)
		past[i] = model_past(&t->job[i]);
	exec_set_woken(t);	/* queueing wakes the worker */
	by->inserted = NULL;
	switch (op->kind) {
	case PLAN_QUEUE:
		result = kthread_queue_work(t->worker, &j->dwork.work);
		if (result)
			counter_add(&j->accepted, 1);
		model_queued(t, j, by, result);
		break;
	case PLAN_DELAY:
		result = kthread_queue_delayed_work(t->worker, &j->dwork, delay_ns);
		if (result)
			counter_add(&j->accepted, 1);
		if (delay_ns == 0)
			model_queued(t, j, by, result);
		break;
	case PLAN_MOD:
		result = kthread_mod_delayed_work(t->worker, &j->dwork, delay_ns);
		if (!result)
			counter_add(&j->accepted, 1);
		if (by->inserted != j)
			forget_order(j);	/* it waits for its timer */
		break;
	case PLAN_CANCEL:
		result = cancel(j);
		model_canceled(t, j, &past[op->work], by->index);
		break;
	case PLAN_FLUSH:
		kthread_flush_work(&j->dwork.work);
		model_flushed(t, j, &past[op->work], by->index);
		return;
	default:
		kthread_flush_worker(t->worker);
		for (unsigned i = 0; i < PLAN_WORKS; i++)
			model_flushed(t, &t->job[i], &past[i], by->index);
		return;
	}
	model_expect(op, t->name, result);
}

/* As the caller rules want it: nobody else uses it; if cancel_first, no timer is armed. */
void exec_destroy(struct exec_thread *t, bool cancel_first)
{
	for (unsigned left = t->strays; left; left &= left - 1)
		kt_completion_wait(&t->let_go);
	for (unsigned i = 0; i < PLAN_WORKS && cancel_first; i++)
		if (t->job[i].delayed || i == PLAN_WORK_AGAIN)
			cancel(&t->job[i]);
	exec_set_ending(t);
	kthread_destroy_worker(t->worker);
	exec_set_gone(t);
	t->destroyed = true;
	model_destroyed(t);
	/* Whoever still touches a work now would touch freed memory. */
	for (unsigned i = 0; i < PLAN_WORKS; i++)
		os_object_end(&t->job[i].dwork, sizeof t->job[i].dwork);
}

void exec_end_jobs(struct exec_thread *t)
{
	for (unsigned i = 0; i < PLAN_WORKS; i++)
		kt_completion_destroy(&t->job[i].ran);
	kt_completion_destroy(&t->let_go);
	kt_completion_destroy(&t->gate);
}
