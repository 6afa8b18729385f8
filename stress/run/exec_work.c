/* SPDX-License-Identifier: GPL-2.0-only */
/* The operations on works of a worker, and the works' functions. */
#include "stress/run/exec_ops.h"

/* ---- on the worker's thread -------------------------------------------------------- */

static void may_run(const struct exec_thread *t)
{
	if (t->plan->freezable)
		model_may_run(t->facts, "a freezable worker runs a work");
}

/* Has this work an inner task that did not run yet, and is nobody about to destroy the worker? */
static bool runs_inner(const struct exec_thread *t, const struct exec_job *j)
{
	return t->inner && j == &t->job[t->inner->plan->work] && !t->inner->begun &&
	       !__atomic_load_n(&t->closing, __ATOMIC_RELAXED);
}

static void job_fn(struct kthread_work *work)
{
	struct exec_job *j = container_of(work, struct exec_job, dwork.work);
	struct exec_thread *t = j->thread;

	counter_add(&j->facts->started, 1);
	model_work_started(j->facts, exec_is_running());
	may_run(t);
	KT_POINT(work.running);
	if (runs_inner(t, j))
		exec_run_inner(t->inner);
	if (j == &t->job[PLAN_WORK_GATE])
		kt_completion_wait(&t->gate);
	if (j == &t->job[PLAN_WORK_AGAIN]) {
		cpu_relax();	/* it may queue itself many times: let other tasks run */
		if (kthread_queue_work(t->worker, work))
			counter_add(&j->facts->accepted, 1);
	}
	may_run(t);
	counter_add(&j->facts->finished, 1);
	if (j->waited_for)
		kt_complete_all(&j->ran);
}

/* A work that its own function frees. */
struct post {
	struct kthread_work work;
	struct exec_thread *thread;
};

static void post_fn(struct kthread_work *work)
{
	struct post *p = container_of(work, struct post, work);

	may_run(p->thread);
	counter_add(&p->thread->facts->posts_run, 1);
	os_free(p);
}

static void exec_post(struct exec_thread *t)
{
	struct post *p = os_alloc(KT_ROLE_TEST, sizeof *p);

	if (!p)
		return;
	kthread_init_work(&p->work, post_fn);
	p->thread = t;
	counter_add(&t->facts->posted, 1);	/* first, because the work may run and be counted
						 * at once */
	exec_set_woken(t);
	model_posted(t->facts, kthread_queue_work(t->worker, &p->work));
}

/* ---- an execution ------------------------------------------------------------------ */

void exec_begin_jobs(struct exec_thread *t, unsigned thread)
{
	kt_completion_init(&t->let_go);
	kt_completion_init(&t->gate);
	for (unsigned i = 0; i < PLAN_WORKS; i++) {
		kthread_init_delayed_work(&t->job[i].dwork, job_fn, &exec.kthreadd.timers);
		t->job[i].facts = &t->facts->job[i];
		t->job[i].thread = t;
		t->job[i].waited_for = exec.waited_for[thread][i];
		kt_completion_init(&t->job[i].ran);
	}
}

void exec_end_jobs(struct exec_thread *t)
{
	for (unsigned i = 0; i < PLAN_WORKS; i++)
		kt_completion_destroy(&t->job[i].ran);
	kt_completion_destroy(&t->let_go);
	kt_completion_destroy(&t->gate);
}

/* ---- operations -------------------------------------------------------------------- */

/*
 * At each moment: if a work's timer is armed, the work waits for it. No lock is held, so only the
 * simulator, which leaves a task at points only, sees one moment. The kernel's own works have no
 * flag for that.
 */
static void check_timer(const struct exec_job *j)
{
#if defined(KT_OS_SIM) && !defined(KT_CORE_LINUX)
	const struct list_head *entry = &j->dwork.timer.entry;
	bool armed = ledger_peek_pointer(&entry->next) != entry;

	model_timer(j->thread->facts, armed, ledger_peek_bool(&j->dwork.work.delayed));
#else
	(void)j;
#endif
}

/*
 * Read the past of j from the ledger, before a call that works on j. What the model expects is what
 * was true at this moment.
 */
static struct model_past past_of(const struct exec_job *j)
{
	KT_CATCH_UP();
	return model_past(j->facts, kthread_work_was_queued(&j->dwork.work));
}

/* Call it before a call that wakes the worker by queueing or moving the work. */
static struct exec_job *begin_queueing(struct exec_task *by, struct exec_thread *t,
				       const struct plan_op *op)
{
	exec_set_woken(t);
	by->facts->inserted = NULL;
	return &t->job[op->work];
}

static uint64_t delay_ns(const struct plan_op *op)
{
	return (uint64_t)op->delay_us * 1000;
}

static void accepted(struct exec_job *j, bool newly)
{
	if (newly)
		counter_add(&j->facts->accepted, 1);
}

void do_queue(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	struct exec_job *j = begin_queueing(by, t, op);
	bool result = kthread_queue_work(t->worker, &j->dwork.work);

	accepted(j, result);
	model_queued(t->facts, j->facts, by->facts, result);
	exec_expect(op, t->name, result);
}

void do_delay(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	struct exec_job *j = begin_queueing(by, t, op);
	bool result = kthread_queue_delayed_work(t->worker, &j->dwork, delay_ns(op));

	check_timer(j);
	accepted(j, result);
	if (op->delay_us == 0)
		model_queued(t->facts, j->facts, by->facts, result);
	exec_expect(op, t->name, result);
}

void do_mod(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	struct exec_job *j = begin_queueing(by, t, op);
	bool result = kthread_mod_delayed_work(t->worker, &j->dwork, delay_ns(op));

	check_timer(j);
	accepted(j, !result);
	if (by->facts->inserted != j->facts)
		ledger_job_out(j->facts);	/* it waits for its timer */
	exec_expect(op, t->name, result);
}

static bool cancel(struct exec_job *j)
{
	bool taken = j->facts->delayed ? kthread_cancel_delayed_work_sync(&j->dwork)
				       : kthread_cancel_work_sync(&j->dwork.work);

	check_timer(j);
	ledger_job_out(j->facts);
	if (taken)
		counter_add(&j->facts->taken, 1);
	return taken;
}

void do_cancel(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	struct exec_job *j = &t->job[op->work];
	struct model_past past = past_of(j);
	bool result;

	exec_set_woken(t);
	exec_waits_for_work(by, t, j, false);
	result = cancel(j);
	exec_waits(by, EXEC_NO_WAIT, NULL);
	model_canceled(t->facts, j->facts, &past, by->index);
	exec_expect(op, t->name, result);
}

void do_flush(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	struct exec_job *j = &t->job[op->work];
	struct model_past past = past_of(j);

	exec_set_woken(t);
	exec_waits_for_work(by, t, j, true);
	kthread_flush_work(&j->dwork.work);
	exec_waits(by, EXEC_NO_WAIT, NULL);
	model_flushed(t->facts, j->facts, &past, by->index);
}

void do_flush_worker(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	struct model_past past[PLAN_WORKS];

	(void)op;
	for (unsigned i = 0; i < PLAN_WORKS; i++)
		past[i] = past_of(&t->job[i]);
	exec_set_woken(t);
	exec_waits(by, EXEC_WAITS_WORKER, t);
	kthread_flush_worker(t->worker);
	exec_waits(by, EXEC_NO_WAIT, NULL);
	for (unsigned i = 0; i < PLAN_WORKS; i++)
		model_flushed(t->facts, t->job[i].facts, &past[i], by->index);
}

void do_ran(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by;
	kt_completion_wait(&t->job[op->work].ran);
}

void do_post(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by, (void)op;
	exec_post(t);
}

void do_open(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by, (void)op;
	kt_complete(&t->gate);
}

void exec_destroy(struct exec_thread *t, bool cancel_first)
{
	for (unsigned left = exec_guarded(t); left; left &= left - 1)
		kt_completion_wait(&t->let_go);
	exec_waits(exec_self(), EXEC_WAITS_WORKER, t);
	for (unsigned i = 0; i < PLAN_WORKS; i++)
		check_timer(&t->job[i]);
	if (t->inner && cancel_first) {	/* it may delay and queue works that are canceled next */
		__atomic_store_n(&t->closing, true, __ATOMIC_RELAXED);
		cancel(&t->job[t->inner->plan->work]);
	}
	for (unsigned i = 0; i < PLAN_WORKS && cancel_first; i++)
		if (t->job[i].facts->delayed || i == PLAN_WORK_AGAIN)
			cancel(&t->job[i]);
	KT_CATCH_UP();	/* works that were queued before this moment must have run */
	ledger_ending(t->facts);
	kthread_destroy_worker(t->worker);
	exec_waits(exec_self(), EXEC_NO_WAIT, NULL);
	ledger_gone(t->facts);
	t->destroyed = true;
	model_destroyed(t->facts);
	exec_inner_is_over(t);
	/* A call that still touches a work touches freed memory from here on. */
	for (unsigned i = 0; i < PLAN_WORKS; i++)
		os_object_end(&t->job[i].dwork, sizeof t->job[i].dwork);
}

void do_destroy(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by;
	exec_destroy(t, op->kind == PLAN_DESTROY);
}
