/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A queue lock (Mellor-Crummey and Scott): each waiter spins on a word of its own. First
 * come, first served. It uses only platform/atomic.h, so it works on every OS and the
 * simulator explores its inside.
 *
 * An MCS lock needs a node for the holder as well, until the release, and the caller of
 * kt_lock_acquire() does not provide one. The node can't be in the os_thread, because a
 * thread that has freed its os_thread still acquires locks. So this is the K42 variant
 * (Auslander, Edelsohn, Krieger, Rosenburg, Wisniewski): a waiter's node is on its stack
 * while it waits, and the holder's node is a field of the lock, `head`.
 *
 *	tail == NULL			free
 *	tail == &head			held, no thread waits
 *	tail == a waiter's node		held, and that waiter came last
 *
 * A new waiter swings `tail` from its predecessor's node, or from head, to its own
 * node. Then it links its node behind the predecessor's by `next`. The release hands
 * the lock to the waiter at head.next by setting that node's `granted`. If `tail` has moved
 * on and head.next is not written yet, the release waits until the waiter has linked its
 * node; the waiter is two instructions before that. A waiter that is granted the lock
 * writes its successor into head.next, or puts `tail` back to &head if it has none, before
 * it leaves the stack frame with its node. If another waiter has swung `tail` away from
 * that node, the thread waits until that waiter has written its link into the node.
 *
 * Between the read of `tail` and the compare-and-exchange, the owner of the last node may
 * leave its frame, and another node may be at the same address. The compare-and-exchange
 * then succeeds. That does no harm, because the node at that address is the last in the
 * queue all the same.
 *
 * `granted` is stored with release and read with acquire, so the new holder sees what the
 * old one did. That store is the last touch of a release that lets a waiter in, and it
 * touches the waiter's stack, not the lock. Without a waiter the last touch is the exchange
 * of `tail`.
 *
 * `holder` is for checks and orders nothing: see holder.h.
 */
#ifndef PLATFORM_LOCK_MCS_H
#define PLATFORM_LOCK_MCS_H

#include "platform/atomic.h"
#include "platform/lock/holder.h"
#include "platform/os.h"

#define kt_lock_mcs_is_fifo 1

struct kt_mcs_node {
	/* atomic: */
	struct kt_mcs_node *next;	/* the node behind it; NULL: none, or not linked yet */
	bool granted;			/* not used in head */
};

struct kt_lock_mcs {
	/* atomic: */
	struct kt_mcs_node *tail;
	struct os_thread *holder;	/* NULL: none, or not noted yet */

	struct kt_mcs_node head;	/* the holder's node: it and its successor write it */

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

/* Called when `mine` was granted the lock: the thread becomes the holder and leaves that node. */
static inline void kt_lock_mcs_leave_node(struct kt_lock_mcs *l, struct kt_mcs_node *mine,
					  struct kt_site *site)
{
	/*
	 * Acquire: this thread will grant the lock by the node `next`, so it must see that
	 * node complete.
	 */
	struct kt_mcs_node *next = smp_load_acquire(&mine->next);

	/*
	 * Until the release no other thread uses head.next, except a waiter that swings
	 * tail from &head.
	 */
	WRITE_ONCE(l->head.next, next);
	if (next || cmpxchg(&l->tail, mine, &l->head) == mine)
		return;
	while (!(next = smp_load_acquire(&mine->next)))
		os_relax(site);
	WRITE_ONCE(l->head.next, next);
}

/*
 * Wait behind the node `before`. Its owner may have got the lock by now, but still uses the
 * node.
 */
static inline void kt_lock_mcs_wait(struct kt_lock_mcs *l, struct kt_mcs_node *before,
				    struct kt_mcs_node *mine, struct kt_site *site)
{
	/* Release: a thread that follows the link sees `mine` complete. */
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
