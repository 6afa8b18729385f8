/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulator's loop: reach a site, decide, record, switch.
 *
 * The decision is taken on the stack of the task that reached the site, so a
 * step that does not change tasks costs no switch. All state is in `sim` and
 * in the shared record.
 *
 * There are three paths, each slower than the one before. A random walk's step is drawn
 * inline, up to step sim.drawn_until. Up to sim.slow_from a strategy is asked
 * (point_asked()). All other steps go through reach_slow(): those that the strategy visits
 * or an observer hears of, and those at which fair scheduling or a livelock begins.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/sim/internal.h"
#include "platform/sim/strategy_random.h"

#define likely(x)   __builtin_expect(!!(x), true)
#define unlikely(x) __builtin_expect(!!(x), false)

/* Without the alignment the speed depends, by a few percent, on where the linker puts this file. */
#define HOT __attribute__((aligned(64)))

struct sim sim;
struct sim_observer sim_tell;
struct sim_handle *sim_self = &sim.task[0].handle;
bool sim_wipes __attribute__((visibility("hidden")));

#if defined(__x86_64__)
struct sim_entry sim_entry __attribute__((visibility("hidden")));

/*
 * The two functions through which all slow steps go. Before their bodies run, they note the
 * registers that the caller's frames may still need, and where these frames end. After that, if
 * sim_wipes, they fill what the step has left below the caller's frame with zeros, the return
 * address included.
 */
#define STRING_OF(x) #x
#define STRING(x) STRING_OF(x)
#define BYTES_WIPED STRING(SIM_WIPE_BYTES)
#define NOTING_ENTRY(name)						\
	__asm__(".text\n\t"						\
		".globl " #name "\n\t"					\
		".hidden " #name "\n\t"				\
		".type " #name ", @function\n"				\
		#name ":\n\t"						\
		".cfi_startproc\n\t"					\
		"movq %rsp, sim_entry(%rip)\n\t"			\
		"movq %rbx, sim_entry+8(%rip)\n\t"			\
		"movq %rbp, sim_entry+16(%rip)\n\t"			\
		"movq %r12, sim_entry+24(%rip)\n\t"			\
		"movq %r13, sim_entry+32(%rip)\n\t"			\
		"movq %r14, sim_entry+40(%rip)\n\t"			\
		"movq %r15, sim_entry+48(%rip)\n\t"			\
		"cmpb $0, sim_wipes(%rip)\n\t"			\
		"je " #name "_noted\n\t"				\
		"subq $8, %rsp\n\t"					\
		".cfi_adjust_cfa_offset 8\n\t"			\
		"call " #name "_noted\n\t"				\
		"movq %rax, %r8\n\t"					\
		"addq $8, %rsp\n\t"					\
		".cfi_adjust_cfa_offset -8\n\t"			\
		"popq %rdx\n\t"					\
		".cfi_adjust_cfa_offset -8\n\t"			\
		".cfi_register %rip, %rdx\n\t"			\
		"movl $(" BYTES_WIPED " / 8), %ecx\n\t"			\
		"leaq -" BYTES_WIPED "(%rsp), %rdi\n\t"		\
		"xorl %eax, %eax\n\t"					\
		"rep stosq\n\t"					\
		"movq %r8, %rax\n\t"					\
		"jmpq *%rdx\n\t"					\
		".cfi_endproc\n\t"					\
		".size " #name ", . - " #name "\n")

NOTING_ENTRY(sim_reach);
NOTING_ENTRY(sim_point_slow);
#define NOTED(name) name##_noted
#else
#define NOTED(name) name
#endif

void NOTED(sim_reach)(struct kt_site *site, enum sim_why why)
	__attribute__((visibility("hidden")));
void *NOTED(sim_point_slow)(struct kt_site *site, const void *addr)
	__attribute__((visibility("hidden")));
void *sim_point_slow(struct kt_site *site, const void *addr)
	__attribute__((visibility("hidden")));

__attribute__((noinline))
void sim_wipe(void)
{
	char below[SIM_WIPE_BYTES];

	memset(below, 0, sizeof below);
	__asm__ volatile("" : : "r"(below) : "memory");
}

/* ---- which steps are slow ------------------------------------------------ */

void sim_set_slow_from(void)
{
	uint32_t from = sim.steps_alarm;

	if (sim.strategy->visit && sim.strategy->visits_from < from)
		from = sim.strategy->visits_from;
	sim.slow_from = sim_is_heard(SIM_HEARS_STEPS) || sim.aside ? 0 : from;
	sim.drawn_until = sim.draws && !sim.timed && !sim.told ? sim.slow_from : 0;
}

/* The steps of a lap take the places of the last steps before it. */
static struct sim_step *begin_lap(struct sim_step *t)
{
	struct sim_record *r = sim.record;
	uint32_t from = r->steps - 1, to = from / 2;

	sim.laps--;
	if (sim.on_lap)
		sim.on_lap();
	r->trace[to] = *t;
	if (sim.is_wide)
		r->wide[to] = r->wide[from];
	r->steps = to + 1;
	return &r->trace[to];
}

/* Returns the place of the current step, which may be another one now. */
static struct sim_step *step_alarm(struct sim_step *t)
{
	uint32_t step = sim.record->steps - 1, next;

	if (step >= sim.steps_max) {
		if (!sim.laps)
			sim_fail_livelock(step);
		t = begin_lap(t);
		step = sim.record->steps - 1;
	}
	if (sim_starves(step))
		sim.steps_fair = step;
	if (step >= sim.steps_fair && !sim.fair) {
		sim.fair = true;
		sim.record->fair_from = step;
		kt_rng_seed(&sim.fair_draw, 0);
		sim.draws = false;
	}
	if (sim_program.steps_take_time)
		sim_busy();
	next = sim_busy_alarm(step, sim.fair ? sim.steps_max : sim.steps_fair);
	if (sim.is_wide)
		sim.wide_alarm = next;
	else
		sim.steps_alarm = next;
	sim_set_slow_from();
	return t;
}

/* ---- which task goes on --------------------------------------------------- */

static inline struct sim_decision decision_of(const struct sim_step *t, const void *addr)
{
	return (struct sim_decision){
		.task = t->task, .step = sim.record->steps - 1, .why = (enum sim_why)t->why,
		.site = t->site, .runnable = t->runnable, .timed = t->timed,
		.object = addr,
	};
}

__attribute__((noreturn)) static void fail_choice(uint32_t next)
{
	fprintf(stderr, "kthrash: strategy %s chose task %u, which can't run\n", sim.strategy->name,
		next);
	abort();
}

static uint32_t ask(const struct sim_step *t, const void *addr)
{
	const struct sim_decision d = decision_of(t, addr);
	uint32_t next;

	if (sim.fair && d.why != SIM_MARK)
		return sim_fair_next(d.runnable);
	next = sim.strategy->next(sim.strategy, &d);
	if (next < SIM_WORD_TASKS && (d.runnable & sim_bit(next)))
		return next;
	if (next == d.task && d.why == SIM_YIELDED)	/* what it spins for has happened */
		return next;
	fail_choice(next);
}

/* Is there more than one answer? */
static inline bool is_choice(const struct sim_step *t)
{
	return (t->runnable & (t->runnable - 1)) ||
	       (t->why == SIM_YIELDED && sim.visits_all);
}

/* Choose one of t->runnable, which is not 0, or the task that yields. Record the choice in t. */
static uint32_t decide(struct sim_step *t, const void *addr)
{
	uint32_t next = is_choice(t) ? ask(t, addr) : (uint32_t)__builtin_ctzll(t->runnable);

	t->next = (uint8_t)next;
	if (t->timed >> next & 1)
		sim_timer_fire(next);
	return next;
}

/* ---- the step ----------------------------------------------------------- */

/* The parts of a step besides its site that go into the trace's hash: task and why. */
static inline uint64_t step_key(const struct sim_task *self, enum sim_why why)
{
	return self->key ^ (uint64_t)(why ^ SIM_POINT) << 40;
}

/*
 * site->hash must be known. The next task is not decided yet. Each step costs the hash one
 * product and one exclusive or; hash_finish() mixes it at the end.
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

/*
 * For builds with a sanitizer that must hear of switches. Such a sanitizer must not hear of a
 * switch to the current task itself.
 */
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
 * A caller calls this last, so that there is one return less to mispredict. A switch to the
 * current task itself is done, too: it costs less than a mispredicted branch around it.
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

/* Called when the execution is over. The fiber goes on when a later execution needs it. */
__attribute__((noinline))
static void return_to_host(void)
{
	fiber_switch(&sim_current()->fiber, &sim.host);
}

/* If no task can run: let time pass, end the execution, or fail. */
static bool is_over(void)
{
	if (!(sim.runnable & ~sim.timed))
		sim_nobody_runs();
	return sim.unfinished == 0;
}

/* ---- the step of an execution with more than 64 tasks ---------------------- */

static struct sim_decision decision_wide(const struct sim_step *t, const void *addr)
{
	struct sim_decision d = decision_of(t, addr);

	d.wide = &sim.record->wide[d.step];
	return d;
}

static uint32_t decide_wide(struct sim_step *t, const void *addr)
{
	const struct sim_decision d = decision_wide(t, addr);
	const struct sim_set can = sim_can_run(&d);
	uint32_t next;

	if (sim_set_count(&can) == 1 && !(t->why == SIM_YIELDED && sim.visits_all))
		next = sim_set_next(&can, 0);
	else if (sim.fair && d.why != SIM_MARK)
		next = sim_fair_next_wide(&can);
	else
		next = sim.strategy->next(sim.strategy, &d);
	if (!sim_can(&d, next) && !(next == d.task && d.why == SIM_YIELDED))
		fail_choice(next);
	t->next = (uint8_t)next;
	if (sim_is_timed(next))
		sim_timer_fire(next);
	return next;
}

/* As reach_slow(). There are no stores to show, because weak memory allows fewer tasks. */
__attribute__((noinline)) static void reach_wide(struct sim_step *t, const void *addr)
{
	uint32_t step = sim.record->steps - 1, next;

	sim_wide_note(t);
	if (step >= sim.wide_alarm) {
		t = step_alarm(t);
		step = sim.record->steps - 1;
	}
	if (sim_is_heard(SIM_HEARS_ARRIVES))
		sim_tell.arrives(t, addr);
	if (sim.strategy->visit && step >= sim.strategy->visits_from) {
		const struct sim_decision d = decision_wide(t, addr);

		sim.strategy->visit(sim.strategy, &d);
	}
	if (t->why == SIM_MARK && !sim.visits_all)
		return;
	if (t->why >= SIM_BLOCKED) {
		if (!sim_wide_runs())
			sim_nobody_runs();
		if (sim.unfinished == 0) {
			return_to_host();
			return;
		}
	}
	sim_wide_choices(t);
	next = decide_wide(t, addr);
	if (sim_is_heard(SIM_HEARS_GOES_ON))
		sim_tell.goes_on(next);
	switch_or_tell(next, addr, t->site);
}

/* The steps that the fast paths do not handle. */
__attribute__((noinline))
static void reach_slow(struct sim_step *t, const void *addr)
{
	uint32_t step = sim.record->steps - 1, shown, next, usual;

	if (step >= sim.steps_alarm) {
		if (sim.is_wide) {
			reach_wide(t, addr);
			return;
		}
		t = step_alarm(t);
		step = sim.record->steps - 1;
	}
	if (sim_is_heard(SIM_HEARS_ARRIVES))
		sim_tell.arrives(t, addr);
	shown = sim.shown;
	if (sim.strategy->visit && step >= sim.strategy->visits_from) {
		const struct sim_decision d = decision_of(t, addr);

		sim.strategy->visit(sim.strategy, &d);
		sim_set_slow_from();
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
			t->runnable = sim_without_spinners(t->task);
		else if (t->why != SIM_MARK)
			sim.yielded = 0;
		next = decide(t, addr);
		if (likely(next < sim.tasks_max))
			break;
		usual = sim_default_next_at(sim.record, step);
		sim_weak_show(next, next == usual ? SIM_SHOWN_USUAL : SIM_SHOWN_CHOSEN);
	}
	if (sim_is_heard(SIM_HEARS_GOES_ON))
		sim_tell.goes_on(next);
	switch_or_tell(next, addr, t->site);
}

/* fn() may run in the step of any task, so that task's stores are not part of it. */
void sim_aside(void (*fn)(void *arg), void *arg)
{
	sim.aside = true;
	sim_set_slow_from();	/* only the slow paths look at `aside` */
	sim_fence();
	fn(arg);
	sim_fence();
	sim.aside = false;
	sim_set_slow_from();
}

__attribute__((used))
void NOTED(sim_reach)(struct kt_site *site, enum sim_why why)
{
	if (sim.aside && why == SIM_MARK)
		return;
	KT_ASSERT(!sim.aside);	/* code that runs aside must not wait */
	kt_site_hash(site);
	reach_slow(record_step(site, why, sim.timed), NULL);
}

__attribute__((noinline))
static void mark_slow(struct kt_site *site)
{
	sim_reach(site, SIM_MARK);
}

/* A step that can be recorded at once. */
static inline bool is_plain(const struct kt_site *site, uint32_t until)
{
	return likely(sim.record->steps < until && site->hash);
}

HOT void sim_mark(struct kt_site *site)
{
	if (is_plain(site, sim.slow_from))
		record_step(site, SIM_MARK, sim.timed);
	else
		mark_slow(site);
}

__attribute__((used))
void *NOTED(sim_point_slow)(struct kt_site *site, const void *addr)
{
	if (sim.aside) {
		sim_memory_check(addr, site);
	} else {
		kt_site_hash(site);
		reach_slow(record_step(site, SIM_POINT, sim.timed), addr);
	}
	return sim_is_weak ? sim_weak_access(site, addr) : (void *)addr;
}

/*
 * For a step at which a strategy is asked, a timer may fire, or a sanitizer must hear of
 * switches.
 */
__attribute__((noinline))
static void *point_asked(struct kt_site *site, const void *addr)
{
	struct sim_step *t;
	uint64_t can;

	if (!is_plain(site, sim.slow_from))
		return sim_point_slow(site, addr);
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

/* The function calls other functions only as its last action, so it need not save registers. */
HOT void *sim_point(struct kt_site *site, const void *addr)
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
	if (!sim_current()->bit && !sim_is_timed(sim.current))
		sim_keep_from_running(sim.current);
	sim_reach(why, SIM_BLOCKED);
}

HOT void sim_block(struct kt_site *why)
{
	struct sim_task *self = sim_current();
	struct sim_step *t;
	uint64_t can;

	self->record->state = SIM_SLEEPING;
	self->record->why = why;
	sim.runnable &= ~self->bit;
	if (self->timed)
		sim_set_timer(sim.current);
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

/* ---- points for platform/point.h ----------------------------------------- */

__attribute__((noinline))
static void named_slow(struct kt_site *site, const void *subject)
{
	/* The driver's hook comes first, because what the point stands for has just happened. */
	if (sim.hooks.point)
		sim.hooks.point(site, subject);
	sim_touch(subject, SIM_READ);	/* so that the visit depends on the end of *subject */
	sim_mark(site);
}

HOT void kt_point(struct kt_site *site, const void *subject)
{
	if (!is_plain(site, sim.slow_from) || unlikely(sim.hooks.points >> site->hash % 64 & 1))
		named_slow(site, subject);
	else
		record_step(site, SIM_MARK, sim.timed);
}

/* ---- choices ------------------------------------------------------------- */

uint32_t sim_chooser(void)
{
	return sim.current;
}

uint32_t sim_choose(enum sim_choice kind, uint32_t below)
{
	uint32_t answer = 0;

	if (sim.strategy->choose && !sim.fair)
		answer = sim.strategy->choose(sim.strategy, kind, below);
	/* A failing allocation is noted by sim_note_alloc_fail(). */
	if (__builtin_expect(sim_accesses_on, false) &&
	    (!answer || kind != SIM_CHOOSE_ALLOC_FAIL))
		sim_accesses_choice(kind, answer);
	return answer;
}
