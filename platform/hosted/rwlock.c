/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Read-write locks. The state is in the program's pthread_rwlock_t, in the fields of the C
 * library:
 *
 *	__cur_writer	the thread that holds it for writing, + 1; 0: none
 *	__readers	READER times how often it is held for reading; a thread may do that more
 *			than once. The bits below are the C library's: it leaves some of them set
 *			in a lock that was used before main() and is free
 *	__writers	threads that wait to write
 *	__flags		which side is preferred, as the C library's initializers leave it
 *	__pad2		DESTROYED once it was destroyed
 *
 * Two edges keep readers apart: a reader sees what writers did before, and not what readers did.
 * A writer sees both.
 */
#include "platform/hosted/models.h"

enum { READER = 8 };

#define DESTROYED 0x6b746864ul

static const void *readers_edge(const pthread_rwlock_t *l)
{
	return (const char *)l + 1;
}

static bool is_mine(const pthread_rwlock_t *l)
{
	return l->__data.__cur_writer == (int)hosted_me() + 1;
}

static void check(const pthread_rwlock_t *l, uintptr_t pc)
{
	hosted_heap_check(l, sizeof *l, pc);
	if (l->__data.__pad2 == DESTROYED)
		hosted_fail(KT_DISCIPLINE, pc, "rwlock %s was destroyed", hosted_object_name(l));
}

static int init(pthread_rwlock_t *l, const pthread_rwlockattr_t *a, uintptr_t pc)
{
	hosted_arrive(hosted_site(pc, HOSTED_INIT), l);
	hosted_heap_check(l, sizeof *l, pc);
	hosted_check_idle(l, "rwlock", "initialized", pc);
	return HOSTED_REAL(pthread_rwlock_init)(l, a);	/* it only fills *l */
}

static int destroy(pthread_rwlock_t *l, uintptr_t pc)
{
	hosted_arrive(hosted_site(pc, HOSTED_DESTROY), l);
	check(l, pc);
	hosted_check_idle(l, "rwlock", "destroyed", pc);
	l->__data.__pad2 = DESTROYED;
	return 0;
}

/* ---- locking ---------------------------------------------------------- */

/* PREFER_WRITER_NP is no preference, in glibc too: it would deadlock recursive readers. */
static bool can_read(const pthread_rwlock_t *l)
{
	if (l->__data.__cur_writer)
		return false;
	return l->__data.__flags != PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP ||
	       !l->__data.__writers;
}

static bool can_write(const pthread_rwlock_t *l)
{
	return !l->__data.__cur_writer && l->__data.__readers < READER;
}

static int owner_of(const pthread_rwlock_t *l)
{
	return l->__data.__cur_writer ? l->__data.__cur_writer - 1 : hosted_holder(l);
}

/* Would the caller wait for itself? Then 0 is not the answer: EDEADLK, as POSIX allows, or fail. */
static int check_self(const pthread_rwlock_t *l, bool write, uint64_t deadline, uintptr_t pc)
{
	if (is_mine(l))
		return EDEADLK;
	if (write && deadline == HOSTED_NEVER && hosted_held_by(hosted_me(), l))
		hosted_fail(KT_DEADLOCK, pc,
			    "%s locks rwlock %s for writing, which it already holds for reading",
			    hosted_name(hosted_me()), hosted_object_name(l));
	return 0;
}

static int wait_for(pthread_rwlock_t *l, bool write, uint64_t deadline, struct kt_site *site,
		    uintptr_t pc)
{
	while (write ? !can_write(l) : !can_read(l)) {
		bool in_time;

		l->__data.__writers += write;
		in_time = hosted_block_until(site, l, deadline, owner_of(l));
		sim_touch(l, SIM_WRITE);
		check(l, pc);
		l->__data.__writers -= write;
		if (!in_time) {
			hosted_wake_all(l);	/* readers that waited behind this writer */
			return ETIMEDOUT;
		}
	}
	return 0;
}

static int lock(pthread_rwlock_t *l, bool write, bool try, uint64_t deadline, uintptr_t pc)
{
	struct kt_site *site = hosted_site(pc, write ? HOSTED_WRLOCK : HOSTED_RDLOCK);
	int error;

	hosted_arrive(site, l);
	check(l, pc);
	if (try) {
		if (write ? !can_write(l) : !can_read(l))
			return EBUSY;
	} else {
		error = check_self(l, write, deadline, pc);
		if (!error)
			error = wait_for(l, write, deadline, site, pc);
		if (error)
			return error;
	}
	hosted_acquire(l);
	if (write) {
		l->__data.__cur_writer = (int)hosted_me() + 1;
		hosted_acquire(readers_edge(l));
	} else {
		l->__data.__readers += READER;
	}
	hosted_take(l, write ? HOSTED_WRITE : HOSTED_READ, pc);
	return 0;
}

static int unlock(pthread_rwlock_t *l, uintptr_t pc)
{
	hosted_arrive(hosted_site(pc, HOSTED_UNLOCK), l);
	check(l, pc);
	if (!is_mine(l) && !hosted_held_by(hosted_me(), l))
		hosted_fail(KT_DISCIPLINE, pc, "%s unlocks rwlock %s, which it does not hold",
			    hosted_name(hosted_me()), hosted_object_name(l));
	if (is_mine(l)) {
		hosted_release(l);
		l->__data.__cur_writer = 0;
	} else {
		hosted_release(readers_edge(l));
		l->__data.__readers -= READER;
	}
	hosted_drop(l);
	hosted_wake_all(l);
	return 0;
}

/* ---- what programs call ----------------------------------------------- */

HOSTED_EXPORT int pthread_rwlock_init(pthread_rwlock_t *l, const pthread_rwlockattr_t *a)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_rwlock_init)(l, a);
	return init(l, a, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_rwlock_destroy(pthread_rwlock_t *l)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_rwlock_destroy)(l);
	return destroy(l, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t *l)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_rwlock_rdlock)(l);
	return lock(l, false, false, HOSTED_NEVER, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_rwlock_tryrdlock(pthread_rwlock_t *l)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_rwlock_tryrdlock)(l);
	return lock(l, false, true, HOSTED_NEVER, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t *l, const struct timespec *until)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_rwlock_timedrdlock)(l, until);
	if (!hosted_is_time(until))
		return EINVAL;
	return lock(l, false, false, hosted_deadline(CLOCK_REALTIME, until), HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t *l, clockid_t clock,
					     const struct timespec *until)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_rwlock_clockrdlock)(l, clock, until);
	if (!hosted_is_time(until) || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC))
		return EINVAL;
	return lock(l, false, false, hosted_deadline(clock, until), HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t *l)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_rwlock_wrlock)(l);
	return lock(l, true, false, HOSTED_NEVER, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t *l)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_rwlock_trywrlock)(l);
	return lock(l, true, true, HOSTED_NEVER, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t *l, const struct timespec *until)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_rwlock_timedwrlock)(l, until);
	if (!hosted_is_time(until))
		return EINVAL;
	return lock(l, true, false, hosted_deadline(CLOCK_REALTIME, until), HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t *l, clockid_t clock,
					     const struct timespec *until)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_rwlock_clockwrlock)(l, clock, until);
	if (!hosted_is_time(until) || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC))
		return EINVAL;
	return lock(l, true, false, hosted_deadline(clock, until), HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *l)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_rwlock_unlock)(l);
	return unlock(l, HOSTED_CALLER);
}
