/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mutexes of all kinds. The state is in the program's pthread_mutex_t, in the fields of the C
 * library:
 *
 *	__kind		as the C library's pthread_mutex_init() and the static initializers
 *			leave it; -1 once the mutex was destroyed
 *	__owner		the thread that holds it, + 1; 0: it is free
 *	__count		how often its owner has locked a recursive mutex again
 *	__lock		of a robust mutex: OWNER_DIED from the end of an owner until
 *			pthread_mutex_consistent(), LOST if that was not called in time
 *
 * Unlocking wakes all that wait for the mutex, and any of them, or a thread that comes at the
 * right time, gets it. POSIX leaves that to the scheduling policy, and here it is the
 * strategy's choice.
 *
 * Priorities are accepted and change nothing, because the strategy decides which thread runs.
 */
#include "platform/hosted/explore.h"
#include "platform/hosted/models.h"

enum {	/* __kind: two bits for the type, and flags */
	TYPE = 3, NORMAL = 0, RECURSIVE = 1, ERRORCHECK = 2, ADAPTIVE = 3,
	ROBUST = 16, PRIORITY = 32 | 64, SHARED = 128, ELISION = 256 | 512,
	KINDS = TYPE | ROBUST | PRIORITY | SHARED | ELISION,
	DESTROYED = -1,
};

enum { OWNER_DIED = 0x40000000, LOST = 0x20000000 };	/* __lock */

bool hosted_trylock_fails;

static int type_of(const pthread_mutex_t *m)
{
	return m->__data.__kind & TYPE;
}

static bool is_robust(const pthread_mutex_t *m)
{
	return m->__data.__kind & ROBUST;
}

bool hosted_mutex_is_mine(const pthread_mutex_t *m)
{
	return m->__data.__owner == (int)hosted_me() + 1;
}

static int owner_of(const pthread_mutex_t *m)
{
	return m->__data.__owner - 1;
}

/*
 * A constructor has locked *m natively, before main(), on the thread that is main() now. The C
 * library counts it in __nusers, and has 1 or the owner in __lock.
 */
static bool is_held_natively(const pthread_mutex_t *m)
{
	return m->__data.__nusers == 1 && m->__data.__owner > 0 &&
	       (m->__data.__lock == 1 || m->__data.__lock == m->__data.__owner);
}

static void adopt(pthread_mutex_t *m)
{
	m->__data.__lock = 0;
	m->__data.__nusers = 0;
	m->__data.__owner = 1;	/* main() */
	m->__data.__count -= m->__data.__count > 0;
	hosted_take_before(m, is_robust(m) ? HOSTED_ROBUST : HOSTED_MUTEX);
}

/* Is *m a mutex? */
static void check(pthread_mutex_t *m, uintptr_t pc)
{
	hosted_heap_check(m, sizeof(pthread_mutex_t), pc);
	if (m->__data.__nusers && !(m->__data.__kind & ~KINDS) && is_held_natively(m))
		adopt(m);
	if (m->__data.__kind == DESTROYED)
		hosted_fail(KT_DISCIPLINE, pc, "mutex %s was destroyed", hosted_object_name(m));
	if (m->__data.__kind & ~KINDS || m->__data.__owner < 0 ||
	    m->__data.__owner > (int)hosted_threads)
		hosted_fail(KT_DISCIPLINE, pc, "mutex %s was never initialized",
			    hosted_object_name(m));
}

/* ---- making and destroying -------------------------------------------- */

int hosted_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a, uintptr_t pc)
{
	hosted_arrive(hosted_site(pc, HOSTED_INIT), m);
	hosted_heap_check(m, sizeof(pthread_mutex_t), pc);
	hosted_check_idle(m, "mutex", "initialized", pc);
	return HOSTED_REAL(pthread_mutex_init)(m, a);	/* it only fills *m */
}

int hosted_mutex_destroy(pthread_mutex_t *m, uintptr_t pc)
{
	hosted_arrive(hosted_site(pc, HOSTED_DESTROY), m);
	check(m, pc);
	hosted_check_idle(m, "mutex", "destroyed", pc);
	m->__data.__kind = DESTROYED;	/* as the C library does */
	return 0;
}

/* ---- locking ---------------------------------------------------------- */

/* The caller holds *m already. 0 or an error, or -1: it must wait. */
static int again(pthread_mutex_t *m, const struct hosted_lock_how *how, uintptr_t pc)
{
	if (type_of(m) == RECURSIVE) {
		if (m->__data.__count == UINT_MAX)
			return EAGAIN;
		m->__data.__count++;
		return 0;
	}
	if (how->try)
		return EBUSY;
	if (type_of(m) == ERRORCHECK)
		return EDEADLK;
	if (how->deadline != HOSTED_NEVER)
		return -1;
	hosted_fail(KT_DEADLOCK, pc, "%s locks mutex %s, which it already holds",
		    hosted_name(hosted_me()), hosted_object_name(m));
}

/* *m is free. */
static int get(pthread_mutex_t *m, uintptr_t pc)
{
	m->__data.__owner = (int)hosted_me() + 1;
	m->__data.__count = 0;
	sim_touch(m, SIM_ACQUIRE);
	hosted_acquire(m);
	hosted_take(m, is_robust(m) ? HOSTED_ROBUST : HOSTED_MUTEX, pc);
	return is_robust(m) && m->__data.__lock & OWNER_DIED ? EOWNERDEAD : 0;
}

int hosted_mutex_lock(pthread_mutex_t *m, const struct hosted_lock_how *how, uintptr_t pc)
{
	struct kt_site *site = hosted_site(pc, how->op);

	if (how->point && !how->try && how->deadline == HOSTED_NEVER && !hosted_mutex_is_mine(m))
		explore_acquire(offsetof(pthread_mutex_t, __data.__owner));
	if (how->point)
		hosted_arrive(site, m);
	else
		sim_touch(m, SIM_WRITE);
	for (;;) {
		int error;

		check(m, pc);
		if (is_robust(m) && m->__data.__lock & LOST)
			return ENOTRECOVERABLE;
		if (owner_of(m) < 0)
			break;
		error = hosted_mutex_is_mine(m) ? again(m, how, pc) : how->try ? EBUSY : -1;
		if (error >= 0)
			return error;
		if (!hosted_block_until(site, m, how->deadline, owner_of(m)))
			return ETIMEDOUT;
		sim_touch(m, SIM_WRITE);
	}
	if (how->may_fail && hosted_spurious(site))
		return EBUSY;
	return get(m, pc);
}

/* ---- unlocking -------------------------------------------------------- */

int hosted_mutex_unlock(pthread_mutex_t *m, bool point, uintptr_t pc)
{
	/* To an exploration a release is no step that could come at another moment. */
	if (point)
		hosted_arrive(hosted_site(pc, HOSTED_UNLOCK), hosted_explores ? NULL : m);
	sim_touch(m, SIM_RELEASE);
	check(m, pc);
	if (!hosted_mutex_is_mine(m)) {
		if (type_of(m) == ERRORCHECK || type_of(m) == RECURSIVE || is_robust(m))
			return EPERM;
		if (owner_of(m) < 0)
			hosted_fail(KT_DISCIPLINE, pc, "%s unlocks mutex %s, which nobody holds",
				    hosted_name(hosted_me()), hosted_object_name(m));
		hosted_fail(KT_DISCIPLINE, pc, "%s unlocks mutex %s, which %s holds",
			    hosted_name(hosted_me()), hosted_object_name(m),
			    hosted_name((uint32_t)owner_of(m)));
	}
	if (m->__data.__count) {
		m->__data.__count--;
		return 0;
	}
	if (is_robust(m) && m->__data.__lock & OWNER_DIED)
		m->__data.__lock = LOST;	/* its owner did not make it consistent */
	m->__data.__owner = 0;
	hosted_release(m);
	hosted_drop(m);
	hosted_wake_all(m);
	return 0;
}

/* *m is robust. */
void hosted_mutex_owner_died(pthread_mutex_t *m)
{
	m->__data.__lock = OWNER_DIED;
	m->__data.__owner = 0;
	m->__data.__count = 0;
	sim_touch(m, SIM_RELEASE);
	hosted_release(m);
	hosted_wake_all(m);
}

/* ---- what programs call ----------------------------------------------- */

HOSTED_EXPORT int pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_mutex_init)(m, a);
	return hosted_mutex_init(m, a, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_mutex_destroy(pthread_mutex_t *m)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_mutex_destroy)(m);
	return hosted_mutex_destroy(m, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_mutex_lock(pthread_mutex_t *m)
{
	static const struct hosted_lock_how how = {
		.op = HOSTED_LOCK, .point = true, .deadline = HOSTED_NEVER,
	};

	if (!hosted_on())
		return HOSTED_REAL(pthread_mutex_lock)(m);
	return hosted_mutex_lock(m, &how, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_mutex_trylock(pthread_mutex_t *m)
{
	const struct hosted_lock_how how = {
		.op = HOSTED_TRYLOCK, .point = true, .try = true, .deadline = HOSTED_NEVER,
		.may_fail = hosted_trylock_fails,
	};

	if (!hosted_on())
		return HOSTED_REAL(pthread_mutex_trylock)(m);
	return hosted_mutex_lock(m, &how, HOSTED_CALLER);
}

/* POSIX: the validity of the time need not be looked at if the mutex can be locked at once. */
int hosted_mutex_timed(pthread_mutex_t *m, clockid_t clock, const struct timespec *until,
		       uintptr_t pc)
{
	struct hosted_lock_how how = {
		.op = HOSTED_LOCK, .point = true, .deadline = HOSTED_NEVER,
	};

	if (!hosted_is_time(until)) {
		int error;

		how.try = true;
		error = hosted_mutex_lock(m, &how, pc);
		return error == EBUSY ? EINVAL : error;
	}
	how.deadline = hosted_deadline(clock, until);
	return hosted_mutex_lock(m, &how, pc);
}

HOSTED_EXPORT int pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *until)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_mutex_timedlock)(m, until);
	return hosted_mutex_timed(m, CLOCK_REALTIME, until, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t clock,
					  const struct timespec *until)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_mutex_clocklock)(m, clock, until);
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return EINVAL;
	return hosted_mutex_timed(m, clock, until, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_mutex_unlock(pthread_mutex_t *m)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_mutex_unlock)(m);
	return hosted_mutex_unlock(m, true, HOSTED_CALLER);
}

/* Only the thread that was told EOWNERDEAD, which holds the mutex, may call it. */
static int consistent(pthread_mutex_t *m, uintptr_t pc)
{
	hosted_arrive(hosted_site(pc, HOSTED_INIT), m);
	check(m, pc);
	if (!is_robust(m) || !(m->__data.__lock & OWNER_DIED) || !hosted_mutex_is_mine(m))
		return EINVAL;
	m->__data.__lock = 0;
	return 0;
}

HOSTED_EXPORT int pthread_mutex_consistent(pthread_mutex_t *m)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_mutex_consistent)(m);
	return consistent(m, HOSTED_CALLER);
}
