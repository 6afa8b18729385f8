/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The checks of a lock that notes its holder: only the holder releases the lock,
 * assert_held passes only for the holder, and no thread destroys the lock while it is held.
 *
 * `holder` is a field of the lock, for these checks only: it orders nothing. A thread
 * writes only itself there, and NULL over itself. It compares the field only with itself.
 * So the answer is the same even if the thread sees an old value, and neither the store nor
 * the load is a choice point.
 *
 * `me` is the calling thread as the lock knows it: an os_thread, or a sleeper, which
 * the thread keeps after it has freed its os_thread. NULL: the platform does not know the
 * thread, so the thread holds no lock.
 *
 * kt_lock_<impl>_<verb>() calls these functions, so a stack trace shows the kind of lock.
 */
#ifndef PLATFORM_LOCK_HOLDER_H
#define PLATFORM_LOCK_HOLDER_H

#include "platform/os.h"

#define KT_HOLDER(l)         ((const void *)__atomic_load_n(&(l)->holder, __ATOMIC_RELAXED))
#define KT_SET_HOLDER(l, me) __atomic_store_n(&(l)->holder, (me), __ATOMIC_RELAXED)

static inline bool kt_holder_is(const void *holder, const void *me)
{
	return me && holder == me;
}

static inline const char *kt_holder_my_name(const void *me)
{
	return me ? os_name(os_self()) : "an unknown thread";
}

/* assert_held calls this. */
static inline void kt_holder_check_held(const void *holder, const void *me, const char *lock)
{
	if (!kt_holder_is(holder, me))
		kt_fail(KT_DISCIPLINE, "lock %s is not held by %s, as it should be", lock,
			kt_holder_my_name(me));
}

/* release calls this before it does anything else to the lock. */
static inline void kt_holder_check_release(const void *holder, const void *me, const char *lock)
{
	if (!kt_holder_is(holder, me))
		kt_fail(KT_DISCIPLINE, "lock %s released by %s, who does not hold it", lock,
			kt_holder_my_name(me));
}

/* acquire calls this: a holder would wait for itself. */
static inline void kt_holder_check_acquire(const void *holder, const void *me, const char *lock)
{
	if (kt_holder_is(holder, me))
		kt_fail(KT_DISCIPLINE, "lock %s acquired by its holder", lock);
}

/* destroy calls this. */
static inline void kt_holder_check_destroy(bool is_held, const char *lock)
{
	if (is_held)
		kt_fail(KT_DISCIPLINE, "lock %s destroyed while it is held", lock);
}

#endif
