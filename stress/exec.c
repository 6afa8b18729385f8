/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/exec.h"

#include <errno.h>
#include <string.h>

#include "stress/inject.h"
#include "stress/model.h"

struct exec exec;

/* ---- who calls ---------------------------------------------------------- */

struct exec_task *exec_self(void)
{
	struct task_struct *t = current;

	for (unsigned i = 0; i < exec.plan->tasks_count; i++)
		if (t == &exec.task[i].task)
			return &exec.task[i];
	return NULL;
}

bool exec_is_daemon(void)
{
	return current == &exec.kthreadd.daemon;
}

/* ---- the created thread ------------------------------------------------- */

/* Sleep until stopped, parking when asked to if `parks`. */
static void until_stop(struct exec_thread *t, unsigned state, bool parks)
{
	for (;;) {
		set_current_state(state);
		if (kthread_should_stop())
			break;
		if (parks && kthread_should_park()) {
			__set_current_state(TASK_RUNNING);
			kthread_parkme();
			model_unparked(t);
			continue;
		}
		schedule();
	}
	__set_current_state(TASK_RUNNING);
}

static int thread_fn(void *data)
{
	struct exec_thread *t = data;

	t->runs++;
	model_running(t);
	switch (t->plan->body) {
	case PLAN_UNTIL_STOP:
	case PLAN_PARKABLE:
		until_stop(t, TASK_INTERRUPTIBLE, t->plan->body == PLAN_PARKABLE);
		break;
	case PLAN_UNTIL_STOP_HARD:
	case PLAN_PARKABLE_HARD:
		until_stop(t, TASK_UNINTERRUPTIBLE, t->plan->body == PLAN_PARKABLE_HARD);
		break;
	case PLAN_EXIT:
		kthread_exit(t->plan->result);
	case PLAN_COMPLETE_EXIT:
		kthread_complete_and_exit(&t->left, t->plan->result);
	default:
		break;
	}
	return t->plan->result;
}

/* ---- operations --------------------------------------------------------- */

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
		return kthread_create_on_cpu(thread_fn, t, (unsigned)p->cpu, format);
	return kthread_create_on_node(thread_fn, t, p->node, format, p->number);
}

/* The worker, too, in t->worker. */
static struct task_struct *create_worker(struct exec_thread *t)
{
	const struct plan_thread *p = t->plan;
	const char *format = plan_string(exec.plan, p->format);
	struct kthread_worker *w = p->cpu >= 0 ?
		kthread_create_worker_on_cpu((unsigned)p->cpu, format) :
		kthread_create_worker(format, p->number);

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

/* Whether it has run is asked by the model, on the thread. */
static void set_woken(struct exec_thread *t)
{
	__atomic_store_n(&t->woken, true, __ATOMIC_RELAXED);
}

/* kthread_run()'s wake-up, with what other tasks need before and after it. */
static void hand_out(struct exec_thread *t, bool wake)
{
	for (unsigned left = t->strays; left; left &= left - 1)
		get_task_struct(t->task);
	if (wake) {
		set_woken(t);
		wake_up_process(t->task);
	}
}

static void do_create(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	unsigned nth = (unsigned)(op - &exec.plan->ops[by->plan->ops_first]);
	bool ok;

	set_creating(by, t);
	t->task = t->plan->body == PLAN_WORKER ? create_worker(t) : create(t, nth);
	set_creating(by, NULL);
	model_created(t, by);
	ok = !IS_ERR(t->task);
	if (ok && t->plan->cpu >= 0)
		t->cpus = 1ull << t->plan->cpu;
	model_expect(op, t->name, ok ? 0 : PTR_ERR(t->task));
	if (ok)
		hand_out(t, op->kind == PLAN_RUN);
	if (t->strays)
		kt_complete_all(&t->made);
}

static void do_work_op(struct exec_task *by, struct exec_thread *t, const struct plan_op *op);

/* Another task's thread: nothing is known of its state. */
static void do_stray(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	kt_completion_wait(&t->made);
	if (IS_ERR(t->task))
		return;
	if (op->kind != PLAN_WAKE) {
		do_work_op(by, t, op);
		return;
	}
	set_woken(t);
	wake_up_process(t->task);
}

static void put_strays(const struct exec_task *by)
{
	for (unsigned i = 0; i < exec.plan->threads_count; i++) {
		struct exec_thread *t = &exec.thread[i];

		if (!(t->strays >> by->index & 1))
			continue;
		kt_completion_wait(&t->made);
		if (!IS_ERR(t->task))
			put_task_struct(t->task);
		if (t->plan->body == PLAN_WORKER)
			kt_complete(&t->let_go);
	}
}

static void do_wake(struct exec_thread *t, const struct plan_op *op)
{
	bool first = !t->strays && !t->woken;
	int woken;

	set_woken(t);
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

static void do_stop(struct exec_thread *t, const struct plan_op *op)
{
	int result;

	t->stopped = true;
	to_own_cpu(t);
	result = op && op->kind == PLAN_STOP_PUT ? kthread_stop_put(t->task)
						 : kthread_stop(t->task);
	model_stopped(t, result);
	if (op)
		model_expect(op, t->name, result);
}

static void do_park(struct exec_thread *t, const struct plan_op *op)
{
	int due = t->stopped ? -ENOSYS : t->parked ? -EBUSY : 0, err;

	if (due == 0)
		set_woken(t);
	err = kthread_park(t->task);
	model_parked(t, due, err);
	if (err == 0)
		t->parked = t->was_parked = true;
	model_expect(op, t->name, err);
}

static void do_unpark(struct exec_thread *t)
{
	to_own_cpu(t);
	kthread_unpark(t->task);
}

static void do_per_cpu(struct exec_thread *t, int cpu)
{
	kthread_set_per_cpu(t->task, cpu);
	t->own_cpu = cpu >= 0 ? 1ull << cpu : 0;
	model_per_cpu(t, cpu);
}

/* Its processor goes off line; kthread_unpark() brings a CPU's own thread back. */
static void do_displace(struct exec_thread *t)
{
	if (!t->cpus)
		return;		/* it has been already */
	task_cpu_gone(t->task, (unsigned)__builtin_ctzll(t->cpus));
	t->cpus = 0;
}

/* The owner of the completion lets it go as soon as it may. */
static void do_await(struct exec_thread *t)
{
	kt_completion_wait(&t->left);
	kt_completion_destroy(&t->left);
	t->awaited = true;
}

/* ---- works ----------------------------------------------------------------- */

static unsigned count(unsigned *counter)
{
	return __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static void job_fn(struct kthread_work *work)
{
	struct exec_job *j = container_of(work, struct exec_job, dwork.work);

	count(&j->started);
	model_work_started(j);
	KT_POINT(work.running);
	count(&j->finished);
}

static bool cancel(struct exec_job *j)
{
	bool taken = j->delayed ? kthread_cancel_delayed_work_sync(&j->dwork)
				: kthread_cancel_work_sync(&j->dwork.work);

	if (taken)
		count(&j->taken);
	return taken;
}

static void do_work_op(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	struct exec_job *j = &t->job[op->work];
	uint64_t delay_ns = (uint64_t)op->delay_us * 1000;
	struct exec_past past[PLAN_WORKS];
	bool result = false;

	for (unsigned i = 0; i < PLAN_WORKS; i++)
		past[i] = model_past(&t->job[i]);
	set_woken(t);	/* queueing wakes the worker */
	switch (op->kind) {
	case PLAN_QUEUE:
		result = kthread_queue_work(t->worker, &j->dwork.work);
		if (result)
			count(&j->accepted);
		break;
	case PLAN_DELAY:
		result = kthread_queue_delayed_work(t->worker, &j->dwork, delay_ns);
		if (result)
			count(&j->accepted);
		break;
	case PLAN_MOD:
		result = kthread_mod_delayed_work(t->worker, &j->dwork, delay_ns);
		if (!result)
			count(&j->accepted);
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

/* As the caller rules want it: nobody else uses it, no timer is armed. */
static void do_destroy(struct exec_thread *t)
{
	for (unsigned left = t->strays; left; left &= left - 1)
		kt_completion_wait(&t->let_go);
	for (unsigned i = 0; i < PLAN_WORKS; i++)
		if (t->job[i].delayed)
			cancel(&t->job[i]);
	kthread_destroy_worker(t->worker);
	t->destroyed = true;
	model_destroyed(t);
}

static void do_op(struct exec_task *by, const struct plan_op *op)
{
	struct exec_thread *t = &exec.thread[op->thread];

	if (op->kind == PLAN_KILL) {
		exec_kill(op->victim);
		return;
	}
	if (op->kind == PLAN_CREATE || op->kind == PLAN_RUN) {
		do_create(by, t, op);
		return;
	}
	if (t->plan->task != by->index) {
		do_stray(by, t, op);
		return;
	}
	if (!t->task || IS_ERR(t->task))
		return;		/* as any caller does after a failed create */
	switch (op->kind) {
	case PLAN_WAKE:
		do_wake(t, op);
		break;
	case PLAN_STOP:
		do_stop(t, op);
		break;
	case PLAN_STOP_PUT:
		t->refs--;
		do_stop(t, op);
		break;
	case PLAN_PARK:
		do_park(t, op);
		break;
	case PLAN_UNPARK:
		do_unpark(t);
		break;
	case PLAN_BIND:
		t->cpus = 1ull << op->cpu;
		kthread_bind(t->task, (unsigned)op->cpu);
		break;
	case PLAN_PER_CPU:
		do_per_cpu(t, op->cpu);
		break;
	case PLAN_DISPLACE:
		do_displace(t);
		break;
	case PLAN_AWAIT:
		do_await(t);
		break;
	case PLAN_DESTROY:
		do_destroy(t);
		break;
	case PLAN_QUEUE:
	case PLAN_DELAY:
	case PLAN_MOD:
	case PLAN_CANCEL:
	case PLAN_FLUSH:
	case PLAN_FLUSH_WORKER:
		do_work_op(by, t, op);
		break;
	case PLAN_GET:
		get_task_struct(t->task);
		t->refs++;
		break;
	case PLAN_PUT:
		t->refs--;
		put_task_struct(t->task);
		break;
	default:
		KT_ASSERT(!"an operation of this kind");
	}
}

static void set_alive(struct exec_task *t, bool alive)
{
	kt_lock_acquire(&exec.kill_lock);
	t->alive = alive;
	kt_lock_release(&exec.kill_lock);
}

static void task_main(void *arg)
{
	struct exec_task *t = arg;
	const struct plan_op *op = &exec.plan->ops[t->plan->ops_first];

	if (exec.kills)
		set_alive(t, true);
	KT_POINT(task.start);
	if (exec.plan->boot_concurrent)
		kthreadd_wait_ready(&exec.kthreadd);
	for (unsigned i = 0; i < t->plan->ops_count; i++) {
		if (i > 0)
			KT_POINT(task.op);
		do_op(t, &op[i]);
	}
	put_strays(t);
	if (exec.kills) {
		set_alive(t, false);
		kt_complete(&exec.task_done);
	}
}

/* ---- killing ------------------------------------------------------------ */

void exec_kill(unsigned victim)
{
	struct exec_task *v = &exec.task[victim];

	kt_lock_acquire(&exec.kill_lock);
	if (v->alive)
		os_kill(&v->task.os);
	kt_lock_release(&exec.kill_lock);
}

/* ---- oom ---------------------------------------------------------------- */

void exec_oom(unsigned victim)
{
	struct exec_task *v = &exec.task[victim], *self = exec_self();
	bool wait;

	/*
	 * One step under the lock: a killed task's own allocations do not wait
	 * (it may use the reserves), so two victims never wait for each other.
	 */
	kt_lock_acquire(&exec.kill_lock);
	if (v->alive)
		os_kill(&v->task.os);
	wait = v->creating && !(self && os_is_killed(&self->task.os));
	if (wait) {
		v->oom_waiters++;
		os_waits_for(&v->task.os);
	}
	kt_lock_release(&exec.kill_lock);
	if (!wait)
		return;
	/* The victim's memory comes back when it has left the kernel. */
	kt_completion_wait(&v->oom_over);
	os_waits_for(NULL);
}

/* ---- an execution ------------------------------------------------------- */

static const struct os_hooks hooks = {
	.point = inject_point,
	.alloc_fails = inject_alloc_fails,
	.failed = NULL,
};

/* Who uses which work, and how. */
static void load_work_op(const struct plan_op *op, unsigned task)
{
	bool delays = op->kind == PLAN_DELAY || op->kind == PLAN_MOD;

	if (op->kind < PLAN_QUEUE || op->kind > PLAN_FLUSH)
		return;
	exec.delayed[op->thread][op->work] |= delays;
	exec.timers |= delays;
	if (op->kind == PLAN_CANCEL || op->kind == PLAN_MOD)
		exec.takers[op->thread][op->work] |= 1u << task;
}

void exec_load(const struct plan *p)
{
	exec.plan = p;
	exec.kills = exec.oom = false;
	for (unsigned i = 0; i < p->ops_count; i++)
		exec.kills |= p->ops[i].kind == PLAN_KILL;
	for (unsigned i = 0; i < p->directives_count; i++) {
		exec.oom |= p->directives[i].kind == PLAN_D_OOM;
		exec.kills |= p->directives[i].kind == PLAN_D_OOM ||
			      (p->directives[i].kind == PLAN_D_KILL && inject_kills_by_call);
	}
	memset(exec.strays, 0, sizeof exec.strays);
	memset(exec.delayed, 0, sizeof exec.delayed);
	memset(exec.takers, 0, sizeof exec.takers);
	exec.timers = false;
	for (unsigned i = 0; i < p->tasks_count; i++)
		for (unsigned k = 0; k < p->tasks[i].ops_count; k++) {
			const struct plan_op *op = &p->ops[p->tasks[i].ops_first + k];

			if (op->kind == PLAN_KILL)
				continue;
			if (p->threads[op->thread].task != i)
				exec.strays[op->thread] |= 1u << i;
			load_work_op(op, i);
		}
	model_load();
	inject_load(p);
}

const struct os_hooks *exec_hooks(void)
{
	return &hooks;
}

static void begin_jobs(struct exec_thread *t, unsigned thread)
{
	kt_completion_init(&t->let_go);
	for (unsigned i = 0; i < PLAN_WORKS; i++) {
		kthread_init_delayed_work(&t->job[i].dwork, job_fn, &exec.kthreadd.timers);
		t->job[i].delayed = exec.delayed[thread][i];
		t->job[i].takers = exec.takers[thread][i];
	}
}

static void begin(void)
{
	const struct plan *p = exec.plan;

	for (unsigned i = 0; i < p->threads_count; i++) {
		struct exec_thread *t = &exec.thread[i];

		*t = (struct exec_thread){
			.plan = &p->threads[i],
			.name = plan_string(p, p->threads[i].name),
			.strays = exec.strays[i],
		};
		if (t->strays)
			kt_completion_init(&t->made);
		if (p->threads[i].body == PLAN_COMPLETE_EXIT)
			kt_completion_init(&t->left);
		if (p->threads[i].body == PLAN_WORKER)
			begin_jobs(t, i);
	}
	for (unsigned i = 0; i < p->tasks_count; i++) {
		struct exec_task *t = &exec.task[i];

		t->plan = &p->tasks[i];
		t->name = plan_string(p, p->tasks[i].name);
		t->index = i;
		t->creating = NULL;
		t->alive = false;
		t->oom_waiters = 0;
		if (exec.oom)
			kt_completion_init(&t->oom_over);
		task_init(&t->task, &exec.kthreadd, t->name);
	}
	exec.appended = exec.unlinked = 0;
	exec.forking = NULL;
	if (exec.kills) {
		kt_completion_init(&exec.task_done);
		kt_lock_init(&exec.kill_lock, "kill_lock");
	}
}

static void boot(void)
{
	/* The timers first: with ready completed, tasks may delay works. */
	if ((exec.timers && kthreadd_boot_timers(&exec.kthreadd) != 0) ||
	    kthreadd_boot(&exec.kthreadd) != 0)
		kt_fail(KT_MODEL, "kthreadd did not boot, although nothing was made to fail");
}

static void run_tasks(void)
{
	const struct plan *p = exec.plan;

	if (!p->boot_concurrent)
		boot();
	for (unsigned i = 0; i < p->tasks_count; i++)
		if (os_spawn(&exec.task[i].task.os, exec.task[i].name, OS_JOINABLE,
			     task_main, &exec.task[i]) != 0)
			kt_fail(KT_ASSERTION, "no thread for task %s", exec.task[i].name);
	if (p->boot_concurrent)
		boot();
	if (exec.kills)
		for (unsigned i = 0; i < p->tasks_count; i++)
			kt_completion_wait(&exec.task_done);
	for (unsigned i = 0; i < p->tasks_count; i++)
		os_join(&exec.task[i].task.os);
}

/* A thread that nobody stopped and that can't have gone by itself. */
static bool must_be_stopped(const struct exec_thread *t)
{
	if (!t->task || IS_ERR(t->task) || t->stopped || t->plan->body == PLAN_WORKER)
		return false;
	return !plan_body_exits(t->plan->body) || !t->woken || t->parked || t->refs > 0;
}

static void teardown(void)
{
	const struct plan *p = exec.plan;

	for (unsigned i = 0; i < p->threads_count; i++) {
		struct exec_thread *t = &exec.thread[i];

		if (t->worker && !t->destroyed)
			do_destroy(t);
		if (must_be_stopped(t))
			do_stop(t, NULL);
		while (t->refs > 0) {
			t->refs--;
			put_task_struct(t->task);
		}
	}
	kthreadd_shutdown(&exec.kthreadd);
	os_wait_detached();
	for (unsigned i = 0; i < p->threads_count; i++) {
		struct exec_thread *t = &exec.thread[i];

		if (t->strays)
			kt_completion_destroy(&t->made);
		if (t->plan->body == PLAN_COMPLETE_EXIT && !t->awaited)
			kt_completion_destroy(&t->left);
		if (t->plan->body == PLAN_WORKER)
			kt_completion_destroy(&t->let_go);
	}
	for (unsigned i = 0; i < p->tasks_count; i++) {
		task_destroy(&exec.task[i].task);
		if (exec.oom)
			kt_completion_destroy(&exec.task[i].oom_over);
	}
	if (exec.kills) {
		kt_lock_destroy(&exec.kill_lock);
		kt_completion_destroy(&exec.task_done);
	}
}

void exec_body(void *unused)
{
	(void)unused;
	kthreadd_init(&exec.kthreadd);
	task_init(&exec.init, &exec.kthreadd, "init");
	os_adopt(&exec.init.os, "init");
	begin();
	run_tasks();
	teardown();
	model_end();
	os_unadopt();
	task_destroy(&exec.init);
}
