/* SPDX-License-Identifier: GPL-2.0-only */
/* CPUs that go and come, and per-CPU threads: their side of the interpreter. */
#include <string.h>

#include "stress/run/exec_internal.h"
#include "stress/run/model.h"

/* ---- on the per-CPU thread ---------------------------------------------------- */

static struct exec_percpu *percpu_self(void)
{
	return container_of(smpboot_current(), struct exec_percpu, ht);
}

static int should_run(unsigned cpu)
{
	struct exec_percpu *p = percpu_self();

	return counter_get(&p->cpu[cpu].poked) != counter_get(&p->cpu[cpu].done);
}

/* Whoever waits for no more than was done is let go. */
static void set_done(struct exec_percpu *p, unsigned cpu, unsigned done)
{
	struct exec_cpu *c = &p->cpu[cpu];

	kt_lock_acquire(&p->lock);
	__atomic_store_n(&c->done, done, __ATOMIC_RELAXED);
	for (unsigned i = 0; i <= PLAN_TASKS_MAX && c->waiters; i++) {
		if (!(c->waiters >> i & 1) || (int)(done - c->want[i]) < 0)
			continue;
		c->waiters &= ~(1u << i);
		kt_complete(&exec.settled[i]);
	}
	kt_lock_release(&p->lock);
}

static void thread_fn(unsigned cpu)
{
	struct exec_percpu *p = percpu_self();
	unsigned seen = counter_get(&p->cpu[cpu].poked);

	model_percpu(p, cpu, MODEL_RUN, true);
	KT_POINT(percpu.running);
	set_done(p, cpu, seen);
}

static void setup(unsigned cpu)
{
	model_percpu(percpu_self(), cpu, MODEL_SETUP, true);
}

static void cleanup(unsigned cpu, bool online)
{
	model_percpu(percpu_self(), cpu, MODEL_CLEANUP, online);
}

static void park(unsigned cpu)
{
	model_percpu(percpu_self(), cpu, MODEL_PARK, true);
}

static void unpark(unsigned cpu)
{
	model_percpu(percpu_self(), cpu, MODEL_UNPARK, true);
}

/* ---- operations ------------------------------------------------------------------ */

void exec_load_percpu_op(const struct plan_op *op, unsigned task)
{
	if (op->kind == PLAN_CPU_DOWN)
		exec.cpus_down |= 1ull << op->cpu;
	if (op->kind == PLAN_CPU_DOWN || op->kind == PLAN_CPU_UP)
		exec.cpu_tasks |= 1u << task;
	exec.percpu_used |= op->kind == PLAN_CPU_UP || op->kind == PLAN_REGISTER;
}

/* Of this execution; only if exec.percpu_used. */
void exec_begin_percpus(void)
{
	const struct plan *plan = exec.plan;
	unsigned n = 0;

	memset(exec.call, 0, plan->ops_count * sizeof exec.call[0]);
	for (unsigned i = 0; i <= PLAN_TASKS_MAX; i++)
		kt_completion_init(&exec.settled[i]);
	for (unsigned i = 0; i < plan->threads_count; i++) {
		struct exec_thread *t = &exec.thread[i];
		struct exec_percpu *p = &exec.percpu[n];

		if (t->plan->body != PLAN_PERCPU)
			continue;
		n++;
		*p = (struct exec_percpu){
			.ht = {
				.store = p->store, .thread_should_run = should_run,
				.thread_fn = thread_fn, .setup = setup, .cleanup = cleanup,
				.park = park, .unpark = unpark,
				.thread_comm = plan_string(plan, t->plan->format),
			},
			.thread = t,
		};
		kt_lock_init(&p->lock, "percpu");
		os_object_begin(p, sizeof *p);	/* earlier ones were ended here */
		kt_completion_init(&t->let_go);
		t->percpu = p;
	}
}

void exec_end_percpus(void)
{
	for (unsigned i = 0; i < exec.plan->threads_count; i++) {
		struct exec_thread *t = &exec.thread[i];

		if (!t->percpu)
			continue;
		if (!t->destroyed)
			kt_lock_destroy(&t->percpu->lock);
		kt_completion_destroy(&t->let_go);
	}
	for (unsigned i = 0; i <= PLAN_TASKS_MAX; i++)
		kt_completion_destroy(&exec.settled[i]);
}

/* What fails in `op` until call_end() is to be answered by its result. */
static struct exec_call *call_begin(struct exec_task *by, const struct plan_op *op)
{
	by->calling = &exec.call[op - exec.plan->ops];
	return by->calling;
}

static void call_end(struct exec_task *by)
{
	by->calling = NULL;
}

void exec_register(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	struct exec_call *call = call_begin(by, op);
	int err = smpboot_register_percpu_thread(&t->percpu->ht);

	call_end(by);
	model_answered(call, by, "register", err);
	model_registered(t->percpu, err);
	model_expect(op, t->name, err);
	t->registered = err == 0;
	if (t->strays)
		kt_complete_all(&t->made);
}

void exec_poke(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	struct exec_percpu *p = t->percpu;
	unsigned cpu = (unsigned)op->cpu;

	(void)by;
	/* Relaxed: the wake-up orders it before the thread's look. */
	__atomic_add_fetch(&p->cpu[cpu].poked, 1, __ATOMIC_RELAXED);
	smpboot_wake_thread(&p->ht, cpu);
}

/*
 * `slot`: of the task that waits. With the CPU kept on line nothing but a run
 * ends it: a wake-up that is lost, or a thread that is still parked, is waited
 * for in vain.
 */
static void settle(struct exec_percpu *p, unsigned cpu, unsigned slot)
{
	struct exec_cpu *c = &p->cpu[cpu];
	bool waits;

	cpus_read_lock(&exec.kthreadd);
	if (cpu_online(&exec.kthreadd, cpu)) {
		model_has_thread(p, cpu);
		kt_lock_acquire(&p->lock);
		c->want[slot] = counter_get(&c->poked);
		waits = (int)(counter_get(&c->done) - c->want[slot]) < 0;
		if (waits)
			c->waiters |= 1u << slot;
		kt_lock_release(&p->lock);
		if (waits)
			kt_completion_wait(&exec.settled[slot]);
	}
	cpus_read_unlock(&exec.kthreadd);
}

void exec_settle(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	settle(t->percpu, (unsigned)op->cpu, by->index);
}

/* As the caller rules want it: nobody else uses it. */
static void unregister(struct exec_thread *t)
{
	for (unsigned left = t->strays; left; left &= left - 1)
		kt_completion_wait(&t->let_go);
	smpboot_unregister_percpu_thread(&t->percpu->ht);
	t->destroyed = true;
	model_unregistered(t->percpu);
	/* Whoever still touches it now would touch freed memory. */
	kt_lock_destroy(&t->percpu->lock);
	os_object_end(t->percpu, sizeof *t->percpu);
}

void exec_unregister(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	(void)by, (void)op;
	unregister(t);
}

void exec_unregister_rest(struct exec_thread *t)
{
	if (!t->registered || t->destroyed)
		return;
	for (unsigned cpu = 0; cpu < PLAN_CPUS; cpu++)
		settle(t->percpu, cpu, PLAN_TASKS_MAX);
	unregister(t);
}

void exec_cpu_down(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	unsigned cpu = (unsigned)op->cpu;
	int err;

	(void)by, (void)t;
	model_cpu_going_down(cpu);
	err = cpu_down(&exec.kthreadd, cpu);
	model_cpu_down(cpu, err);
	model_expect(op, "cpu-down", err);
}

void exec_cpu_up(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	struct exec_call *call = call_begin(by, op);
	int err = cpu_up(&exec.kthreadd, (unsigned)op->cpu);

	(void)t;
	call_end(by);
	model_answered(call, by, "cpu_up", err);
	model_cpu_up((unsigned)op->cpu, err);
	model_expect(op, "cpu-up", err);
}
