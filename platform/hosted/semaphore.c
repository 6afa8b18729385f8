/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * POSIX semaphores without a name. The program's sem_t holds the value in its first word, as in
 * the C library on little-endian processors, and DESTROYED in its last one once it was
 * destroyed. A post wakes all that wait: which of them gets the value is the strategy's choice.
 *
 * Semaphores with a name are refused: they outlast the execution.
 */
#include <semaphore.h>
#include <stdarg.h>

#include "platform/hosted/models.h"

#define DESTROYED 0x6b746864u

struct sem {
	unsigned value;
	unsigned unused[6];
	unsigned state;		/* DESTROYED, or not */
};

_Static_assert(sizeof(struct sem) <= sizeof(sem_t), "the semaphore has room");

static struct sem *of(sem_t *s)
{
	return (struct sem *)(void *)s;
}

static int fail_with(int error)
{
	errno = error;
	return -1;
}

static void check(const struct sem *s, uintptr_t pc)
{
	hosted_heap_check(s, sizeof *s, pc);
	if (s->state == DESTROYED)
		hosted_fail(KT_DISCIPLINE, pc, "semaphore %s was destroyed",
			    hosted_object_name(s));
}

static int init(sem_t *sem, int shared, unsigned value, uintptr_t pc)
{
	struct sem *s = of(sem);

	if (value > SEM_VALUE_MAX)
		return fail_with(EINVAL);
	hosted_arrive(hosted_site(pc, HOSTED_INIT), s);
	hosted_heap_check(s, sizeof *s, pc);
	hosted_check_idle(s, "semaphore", "initialized", pc);
	HOSTED_REAL(sem_init)(sem, shared, value);	/* it only fills *sem */
	s->state = 0;
	return 0;
}

static int destroy(struct sem *s, uintptr_t pc)
{
	hosted_arrive(hosted_site(pc, HOSTED_DESTROY), s);
	check(s, pc);
	hosted_check_idle(s, "semaphore", "destroyed", pc);
	s->state = DESTROYED;
	return 0;
}

static int take(struct sem *s)
{
	s->value--;
	hosted_acquire(s);
	return 0;
}

/* A cancellation point. */
static int wait_for(struct sem *s, uint64_t deadline, uintptr_t pc)
{
	struct kt_site *site = hosted_site(pc, HOSTED_WAIT);
	bool in_time = true;

	hosted_cancel_point();
	hosted_arrive(site, s);
	for (;;) {
		check(s, pc);
		if (s->value)
			return take(s);
		if (!in_time)
			return fail_with(ETIMEDOUT);
		in_time = hosted_block_cancellable(site, s, deadline);
		sim_touch(s, SIM_WRITE);
	}
}

static int try_wait(struct sem *s, uintptr_t pc)
{
	hosted_arrive(hosted_site(pc, HOSTED_TRYLOCK), s);
	check(s, pc);
	return s->value ? take(s) : fail_with(EAGAIN);
}

static int post(struct sem *s, uintptr_t pc)
{
	hosted_arrive(hosted_site(pc, HOSTED_POST), s);
	check(s, pc);
	if (s->value == SEM_VALUE_MAX)
		return fail_with(EOVERFLOW);
	hosted_release(s);
	s->value++;
	hosted_wake_all(s);
	return 0;
}

/* ---- what programs call ----------------------------------------------- */

HOSTED_EXPORT int sem_init(sem_t *s, int shared, unsigned value)
{
	if (!hosted_on())
		return HOSTED_REAL(sem_init)(s, shared, value);
	return init(s, shared, value, HOSTED_CALLER);
}

HOSTED_EXPORT int sem_destroy(sem_t *s)
{
	if (!hosted_on())
		return HOSTED_REAL(sem_destroy)(s);
	return destroy(of(s), HOSTED_CALLER);
}

HOSTED_EXPORT int sem_wait(sem_t *s)
{
	if (!hosted_on())
		return HOSTED_REAL(sem_wait)(s);
	return wait_for(of(s), HOSTED_NEVER, HOSTED_CALLER);
}

static int timed(sem_t *s, clockid_t clock, const struct timespec *until, uintptr_t pc)
{
	if (hosted_is_time(until))
		return wait_for(of(s), hosted_deadline(clock, until), pc);
	return fail_with(EINVAL);	/* at once, as in glibc */
}

HOSTED_EXPORT int sem_timedwait(sem_t *s, const struct timespec *until)
{
	if (!hosted_on())
		return HOSTED_REAL(sem_timedwait)(s, until);
	return timed(s, CLOCK_REALTIME, until, HOSTED_CALLER);
}

HOSTED_EXPORT int sem_clockwait(sem_t *s, clockid_t clock, const struct timespec *until)
{
	if (!hosted_on())
		return HOSTED_REAL(sem_clockwait)(s, clock, until);
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return fail_with(EINVAL);
	return timed(s, clock, until, HOSTED_CALLER);
}

HOSTED_EXPORT int sem_trywait(sem_t *s)
{
	if (!hosted_on())
		return HOSTED_REAL(sem_trywait)(s);
	return try_wait(of(s), HOSTED_CALLER);
}

HOSTED_EXPORT int sem_post(sem_t *s)
{
	if (!hosted_on())
		return HOSTED_REAL(sem_post)(s);
	return post(of(s), HOSTED_CALLER);
}

/* The value is 0 while threads wait; POSIX allows minus their number, too. */
HOSTED_EXPORT int sem_getvalue(sem_t *s, int *value)
{
	if (!hosted_on())
		return HOSTED_REAL(sem_getvalue)(s, value);
	hosted_arrive(hosted_site(HOSTED_CALLER, HOSTED_ATOMIC_LOAD), s);
	check(of(s), HOSTED_CALLER);
	*value = (int)of(s)->value;
	return 0;
}

HOSTED_EXPORT sem_t *sem_open(const char *name, int flags, ...)
{
	va_list ap;
	mode_t mode;
	unsigned value;

	if (hosted_on())
		hosted_refuse("sem_open()", HOSTED_CALLER);
	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	value = va_arg(ap, unsigned);
	va_end(ap);
	return HOSTED_REAL(sem_open)(name, flags, mode, value);
}
