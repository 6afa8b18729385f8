/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Condition variables. Of the program's pthread_cond_t only what pthread_cond_init() leaves in
 * it is used: the clock. Who waits is known from the sleepers (hosted_first_sleeper()), and
 * what a waiter was told is in its struct hosted_thread. So after it is woken a waiter does not
 * touch the condition, which POSIX lets a thread destroy as soon as no thread is blocked on it.
 *
 * POSIX lets pthread_cond_signal() wake any waiter. It wakes the one that has waited longest, or
 * the one that came last if hosted_spurious() says so. A waiter may also be woken for no reason.
 */
#include "platform/hosted/models.h"

enum { MONOTONIC = 2, DESTROYED = 0x6b746864 };	/* in __wrefs; __g1_orig_size */

static clockid_t clock_of(const pthread_cond_t *c)
{
	return c->__data.__wrefs & MONOTONIC ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

static void check(const pthread_cond_t *c, uintptr_t pc)
{
	hosted_heap_check(c, sizeof(pthread_cond_t), pc);
	if (c->__data.__g1_orig_size == DESTROYED)
		hosted_fail(KT_DISCIPLINE, pc, "condition %s was destroyed",
			    hosted_object_name(c));
}

int hosted_cond_init(pthread_cond_t *c, const pthread_condattr_t *a, uintptr_t pc)
{
	hosted_arrive(hosted_site(pc, HOSTED_INIT), c);
	hosted_heap_check(c, sizeof(pthread_cond_t), pc);
	hosted_check_idle(c, "condition", "initialized", pc);
	return HOSTED_REAL_OF(pthread_cond_init, "GLIBC_2.3.2")(c, a);
}

int hosted_cond_destroy(pthread_cond_t *c, uintptr_t pc)
{
	hosted_arrive(hosted_site(pc, HOSTED_DESTROY), c);
	check(c, pc);
	hosted_check_idle(c, "condition", "destroyed", pc);
	c->__data.__g1_orig_size = DESTROYED;
	return 0;
}

/* ---- waiting ---------------------------------------------------------- */

/* POSIX: all that wait for one condition at the same time must hold one mutex. */
static void check_mutex(const pthread_cond_t *c, const pthread_mutex_t *m, uintptr_t pc)
{
	int other = hosted_first_sleeper(c);

	if (other >= 0 && hosted_thread[other].with != m)
		hosted_fail(KT_DISCIPLINE, pc,
			    "%s waits for condition %s with mutex %s, but %s with mutex %s",
			    hosted_name(hosted_me()), hosted_object_name(c),
			    hosted_object_name(m), hosted_name((uint32_t)other),
			    hosted_object_name(hosted_thread[other].with));
}

static int lock_again(pthread_mutex_t *m, uintptr_t pc)
{
	static const struct hosted_lock_how how = { .op = HOSTED_LOCK, .deadline = HOSTED_NEVER };

	return hosted_mutex_lock(m, &how, pc);
}

/*
 * A recursive mutex that is locked more than once stays locked, so that no other thread can
 * change what is waited for. glibc does the same.
 */
static int sleep_without(pthread_cond_t *c, pthread_mutex_t *m, uint64_t deadline,
			 struct kt_site *site)
{
	struct hosted_thread *self = hosted_self();
	bool in_time = true;

	self->let_through = false;
	self->with = m;
	self->cancellable = true;
	if (hosted_is_cancelled() || hosted_spurious(site))
		hosted_arrive(site, NULL);	/* others may take the mutex meanwhile */
	else
		in_time = hosted_block_until(site, c, deadline, -1);
	self->cancellable = false;
	self->with = NULL;
	return in_time || self->let_through ? 0 : ETIMEDOUT;
}

/*
 * A cancelled waiter locks the mutex again before its cleanup handlers run. A waiter that was
 * signalled is not cancelled here: so a signal is never lost by a cancellation.
 */
int hosted_cond_wait(pthread_cond_t *c, pthread_mutex_t *m, uint64_t deadline, uintptr_t pc)
{
	struct kt_site *site = hosted_site(pc, HOSTED_WAIT);
	int error, locked;

	hosted_cancel_point();
	hosted_arrive(site, c);
	check(c, pc);
	check_mutex(c, m, pc);
	/* Unlocking and falling asleep are one step, because no point lies between them. */
	error = hosted_mutex_unlock(m, false, pc);	/* fails if the caller does not hold *m */
	if (error)
		return error;
	error = sleep_without(c, m, deadline, site);
	locked = lock_again(m, pc);
	if (!hosted_self()->let_through)
		hosted_cancel_point();
	return locked ? locked : error;
}

/* ---- waking ----------------------------------------------------------- */

static void let_through(int waiter)
{
	hosted_thread[waiter].let_through = true;
	hosted_wake_task((uint32_t)waiter);
}

/* The waiter that a signal wakes, or -1. */
static int chosen(const pthread_cond_t *c, struct kt_site *site)
{
	int first = hosted_first_sleeper(c), last = hosted_last_sleeper(c);

	return first != last && hosted_spurious(site) ? last : first;
}

void hosted_cond_signal(pthread_cond_t *c, bool all, uintptr_t pc)
{
	struct kt_site *site = hosted_site(pc, all ? HOSTED_BROADCAST : HOSTED_SIGNAL);
	int waiter;

	hosted_arrive(site, c);
	check(c, pc);
	if (!all && (waiter = chosen(c, site)) >= 0)
		let_through(waiter);
	while (all && (waiter = hosted_first_sleeper(c)) >= 0)
		let_through(waiter);
}

/* ---- what programs call ----------------------------------------------- */

HOSTED_EXPORT int pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *a)
{
	if (!hosted_on())
		return HOSTED_REAL_OF(pthread_cond_init, "GLIBC_2.3.2")(c, a);
	return hosted_cond_init(c, a, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_cond_destroy(pthread_cond_t *c)
{
	if (!hosted_on())
		return HOSTED_REAL_OF(pthread_cond_destroy, "GLIBC_2.3.2")(c);
	return hosted_cond_destroy(c, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	if (!hosted_on())
		return HOSTED_REAL_OF(pthread_cond_wait, "GLIBC_2.3.2")(c, m);
	return hosted_cond_wait(c, m, HOSTED_NEVER, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m,
					 const struct timespec *until)
{
	if (!hosted_on())
		return HOSTED_REAL_OF(pthread_cond_timedwait, "GLIBC_2.3.2")(c, m, until);
	if (!hosted_is_time(until))
		return EINVAL;
	return hosted_cond_wait(c, m, hosted_deadline(clock_of(c), until), HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
					 const struct timespec *until)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_cond_clockwait)(c, m, clock, until);
	if (!hosted_is_time(until) || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC))
		return EINVAL;
	return hosted_cond_wait(c, m, hosted_deadline(clock, until), HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_cond_signal(pthread_cond_t *c)
{
	if (!hosted_on())
		return HOSTED_REAL_OF(pthread_cond_signal, "GLIBC_2.3.2")(c);
	hosted_cond_signal(c, false, HOSTED_CALLER);
	return 0;
}

HOSTED_EXPORT int pthread_cond_broadcast(pthread_cond_t *c)
{
	if (!hosted_on())
		return HOSTED_REAL_OF(pthread_cond_broadcast, "GLIBC_2.3.2")(c);
	hosted_cond_signal(c, true, HOSTED_CALLER);
	return 0;
}
