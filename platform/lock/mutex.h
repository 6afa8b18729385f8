/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A lock on pthread_mutex_t, which ThreadSanitizer knows best. Real threads
 * only: the simulator must not lose control inside the C library.
 *
 * `holder` is for checks only: see holder.h. It is a sleeper and not an os_thread,
 * because a thread may outlive its os_thread.
 *
 * The operating system chooses which waiter gets a released lock.
 */
#ifndef PLATFORM_LOCK_MUTEX_H
#define PLATFORM_LOCK_MUTEX_H

#if !defined(KT_OS_POSIX)
#error "the lock 'mutex' works on real threads only"
#endif

#include "platform/lock/holder.h"
#include "platform/os.h"

#define kt_lock_mutex_is_fifo 0

struct kt_lock_mutex {
	pthread_mutex_t mutex;
	const char *name;

	/* atomic: */
	os_sleeper *holder;
};

static inline void kt_lock_mutex_init(struct kt_lock_mutex *l, const char *name)
{
	pthread_mutex_init(&l->mutex, NULL);
	l->name = name;
	l->holder = NULL;
}

static inline void kt_lock_mutex_destroy(struct kt_lock_mutex *l)
{
	kt_holder_check_destroy(KT_HOLDER(l) != NULL, l->name);
	pthread_mutex_destroy(&l->mutex);
}

static inline bool kt_lock_mutex_try_acquire(struct kt_lock_mutex *l, struct kt_site *site)
{
	(void)site;
	if (pthread_mutex_trylock(&l->mutex) != 0)
		return false;
	KT_SET_HOLDER(l, os_sleeper_self());
	return true;
}

static inline void kt_lock_mutex_acquire(struct kt_lock_mutex *l, struct kt_site *site)
{
	if (kt_lock_mutex_try_acquire(l, site))
		return;
	kt_holder_check_acquire(KT_HOLDER(l), os_sleeper_self(), l->name);
	posix_waits_at(site);
	pthread_mutex_lock(&l->mutex);
	posix_waits_at(NULL);
	KT_SET_HOLDER(l, os_sleeper_self());
}

static inline void kt_lock_mutex_release(struct kt_lock_mutex *l, struct kt_site *site)
{
	(void)site;
	kt_holder_check_release(KT_HOLDER(l), os_sleeper_self(), l->name);
	KT_SET_HOLDER(l, NULL);
	/* After this the next holder may destroy and free the mutex at once, as POSIX allows. */
	os_delay();
	pthread_mutex_unlock(&l->mutex);
}

static inline void kt_lock_mutex_assert_held(const struct kt_lock_mutex *l)
{
	kt_holder_check_held(KT_HOLDER(l), os_sleeper_self(), l->name);
}

#endif
