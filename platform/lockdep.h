/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the `checked` locks know: the order in which classes of locks are
 * acquired, as Linux's lockdep, and what each thread holds.
 *
 * A class is a name (kt_lock_init). Class B after A: somebody who held an A
 * waited for a B. A cycle of these is a deadlock for whom the threads meet in
 * the wrong way, and is reported (KT_DISCIPLINE) without their meeting. A lock
 * had by trying waits for nobody: nothing comes before it, but things come after.
 *
 * In the simulator the order is forgotten at the start of each execution, so
 * that an execution means the same wherever it comes; on real threads it is kept.
 *
 * Not for those who are not known to the platform: they are not checked.
 */
#ifndef PLATFORM_LOCKDEP_H
#define PLATFORM_LOCKDEP_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/point.h"

#define KT_LOCKDEP_HELD_MAX 16

/* What a thread holds, in the order of acquiring. The thread itself only. */
struct kt_lockdep_thread {
	uint32_t held;
	bool acquires;		/* inside a lock, which may sleep there as it likes */
	struct kt_lockdep_held {
		const void *lock;
		uint32_t class;
		struct kt_site *site;
	} lock[KT_LOCKDEP_HELD_MAX];
};

/* The calling thread's, from the operating system; NULL if it is unknown. */
struct kt_lockdep_thread *os_lockdep(void);

/* The number of the class called `name`, which is copied. */
uint32_t kt_lockdep_class(const char *name);

/* The calling thread is about to wait for the lock; it has it; it gives it up. */
void kt_lockdep_acquire(const void *lock, uint32_t class, bool is_nested, struct kt_site *site);
void kt_lockdep_acquired(const void *lock, uint32_t class, struct kt_site *site);
void kt_lockdep_release(const void *lock, uint32_t class);

void kt_lockdep_assert_held(const void *lock, uint32_t class);

/* Fails if the calling thread holds a lock; returns site. */
struct kt_site *kt_lockdep_may_sleep(struct kt_site *site);

/* No order is known any more. */
void kt_lockdep_forget(void);

#if defined(KT_COMMON_CODE)
/* Not there: it depends on the lock. */
#elif defined(KT_LOCK_CHECKED)
#define kt_may_sleep(site) kt_lockdep_may_sleep(site)
#else
#define kt_may_sleep(site) (site)
#endif

#endif
