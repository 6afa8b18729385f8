/* SPDX-License-Identifier: GPL-2.0-only */
/* Operations on a thread that was created: its wake-ups, parks, CPUs, references and end. */
#include "stress/run/exec_ops.h"

void do_wake(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	bool first = !t->strays && !ledger_is_woken(t->facts);
	int woken;

	if (t == by->host) {
		model_woke_itself(t->facts, wake_up_process(t->task));
		return;
	}
	exec_set_woken(t);
	if (t->plan->task != by->index) {	/* this task does not know the thread's state */
		wake_up_process(t->task);
		return;
	}
	woken = wake_up_process(t->task);
	model_woken(t->facts, first, woken);
	exec_expect(op, t->name, woken);
}

/* ---- park -------------------------------------------------------------------------- */

/* Unparking takes a CPU's own thread back to that CPU. */
static void to_own_cpu(struct exec_thread *t)
{
	if (t->facts->parked && t->own_cpu)
		t->facts->cpus = t->own_cpu;
	t->facts->parked = false;
}

/* Its state is PARKED and it has left its processor. */
static bool is_asleep_parked(const struct task_struct *k)
{
	return __atomic_load_n(&k->state, __ATOMIC_RELAXED) == TASK_PARKED &&
	       !__atomic_load_n(&k->on_cpu, __ATOMIC_ACQUIRE);
}

static void park_itself(struct exec_task *by, const struct exec_thread *t)
{
	model_parked_itself(t->facts, by->parked_itself, kthread_park(t->task));
	by->parked_itself = true;
}

void do_park(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	int err;

	if (t == by->host) {
		park_itself(by, t);
		return;
	}
	if (model_park_result(t->facts) == 0)
		exec_set_woken(t);
	err = kthread_park(t->task);
	model_parked(t->facts, err);
	if (err == 0) {
		model_is_parked(t->facts, is_asleep_parked(t->task));
		ledger_parked(t->facts);
	}
	exec_expect(op, t->name, err);
}

void do_unpark(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by, (void)op;
	to_own_cpu(t);
	counter_add(&t->facts->unparks, 1);
	kthread_unpark(t->task);
}

/* ---- stop -------------------------------------------------------------------------- */

static void stop(struct exec_thread *t, const struct plan_op *op)
{
	int result;

	exec_waits(exec_self(), EXEC_WAITS_STOP, t);
	t->facts->stopped = true;
	ledger_ending(t->facts);
	to_own_cpu(t);
	result = op && op->kind == PLAN_STOP_PUT ? kthread_stop_put(t->task)
						 : kthread_stop(t->task);
	exec_waits(exec_self(), EXEC_NO_WAIT, NULL);
	ledger_gone(t->facts);
	model_stopped(t->facts, result);
	exec_inner_is_over(t);
	if (t->mm)	/* this task, its creator, is its user */
		mmput(t->mm);
	t->mm = NULL;
	if (op)
		exec_expect(op, t->name, result);
}

void do_stop(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by;
	if (op->kind == PLAN_STOP_PUT && t->refs > 0)
		t->refs--;
	stop(t, op);
}

/*
 * The task that made a killable thread waits until the thread takes signals, as a client does that
 * needs to be heard. Other signals may come at any time, and may be lost.
 */
void do_signal(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	bool owns = t->plan->task == by->index, heard;
	int err;

	if (owns && t->plan->body == PLAN_KILLABLE && !t->facts->stopped)
		kt_completion_wait(&t->ready);
	heard = ledger_is_taking_signals(t->facts);
	ledger_signaling(t->facts);
	err = send_fatal_signal(t->task);
	if (heard && err == 0)
		ledger_signaled(t->facts);
	model_signaled(t->facts, owns && !t->facts->stopped && !plan_body_exits(t->plan->body),
		       err);
	if (owns)
		exec_expect(op, t->name, err);
}

/* Destroy the completion as soon as the wait has returned, because a caller may do that. */
void do_await(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by, (void)op;
	kt_completion_wait(&t->left);
	kt_completion_destroy(&t->left);
	t->awaited = true;
}

/* ---- CPUs -------------------------------------------------------------------------- */

static void set_affine(struct exec_thread *t, uint64_t cpus)
{
	__atomic_store_n(&t->facts->affine, cpus, __ATOMIC_RELEASE);
}

void do_bind(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by;
	set_affine(t, 0);
	t->facts->cpus = 1ull << op->cpu;
	t->bound = true;
	kthread_bind(t->task, (unsigned)op->cpu);
}

void do_affine(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	/* Another task does not know whether the owner has bound it. */
	bool owns = t->plan->task == by->index, bound = owns && t->bound;
	bool lives;
	int err;

	if (owns)
		set_affine(t, 0);
	err = task_set_cpus_allowed(t->task, 1ull << op->cpu);
	/* If the thread has ended, the wake-up that let it end was noted before. */
	lives = owns && !t->facts->stopped &&
		!(plan_body_exits(t->plan->body) && ledger_is_woken(t->facts));
	model_affine(t->facts, bound, lives, err);
	if (owns && err == 0 && !exec.affine_strays[t - exec.thread])
		set_affine(t, 1ull << op->cpu);
	if (t->plan->task == by->index)
		exec_expect(op, t->name, err);
}

void do_per_cpu(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by;
	kthread_set_per_cpu(t->task, op->cpu);
	t->own_cpu = op->cpu >= 0 ? 1ull << op->cpu : 0;
	model_per_cpu(t->facts, op->cpu, kthread_is_per_cpu(t->task));
}

/*
 * Do to the thread what taking its CPU off line does. kthread_unpark() brings a CPU's own
 * thread back.
 */
void do_displace(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by, (void)op;
	if (!t->facts->cpus)
		return;		/* it was displaced already */
	task_cpu_gone(t->task, (unsigned)__builtin_ctzll(t->facts->cpus));
	t->facts->cpus = 0;
}

/* ---- references -------------------------------------------------------------------- */

void do_get(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by, (void)op;
	get_task_struct(t->task);
	t->refs++;
}

void do_put(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by, (void)op;
	if (t->refs > 0)	/* else the plan is illegal and puts the thread's own reference */
		t->refs--;
	put_task_struct(t->task);
}

void exec_put_strays(const struct exec_task *by)
{
	for (unsigned i = 0; i < exec.plan->threads_count; i++) {
		struct exec_thread *t = &exec.thread[i];

		if (!(exec_guarded(t) >> by->index & 1))
			continue;
		kt_completion_wait(&t->made);
		if (t->task && !IS_ERR(t->task))
			put_task_struct(t->task);
		if (t->plan->body == PLAN_WORKER || t->plan->body == PLAN_PERCPU)
			kt_complete(&t->let_go);
	}
}

/* ---- what a plan leaves ------------------------------------------------------------ */

bool exec_must_stop(const struct exec_thread *t)
{
	const struct ledger_thread *facts = t->facts;

	if (!facts->created || facts->stopped || t->plan->body == PLAN_WORKER)
		return false;	/* `created` is also false for a percpu */
	return !plan_body_exits(t->plan->body) || !facts->woken || facts->parked || t->refs > 0;
}

void exec_stop_rest(struct exec_thread *t)
{
	if (t->worker && !t->destroyed)
		exec_destroy(t, true);
	exec_unregister_rest(t);
	if (exec_must_stop(t))
		stop(t, NULL);
	while (t->refs > 0) {
		t->refs--;
		put_task_struct(t->task);
	}
}
