/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the simulator. Everything here is compiled without sanitizers and is
 * touched by one OS thread only, so there are no locks.
 */
#ifndef PLATFORM_SIM_INTERNAL_H
#define PLATFORM_SIM_INTERNAL_H

#include "platform/sim/fiber.h"
#include "platform/sim/sim.h"

#define SIM_THREAD_CHECK 0x5afe7a5cu
#define SIM_NOBODY       UINT32_MAX
#define SIM_CPUS         4u
#define SIM_CPUS_ALL     ((1ull << SIM_CPUS) - 1)

struct sim_task {
	struct fiber fiber;
	void (*fn)(void *arg);
	void *arg;
	struct os_thread *handle;	/* NULL: the body, not adopted */
	struct sim_task_record *record;
	bool permit;
	bool joinable, joined;
	bool timed;			/* sleeps until `deadline` at most */
	bool timed_out;
	uint32_t joiner;		/* task that joins it, or SIM_NOBODY */
	uint64_t deadline;
	void (*interrupt)(void *arg);
	void *interrupt_arg;
	bool through;			/* its wait for a completion is over */
	uint32_t next_waiter;		/* behind it there: task + 1; 0: nobody */
	struct os_attributes attributes;
	uint32_t cpu;			/* where it runs, one of attributes.cpus[0] */
	char sync;			/* address stands for its happens-before edges */
	uint32_t rcu_depth;		/* read sections it is in */
	bool rcu_callback;		/* it runs one */
	uint64_t rcu_awaits;		/* in synchronize: readers that must leave */
	char rcu_sync;			/* edges from those */
};

struct sim {
	struct sim_record *record;	/* MAP_SHARED */
	struct sim_strategy *strategy;
	uint64_t runnable;		/* bit per task */
	uint64_t yielded;		/* of those, who spins in vain */
	uint64_t timed;			/* who sleeps until a near deadline */
	uint32_t current;
	uint32_t unfinished;
	uint32_t steps_alarm;		/* next step at which step_slow() looks */
	uint32_t steps_fair, steps_max;
	bool     fair;
	bool     running;
	uint64_t clock_ns;
	struct os_hooks hooks;
	struct fiber host;
	char sync;			/* execution boundary */
	struct sim_task task[SIM_TASKS_MAX];
};

extern struct sim sim;

/* loop.c */
/*
 * The current task is at `site`: decide who goes on. On return the caller may;
 * if addr is not NULL it is then to a live object.
 */
void sim_reach(struct kt_site *site, enum sim_why why, const void *addr);
void sim_block(struct kt_site *why);
void sim_wake(uint32_t task);
/* Move the task, if need be, to a processor that it may use. */
void sim_place(struct sim_task *t);
uint32_t sim_task_new(const char *name, void (*fn)(void *), void *arg);
void sim_leave(void) __attribute__((noreturn));	/* back to the host for good */
void sim_add_event(enum sim_event_kind kind, uint32_t task, enum kt_role role, uint32_t nth);

/* report.c */
void sim_fail_deadlock(void) __attribute__((noreturn));

/* memory.c */
void sim_memory_begin(void);
void sim_memory_end(void);		/* may kt_fail(); called on the host's behalf */
void sim_memory_check(const void *addr, struct kt_site *site);

/* rcu.c */
void sim_rcu_begin(void);
bool sim_rcu_end(void);			/* as above; true if it did not fail */
/* The current task, in a read section or a callback, is about to wait. */
void sim_rcu_bad_wait(struct kt_site *site) __attribute__((noreturn));

/* crash.c */
void sim_crash_init(void);

/* sanitizer.c: happens-before edges; nothing without ThreadSanitizer */
/* Between these the C library works for the simulator: no access counts. */
void sim_unseen_begin(void);
void sim_unseen_end(void);
void sim_hb_release(void *addr);
void sim_hb_acquire(void *addr);
void sim_poison(const void *addr, size_t size);
void sim_unpoison(const void *addr, size_t size);
bool sim_has_asan(void);

#endif
