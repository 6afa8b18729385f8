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

#include "platform/rcu.h"
#include "platform/sim/internal.h"

#define likely(x)   __builtin_expect(!!(x), true)
#define unlikely(x) __builtin_expect(!!(x), false)

struct sim sim;
struct sim_handle *sim_self = &sim.task[0].handle;

static struct kt_site exit_site = { .op = "point", .what = "exit", .file = "", .line = 0 };

/* ---- starting up -------------------------------------------------------- */

static void record_map(void)
{
	struct sim_record *r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (r == MAP_FAILED) {
		perror("kthrash: no memory for the simulator's record");
		exit(3);
	}
	sim.record = r;
}

static void sim_init(void)
{
	if (sim.record)
		return;
	record_map();
	fiber_host(&sim.host);
	sim.told = fiber_sanitized;
	sim_crash_init();
}

struct sim_record *sim_record(void)
{
	sim_init();
	return sim.record;
}

void sim_record_apart(void)
{
	sim_init();
	record_map();	/* the other stays with those who have it */
}

/* ---- who wakes whom ----------------------------------------------------- */

void sim_note_wakes(bool on)
{
	sim_init();
	sim.notes_wakes = on;
}

__attribute__((noinline))
static void note(enum sim_event_kind kind, uint32_t task, uint32_t by, bool ahead)
{
	struct sim_record *r = sim.record;
	uint32_t step = r->steps, at = step;

	if (r->events >= SIM_EVENTS_MAX / 2)
		return;
	if (by == SIM_TASKS_MAX)
		at = step -= step > 0;
	while (!ahead && at > 0 && r->trace[--at].task != by)
		;
	r->event[r->events++] = (struct sim_event){
		.step = step, .kind = (uint8_t)kind, .task = (uint8_t)task, .by = (uint8_t)by,
		.nth = at,
	};
}

static void set_slow_from(void);

static void make_runnable(uint32_t task, uint32_t by, bool ahead)
{
	struct sim_task *t = &sim.task[task];

	if (t->record->state != SIM_SLEEPING)
		return;
	t->record->state = SIM_RUNNABLE;
	t->timed = false;
	if (sim.timed >> task & 1) {
		sim.timed &= ~sim_bit(task);
		set_slow_from();
	}
	sim.runnable |= sim_bit(task);
	if (unlikely(sim.notes_wakes))
		note(SIM_EVENT_WAKE, task, by, ahead);
}

void sim_wake_unasked(uint32_t task)
{
	make_runnable(task, SIM_TASKS_MAX, true);
}

void sim_wake(uint32_t task)
{
	if (sim.aside)
		sim_wake_unasked(task);
	else
		make_runnable(task, sim.current, false);
}

void sim_wake_ahead(uint32_t task)
{
	make_runnable(task, sim.current, true);
}

/* ---- tasks -------------------------------------------------------------- */

static void task_exit(struct sim_task *t)
{
	uint32_t joiner = t->joiner;

	if (t->handle.rcu.depth)
		kt_fail(KT_DISCIPLINE, "%s ends in a read section of RCU", t->record->name);
	/* *t->handle.thread is not touched: a detached thread's fn may have freed it. */
	t->record->state = SIM_FINISHED;
	sim.runnable &= ~sim_bit(sim.current);
	sim.unfinished--;
	sim_touch_thing(SIM_EXIT, sim.current, SIM_WRITE);
	sim_hb_release(&t->sync);
	sim_tsan_release(&sim.sync);
	if (joiner != SIM_NOBODY)
		sim_wake_ahead(joiner);
	sim_reach(&exit_site, SIM_EXITED);
}

/* A fiber's life: one task per execution that needs the fiber. */
static void task_main(void)
{
	fiber_entered();
	for (;;) {
		struct sim_task *t = sim_current();

		sim_tsan_acquire(&sim.sync);
		sim_hb_acquire(&t->sync);
		if (!t->handle.thread) {	/* the body: os_adopt() registers it */
			t->fn(t->arg);
		} else {
			KT_RCU_IMPL(_register_thread)();
			t->fn(t->arg);
			KT_RCU_IMPL(_unregister_thread)();
		}
		task_exit(t);
	}
}

uint32_t sim_task_new(const char *name, void (*fn)(void *), void *arg)
{
	struct sim_record *r = sim.record;
	uint32_t id = r->tasks;
	struct sim_task *t;
	size_t len;

	if (id == sim.tasks_max)
		kt_fail(KT_ASSERTION, "more than %u threads in one execution", sim.tasks_max);
	t = &sim.task[id];
	if (!t->fiber.stack)
		fiber_make(&t->fiber, id % 16, task_main);
	t->here = (struct sim_who){ .task = (uint8_t)id, .why = SIM_POINT, .next = (uint8_t)id };
	t->key = (id + 1) * 0x9e3779b97f4a7c15ull;
	t->fn = fn;
	t->arg = arg;
	t->handle.thread = NULL;
	t->permit = t->sleeper_permit = t->joinable = t->joined = t->timed = t->timed_out = false;
	t->joiner = SIM_NOBODY;
	t->interrupt = NULL;
	t->cpu = 0;
	t->handle.rcu = (struct kt_rcu_reader){ 0 };
	t->record = &r->task[id];
	len = strnlen(name, OS_NAME_MAX - 1);
	sim_unseen_begin();
	memcpy(t->record->name, name, len);
	sim_unseen_end();
	t->record->name[len] = '\0';
	t->record->name_hash = kt_name_hash(t->record->name);
	t->record->state = SIM_RUNNABLE;
	t->record->parent = (uint8_t)sim.current;
	t->record->killed = false;
	t->record->waits_for = -1;
	t->record->why = NULL;
	sim.runnable |= sim_bit(id);
	sim.unfinished++;
	r->tasks = id + 1;
	if (unlikely(sim.notes_wakes) && id)
		note(SIM_EVENT_SPAWN, id, sim.current, true);
	return id;
}

/* ---- the step ----------------------------------------------------------- */

uint32_t sim_default_next(uint64_t runnable, uint64_t timed, uint32_t current,
			  enum sim_why why)
{
	uint64_t stores = sim.record->stores, later;

	if (runnable & ~timed)	/* time passes when there is nothing else to do */
		runnable &= ~timed;
	/* Stores are visible as late as may be: before somebody spins in vain. */
	if (why == SIM_YIELDED && (runnable & stores))
		runnable &= stores;
	else if (runnable & ~stores)
		runnable &= ~stores;
	later = current == 63 ? 0 : runnable & ~((sim_bit(current) << 1) - 1);
	if ((why == SIM_POINT || why == SIM_MARK) && (runnable & sim_bit(current)))
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
	sim_wake_unasked(task);
}

uint32_t sim_first_timer(void)
{
	uint32_t first = SIM_NOBODY;

	for (uint32_t i = 0; i < sim.record->tasks; i++) {
		struct sim_task *t = &sim.task[i];

		if (t->record->state == SIM_SLEEPING && t->timed &&
		    (first == SIM_NOBODY || t->deadline < sim.task[first].deadline))
			first = i;
	}
	return first;
}

/* The deadline that comes first, or false if nobody waits for one. */
static bool timers_fire(void)
{
	uint32_t first = sim_first_timer();

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

/* After a change of what they depend on. */
static void set_slow_from(void)
{
	uint32_t from = sim.steps_alarm;

	if (sim.strategy->visit && sim.strategy->visits_from < from)
		from = sim.strategy->visits_from;
	sim.slow_from = sim.weak || sim.covers || sim.aside ? 0 : from;
	sim.drawn_until = sim.draws && !sim.timed && !sim.told ? sim.slow_from : 0;
}

static void step_alarm(uint32_t step)
{
	if (step >= sim.steps_max)
		sim_fail_livelock(step);
	sim.fair = true;
	sim.record->fair_from = step;
	kt_rng_seed(&sim.fair_draw, 0);
	sim.draws = false;
	sim.steps_alarm = sim.steps_max;
	set_slow_from();
}

/*
 * Who may be chosen after a step that yields: a task that spins waits until
 * somebody else has moved.
 */
static uint64_t without_spinners(uint32_t current)
{
	uint64_t able = sim.runnable & ~sim.timed, others;

	sim.yielded |= sim_bit(current);
	if (able & ~sim.yielded)
		return sim.runnable & ~sim.yielded;
	/* All that could run spin in vain: what they wait for is time. */
	sim.yielded = sim_bit(current);
	if (sim.timed)
		return sim.timed;
	others = able & ~sim.yielded;
	return others ? others : able;
}

/* ---- who goes on -------------------------------------------------------- */

/*
 * Anybody, time too. Drawn and not in turn: turns of equal length can be in step
 * with a loop, so that who looks for a lock finds it held each time, for ever. What
 * does not end now goes round in circles whoever runs.
 */
static uint32_t fair_next(uint64_t runnable)
{
	uint32_t n = kt_rng_below(&sim.fair_draw, (uint32_t)__builtin_popcountll(runnable));

	while (n-- > 0)
		runnable &= runnable - 1;
	return (uint32_t)__builtin_ctzll(runnable);
}

static uint32_t ask(const struct sim_step *t, const void *addr)
{
	const struct sim_decision d = {
		.task = t->task, .step = sim.record->steps - 1, .why = (enum sim_why)t->why,
		.site = t->site, .runnable = t->runnable, .timed = t->timed,
		.object = addr,
	};
	uint32_t next;

	if (sim.fair && d.why != SIM_MARK)
		return fair_next(d.runnable);
	next = sim.strategy->next(sim.strategy, &d);
	if (next < SIM_TASKS_MAX && (d.runnable & sim_bit(next)))
		return next;
	if (next == d.task && d.why == SIM_YIELDED)	/* what it waits for has come */
		return next;
	fprintf(stderr, "kthrash: strategy %s chose task %u, which can't run\n",
		sim.strategy->name, next);
	abort();
}

/* Is there more than one answer? */
static inline bool is_choice(const struct sim_step *t)
{
	return (t->runnable & (t->runnable - 1)) ||
	       (t->why == SIM_YIELDED && sim.visits_all);
}

/* One of t->runnable, which is not 0, or who yields; kept in t. */
static uint32_t decide(struct sim_step *t, const void *addr)
{
	uint32_t next = is_choice(t) ? ask(t, addr) : (uint32_t)__builtin_ctzll(t->runnable);

	t->next = (uint8_t)next;
	if (t->timed >> next & 1)
		timer_fire(next);
	return next;
}

/* ---- the step ----------------------------------------------------------- */

/* Of (site, task, why): what the hash of the trace has of a step. */
static inline uint64_t step_key(const struct sim_task *self, enum sim_why why)
{
	return self->key ^ (uint64_t)(why ^ SIM_POINT) << 40;
}

/*
 * site->hash is there. The next task is not decided yet. Hash: a product and a sum
 * per step, mixed in the end (hash_finish()).
 */
static inline struct sim_step *record_step(struct kt_site *site, enum sim_why why,
					   uint64_t timed)
{
	struct sim_record *r = sim.record;
	const struct sim_task *self = sim_current();
	uint32_t step = r->steps;
	struct sim_step *t = &r->trace[step];

	r->steps = step + 1;
	r->hash = (r->hash ^ site->hash ^ step_key(self, why)) * 0x5bd1e995u;
	t->site = site;
	t->runnable = sim.runnable;
	t->timed = timed;
	t->who = self->here;
	if (why != SIM_POINT)
		t->why = (uint8_t)why;
	return t;
}

/* For a sanitizer that must hear of switches, which is only told of real ones. */
__attribute__((noinline))
static void *switch_told(uint32_t next, const void *addr, struct kt_site *site)
{
	struct fiber *from = &sim_current()->fiber;

	if (next != sim.current) {
		sim.current = next;
		sim_self = &sim.task[next].handle;
		fiber_switch(from, &sim_current()->fiber);
	}
	return sim_memory_check(addr, site);
}

/*
 * To be called last, so that there is one return less to mispredict. Also to the
 * current task itself: that costs less than a mispredicted branch around it.
 */
static inline void *switch_to(uint32_t next, const void *addr, struct kt_site *site)
{
	struct sim_task *from = sim_current(), *to = &sim.task[next];

	sim.current = next;
	sim_self = &to->handle;
	return fiber_swap(&from->fiber, &to->fiber, addr, site);
}

static void *switch_or_tell(uint32_t next, const void *addr, struct kt_site *site)
{
	if (unlikely(sim.told))
		return switch_told(next, addr, site);
	return switch_to(next, addr, site);
}

/* The execution is over; the fiber goes on when a later one needs it. */
__attribute__((noinline))
static void return_to_host(void)
{
	fiber_switch(&sim_current()->fiber, &sim.host);
}

/* Nobody can run: let time pass, end the execution, or fail. */
static bool is_over(void)
{
	if (!(sim.runnable & ~sim.timed))
		nobody_runs();
	return sim.unfinished == 0;
}

static void before_weak_step(void)
{
	sim_weak_settle();
	if (sim.fair)	/* to the stores, too */
		sim_weak_show_all();
}

/* The steps that need more thought than the fast paths give them. */
__attribute__((noinline))
static void reach_slow(struct sim_step *t, const void *addr)
{
	uint32_t step = sim.record->steps - 1, shown, next, usual;

	if (step >= sim.steps_alarm)
		step_alarm(step);
	if (sim.weak)
		before_weak_step();
	shown = sim.shown;
	if (sim.covers)
		sim_cover_arrive(t, addr);
	if (sim.strategy->visit && step >= sim.strategy->visits_from) {
		struct sim_decision d = {
			.task = t->task, .step = step, .why = (enum sim_why)t->why,
			.site = t->site, .runnable = t->runnable, .timed = t->timed,
			.object = addr,
		};

		sim.strategy->visit(sim.strategy, &d);
		set_slow_from();
	}
	if (t->why == SIM_MARK && !sim.visits_all)
		return;
	for (;;) {
		if (t->why >= SIM_BLOCKED && is_over()) {
			return_to_host();
			return;
		}
		t->timed = sim.timed;
		t->runnable = sim.runnable;
		if (t->why == SIM_YIELDED && sim.shown == shown)
			t->runnable = without_spinners(t->task);
		else if (t->why != SIM_MARK)
			sim.yielded = 0;
		next = decide(t, addr);
		if (likely(next < sim.tasks_max))
			break;
		usual = sim_default_next(t->runnable, t->timed, t->task, (enum sim_why)t->why);
		sim_weak_show(next, next == usual ? SIM_SHOWN_USUAL : SIM_SHOWN_CHOSEN);
	}
	if (sim.covers)
		sim_cover_perform(next);
	switch_or_tell(next, addr, t->site);
}

/* It may be the step of any task, whose stores have nothing to do with it. */
void sim_aside(void (*fn)(void *arg), void *arg)
{
	sim.aside = true;
	set_slow_from();	/* only the slow paths look at `aside` */
	sim_fence();
	fn(arg);
	sim_fence();
	sim.aside = false;
	set_slow_from();
}

void sim_reach(struct kt_site *site, enum sim_why why)
{
	if (sim.aside && why == SIM_MARK)
		return;
	KT_ASSERT(!sim.aside);	/* nobody waits there */
	kt_site_hash(site);
	reach_slow(record_step(site, why, sim.timed), NULL);
}

__attribute__((noinline))
static void mark_slow(struct kt_site *site)
{
	sim_reach(site, SIM_MARK);
}

/* A step that needs no thought before it is recorded. */
static inline bool is_plain(const struct kt_site *site, uint32_t until)
{
	return likely(sim.record->steps < until && site->hash);
}

void sim_mark(struct kt_site *site)
{
	if (is_plain(site, sim.slow_from))
		record_step(site, SIM_MARK, sim.timed);
	else
		mark_slow(site);
}

__attribute__((noinline))
static void *point_slow(struct kt_site *site, const void *addr)
{
	if (sim.aside) {
		sim_memory_check(addr, site);
	} else {
		kt_site_hash(site);
		reach_slow(record_step(site, SIM_POINT, sim.timed), addr);
	}
	return sim.weak ? sim_weak_access(site, addr) : (void *)addr;
}

/* A strategy is asked, a timer may fire, or a sanitizer must hear of switches. */
__attribute__((noinline))
static void *point_asked(struct kt_site *site, const void *addr)
{
	struct sim_step *t;
	uint64_t can;

	if (!is_plain(site, sim.slow_from))
		return point_slow(site, addr);
	t = record_step(site, SIM_POINT, sim.timed);
	can = sim.runnable;
	sim.yielded = 0;
	if ((can & (can - 1)) == 0)
		return sim_memory_check(addr, site);
	return switch_or_tell(decide(t, addr), addr, t->site);
}

__attribute__((noinline))
static void *point_drawn_wide(struct sim_step *t, const void *addr)
{
	t->next = sim_random_draw_wide(t->runnable);
	return switch_to(t->next, addr, t->site);
}

/* Nothing is called but at its ends, so that no register need be saved. */
void *sim_point(struct kt_site *site, const void *addr)
{
	struct sim_step *t;
	uint64_t can;

	if (!is_plain(site, sim.drawn_until))
		return point_asked(site, addr);
	t = record_step(site, SIM_POINT, 0);
	can = t->runnable;
	sim.yielded = 0;
	if ((can & (can - 1)) == 0)
		return sim_memory_check(addr, site);
	if (unlikely(can >= SIM_DRAW_BYTE))
		return point_drawn_wide(t, addr);
	t->next = sim_random_draw_byte(can);
	return switch_to(t->next, addr, site);
}

__attribute__((noinline))
static void block_slow(struct kt_site *why)
{
	sim_reach(why, SIM_BLOCKED);
}

void sim_block(struct kt_site *why)
{
	struct sim_task *self = sim_current();
	struct sim_step *t;
	uint64_t can;

	self->record->state = SIM_SLEEPING;
	self->record->why = why;
	if (self->timed && self->deadline < sim.clock_ns + SIM_NEAR_NS) {
		sim.timed |= sim_bit(sim.current);
		set_slow_from();
	} else {
		sim.runnable &= ~sim_bit(sim.current);
	}
	can = sim.runnable;
	if (!is_plain(why, sim.drawn_until) || !can) {
		block_slow(why);
		return;
	}
	t = record_step(why, SIM_BLOCKED, 0);
	sim.yielded = 0;
	t->next = can & (can - 1) ? sim_random_draw(can) : (uint8_t)__builtin_ctzll(can);
	switch_to(t->next, NULL, why);
}

void sim_place(struct sim_task *t)
{
	uint64_t cpus = t->attributes.cpus;

	if (!(cpus >> t->cpu & 1))
		t->cpu = (uint32_t)__builtin_ctzll(cpus);
}

void sim_add_event(enum sim_event_kind kind, uint32_t task, enum kt_role role, uint32_t nth)
{
	struct sim_record *r = sim.record;

	if (r->events == SIM_EVENTS_MAX) {
		r->events_lost = true;
		return;
	}
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

void sim_await(const uint32_t *word, uint32_t value, struct kt_site *site)
{
	KT_ASSERT(!sim.weak);
	sim_waits(SIM_WAIT_VALUE, value);
	sim_point(site, word);
	while (*word != value)
		sim_reach(site, SIM_YIELDED);
}

void sim_settle(struct kt_site *site)
{
	sim_waits(SIM_WAIT_SETTLED, 0);
	kt_point(site, NULL);
}

/* ---- points for platform/point.h ------------------ */

__attribute__((noinline))
static void named_slow(struct kt_site *site, const void *subject)
{
	/* First the observer: what the point stands for has just happened. */
	if (sim.hooks.point)
		sim.hooks.point(site, subject);
	sim_touch(subject, SIM_READ);	/* so that its end is not unnoticed */
	sim_mark(site);
}

void kt_point(struct kt_site *site, const void *subject)
{
	if (!is_plain(site, sim.slow_from) || unlikely(sim.hooks.points >> site->hash % 64 & 1))
		named_slow(site, subject);
	else
		record_step(site, SIM_MARK, sim.timed);
}

/* ---- failures ----------------------------------------------------------- */

void sim_leave(void)
{
	fiber_leave(&sim_current()->fiber, &sim.host);
}

void sim_cut(void)
{
	sim.cut = true;
	sim_leave();
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
	r->fair_from = UINT32_MAX;
	r->events_lost = false;
	r->failed_task = 0;
	r->failed_site = NULL;
	sim.strategy = o->strategy;
	sim.runnable = sim.yielded = sim.timed = 0;
	sim.current = 0;
	sim_self = &sim.task[0].handle;
	sim.unfinished = 0;
	sim.steps_max = o->steps_max ? o->steps_max : SIM_STEPS_MAX;
	if (sim.steps_max > SIM_STEPS_MAX)
		sim.steps_max = SIM_STEPS_MAX;
	sim.steps_max--;	/* trace[] has room for the step that fails */
	sim.steps_fair = o->steps_fair ? o->steps_fair : sim.steps_max / 2;
	sim.steps_alarm = sim.steps_fair;
	sim.fair = sim.aside = false;
	sim.cut = sim.explores = false;
	sim.covers = sim_cover_begin();
	sim.wait = SIM_WAIT_NOT;
	sim_weak_begin(o->memory);
	sim.draws = o->strategy->next == sim_random_next;
	sim.clock_ns = 0;
	sim_memory_begin(o->moved);
	KT_RCU_IMPL(_begin)();
	sim_futex_begin();
	sim_lockdep_begin();
	sim.strategy->begin(sim.strategy, o->seed, o->steps_estimate ? o->steps_estimate : 100);
	sim.visits_all = sim.strategy->visit && !sim.strategy->visits_from;
	set_slow_from();
}

/* Each bit from all bits. */
static uint64_t hash_finish(uint64_t h)
{
	h = (h ^ (h >> 32)) * 0xd6e8feb86659fd93ull;
	h = (h ^ (h >> 32)) * 0xd6e8feb86659fd93ull;
	return h ^ (h >> 32);
}

const struct sim_record *sim_run(const struct sim_options *o, void (*body)(void *), void *arg)
{
	struct sim_record *r = sim_record();
	execution_begin(o);
	sim_task_new("init", body, arg);
	sim.task[0].attributes = (struct sim_attributes){
		.comm = "init", .cpus = SIM_CPUS_ALL, .all_nodes = true,
		.spawn_node = OS_NO_NODE,
	};
	sim_tsan_release(&sim.sync);
	sim.running = true;
	fiber_switch(&sim.host, &sim.task[0].fiber);
	sim.running = false;
	sim_tsan_acquire(&sim.sync);
	r->hash = hash_finish(r->hash);
	if (r->failure != KT_PASS || sim.cut)	/* their frames are abandoned */
		for (uint32_t i = 0; i < r->tasks; i++)
			fiber_make(&sim.task[i].fiber, i % 16, task_main);
	else if (sim_rcu_end())
		sim_memory_end();
	return r;
}

/* ---- measuring ---------------------------------------------------------- */

double sim_bare_switch_ns(uint64_t rounds)
{
	sim_init();
	return fiber_bare_ns(rounds);
}

double sim_own_switch_ns(uint64_t rounds)
{
	sim_init();
	return fiber_own_ns(rounds);
}
