/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A lock in one word, whose waiters sleep by futex: the last mutex of Drepper's "Futexes
 * Are Tricky". It uses only platform/atomic.h and os_futex_wait(), so it works on every OS
 * and the simulator explores its inside.
 *
 *	FREE
 *	HELD		no thread sleeps: the release needs no system call
 *	WAITED		held, and a thread may sleep
 *
 * A thread that does not get the lock at once makes the word WAITED by an exchange. If the
 * exchange finds FREE, the thread holds the lock. The word then says WAITED, though perhaps
 * no thread sleeps any more. So there may be one wake-up too many, but never one too few.
 * The thread can't make the word HELD, because it does not know whether another one sleeps.
 *
 * No wake-up is lost: a thread sleeps only while the word is WAITED, and the operating system
 * compares the word again before that. The release that takes WAITED away wakes one sleeper.
 * That sleeper sets WAITED again, on behalf of the others.
 *
 * The exchange in the release is the release's last touch of the lock. It stores FREE with
 * release, which pairs with the acquire in the exchanges of acquire (all are fully
 * ordered). The next holder may then free the lock. The wake-up that follows only names an
 * address.
 *
 * The order of the waiters is not defined: a thread that has just come may overtake the
 * sleepers.
 *
 * `holder` is for checks and orders nothing: see holder.h.
 */
#ifndef PLATFORM_LOCK_FUTEX_H
#define PLATFORM_LOCK_FUTEX_H

#include "platform/atomic.h"
#include "platform/lock/holder.h"
#include "platform/os.h"

#define kt_lock_futex_is_fifo 0

enum { KT_FUTEX_FREE, KT_FUTEX_HELD, KT_FUTEX_WAITED };

struct kt_lock_futex {
	/* atomic: */
	uint32_t state;
	struct os_thread *holder;	/* NULL: none, or not noted yet */

	/* written once: */
	const char *name;
};

static inline void kt_lock_futex_init(struct kt_lock_futex *l, const char *name)
{
	*l = (struct kt_lock_futex){ .name = name };
}

static inline void kt_lock_futex_destroy(struct kt_lock_futex *l)
{
	kt_holder_check_destroy(__atomic_load_n(&l->state, __ATOMIC_RELAXED) != KT_FUTEX_FREE,
				l->name);
}

static inline bool kt_lock_futex_try_acquire(struct kt_lock_futex *l, struct kt_site *site)
{
	(void)site;
	if (cmpxchg(&l->state, KT_FUTEX_FREE, KT_FUTEX_HELD) != KT_FUTEX_FREE)
		return false;
	KT_SET_HOLDER(l, os_self());
	return true;
}

static inline void kt_lock_futex_acquire(struct kt_lock_futex *l, struct kt_site *site)
{
	if (kt_lock_futex_try_acquire(l, site))
		return;
	while (xchg(&l->state, KT_FUTEX_WAITED) != KT_FUTEX_FREE)
		os_futex_wait_at(&l->state, KT_FUTEX_WAITED, NULL, site);
	KT_SET_HOLDER(l, os_self());
}

static inline void kt_lock_futex_assert_held(const struct kt_lock_futex *l)
{
	kt_holder_check_held(KT_HOLDER(l), os_self(), l->name);
}

static inline void kt_lock_futex_release(struct kt_lock_futex *l, struct kt_site *site)
{
	uint32_t *word = &l->state;

	(void)site;
	kt_holder_check_release(KT_HOLDER(l), os_self(), l->name);
	KT_SET_HOLDER(l, NULL);
	/* The last touch. */
	if (xchg(word, KT_FUTEX_FREE) == KT_FUTEX_WAITED)
		os_futex_wake(word, 1);
}

#endif
