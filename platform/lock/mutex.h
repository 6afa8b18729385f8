/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A lock on pthread_mutex_t, which ThreadSanitizer knows best. Real threads
 * only: the simulator must not lose control inside the C library.
 *
 * `holder` is written by the holder only and compared by others with
 * themselves, so any value they may see gives the same answer. It is a
 * thread's record and not its os_thread, which the thread may outlive.
 *
 * Who gets a released lock is the operating system's choice.
 */
#ifndef PLATFORM_LOCK_MUTEX_H
#define PLATFORM_LOCK_MUTEX_H

#if !defined(KT_OS_POSIX)
#error "the lock 'mutex' works on real threads only"
#endif

#include "platform/os.h"

#define kt_lock_mutex_is_fifo 0

struct kt_lock_mutex {
	pthread_mutex_t mutex;
	const char *name;

	/* atomic: */
	struct posix_thread *holder;
};

static inline bool kt_lock_mutex_is_mine(const struct kt_lock_mutex *l)
{
	struct posix_thread *me = posix_self();

	return me && __atomic_load_n(&l->holder, __ATOMIC_RELAXED) == me;
}

static inline const char *kt_lock_mutex_my_name(void)
{
	return posix_self() ? os_name(os_self()) : "an unknown thread";
}

static inline void kt_lock_mutex_init(struct kt_lock_mutex *l, const char *name)
{
	pthread_mutex_init(&l->mutex, NULL);
	l->name = name;
	l->holder = NULL;
}

static inline void kt_lock_mutex_destroy(struct kt_lock_mutex *l)
{
	if (__atomic_load_n(&l->holder, __ATOMIC_RELAXED))
		kt_fail(KT_DISCIPLINE, "lock %s destroyed while it is held", l->name);
	pthread_mutex_destroy(&l->mutex);
}

static inline bool kt_lock_mutex_try_acquire(struct kt_lock_mutex *l, struct kt_site *site)
{
	(void)site;
	if (pthread_mutex_trylock(&l->mutex) != 0)
		return false;
	__atomic_store_n(&l->holder, posix_self(), __ATOMIC_RELAXED);
	return true;
}

static inline void kt_lock_mutex_acquire(struct kt_lock_mutex *l, struct kt_site *site)
{
	if (kt_lock_mutex_try_acquire(l, site))
		return;
	if (kt_lock_mutex_is_mine(l))
		kt_fail(KT_DISCIPLINE, "lock %s acquired by its holder", l->name);
	posix_waits_at(site);
	pthread_mutex_lock(&l->mutex);
	posix_waits_at(NULL);
	__atomic_store_n(&l->holder, posix_self(), __ATOMIC_RELAXED);
}

static inline void kt_lock_mutex_release(struct kt_lock_mutex *l, struct kt_site *site)
{
	(void)site;
	if (!kt_lock_mutex_is_mine(l))
		kt_fail(KT_DISCIPLINE, "lock %s released by %s, who does not hold it", l->name,
			kt_lock_mutex_my_name());
	__atomic_store_n(&l->holder, NULL, __ATOMIC_RELAXED);
	/* POSIX: who gets the mutex next may destroy and free it at once. */
	os_delay();
	pthread_mutex_unlock(&l->mutex);
}

static inline void kt_lock_mutex_assert_held(const struct kt_lock_mutex *l)
{
	if (!kt_lock_mutex_is_mine(l))
		kt_fail(KT_DISCIPLINE, "lock %s is not held by %s, as it should be", l->name,
			kt_lock_mutex_my_name());
}

#endif
