/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the simulator. Everything here is compiled without sanitizers and is
 * touched by one OS thread only, so there are no locks.
 */
#ifndef PLATFORM_SIM_INTERNAL_H
#define PLATFORM_SIM_INTERNAL_H

#include "platform/lockdep.h"
#include "platform/rng.h"
#include "platform/sim/engine.h"
#include "platform/sim/fiber.h"
#include "platform/sim/hooks.h"
#include "platform/sim/observer.h"
#include "platform/sim/sim.h"

#define SIM_THREAD_CHECK 0x5afe7a5cu
#define SIM_CPUS         4u
#define SIM_CPUS_ALL     ((1ull << SIM_CPUS) - 1)

struct sim_attributes {		/* the os_attributes that are stored per task */
	char comm[OS_COMM_MAX];
	uint64_t cpus;
	enum os_policy policy;
	int spawn_node;
	bool all_nodes, signals_ignored;
};

struct sim_task {
	struct sim_handle handle;	/* thread NULL: the body before os_adopt() */
	struct fiber fiber;		/* near the beginning: a switch touches it */
	struct sim_who here;		/* copied into steps at which it goes on */
	uint64_t key;			/* the task's part of the trace's hash */
	uint64_t bit;			/* in sim.runnable; 0: the task is in sim.wide */
	struct sim_task_record *record;
	void (*fn)(void *arg);
	void *arg;
	bool permit, sleeper_permit;
	bool joinable, joined;
	bool timed;			/* it sleeps, and `deadline` ends the sleep */
	bool timed_out;
	bool through;			/* its wait for a completion is over */
	uint32_t next_waiter;		/* the task behind it in the same queue, + 1; 0: none */
	const void *sleeps_on;		/* key in futex.c's queue; NULL: not queued, or woken */
	uint32_t joiner;		/* task that joins it, or SIM_NOBODY */
	uint64_t deadline;
	void (*interrupt)(void *arg);
	void *interrupt_arg;
	struct sim_attributes attributes;
	uint32_t cpu;			/* where it runs, one of attributes.cpus */
	char sync;			/* its address stands for the task's happens-before edges */
	uint64_t rcu_awaits;		/* while it is in synchronize: readers that must leave */
	char rcu_sync;			/* its address stands for edges from those readers */
} __attribute__((aligned(256)));	/* a shift turns an index into an address */

struct sim {
	/* What every step reads. The first fields are those that engine.h shows. */
	union {
		struct sim_now now;
		struct {
			SIM_NOW_FIELDS
		};
	};
	struct sim_record *record;	/* in memory that the parent process shares */
	uint64_t runnable;		/* bit per task below SIM_WORD_TASKS; includes the tasks
					 * in `timed` */
	uint64_t yielded;		/* tasks that spin in vain. Not beside `runnable`, so that
					 * the compiler does not read those as one wide word just
					 * after a store to one of them. */
	uint64_t timed;			/* tasks that sleep until a near deadline */
	uint32_t slow_from;		/* first step that needs reach_slow() */
	uint32_t drawn_until;		/* first step that needs reach_slow(), or that
					 * sim_random_draw() does not decide */
	bool     aside;			/* a function runs by sim_aside() */
	bool is_wide;		/* there are more than SIM_WORD_TASKS tasks */
	bool     cut;			/* sim_cut() ended the execution */
	bool     visits_all;		/* the strategy visits each step */

	struct sim_strategy *strategy;
	struct sim_wide wide;		/* the rest of `runnable` and `timed` */
	uint64_t wide_yielded[SIM_SET_WORDS - 1];
	uint32_t wide_alarm;		/* what steps_alarm was */
	uint32_t shown;			/* stores that have become visible */
	uint32_t tasks_max;
	uint32_t steps_alarm;		/* next step at which step_alarm() looks */
	uint32_t steps_fair, steps_max, laps;
	void (*on_lap)(void);
	uint32_t fires;                 /* timers that fired since sim_starves() looked */
	uint64_t looked_ns;             /* when that was */
	uint32_t starved;               /* how many times in a row a task starved then */
	struct kt_rng fair_draw;	/* which task is next when `fair` */
	uint64_t far_from;		/* the earliest deadline that is not in `timed` */
	uint32_t observers;
	const struct sim_observer *observer[SIM_OBSERVERS_MAX];
	struct os_hooks hooks;
	struct fiber host;
	char sync;			/* its address stands for edges between executions */
	struct sim_task task[SIM_TASKS_MAX];
} __attribute__((aligned(64)));

/* &sim.task[sim.current]. sim_self (os_thread.h) points to its first field. */
static inline struct sim_task *sim_current(void)
{
	return (struct sim_task *)(void *)sim_self;
}

/* A set with one task in it, which is below SIM_WORD_TASKS. */
static inline uint64_t sim_bit(uint32_t task)
{
	return 1ull << task;
}

/* ---- wide.c -------------------------------------------------------------- */

void sim_wide_reset(void);
/* There is one task more than SIM_WORD_TASKS. */
void sim_wide_begin(void);
/* Can some task run without that time passes? */
bool sim_wide_runs(void);
/* Note the sets of all tasks at the step. */
void sim_wide_note(struct sim_step *t);
/* The same, without tasks that spin in vain. */
void sim_wide_choices(struct sim_step *t);
uint32_t sim_default_next_wide(const struct sim_decision *d);
uint32_t sim_fair_next_wide(const struct sim_set *can);

/* From now on the execution fails if it makes more than SIM_WORD_TASKS tasks. */
static inline void sim_narrow(void)
{
	if (sim.tasks_max > SIM_WORD_TASKS)
		sim.tasks_max = SIM_WORD_TASKS;
}

static inline void sim_let_run(uint32_t task)
{
	if (__builtin_expect(task < SIM_WORD_TASKS, true))
		sim.runnable |= sim_bit(task);
	else
		sim.wide.runnable[task / 64 - 1] |= sim_bit(task % 64);
}

static inline void sim_keep_from_running(uint32_t task)
{
	if (__builtin_expect(task < SIM_WORD_TASKS, true))
		sim.runnable &= ~sim_bit(task);
	else
		sim.wide.runnable[task / 64 - 1] &= ~sim_bit(task % 64);
}

static inline bool sim_is_timed(uint32_t task)
{
	if (__builtin_expect(task < SIM_WORD_TASKS, true))
		return sim.timed >> task & 1;
	return sim.wide.timed[task / 64 - 1] >> task % 64 & 1;
}

/* ---- loop.c -------------------------------------------------------------- */

/*
 * The current task is at `site` and yields, or has finished: decide which task goes on.
 * For other sites there are sim_point() (hooks.h), sim_mark() and sim_block() (engine.h).
 */
void sim_reach(struct kt_site *site, enum sim_why why);
/*
 * Decide up to which step the fast paths may be taken. Call this when something changes on
 * which the decision depends.
 */
void sim_set_slow_from(void);
/*
 * For states (dpor_state.c). What the caller of the last slow step may still need: its registers,
 * and its frames from `sp` up. Only on x86-64.
 */
struct sim_entry {
	uint64_t sp, saved[6];
};

extern struct sim_entry sim_entry __attribute__((visibility("hidden")));
/*
 * Are stacks cleaned? Then a function that the engine was called by finds zeros below its frame,
 * and the frames that it pushes there do not depend on what ran before.
 */
extern bool sim_wipes __attribute__((visibility("hidden")));
#define SIM_WIPE_BYTES 3072
/* Fill what lies below the caller's frame with zeros. */
void sim_wipe(void);

/*
 * Run fn(arg) as part of the step under way, whichever task runs: sites that fn reaches are
 * not steps. A kill needs this, because the strategy may kill in the middle of a step.
 */
void sim_aside(void (*fn)(void *arg), void *arg);

/* ---- turn.c -------------------------------------------------------------- */

/* The current task begins to sleep, or time has passed: is the task's deadline near? */
void sim_set_timer(uint32_t task);
/* The task can run at the price that time passes; or it no longer can. */
void sim_begin_timer(uint32_t task);
void sim_end_timer(uint32_t task);
/*
 * If spinning takes time, let it pass until the first deadline. Returns the task that was
 * woken, or SIM_NOBODY.
 */
uint32_t sim_far_timer(void);
/* Tasks have been busy since the last call, and time passes. */
void sim_busy(void);
/*
 * Called at each step that sim_busy_alarm() has named. Does a task wait for its turn while timers
 * of others fire again and again, or much time passes? Then it is owed fair scheduling.
 */
bool sim_starves(uint32_t step);
/* The step after `step` at which to call it, or the step `last`, if that comes first. */
uint32_t sim_busy_alarm(uint32_t step, uint32_t last);
/* The task whose deadline is the first, or SIM_NOBODY. */
uint32_t sim_first_timer(void);
/* The clock shows `ns`, if it did not show a later time. */
void sim_time_passes(uint64_t ns);
/* Let time pass until the task's deadline. */
void sim_timer_fire(uint32_t task);
/* No task can run: let time pass, or fail. If no task is left, the execution has ended. */
void sim_nobody_runs(void);
/* The tasks that may be chosen after `current` has yielded. */
uint64_t sim_without_spinners(uint32_t current);
uint32_t sim_fair_next(uint64_t runnable);

/* ---- notes.c ------------------------------------------------------------- */

void sim_notes_begin(void);
void sim_add_event(enum sim_event_kind kind, uint32_t task, enum kt_role role, uint32_t nth);
/* The current task's load at `site`, its last step, reads the `older`th store before the newest. */
void sim_note_stale(struct kt_site *site, uint32_t older);

/* ---- task.c -------------------------------------------------------------- */

/* Store the name, cut to OS_NAME_MAX - 1 bytes, and its hash. */
void sim_name_task(struct sim_task_record *r, const char *name);
uint32_t sim_task_new(const char *name, void (*fn)(void *), void *arg);
/* What a fiber runs: one task after another. */
void sim_task_main(void);
/* Move the task, if need be, to a processor that it may use. */
void sim_place(struct sim_task *t);

/* ---- execution.c --------------------------------------------------------- */

void sim_leave(void) __attribute__((noreturn));	/* the execution ends here */
extern struct sim_program sim_program;

/* ---- weak.c; all but the first: only if sim_is_weak ----------------------- */

/* `draws`: loads are stale at random, besides where the strategy wants it. */
void sim_weak_begin(enum sim_model memory, uint64_t seed, bool draws);
/* The operation at `site` on addr comes next. Returns the address on which it must be done. */
void *sim_weak_access(struct kt_site *site, const void *addr);
/* What the task sees at addr; changes nothing. False if no store to it is held back. */
bool sim_weak_look(uint32_t task, const char *addr, uint8_t size, uint64_t *out);
/* The store with that bit becomes visible. */
void sim_weak_show(uint32_t bit, enum sim_shown shown);

/* ---- accesses.c ---------------------------------------------------------- */

/* Does something need the keys of events in this execution? Then call the next four. */
extern bool sim_accesses_on;
void sim_accesses_begin(void);
/* The strategy kills the task; it has done so. */
void sim_accesses_kill(uint32_t task);
void sim_accesses_killed(void);
/* An allocation fails, a sleep ends early: or not. */
void sim_accesses_choice(enum sim_choice kind, bool happens);
/* The store that was done in the event of that key becomes visible. */
void sim_accesses_visible(uint64_t store, const void *addr, uint32_t task, struct kt_site *site,
			  uint32_t step);
/* The key of the event that the current task does. */
uint64_t sim_accesses_key(void);

/* ---- coverage.c, surw_profile.c, os.c, futex.c, sanitizer.c: an execution begins ----------- */

void sim_cover_begin(void);
void sim_profile_begin(void);
void sim_lockdep_begin(void);
void sim_futex_begin(void);
void sim_edges_begin(void);

/* ---- report.c ------------------------------------------------------------ */

void sim_fail_deadlock(void) __attribute__((noreturn));
void sim_fail_livelock(uint32_t step) __attribute__((noreturn));

/* ---- memory.c ------------------------------------------------------------ */

enum {
	SIM_GRANULE = 16,
	SIM_REGION_BYTES = 1 << 20,
	SIM_GRANULES = SIM_REGION_BYTES / SIM_GRANULE,
};

/*
 * Indexed by bits 4 to 19 of an address. Not 0 if something at that address, or at a
 * multiple of SIM_REGION_BYTES from it, is freed, has ended, or lies next to a block and
 * belongs to no block. It has hidden visibility, because fiber_swap() addresses it relative
 * to the code. In AFL++'s mutator, a shared object, that is possible only with a hidden
 * symbol.
 */
extern uint8_t sim_memory_doubt[SIM_GRANULES] __attribute__((visibility("hidden")));

void sim_memory_begin(uint32_t moved);
/*
 * The execution has allocated nothing yet. From now on each task's blocks lie in a part of the
 * region that is its own, so that addresses do not depend on the order of allocations.
 */
void sim_memory_apart(void);
void sim_memory_end(void);		/* on the host, after the last task; records a failure */
void *sim_memory_check_slow(const void *addr, struct kt_site *site)
	__attribute__((visibility("hidden")));

/*
 * Returns addr. Fails unless addr is NULL or points to an object that is live as far as the
 * simulator knows.
 */
static inline void *sim_memory_check(const void *addr, struct kt_site *site)
{
	if (__builtin_expect(sim_memory_doubt[(uintptr_t)addr / SIM_GRANULE % SIM_GRANULES],
			     false))
		return sim_memory_check_slow(addr, site);
	return (void *)addr;
}

/*
 * The block that addr points into: the task that allocated it, its number among the blocks
 * of that task, and the offset of addr. False if there is none.
 */
bool sim_memory_block(const void *addr, uint32_t *task, uint32_t *nth, uint32_t *offset);
/* What the block that addr points into is for. There must be one. */
enum kt_role sim_memory_role(const void *addr);

struct sim_block {
	const void *base;
	uint32_t offset, size;		/* in the region */
	enum kt_role role;
	uint8_t allocated_by, freed_by;
	struct kt_site *allocated_at, *freed_at;	/* freed_at NULL: live */
};

/* The block that addr points into, live or not. False if there is none. */
bool sim_memory_find(const void *addr, struct sim_block *out);
/* Block number i of the execution, from 0, in the order of allocation. */
bool sim_memory_nth(uint32_t i, struct sim_block *out);
/* Up to which offset the region is in use. */
uint32_t sim_memory_used(void);

/* ---- details.c ----------------------------------------------------------- */

void sim_details_begin(void);
void sim_details_end(void);

/* ---- rcu.c --------------------------------------------------------------- */

/* True if no callback is queued; otherwise the execution has failed. */
bool sim_rcu_end(void);
/* The current task, in a read section or a callback, is about to wait. */
void sim_rcu_bad_wait(struct kt_site *site) __attribute__((noreturn));
/* Each function that may sleep calls this, whether it sleeps this time or not. */
static inline void sim_rcu_may_wait(const struct sim_task *t, struct kt_site *site)
{
	if (t->handle.rcu.depth || t->handle.rcu.in_callback)
		sim_rcu_bad_wait(site);
}

/* ---- states: a hash of all that decides what comes next -------------------------- */

struct sim_hash {
	uint64_t a, b;
};

static inline void sim_hash_word(struct sim_hash *h, uint64_t w)
{
	h->a = (h->a ^ w) * 0x9e3779b97f4a7c15ull;
	h->a ^= h->a >> 32;
	h->b = (h->b + w) * 0xd6e8feb86659fd93ull;
	h->b ^= h->b >> 29;
}

void sim_hash_bytes(struct sim_hash *h, const void *p, size_t size);
/* Each adds its module's state. */
void sim_memory_hash(struct sim_hash *h);	/* only after sim_memory_apart() */
void sim_rcu_hash(struct sim_hash *h);
void sim_futex_hash(struct sim_hash *h);

/* ---- crash.c ------------------------------------------------------------- */

void sim_crash_init(void);

/* ---- sanitizer.c --------------------------------------------------------- */

/*
 * Between these two calls the C library works for the simulator, so ThreadSanitizer ignores
 * its accesses.
 */
void sim_unseen_begin(void);
void sim_unseen_end(void);
extern void __tsan_acquire(void *addr) __attribute__((weak));
extern void __tsan_release(void *addr) __attribute__((weak));

/* For ThreadSanitizer only: used between executions, and where weak.c moves an operation. */
static inline void sim_tsan_release(void *addr)
{
	if (__builtin_expect(__tsan_release != NULL, false))
		__tsan_release(addr);
}

static inline void sim_tsan_acquire(void *addr)
{
	if (__builtin_expect(__tsan_acquire != NULL, false))
		__tsan_acquire(addr);
}

void sim_poison(const void *addr, size_t size);
void sim_unpoison(const void *addr, size_t size);
bool sim_has_asan(void);

#endif
