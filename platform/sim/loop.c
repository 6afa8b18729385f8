/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulator's loop: reach a site, decide, record, switch.
 *
 * The decision is taken on the stack of the task that reached the site, so a
 * step that does not change tasks costs no switch. All state is in `sim` and
 * in the shared record; an execution resets only what the last one used.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "platform/sim/internal.h"

struct sim sim;

static struct kt_site exit_site = { .op = "point", .what = "exit", .file = "", .line = 0 };

static inline uint64_t bit(uint32_t task)
{
	return 1ull << task;
}

/* ---- starting up -------------------------------------------------------- */

static void sim_init(void)
{
	struct sim_record *r;

	if (sim.record)
		return;
	r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r == MAP_FAILED) {
		perror("kthrash: no memory for the simulator's record");
		exit(3);
	}
	sim.record = r;
	fiber_host(&sim.host);
	sim_crash_init();
}

struct sim_record *sim_record(void)
{
	sim_init();
	return sim.record;
}

/* ---- tasks -------------------------------------------------------------- */

static void task_exit(struct sim_task *t)
{
	uint32_t joiner = t->joiner;

	if (t->rcu_depth)
		kt_fail(KT_DISCIPLINE, "%s ends in a read section of RCU", t->record->name);
	/* *t->handle is not touched: a detached thread's fn may have freed it. */
	t->record->state = SIM_FINISHED;
	sim.runnable &= ~bit(sim.current);
	sim.unfinished--;
	sim_hb_release(&t->sync);
	sim_hb_release(&sim.sync);
	if (joiner != SIM_NOBODY)
		sim_wake(joiner);
	sim_reach(&exit_site, SIM_EXITED, NULL);
}

/* A fiber's life: one task per execution that needs the fiber. */
static void task_main(void)
{
	fiber_entered();
	for (;;) {
		struct sim_task *t = &sim.task[sim.current];

		sim_hb_acquire(&sim.sync);
		sim_hb_acquire(&t->sync);
		t->fn(t->arg);
		task_exit(t);
	}
}

uint32_t sim_task_new(const char *name, void (*fn)(void *), void *arg)
{
	struct sim_record *r = sim.record;
	uint32_t id = r->tasks;
	struct sim_task *t;
	size_t len;

	if (id == SIM_TASKS_MAX)
		kt_fail(KT_ASSERTION, "more than %d threads in one execution", SIM_TASKS_MAX);
	t = &sim.task[id];
	if (!t->fiber.stack)
		fiber_make(&t->fiber, id % 16, task_main);
	t->fn = fn;
	t->arg = arg;
	t->handle = NULL;
	t->permit = t->joinable = t->joined = t->timed = t->timed_out = false;
	t->joiner = SIM_NOBODY;
	t->interrupt = NULL;
	t->cpu = 0;
	t->rcu_depth = 0;
	t->rcu_callback = false;
	t->record = &r->task[id];
	len = strnlen(name, OS_NAME_MAX - 1);
	sim_unseen_begin();
	memcpy(t->record->name, name, len);
	sim_unseen_end();
	t->record->name[len] = '\0';
	t->record->name_hash = kt_name_hash(t->record->name);
	t->record->state = SIM_RUNNABLE;
	t->record->killed = false;
	t->record->waits_for = -1;
	t->record->why = NULL;
	sim.runnable |= bit(id);
	sim.unfinished++;
	r->tasks = id + 1;
	return id;
}

/* ---- the step ----------------------------------------------------------- */

uint32_t sim_default_next(uint64_t runnable, uint64_t timed, uint32_t current,
			  enum sim_why why)
{
	uint64_t later;

	if (runnable & ~timed)	/* time passes when there is nothing else to do */
		runnable &= ~timed;
	later = current == 63 ? 0 : runnable & ~((bit(current) << 1) - 1);
	if ((why == SIM_POINT || why == SIM_MARK) && (runnable & bit(current)))
		return current;
	return (uint32_t)__builtin_ctzll(later ? later : runnable);
}

/* Time passes until the task's deadline; others that are due by then are late. */
static void timer_fire(uint32_t task)
{
	struct sim_task *t = &sim.task[task];

	if (t->deadline > sim.clock_ns)
		sim.clock_ns = t->deadline;
	t->timed_out = true;
	sim_wake(task);
}

/* The deadline that comes first, or false if nobody waits for one. */
static bool timers_fire(void)
{
	uint32_t first = SIM_NOBODY;

	for (uint32_t i = 0; i < sim.record->tasks; i++) {
		struct sim_task *t = &sim.task[i];

		if (t->record->state == SIM_SLEEPING && t->timed &&
		    (first == SIM_NOBODY || t->deadline < sim.task[first].deadline))
			first = i;
	}
	if (first == SIM_NOBODY)
		return false;
	timer_fire(first);
	return true;
}

/* Nobody is in `runnable`: let time pass, end the execution, or report. */
static void nobody_runs(void)
{
	if (sim.unfinished == 0 || timers_fire())
		return;
	sim_fail_deadlock();
}

static void step_alarm(uint32_t step)
{
	if (step >= sim.steps_max)
		kt_fail(KT_LIVELOCK, "%u steps, the last %u of them scheduled fairly, and no end",
			step, step - sim.steps_fair);
	sim.fair = true;
	sim.steps_alarm = sim.steps_max;
}

/* Who may be chosen: a task that spins waits until somebody else has moved. */
static uint64_t candidates(uint32_t current, enum sim_why why)
{
	uint64_t mask;

	if (why != SIM_YIELDED) {
		sim.yielded = 0;
		return sim.runnable | sim.timed;
	}
	sim.yielded |= bit(current);
	mask = sim.runnable & ~sim.yielded;
	if (mask)
		return mask | sim.timed;
	/* All that could run spin in vain: what they wait for is time. */
	sim.yielded = bit(current);
	if (sim.timed)
		return sim.timed;
	mask = sim.runnable & ~sim.yielded;
	return mask ? mask : sim.runnable;
}

static uint32_t decide(const struct sim_decision *d)
{
	uint32_t next;

	if ((d->runnable & (d->runnable - 1)) == 0)
		next = (uint32_t)__builtin_ctzll(d->runnable);
	else if (sim.fair && d->why != SIM_MARK)	/* round robin, time too */
		next = sim_default_next(d->runnable, 0, d->task, SIM_YIELDED);
	else
		next = sim.strategy->next(sim.strategy, d);
	if (next >= SIM_TASKS_MAX || !(d->runnable & bit(next))) {
		fprintf(stderr, "kthrash: strategy %s chose task %u, which can't run\n",
			sim.strategy->name, next);
		abort();
	}
	if (d->timed >> next & 1)
		timer_fire(next);
	return next;
}

/* Nobody can run: let time pass, end the execution, or fail. */
static bool is_over(void)
{
	if (!sim.runnable)
		nobody_runs();
	return sim.unfinished == 0;
}

static inline struct sim_step *record_step(struct kt_site *site, enum sim_why why)
{
	struct sim_record *r = sim.record;
	uint32_t step = r->steps, hash = site->hash ? site->hash : kt_site_hash(site);
	struct sim_step *t = &r->trace[step];
	uint64_t h = r->hash ^ hash ^ ((uint64_t)sim.current << 32) ^ ((uint64_t)why << 40);

	if (step >= sim.steps_alarm)
		step_alarm(step);
	h *= 0x9e3779b97f4a7c15ull;
	r->hash = h ^ (h >> 29);
	t->site = site;
	t->task = t->next = (uint8_t)sim.current;
	t->why = (uint8_t)why;
	t->runnable = sim.runnable;
	t->timed = 0;
	r->steps = step + 1;
	return t;
}

/*
 * The only place from which tasks switch to each other: fiber.h says why that
 * matters. Not inline, so that a step without a switch saves no registers;
 * called last, so that there is one return less to mispredict.
 */
__attribute__((noinline))
static void switch_to(uint32_t next, const void *addr, struct kt_site *site)
{
	struct fiber *from = &sim.task[sim.current].fiber;

	sim.current = next;
	fiber_switch(from, &sim.task[next].fiber);
	if (addr)
		sim_memory_check(addr, site);
}

/* The execution is over; the fiber goes on when a later one needs it. */
__attribute__((noinline))
static void return_to_host(void)
{
	fiber_switch(&sim.task[sim.current].fiber, &sim.host);
}

/* The steps that need more thought than sim_reach() gives them. */
static void reach_slow(struct sim_step *t, const void *addr)
{
	struct sim_decision d = {
		.task = t->task, .step = sim.record->steps - 1, .why = (enum sim_why)t->why,
		.site = t->site, .runnable = sim.runnable,
	};

	if (sim.strategy->visit)
		sim.strategy->visit(sim.strategy, &d);
	if (d.why >= SIM_BLOCKED && is_over()) {
		return_to_host();
		return;
	}
	d.runnable = candidates(d.task, d.why);
	d.timed = sim.timed;
	t->runnable = d.runnable;
	t->timed = d.timed;
	t->next = (uint8_t)decide(&d);
	if (t->next != d.task)
		switch_to(t->next, addr, t->site);
	else if (addr)
		sim_memory_check(addr, t->site);
}

void sim_reach(struct kt_site *site, enum sim_why why, const void *addr)
{
	struct sim_step *t = record_step(site, why);
	uint64_t can;

	if (sim.strategy->visit || why > SIM_POINT) {
		reach_slow(t, addr);
		return;
	}
	if (why == SIM_MARK)
		return;
	sim.yielded = 0;
	can = sim.runnable | sim.timed;
	if (can & (can - 1)) {	/* there is a choice */
		struct sim_decision d = {
			.task = t->task, .step = sim.record->steps - 1, .why = why,
			.site = site, .runnable = can, .timed = sim.timed,
		};

		t->runnable = can;
		t->timed = sim.timed;
		t->next = (uint8_t)decide(&d);
		if (t->next != d.task) {
			switch_to(t->next, addr, site);
			return;
		}
	}
	if (addr)
		sim_memory_check(addr, site);
}

void sim_block(struct kt_site *why)
{
	struct sim_task *t = &sim.task[sim.current];

	t->record->state = SIM_SLEEPING;
	t->record->why = why;
	sim.runnable &= ~bit(sim.current);
	if (t->timed && t->deadline < sim.clock_ns + SIM_NEAR_NS)
		sim.timed |= bit(sim.current);
	sim_reach(why, SIM_BLOCKED, NULL);
}

void sim_place(struct sim_task *t)
{
	uint64_t cpus = t->attributes.cpus[0];

	if (!(cpus >> t->cpu & 1))
		t->cpu = (uint32_t)__builtin_ctzll(cpus);
}

void sim_wake(uint32_t task)
{
	struct sim_task *t = &sim.task[task];

	if (t->record->state != SIM_SLEEPING)
		return;
	t->record->state = SIM_RUNNABLE;
	t->timed = false;
	sim.timed &= ~bit(task);
	sim.runnable |= bit(task);
}

void sim_add_event(enum sim_event_kind kind, uint32_t task, enum kt_role role, uint32_t nth)
{
	struct sim_record *r = sim.record;

	if (r->events == SIM_EVENTS_MAX)
		return;
	r->event[r->events++] = (struct sim_event){
		.step = r->steps ? r->steps - 1 : 0,
		.kind = (uint8_t)kind, .task = (uint8_t)task, .role = (uint8_t)role,
		.nth = nth,
	};
}

uint32_t sim_choose(enum sim_choice kind, uint32_t below)
{
	if (!sim.strategy->choose || sim.fair)
		return 0;
	return sim.strategy->choose(sim.strategy, kind, below);
}

void sim_note_alloc_fail(enum kt_role role, uint32_t nth)
{
	sim_add_event(SIM_EVENT_ALLOC_FAIL, sim.current, role, nth);
}

/* ---- points for platform/atomic.h and platform/point.h ------------------ */

void sim_atomic_point(struct kt_site *site, const void *addr)
{
	sim_reach(site, SIM_POINT, addr);
}

void kt_point(struct kt_site *site, const void *subject)
{
	/* First the observer: what the point stands for has just happened. */
	if (sim.hooks.point)
		sim.hooks.point(site, subject);
	sim_reach(site, SIM_MARK, NULL);
}

/* ---- failures ----------------------------------------------------------- */

void sim_leave(void)
{
	fiber_leave(&sim.task[sim.current].fiber, &sim.host);
}

void kt_fail(enum kt_failure kind, const char *fmt, ...)
{
	struct sim_record *r = sim_record();
	va_list ap;

	sim_unseen_begin();
	va_start(ap, fmt);
	vsnprintf(r->message, sizeof r->message, fmt, ap);
	va_end(ap);
	sim_unseen_end();
	if (!sim.running) {
		fprintf(stderr, "kthrash: %s: %s\n", kt_failure_name(kind), r->message);
		abort();
	}
	r->failure = kind;
	r->failed_task = sim.current;
	r->failed_site = r->steps ? r->trace[r->steps - 1].site : NULL;
	for (uint32_t i = r->steps; i-- > 0; )
		if (r->trace[i].task == sim.current) {
			r->failed_site = r->trace[i].site;
			break;
		}
	sim_leave();
}

void kt_assert_failed(const char *file, int line, const char *func, const char *expr)
{
	struct kt_site here = { .file = file };

	kt_fail(KT_ASSERTION, "%s:%d: %s: %s", kt_site_file(&here), line, func, expr);
}

/* ---- an execution ------------------------------------------------------- */

static void execution_begin(const struct sim_options *o)
{
	struct sim_record *r = sim.record;

	r->failure = KT_PASS;
	r->message[0] = '\0';
	r->hash = 0x6b7468726173682dull;
	r->steps = r->events = r->tasks = 0;
	r->failed_task = 0;
	r->failed_site = NULL;
	sim.strategy = o->strategy;
	sim.runnable = sim.yielded = sim.timed = 0;
	sim.current = 0;
	sim.unfinished = 0;
	sim.steps_max = o->steps_max ? o->steps_max : SIM_STEPS_MAX;
	if (sim.steps_max > SIM_STEPS_MAX)
		sim.steps_max = SIM_STEPS_MAX;
	sim.steps_max--;	/* trace[] has room for the step that fails */
	sim.steps_fair = o->steps_fair ? o->steps_fair : sim.steps_max / 2;
	sim.steps_alarm = sim.steps_fair;
	sim.fair = false;
	sim.clock_ns = 0;
	sim_memory_begin();
	sim_rcu_begin();
	sim.strategy->begin(sim.strategy, o->seed, o->steps_estimate ? o->steps_estimate : 100);
}

const struct sim_record *sim_run(const struct sim_options *o, void (*body)(void *), void *arg)
{
	struct sim_record *r = sim_record();
	execution_begin(o);
	sim_task_new("init", body, arg);
	sim.task[0].attributes = (struct os_attributes){
		.comm = "init", .cpus = { SIM_CPUS_ALL }, .all_nodes = true,
		.spawn_node = OS_NO_NODE,
	};
	sim_hb_release(&sim.sync);
	sim.running = true;
	fiber_switch(&sim.host, &sim.task[0].fiber);
	sim.running = false;
	sim_hb_acquire(&sim.sync);
	if (r->failure != KT_PASS)	/* their frames are abandoned */
		for (uint32_t i = 0; i < r->tasks; i++)
			fiber_make(&sim.task[i].fiber, i % 16, task_main);
	else if (sim_rcu_end())
		sim_memory_end();
	return r;
}

/* ---- measuring ---------------------------------------------------------- */

static struct fiber bench_fiber;

static void bench_main(void)
{
	fiber_entered();
	for (;;)
		fiber_switch(&bench_fiber, &sim.host);
}

double sim_switch_ns(uint64_t rounds)
{
	struct timespec a, b;

	sim_init();
	if (!bench_fiber.stack)
		fiber_make(&bench_fiber, 0, bench_main);
	fiber_switch(&sim.host, &bench_fiber);
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (uint64_t i = 0; i < rounds; i++)
		fiber_switch(&sim.host, &bench_fiber);
	clock_gettime(CLOCK_MONOTONIC, &b);
	return ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) /
	       (double)(2 * rounds);
}
