/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A ticket lock: take a number, wait until it is called. First come, first
 * served. It uses only platform/atomic.h, so it works on every OS and the simulator
 * explores its inside.
 *
 *	next == owner			free
 *	next == owner + 1		held, no thread waits
 *	next == owner + 1 + n		held, n threads wait
 *
 * Numbers wrap; they are only compared for equality. try_acquire() may be
 * wrong if 2^32 threads pass between two of its instructions.
 *
 * `holder` is for checks and orders nothing: see holder.h. There is no check for a
 * second acquire by the holder, because a thread may free its os_thread before its
 * last release, and the address may then belong to another thread.
 */
#ifndef PLATFORM_LOCK_TICKET_H
#define PLATFORM_LOCK_TICKET_H

#include "platform/atomic.h"
#include "platform/lock/holder.h"
#include "platform/os.h"

#define kt_lock_ticket_is_fifo 1

struct kt_lock_ticket {
	/* atomic: */
	uint32_t next;	/* the number that the next thread takes */
	uint32_t owner;	/* the number that holds the lock; stored by its holder */
	struct os_thread *holder;	/* NULL: none, or not noted yet */

	/* written once: */
	const char *name;
};

static inline void kt_lock_ticket_init(struct kt_lock_ticket *l, const char *name)
{
	*l = (struct kt_lock_ticket){ .name = name };
}

static inline void kt_lock_ticket_destroy(struct kt_lock_ticket *l)
{
	kt_holder_check_destroy(__atomic_load_n(&l->owner, __ATOMIC_RELAXED) !=
				__atomic_load_n(&l->next, __ATOMIC_RELAXED), l->name);
}

static inline void kt_lock_ticket_acquire(struct kt_lock_ticket *l, struct kt_site *site)
{
	uint32_t mine = fetch_add(&l->next, 1);

	/* Acquire pairs with the release in kt_lock_ticket_release(). */
	while (smp_load_acquire(&l->owner) != mine)
		os_relax(site);
	KT_SET_HOLDER(l, os_self());
}

static inline bool kt_lock_ticket_try_acquire(struct kt_lock_ticket *l, struct kt_site *site)
{
	/* Acquire: if this equals `next`, the lock is free and we see what the last holder did. */
	uint32_t owner = smp_load_acquire(&l->owner);

	(void)site;
	if (cmpxchg(&l->next, owner, owner + 1) != owner)
		return false;
	KT_SET_HOLDER(l, os_self());
	return true;
}

static inline void kt_lock_ticket_assert_held(const struct kt_lock_ticket *l)
{
	kt_holder_check_held(KT_HOLDER(l), os_self(), l->name);
}

static inline void kt_lock_ticket_release(struct kt_lock_ticket *l, struct kt_site *site)
{
	(void)site;
	kt_holder_check_release(KT_HOLDER(l), os_self(), l->name);
	KT_SET_HOLDER(l, NULL);
	/* The last touch: the next holder may free the lock. Only we store owner. */
	smp_store_release(&l->owner, l->owner + 1);
}

#endif
