/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the simulator. Everything here is compiled without sanitizers and is
 * touched by one OS thread only, so there are no locks.
 */
#ifndef PLATFORM_SIM_INTERNAL_H
#define PLATFORM_SIM_INTERNAL_H

#include "platform/lockdep.h"
#include "platform/rng.h"
#include "platform/sim/explore.h"
#include "platform/sim/fiber.h"
#include "platform/sim/hooks.h"
#include "platform/sim/sim.h"

#define SIM_THREAD_CHECK 0x5afe7a5cu
#define SIM_NOBODY       UINT32_MAX
#define SIM_CPUS         4u
#define SIM_CPUS_ALL     ((1ull << SIM_CPUS) - 1)

struct sim_attributes {		/* os_attributes, as far as they differ here */
	char comm[OS_COMM_MAX];
	uint64_t cpus;
	enum os_policy policy;
	int spawn_node;
	bool all_nodes, signals_ignored;
};

struct sim_task {
	struct sim_handle handle;	/* thread NULL: the body, not adopted */
	struct fiber fiber;		/* near: what a switch touches */
	struct sim_who here;		/* it goes on at a point */
	uint64_t key;			/* that, in the trace's hash */
	struct sim_task_record *record;
	void (*fn)(void *arg);
	void *arg;
	bool permit, sleeper_permit;
	bool joinable, joined;
	bool timed;			/* sleeps until `deadline` at most */
	bool timed_out;
	bool through;			/* its wait for a completion is over */
	uint32_t next_waiter;		/* behind it there: task + 1; 0: nobody */
	const void *sleeps_on;		/* futex.c: in its queue; NULL: not, or woken */
	uint32_t joiner;		/* task that joins it, or SIM_NOBODY */
	uint64_t deadline;
	void (*interrupt)(void *arg);
	void *interrupt_arg;
	struct sim_attributes attributes;
	uint32_t cpu;			/* where it runs, one of attributes.cpus */
	char sync;			/* address stands for its happens-before edges */
	uint64_t rcu_awaits;		/* in synchronize: readers that must leave */
	char rcu_sync;			/* edges from those */
} __attribute__((aligned(256)));	/* found by a shift */

struct sim {
	/* What every step reads. */
	struct sim_record *record;	/* MAP_SHARED */
	uint64_t runnable;		/* bit per task; also who is in `timed` */
	uint64_t yielded;		/* who spins in vain; between the two, lest
					 * they be read as one word just after a store */
	uint64_t timed;			/* who sleeps until a near deadline */
	uint32_t current;
	uint32_t slow_from;		/* first step that wants reach_slow() */
	uint32_t drawn_until;		/* the same, or that sim_random_draw() does not decide */
	bool     draws;			/* sim_random_draw() decides if there is no timer */
	bool     told;			/* a sanitizer must hear of switches */
	bool     fair;
	bool     aside;			/* in sim_aside() */
	bool     running;
	bool     cut;		/* by sim_cut() */
	bool     explores;	/* strategy_dpor.c wants to know what events touch */
	bool     weak;		/* stores may be held back */
	bool     edges;		/* somebody must hear of happens-before edges */
	bool     notes_wakes;
	enum sim_wait wait;	/* of the current task */
	uint32_t wait_task;	/* or value */

	struct sim_strategy *strategy;
	uint32_t shown;			/* stores that have become visible */
	uint32_t unfinished;
	uint32_t tasks_max;
	uint32_t steps_alarm;		/* next step at which step_alarm() looks */
	uint32_t steps_fair, steps_max;
	bool visits_all;		/* the strategy visits each step */
	bool covers;			/* coverage.c wants to know of accesses */
	struct kt_rng fair_draw;	/* who is next when `fair` */
	uint64_t clock_ns;
	struct os_hooks hooks;
	struct fiber host;
	char sync;			/* execution boundary */
	struct sim_task task[SIM_TASKS_MAX];
} __attribute__((aligned(64)));

extern struct sim sim;

/* &sim.task[sim.current]; what hooks.h calls sim_self. */
static inline struct sim_task *sim_current(void)
{
	return (struct sim_task *)(void *)sim_self;
}

/* A set of tasks with one in it. */
static inline uint64_t sim_bit(uint32_t task)
{
	return 1ull << task;
}

/* loop.c */
/*
 * The current task is at `site` and yields, or has finished: decide who goes on.
 * Other sites: sim_point() (hooks.h), sim_mark(), sim_block().
 */
void sim_reach(struct kt_site *site, enum sim_why why);
void sim_mark(struct kt_site *site);
void sim_block(struct kt_site *why);
/* Up to which step the fast paths may be taken; after a change of what that depends on. */
void sim_set_slow_from(void);
/*
 * fn(arg) as part of the step under way, by whoever runs: its sites are no steps.
 * A kill may come from the strategy, in the middle of a step.
 */
void sim_aside(void (*fn)(void *arg), void *arg);
/* Who wakes first if nobody can run, or SIM_NOBODY. */
uint32_t sim_first_timer(void);
void sim_add_event(enum sim_event_kind kind, uint32_t task, enum kt_role role, uint32_t nth);

/* task.c */
uint32_t sim_task_new(const char *name, void (*fn)(void *), void *arg);
/* What a fiber runs: one task after another. */
void sim_task_main(void);
/* If it sleeps; done at the last site that the current task has reached. */
void sim_wake(uint32_t task);
/* The same by what the site stands for that the current task is about to reach. */
void sim_wake_ahead(uint32_t task);
/* By time or a strategy's kill, which are the deed of nobody who runs. */
void sim_wake_unasked(uint32_t task);
/* Move the task, if need be, to a processor that it may use. */
void sim_place(struct sim_task *t);

/* execution.c */
void sim_leave(void) __attribute__((noreturn));	/* back to the host for good */
/* The same for an execution that is not worth its end: neither failed nor checked. */
void sim_cut(void) __attribute__((noreturn));

/* weak.c; for each of these: only if sim.weak, but the first */
void sim_weak_begin(enum sim_model memory);
/* Where the operation at `site` on addr, which comes next, is to be done. */
void *sim_weak_access(struct kt_site *site, const void *addr);
/* Before other tasks run. */
void sim_weak_settle(void);
/* The store with that bit becomes visible. */
void sim_weak_show(uint32_t bit, enum sim_shown shown);
void sim_weak_show_all(void);
/* What the current task has done is seen by whoever acquires the edge. */
void sim_weak_release(const void *edge);
void sim_weak_acquire(const void *edge);
/* The memory is freed or its object ends; or a new object is there. */
void sim_weak_end_of(const void *addr, size_t size);
void sim_weak_begin_of(const void *addr, size_t size);

/* coverage.c. Is there a map? If not, nothing of the rest is to be called. */
bool sim_cover_begin(void);
/* A step is about to be decided; then: who goes on. */
void sim_cover_arrive(const struct sim_step *t, const void *object);
void sim_cover_perform(uint32_t task);
/* What lies there is no object any more, or another. */
void sim_cover_forget(const void *addr, size_t size);

/* os.c: nobody holds a `checked` lock, no order is known. */
void sim_lockdep_begin(void);

/* futex.c */
void sim_futex_begin(void);

/* explore.h, unless there is nothing to tell. */
static inline void sim_touch(const void *addr, enum sim_access how)
{
	if (__builtin_expect(sim.explores, false))
		sim_explore_touch(addr, how);
}

static inline void sim_touch_thing(enum sim_thing thing, uint32_t task, enum sim_access how)
{
	if (__builtin_expect(sim.explores, false))
		sim_explore_thing(thing, task, how);
}

static inline void sim_touch_wake(uint32_t task, bool let_through)
{
	if (__builtin_expect(sim.explores, false))
		sim_explore_wake(task, let_through);
}

/* The next mark or block of the current task is such a wait. */
static inline void sim_waits(enum sim_wait wait, uint32_t task)
{
	sim.wait = wait;
	sim.wait_task = task;
}

/* strategy_random.c */
/*
 * The random walk, so common that its draw is inline: a linear congruential
 * generator (Knuth's MMIX), of which only the upper half is used, begun by
 * kt_rng. Of a byte it knows how many bits are set and the n-th of them: most
 * executions have at most eight tasks, and a loop over bits would be mispredicted
 * every time.
 */
enum { SIM_DRAW_BYTE = 256 };

extern struct sim_random {
	uint64_t state;
	uint8_t bits[SIM_DRAW_BYTE], nth_bit[SIM_DRAW_BYTE][8];
	bool has_pdep;	/* and popcnt */
} sim_random;

uint32_t sim_random_next(struct sim_strategy *s, const struct sim_decision *d);

static inline uint32_t sim_random_below(uint32_t below)
{
	uint32_t result = (uint32_t)(((sim_random.state >> 32) * below) >> 32);

	sim_random.state = sim_random.state * 6364136223846793005u + 1442695040888963407u;
	return result;
}

/*
 * The n-th of more than eight tasks, n drawn: how many are set in the bytes up to
 * each, in one multiplication; which byte has the n-th; which of that byte's it is.
 * No branch, for it would be a coin toss.
 */
static inline uint8_t sim_random_draw_bytes(uint64_t runnable)
{
	const uint64_t each = 0x0101010101010101u, high = each << 7;
	uint64_t bits = runnable - (runnable >> 1 & 0x5555555555555555u), up_to, n, byte;

	bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
	up_to = ((bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fu) * each;
	n = sim_random_below((uint32_t)(up_to >> 56));
	/* Bytes that have up to n with those below. */
	byte = ((((n * each | high) - up_to) & high) >> 7) * each >> 56;
	n -= up_to << 8 >> byte * 8 & 0xff;
	return (uint8_t)(byte * 8 + sim_random.nth_bit[runnable >> byte * 8 & 0xff][n]);
}

static inline uint8_t sim_random_draw_wide(uint64_t runnable)
{
#if defined(__x86_64__)
	/* pdep puts a bit at the n-th that is set. */
	if (__builtin_expect(sim_random.has_pdep, true)) {
		uint64_t count, at;

		__asm__("popcntq %1, %0" : "=r"(count) : "r"(runnable) : "cc");
		__asm__("pdepq %1, %2, %0" : "=r"(at)
			: "r"(runnable), "r"(1ull << sim_random_below((uint32_t)count)));
		return (uint8_t)__builtin_ctzll(at);
	}
#endif
	return sim_random_draw_bytes(runnable);
}

static inline uint8_t sim_random_draw_byte(uint64_t runnable)
{
	return sim_random.nth_bit[runnable][sim_random_below(sim_random.bits[runnable])];
}

/* One of `runnable`, which is not 0. */
static inline uint8_t sim_random_draw(uint64_t runnable)
{
	if (__builtin_expect(runnable >= SIM_DRAW_BYTE, false))
		return sim_random_draw_wide(runnable);
	return sim_random_draw_byte(runnable);
}

/* report.c */
void sim_fail_deadlock(void) __attribute__((noreturn));
void sim_fail_livelock(uint32_t step) __attribute__((noreturn));

/* memory.c */
enum {
	SIM_GRANULE = 16,
	SIM_REGION_BYTES = 1 << 20,
	SIM_GRANULES = SIM_REGION_BYTES / SIM_GRANULE,
};

/*
 * By bits 4 to 19 of an address: not 0 if something there or at a multiple of
 * SIM_REGION_BYTES from there is freed, ended, or nobody's next to a block.
 * Hidden, for fiber_swap() has its distance from the code, also in AFL++'s mutator,
 * which is a shared object.
 */
extern uint8_t sim_memory_doubt[SIM_GRANULES] __attribute__((visibility("hidden")));

void sim_memory_begin(uint32_t moved);
void sim_memory_end(void);		/* may kt_fail(); called on the host's behalf */
void *sim_memory_check_slow(const void *addr, struct kt_site *site)
	__attribute__((visibility("hidden")));

/* addr. Fails unless it is to a live object, as far as is known; NULL is. */
static inline void *sim_memory_check(const void *addr, struct kt_site *site)
{
	if (__builtin_expect(sim_memory_doubt[(uintptr_t)addr / SIM_GRANULE % SIM_GRANULES],
			     false))
		return sim_memory_check_slow(addr, site);
	return (void *)addr;
}

/* rcu.c */
/* Nothing is queued; else the execution has failed. */
bool sim_rcu_end(void);
/* The current task, in a read section or a callback, is about to wait. */
void sim_rcu_bad_wait(struct kt_site *site) __attribute__((noreturn));
/* In whatever may sleep, whether it does or not. */
static inline void sim_rcu_may_wait(const struct sim_task *t, struct kt_site *site)
{
	if (t->handle.rcu.depth || t->handle.rcu.in_callback)
		sim_rcu_bad_wait(site);
}

/* crash.c */
void sim_crash_init(void);

/* sanitizer.c */
/* Between these the C library works for the simulator: no access counts. */
void sim_unseen_begin(void);
void sim_unseen_end(void);
extern void __tsan_acquire(void *addr) __attribute__((weak));
extern void __tsan_release(void *addr) __attribute__((weak));

/* For ThreadSanitizer only: between executions. */
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

/*
 * Happens-before edges, those that the contracts promise and no more: for
 * ThreadSanitizer, and for what becomes visible with weak memory. An edge is an
 * address that is only compared.
 */
void sim_edge_release(void *addr);
void sim_edge_acquire(void *addr);

static inline void sim_hb_release(void *addr)
{
	if (__builtin_expect(sim.edges, false))
		sim_edge_release(addr);
}

static inline void sim_hb_acquire(void *addr)
{
	if (__builtin_expect(sim.edges, false))
		sim_edge_acquire(addr);
}

void sim_poison(const void *addr, size_t size);
void sim_unpoison(const void *addr, size_t size);
bool sim_has_asan(void);

#endif
