/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Spin locks. A thread that would spin sleeps until the lock is released: no schedule is lost by
 * that, and a deadlock shows at once. The program's pthread_spinlock_t holds the C library's
 * value for a free lock, which depends on the processor, or minus the owner's number - 1.
 */
#include "platform/hosted/models.h"

enum { DESTROYED = INT_MIN };

static int free_value(void)
{
	static pthread_spinlock_t l = DESTROYED;

	if (l == DESTROYED)
		HOSTED_REAL(pthread_spin_init)(&l, PTHREAD_PROCESS_PRIVATE);
	return l;
}

static const void *object(const pthread_spinlock_t *l)
{
	return (const void *)(uintptr_t)l;	/* the type is volatile */
}

static int owner_of(const pthread_spinlock_t *l)
{
	return *l == free_value() ? -1 : -*l - 1;
}

static void check(const pthread_spinlock_t *l, uintptr_t pc)
{
	hosted_heap_check(object(l), sizeof *l, pc);
	if (*l == DESTROYED)
		hosted_fail(KT_DISCIPLINE, pc, "spin lock %s was destroyed",
			    hosted_object_name(object(l)));
	if (*l != free_value() && (*l >= 0 || -*l > (int)hosted_threads))
		hosted_fail(KT_DISCIPLINE, pc, "spin lock %s was never initialized",
			    hosted_object_name(object(l)));
}

static int lock(pthread_spinlock_t *l, bool try, uintptr_t pc)
{
	struct kt_site *site = hosted_site(pc, try ? HOSTED_TRYLOCK : HOSTED_SPIN);

	hosted_arrive(site, object(l));
	for (;;) {
		check(l, pc);
		if (owner_of(l) < 0)
			break;
		if (try)
			return EBUSY;
		if (owner_of(l) == (int)hosted_me())
			hosted_fail(KT_DEADLOCK, pc,
				    "%s locks spin lock %s, which it already holds",
				    hosted_name(hosted_me()), hosted_object_name(object(l)));
		hosted_block(site, object(l), HOSTED_NEVER, owner_of(l));
		sim_touch(object(l), SIM_WRITE);
	}
	*l = -(int)hosted_me() - 1;
	hosted_acquire(object(l));
	hosted_take(object(l), HOSTED_SPIN_LOCK, pc);
	return 0;
}

static int unlock(pthread_spinlock_t *l, uintptr_t pc)
{
	hosted_arrive(hosted_site(pc, HOSTED_UNLOCK), object(l));
	check(l, pc);
	if (owner_of(l) != (int)hosted_me())
		hosted_fail(KT_DISCIPLINE, pc, "%s unlocks spin lock %s, which %s holds",
			    hosted_name(hosted_me()), hosted_object_name(object(l)),
			    owner_of(l) < 0 ? "nobody" : hosted_name((uint32_t)owner_of(l)));
	hosted_release(object(l));
	*l = free_value();
	hosted_drop(object(l));
	hosted_wake_all(object(l));
	return 0;
}

/* ---- what programs call ----------------------------------------------- */

HOSTED_EXPORT int pthread_spin_init(pthread_spinlock_t *l, int shared)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_spin_init)(l, shared);
	hosted_arrive(hosted_site(HOSTED_CALLER, HOSTED_INIT), object(l));
	hosted_heap_check(object(l), sizeof *l, HOSTED_CALLER);
	hosted_check_idle(object(l), "spin lock", "initialized", HOSTED_CALLER);
	*l = free_value();
	return 0;
}

HOSTED_EXPORT int pthread_spin_destroy(pthread_spinlock_t *l)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_spin_destroy)(l);
	hosted_arrive(hosted_site(HOSTED_CALLER, HOSTED_DESTROY), object(l));
	check(l, HOSTED_CALLER);
	hosted_check_idle(object(l), "spin lock", "destroyed", HOSTED_CALLER);
	*l = DESTROYED;
	return 0;
}

HOSTED_EXPORT int pthread_spin_lock(pthread_spinlock_t *l)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_spin_lock)(l);
	return lock(l, false, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_spin_trylock(pthread_spinlock_t *l)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_spin_trylock)(l);
	return lock(l, true, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_spin_unlock(pthread_spinlock_t *l)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_spin_unlock)(l);
	return unlock(l, HOSTED_CALLER);
}
