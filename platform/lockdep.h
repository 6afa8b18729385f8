/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the `checked` locks know: the order in which classes of locks are acquired, as in
 * Linux's lockdep, and the locks that each thread holds.
 *
 * A class is a name (kt_lock_init). "Class B after A" means that a thread that held a lock
 * of class A waited for a lock of class B. If these orders form a cycle, threads that come
 * at the wrong moment deadlock. The cycle is reported (KT_DISCIPLINE) even if the threads
 * do not meet. A thread that gets lock T by try_acquire has not waited, so no class is
 * noted as coming before T's class. If the thread then waits for another lock while it
 * holds T, that lock's class comes after T's as usual.
 *
 * In the simulator the order is forgotten at the start of each execution, so that an
 * execution does not depend on earlier executions. On real threads the order is kept.
 *
 * Threads that the platform does not know are not checked.
 */
#ifndef PLATFORM_LOCKDEP_H
#define PLATFORM_LOCKDEP_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/point.h"

#define KT_LOCKDEP_HELD_MAX 16

/*
 * The locks that a thread holds, in the order in which it acquired them. Only that thread
 * uses this.
 */
struct kt_lockdep_thread {
	uint32_t held;
	bool acquires;		/* inside an acquire, where the lock itself may sleep */
	struct kt_lockdep_held {
		const void *lock;
		uint32_t class;
		struct kt_site *site;
	} lock[KT_LOCKDEP_HELD_MAX];
};

/*
 * The locks of the calling thread; NULL if the thread is unknown. The OS back end stores
 * them.
 */
struct kt_lockdep_thread *os_lockdep(void);

/* The number of the class called `name`, which is copied. */
uint32_t kt_lockdep_class(const char *name);

/*
 * The three functions are called when the calling thread is about to wait for the lock, has
 * acquired it, and is about to release it.
 */
void kt_lockdep_acquire(const void *lock, uint32_t class, bool is_nested, struct kt_site *site);
void kt_lockdep_acquired(const void *lock, uint32_t class, struct kt_site *site);
void kt_lockdep_release(const void *lock, uint32_t class);

void kt_lockdep_assert_held(const void *lock, uint32_t class);

/* Fails if the calling thread holds a lock; returns site. */
struct kt_site *kt_lockdep_may_sleep(struct kt_site *site);

/* Forget the order. */
void kt_lockdep_forget(void);

#if defined(KT_COMMON_CODE)
/* Common code has no kt_may_sleep(), because the chosen lock decides what it does. */
#elif defined(KT_LOCK_CHECKED)
#define kt_may_sleep(site) kt_lockdep_may_sleep(site)
#else
#define kt_may_sleep(site) (site)
#endif

#endif
