/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A lock of one word, by test and test-and-set. It is the smallest correct lock, and
 * the others are measured against it. It uses only platform/atomic.h, so it works on every
 * OS and the simulator explores its inside.
 *
 *	holder == NULL		free
 *	else			the thread that holds it
 *
 * Waiters read until the word is NULL before they try to set it: an exchange takes
 * the cache line from the holder, which needs it for the release (Rudolph and Segall,
 * ISCA 1984). The processors choose which waiter gets the lock.
 *
 * The word is a sleeper and not an os_thread, because a thread that has freed its os_thread
 * still acquires locks. The checks of holder.h read the word with a relaxed load that is
 * not a choice point. That is enough, because a thread compares the word only with itself,
 * and only the thread itself writes that value.
 */
#ifndef PLATFORM_LOCK_TAS_H
#define PLATFORM_LOCK_TAS_H

#include "platform/atomic.h"
#include "platform/lock/holder.h"
#include "platform/os.h"

#define kt_lock_tas_is_fifo 0

struct kt_lock_tas {
	/* atomic: */
	os_sleeper *holder;

	/* written once: */
	const char *name;
};

static inline void kt_lock_tas_init(struct kt_lock_tas *l, const char *name)
{
	*l = (struct kt_lock_tas){ .name = name };
}

static inline void kt_lock_tas_destroy(struct kt_lock_tas *l)
{
	kt_holder_check_destroy(KT_HOLDER(l) != NULL, l->name);
}

static inline bool kt_lock_tas_try_acquire(struct kt_lock_tas *l, struct kt_site *site)
{
	(void)site;
	/* Fully ordered; pairs with the release in kt_lock_tas_release(). */
	return cmpxchg(&l->holder, NULL, os_sleeper_self()) == NULL;
}

static inline void kt_lock_tas_acquire(struct kt_lock_tas *l, struct kt_site *site)
{
	kt_holder_check_acquire(KT_HOLDER(l), os_sleeper_self(), l->name);
	while (READ_ONCE(l->holder) || !kt_lock_tas_try_acquire(l, site))
		os_relax(site);
}

static inline void kt_lock_tas_release(struct kt_lock_tas *l, struct kt_site *site)
{
	(void)site;
	kt_holder_check_release(KT_HOLDER(l), os_sleeper_self(), l->name);
	os_delay();
	smp_store_release(&l->holder, NULL);	/* the last touch: see lock.h */
}

static inline void kt_lock_tas_assert_held(const struct kt_lock_tas *l)
{
	kt_holder_check_held(KT_HOLDER(l), os_sleeper_self(), l->name);
}

#endif
