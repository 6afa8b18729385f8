/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An execution of a plan. Its first thread, init, boots kthreadd and starts a thread per
 * task. When the tasks have ended, init stops what the plan left, shuts kthreadd down and
 * asks the model about the execution (model_end()). A task may be killed meanwhile, by another
 * task or by the injector.
 */
#include <string.h>

#include "stress/run/exec_internal.h"
#include "stress/run/inject.h"

struct exec exec;

/* ---- the calling task ---------------------------------------------------- */

struct exec_task *exec_self(void)
{
	uintptr_t first = (uintptr_t)exec.task, self = (uintptr_t)os_self();

	/* A thread's struct is in exec.task[] if and only if the thread is a task of the plan. */
	if (self - first >= sizeof exec.task)
		return exec.plan->inners_count ? exec_inner_self() : NULL;
	return container_of(current, struct exec_task, task);
}

/* ---- a task ------------------------------------------------------------- */

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
		exec_run_op(t, &op[i]);
	}
	exec_thaw_rest(t);	/* first, because other tasks may wait for the thaw */
	exec_put_strays(t);
	if (exec.kills) {
		set_alive(t, false);
		kt_complete(&exec.task_done);
	}
}

/* ---- failed allocations ------------------------------------------------ */

static bool is_daemon(void)
{
	return current == &exec.kthreadd.daemon;
}

bool exec_is_subject(void)
{
	return exec_self() || is_daemon();
}

void exec_alloc_failed(enum kt_role role)
{
	struct exec_task *self = exec_self();

	ledger_alloc_failed(self ? self->facts : NULL, is_daemon(), role);
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
	 * In one step, under the lock, kill the victim and see whether it is in a create. The
	 * allocations of a killed task do not wait, because it may use the reserves. So two
	 * victims never wait for each other.
	 */
	kt_lock_acquire(&exec.kill_lock);
	if (v->alive)
		os_kill(&v->task.os);
	wait = v->facts->creating &&
	       !(self && !self->host && os_is_killed(&self->task.os));
	if (wait) {
		v->oom_waiters++;
		os_waits_for(&v->task.os);
	}
	kt_lock_release(&exec.kill_lock);
	if (!wait)
		return;
	/* The victim's memory is free once its call has returned. */
	kt_completion_wait(&v->oom_over);
	os_waits_for(NULL);
}

/* ---- an execution ------------------------------------------------------- */

/* Note which tasks use the threads and works of this operation, and how. */
static void load_op(const struct plan *p, const struct plan_op *op, unsigned task)
{
	if (plan_op_has(op->kind, PLAN_NO_HANDLE) || plan_op_has(op->kind, PLAN_BY_ID))
		return;
	if (p->threads[op->thread].task != task && !plan_is_of_host(p, task, op))
		exec.strays[op->thread] |= 1u << task;
	if (p->threads[op->thread].task != task && op->kind == PLAN_AFFINE)
		exec.affine_strays[op->thread] = true;
	exec.timers |= plan_op_has(op->kind, PLAN_HAS_DELAY);
	exec.parks_freezable |= op->kind == PLAN_PARK &&
				p->threads[op->thread].body == PLAN_FREEZABLE;
	if (op->kind == PLAN_RAN)
		exec.waited_for[op->thread][op->work] = true;
}

static void load_directive(const struct plan_directive *d)
{
	exec.oom |= d->kind == PLAN_D_OOM;
	exec.kills |= d->kind == PLAN_D_OOM || (d->kind == PLAN_D_KILL && inject_kills_by_call);
}

void exec_load(const struct plan *p)
{
	model_set_core(core_linux_version());
	exec.plan = p;
	exec.kills = exec.oom = exec.timers = exec.borrows = exec.parks_freezable = false;
	memset(exec.strays, 0, sizeof exec.strays);
	memset(exec.affine_strays, 0, sizeof exec.affine_strays);
	memset(exec.waited_for, 0, sizeof exec.waited_for);
	for (unsigned i = 0; i < p->directives_count; i++)
		load_directive(&p->directives[i]);
	for (unsigned i = 0; i < p->threads_count; i++)
		exec.borrows |= p->threads[i].body == PLAN_BORROW;
	for (unsigned i = 0; i < p->ops_count; i++)
		exec.kills |= p->ops[i].kind == PLAN_KILL;
	for (unsigned i = 0; i < plan_all_tasks(p); i++)
		for (unsigned k = 0; k < p->tasks[i].ops_count; k++)
			load_op(p, &p->ops[p->tasks[i].ops_first + k], i);
	ledger_load(p);
	exec_load_points();
}

static void begin_thread(unsigned i)
{
	const struct plan *p = exec.plan;
	struct exec_thread *t = &exec.thread[i];

	*t = (struct exec_thread){
		.plan = &p->threads[i],
		.name = plan_string(p, p->threads[i].name),
		.facts = &ledger.thread[i],
		.strays = exec.strays[i],
	};
	if (t->strays)
		kt_completion_init(&t->made);
	if (exec_is_awaited(t))
		kt_completion_init(&t->left);
	if (t->plan->body == PLAN_KILLABLE)
		kt_completion_init(&t->ready);
	if (t->plan->body == PLAN_WORKER)
		exec_begin_jobs(t, i);
}

static void begin_task(unsigned i)
{
	const struct plan *p = exec.plan;
	struct exec_task *t = &exec.task[i];

	t->plan = &p->tasks[i];
	t->name = plan_string(p, p->tasks[i].name);
	t->index = i;
	t->facts = &ledger.task[i];
	t->freezes = t->refused = 0;
	exec_waits(t, EXEC_NO_WAIT, NULL);
	t->alive = false;
	t->oom_waiters = 0;
	t->host = NULL;
	if (exec.oom)
		kt_completion_init(&t->oom_over);
	task_init(&t->task, &exec.kthreadd, t->name);
}

static void begin(void)
{
	ledger_begin(CPU_POSSIBLE_MASK);
	model_explained = 0;
	for (unsigned i = 0; i < exec.plan->threads_count; i++)
		begin_thread(i);
	for (unsigned i = 0; i < exec.plan->tasks_count; i++)
		begin_task(i);
	exec_begin_inners();
	if (ledger.has_calls)
		exec_begin_percpus();
	if (exec.borrows)
		exec_begin_borrow();
	if (exec.kills) {
		kt_completion_init(&exec.task_done);
		kt_lock_init(&exec.kill_lock, "kill_lock");
	}
}

static void boot(void)
{
	/* Boot the timers first, because tasks may delay works as soon as kthreadd is ready. */
	if (exec.timers)
		model_booted(kthreadd_boot_timers(&exec.kthreadd));
	model_booted(kthreadd_boot(&exec.kthreadd));
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
	inject_settle();
}

static void teardown(void)
{
	const struct plan *p = exec.plan;

	exec_stop_hosts();
	for (unsigned i = 0; i < p->threads_count; i++)
		exec_stop_rest(&exec.thread[i]);
	kthreadd_shutdown(&exec.kthreadd);
	os_wait_detached();
	for (unsigned i = 0; i < p->threads_count; i++) {
		struct exec_thread *t = &exec.thread[i];

		if (t->strays)
			kt_completion_destroy(&t->made);
		if (exec_is_awaited(t) && !t->awaited)
			kt_completion_destroy(&t->left);
		if (t->plan->body == PLAN_KILLABLE)
			kt_completion_destroy(&t->ready);
		if (t->plan->body == PLAN_WORKER)
			exec_end_jobs(t);
	}
	exec_end_inners();
	if (ledger.has_calls)
		exec_end_percpus();
	if (exec.borrows)
		exec_end_borrow();
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

const struct subject_results *exec_results(void)
{
	return &exec.results;
}

static void add_range(void (*add)(const void *at, size_t size), const void *first,
		      const void *end)
{
	add(first, (size_t)((const char *)end - (const char *)first));
}

/* The results are left out: they are written in an execution, and read after it. */
bool exec_memory(void (*add)(const void *at, size_t size))
{
	if (core_linux_version())
		return false;
	if (!add)
		return true;
	add_range(add, &exec, &exec.task[plan_all_tasks(exec.plan)]);
	add_range(add, exec.thread, &exec.thread[exec.plan->threads_count]);
	add_range(add, &exec.kills, &exec + 1);
	ledger_memory(add);
	add(&model_explained, sizeof model_explained);
	return true;
}

void exec_run(bool check_expects)
{
	exec.check_expects = check_expects;
	if (check_expects)
		memset(&exec.results, 0, sizeof exec.results);
	kthreadd_init(&exec.kthreadd);
	task_init(&exec.init, &exec.kthreadd, "init");
	os_adopt(&exec.init.os, "init");
	begin();
	run_tasks();
	teardown();
	model_end();
	exec_waits(NULL, EXEC_NO_WAIT, NULL);
	os_unadopt();
	task_destroy(&exec.init);
}
