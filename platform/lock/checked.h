/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A wrapper that adds checks to any lock. Only the holder may release the lock, classes must
 * always be acquired in the same order, and no thread may sleep while it holds a lock.
 * platform/lockdep.h keeps what the wrapper knows about threads and about the order. The lock
 * stores only its class, so a release touches nothing after the inner release.
 *
 * The checks come before the wait for the inner lock, so that a wrong order is reported
 * even if the wait would never end. The checks are not choice points, and they order
 * nothing.
 *
 * platform/lock.h includes this after the lock that it wraps.
 */
#ifndef PLATFORM_LOCK_CHECKED_H
#define PLATFORM_LOCK_CHECKED_H

#include "platform/lockdep.h"

struct kt_lock_checked {
	kt_lock_chosen lock;
	uint32_t class;		/* written once */
};

static inline void kt_lock_checked_init(struct kt_lock_checked *l, const char *name)
{
	KT_LOCK_CHOSEN(_init)(&l->lock, name);
	l->class = kt_lockdep_class(name);
}

static inline void kt_lock_checked_destroy(struct kt_lock_checked *l)
{
	KT_LOCK_CHOSEN(_destroy)(&l->lock);
}

static inline void kt_lock_checked_acquire_any(struct kt_lock_checked *l, bool is_nested,
					       struct kt_site *site)
{
	kt_lockdep_acquire(l, l->class, is_nested, site);
	KT_LOCK_CHOSEN(_acquire)(&l->lock, site);
	kt_lockdep_acquired(l, l->class, site);
}

static inline void kt_lock_checked_acquire(struct kt_lock_checked *l, struct kt_site *site)
{
	kt_lock_checked_acquire_any(l, false, site);
}

static inline void kt_lock_checked_acquire_nested(struct kt_lock_checked *l,
						  struct kt_site *site)
{
	kt_lock_checked_acquire_any(l, true, site);
}

static inline bool kt_lock_checked_try_acquire(struct kt_lock_checked *l, struct kt_site *site)
{
	if (!KT_LOCK_CHOSEN(_try_acquire)(&l->lock, site))
		return false;
	kt_lockdep_acquired(l, l->class, site);
	return true;
}

static inline void kt_lock_checked_release(struct kt_lock_checked *l, struct kt_site *site)
{
	kt_lockdep_release(l, l->class);
	KT_LOCK_CHOSEN(_release)(&l->lock, site);
}

static inline void kt_lock_checked_assert_held(const struct kt_lock_checked *l)
{
	kt_lockdep_assert_held(l, l->class);
}

#endif
