/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A lock on the C library's pthread_spinlock_t, which is one word. Waiters spin on it and
 * never sleep. Real threads only: the simulator must not lose control inside
 * the C library. The waiter's loop is ours. pthread_spin_lock() would use up the time slice
 * while the holder is off its processor.
 *
 * A release is one store, after which it touches nothing. The processors choose which
 * waiter gets the lock.
 *
 * `holder` is for checks only: see holder.h. It is a sleeper and not an os_thread,
 * because a thread may outlive its os_thread.
 */
#ifndef PLATFORM_LOCK_SPIN_H
#define PLATFORM_LOCK_SPIN_H

#if !defined(KT_OS_POSIX)
#error "the lock 'spin' works on real threads only"
#endif

#include "platform/lock/holder.h"
#include "platform/os.h"

#define kt_lock_spin_is_fifo 0

struct kt_lock_spin {
	pthread_spinlock_t spin;
	const char *name;

	/* atomic: */
	os_sleeper *holder;
};

static inline void kt_lock_spin_init(struct kt_lock_spin *l, const char *name)
{
	pthread_spin_init(&l->spin, PTHREAD_PROCESS_PRIVATE);
	l->name = name;
	l->holder = NULL;
}

static inline void kt_lock_spin_destroy(struct kt_lock_spin *l)
{
	kt_holder_check_destroy(KT_HOLDER(l) != NULL, l->name);
	pthread_spin_destroy(&l->spin);
}

static inline bool kt_lock_spin_try_acquire(struct kt_lock_spin *l, struct kt_site *site)
{
	(void)site;
	if (pthread_spin_trylock(&l->spin) != 0)
		return false;
	KT_SET_HOLDER(l, os_sleeper_self());
	return true;
}

static inline void kt_lock_spin_acquire(struct kt_lock_spin *l, struct kt_site *site)
{
	if (kt_lock_spin_try_acquire(l, site))
		return;
	kt_holder_check_acquire(KT_HOLDER(l), os_sleeper_self(), l->name);
	while (!kt_lock_spin_try_acquire(l, site))
		os_relax(site);
}

static inline void kt_lock_spin_release(struct kt_lock_spin *l, struct kt_site *site)
{
	(void)site;
	kt_holder_check_release(KT_HOLDER(l), os_sleeper_self(), l->name);
	KT_SET_HOLDER(l, NULL);
	os_delay();
	pthread_spin_unlock(&l->spin);	/* the last touch */
}

static inline void kt_lock_spin_assert_held(const struct kt_lock_spin *l)
{
	kt_holder_check_held(KT_HOLDER(l), os_sleeper_self(), l->name);
}

#endif
