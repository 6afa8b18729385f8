/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A queue lock (Mellor-Crummey and Scott): each waiter spins on a word of its
 * own. First come, first served. On platform/atomic.h only, so it works on every
 * OS and the simulator explores its inside.
 *
 * An MCS lock needs a node for the holder as well, until the release, and
 * kt_lock_acquire() has none to give. It can't be in the os_thread: a thread
 * that has freed its own still acquires locks. So this is the K42 variant
 * (Auslander, Edelsohn, Krieger, Rosenburg, Wisniewski): a waiter's node is on
 * its stack while it waits, and the holder's is a field of the lock, `head`.
 *
 *	tail == NULL			free
 *	tail == &head			held, nobody waits
 *	tail == a waiter's node		held, and that one came last
 *
 * A comer swings `tail` from its predecessor's node, or head, to its own, and
 * then links itself behind it by `next`. The release hands the lock to head.next
 * by setting its `granted`; if `tail` has moved on and head.next is not written
 * yet, it waits for the link, which is two instructions away. A waiter that is
 * granted the lock puts its successor into head.next, or `tail` back to &head if
 * it has none, before it leaves the frame with its node: whoever had swung
 * `tail` away from that node writes the link first.
 *
 * The compare-and-exchange may take a tail for the one it read when that node
 * was left and its frame used for another: it is the last in the queue all the
 * same.
 *
 * `granted` is stored with release and read with acquire: what was done before
 * is seen. It is the last touch of a release that lets somebody in, and not even
 * of the lock but of the next holder's stack; without a waiter it is the
 * exchange of `tail`.
 *
 * `holder` is for checks and orders nothing, as in ticket.h.
 */
#ifndef PLATFORM_LOCK_MCS_H
#define PLATFORM_LOCK_MCS_H

#include "platform/atomic.h"
#include "platform/lock/holder.h"
#include "platform/os.h"

#define kt_lock_mcs_is_fifo 1

struct kt_mcs_node {
	/* atomic: */
	struct kt_mcs_node *next;	/* who came behind; NULL: nobody, or not linked yet */
	bool granted;			/* not of head */
};

struct kt_lock_mcs {
	/* atomic: */
	struct kt_mcs_node *tail;
	struct os_thread *holder;	/* NULL: nobody, or in between */

	struct kt_mcs_node head;	/* the holder's node: written by it and its successor */

	/* written once: */
	const char *name;
};

static inline void kt_lock_mcs_init(struct kt_lock_mcs *l, const char *name)
{
	*l = (struct kt_lock_mcs){ .name = name };
	os_object_begin(l, sizeof *l);	/* perhaps where a waiter's node was */
}

static inline void kt_lock_mcs_destroy(struct kt_lock_mcs *l)
{
	kt_holder_check_destroy(__atomic_load_n(&l->tail, __ATOMIC_RELAXED) != NULL, l->name);
}

/* Granted the lock, be its holder without the node. */
static inline void kt_lock_mcs_leave_node(struct kt_lock_mcs *l, struct kt_mcs_node *mine,
					  struct kt_site *site)
{
	/* Acquire: the node that it will be granted by is seen. */
	struct kt_mcs_node *next = smp_load_acquire(&mine->next);

	/* Nobody looks at head.next before the release but who swings tail from &head. */
	WRITE_ONCE(l->head.next, next);
	if (next || cmpxchg(&l->tail, mine, &l->head) == mine)
		return;
	while (!(next = smp_load_acquire(&mine->next)))
		os_relax(site);
	WRITE_ONCE(l->head.next, next);
}

/* Behind `before`, whose owner may have been granted the lock but has not left it. */
static inline void kt_lock_mcs_wait(struct kt_lock_mcs *l, struct kt_mcs_node *before,
				    struct kt_mcs_node *mine, struct kt_site *site)
{
	/* Release: `mine` is seen as it is by who follows the link. */
	smp_store_release(&before->next, mine);
	/* Acquire pairs with the release in kt_lock_mcs_release(). */
	while (!smp_load_acquire(&mine->granted))
		os_relax(site);
	kt_lock_mcs_leave_node(l, mine, site);
}

static inline bool kt_lock_mcs_try_acquire(struct kt_lock_mcs *l, struct kt_site *site)
{
	(void)site;
	if (cmpxchg(&l->tail, NULL, &l->head))
		return false;
	KT_SET_HOLDER(l, os_self());
	return true;
}

static inline void kt_lock_mcs_acquire_slow(struct kt_lock_mcs *l, struct kt_site *site)
{
	struct kt_mcs_node mine = { .granted = false }, *before, *seen = READ_ONCE(l->tail);

	os_object_begin(&mine, sizeof mine);
	do {
		before = seen;
		seen = cmpxchg(&l->tail, before, before ? &mine : &l->head);
	} while (seen != before);
	if (before)
		kt_lock_mcs_wait(l, before, &mine, site);
	os_object_end(&mine, sizeof mine);
}

static inline void kt_lock_mcs_acquire(struct kt_lock_mcs *l, struct kt_site *site)
{
	if (kt_lock_mcs_try_acquire(l, site))
		return;
	kt_lock_mcs_acquire_slow(l, site);
	KT_SET_HOLDER(l, os_self());
}

static inline void kt_lock_mcs_assert_held(const struct kt_lock_mcs *l)
{
	kt_holder_check_held(KT_HOLDER(l), os_self(), l->name);
}

static inline void kt_lock_mcs_release(struct kt_lock_mcs *l, struct kt_site *site)
{
	struct kt_mcs_node *next;

	kt_holder_check_release(KT_HOLDER(l), os_self(), l->name);
	KT_SET_HOLDER(l, NULL);
	next = smp_load_acquire(&l->head.next);
	if (!next) {
		/* The last touch, if it succeeds: the next holder may free the lock. */
		if (cmpxchg(&l->tail, &l->head, NULL) == &l->head)
			return;
		while (!(next = smp_load_acquire(&l->head.next)))
			os_relax(site);
	}
	smp_store_release(&next->granted, true);
}

#endif
