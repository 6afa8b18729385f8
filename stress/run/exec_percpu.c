/* SPDX-License-Identifier: GPL-2.0-only */
/* The operations on per-CPU threads, and their callbacks. */
#include <string.h>

#include "stress/run/exec_ops.h"

static uint64_t cpus_online(void)
{
	return __atomic_load_n(&exec.kthreadd.cpus.online, __ATOMIC_RELAXED);
}

static struct task_struct *thread_on(const struct exec_percpu *p, unsigned cpu)
{
	return __atomic_load_n(&p->store[cpu], __ATOMIC_RELAXED);
}

/* Bit per CPU that has a thread of p. */
static uint64_t threads_of(const struct exec_percpu *p)
{
	uint64_t cpus = 0;

	for (unsigned cpu = 0; cpu < PLAN_CPUS; cpu++)
		cpus |= (uint64_t)(thread_on(p, cpu) != NULL) << cpu;
	return cpus;
}

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

/* The CPU's thread has done `done` pokes. Wake each task that waits for that many or fewer. */
static void set_done(struct exec_percpu *p, unsigned cpu, unsigned done)
{
	struct exec_cpu *c = &p->cpu[cpu];

	kt_lock_acquire(&p->lock);
	counter_set(&c->done, done);
	for (unsigned i = 0; i <= PLAN_TASKS_MAX && c->waiters; i++) {
		if (!(c->waiters >> i & 1) || (int)(done - c->want[i]) < 0)
			continue;
		c->waiters &= ~(1u << i);
		kt_complete(&exec.settled[i]);
	}
	kt_lock_release(&p->lock);
}

/* A callback begins. `online`: smpboot says that the CPU is on line. */
static void called(struct exec_percpu *p, unsigned cpu, enum ledger_callback what, bool online)
{
	struct ledger_thread *facts = p->thread->facts;
	struct model_cpu now = {
		.running = exec_is_running(),
		.own_thread = thread_on(p, cpu) == current,
		.online = cpus_online() >> cpu & 1,
		.on_cpu = online && os_on_cpus(1ull << cpu),
	};

	model_callback(facts, cpu, what, online, now);
	facts->callback[cpu] = what;
}

static void thread_fn(unsigned cpu)
{
	struct exec_percpu *p = percpu_self();
	unsigned seen = counter_get(&p->cpu[cpu].poked);

	called(p, cpu, LEDGER_RUN, true);
	KT_POINT(percpu.running);
	set_done(p, cpu, seen);
}

static void setup(unsigned cpu)
{
	called(percpu_self(), cpu, LEDGER_SETUP, true);
}

static void cleanup(unsigned cpu, bool online)
{
	called(percpu_self(), cpu, LEDGER_CLEANUP, online);
}

static void park(unsigned cpu)
{
	struct exec_percpu *p = percpu_self();

	called(p, cpu, LEDGER_PARK, true);
	if (!core_linux_version())	/* Linux puts the last registration first */
		model_parks_in_order(p->thread->facts, cpu);
}

static void unpark(unsigned cpu)
{
	called(percpu_self(), cpu, LEDGER_UNPARK, true);
}

/* ---- an execution ------------------------------------------------------------------ */

static void begin_percpu(struct exec_percpu *p, struct exec_thread *t)
{
	*p = (struct exec_percpu){
		.ht = {
			.store = p->store, .thread_should_run = should_run,
			.thread_fn = thread_fn, .setup = setup, .cleanup = cleanup,
			.park = park, .unpark = unpark,
			.thread_comm = plan_string(exec.plan, t->plan->format),
		},
		.thread = t,
	};
	kt_lock_init(&p->lock, "percpu");
	os_object_begin(p, sizeof *p);	/* an earlier execution may have ended an object here */
	kt_completion_init(&t->let_go);
	t->percpu = p;
}

void exec_begin_percpus(void)
{
	const struct plan *plan = exec.plan;
	unsigned n = 0;

	memset(exec.request, 0, plan->ops_count * sizeof exec.request[0]);
	for (unsigned i = 0; i <= PLAN_TASKS_MAX; i++)
		kt_completion_init(&exec.settled[i]);
	for (unsigned i = 0; i < plan->threads_count; i++)
		if (plan->threads[i].body == PLAN_PERCPU)
			begin_percpu(&exec.percpu[n++], &exec.thread[i]);
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

/* ---- operations ------------------------------------------------------------------ */

/* Until call_end(), allocations that fail count for the result of `op`. */
static struct ledger_call *call_begin(struct exec_task *by, const struct plan_op *op)
{
	by->facts->calling = &ledger.call[op - exec.plan->ops];
	return by->facts->calling;
}

static void call_end(struct exec_task *by, const struct ledger_call *call, const char *what,
		     int err)
{
	by->facts->calling = NULL;
	model_answered(call, what, err, exec_was_killed(by, err));
}

static void check_registered(const struct exec_thread *t, int err)
{
	if (err) {
		model_nothing_left(t->facts, threads_of(t->percpu), "a register that failed");
		return;
	}
	cpus_read_lock(&exec.kthreadd);
	model_has_threads(t->facts, cpus_online(), threads_of(t->percpu));
	cpus_read_unlock(&exec.kthreadd);
}

void exec_register(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	struct ledger_call *call = call_begin(by, op);
	int err;

	counter_set(&t->facts->registering, ledger_moment());
	err = smpboot_register_percpu_thread(&t->percpu->ht);
	call_end(by, call, "register", err);
	if (err == 0)
		counter_set(&t->facts->registered, ledger_moment());
	check_registered(t, err);
	exec_expect(op, t->name, err);
	t->registered = err == 0;
	if (t->strays)
		kt_complete_all(&t->made);
}

void exec_poke(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	struct exec_percpu *p = t->percpu;
	unsigned cpu = (unsigned)op->cpu;

	(void)by;
	/* Relaxed, because the wake-up orders it before the thread's read. */
	counter_add(&p->cpu[cpu].poked, 1);
	smpboot_wake_thread(&p->ht, cpu);
}

/*
 * `slot` is that of the task that waits. The CPU stays on line, so only a run of its thread
 * ends the wait. If a wake-up is lost, or the thread is still parked, the task waits for ever.
 */
static void settle(struct exec_percpu *p, unsigned cpu, unsigned slot)
{
	struct exec_cpu *c = &p->cpu[cpu];
	bool waits;

	cpus_read_lock(&exec.kthreadd);
	if (cpu_online(&exec.kthreadd, cpu)) {
		model_has_threads(p->thread->facts, 1ull << cpu, threads_of(p));
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

/* As the rules for callers require, wait until no other task uses t. */
static void unregister(struct exec_thread *t)
{
	for (unsigned left = exec_guarded(t); left; left &= left - 1)
		kt_completion_wait(&t->let_go);
	smpboot_unregister_percpu_thread(&t->percpu->ht);
	t->destroyed = true;
	model_nothing_left(t->facts, threads_of(t->percpu), "unregister");
	/* A thread that still touches it touches freed memory from here on. */
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
	ledger_cpu_going_down(cpu);
	err = cpu_down(&exec.kthreadd, cpu);
	model_cpu_down(cpu, err, CPU_POSSIBLE_MASK, cpus_online());
	if (err == 0 && ledger_knows_online())
		ledger_cpu_moved(cpu, false);
	exec_expect(op, "cpu-down", err);
}

void exec_cpu_up(struct exec_task *by, struct exec_thread *t, const struct plan_op *op)
{
	struct ledger_call *call = call_begin(by, op);
	unsigned cpu = (unsigned)op->cpu;
	int err = cpu_up(&exec.kthreadd, cpu);

	(void)t;
	call_end(by, call, "cpu_up", err);
	model_cpu_up(cpu, err, cpus_online());
	if (err == 0 && ledger_knows_online())
		ledger_cpu_moved(cpu, true);
	exec_expect(op, "cpu-up", err);
}
