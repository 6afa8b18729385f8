/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * See epoch.h. The epoch counts up with every grace period that begins, so it
 * says which sections began before that:
 *
 *	reader				updater
 *	since = epoch			unpublish
 *	full barrier		(A)	mine = ++epoch, full barrier	(B)
 *	load the pointer		for each reader: 0 < since < mine? wait
 *	since = 0, full barrier	(C)	free
 *
 * A and B: either the updater sees `since`, or the reader loads what is
 * published now. A reader that saw `mine` saw the unpublishing too, for the
 * epoch is added to fully ordered and loaded with acquire; so it is not waited
 * for. One that loaded the epoch before and stores it late is waited for,
 * needlessly and not for long. What a reader did is seen once its next `since`
 * is: C and A are stores with release, loaded with acquire.
 *
 * Callbacks are pushed on `queued`, youngest first. One thread at a time serves
 * them: who adds to `wanted` and finds 0. It moves them to a list of its own,
 * in the order they were queued, and calls from the first on as long as no
 * reader is behind. Who finds more than 0 has it looked at again by that thread
 * before that goes. None is left over: a callback counts in `pending` before
 * readers are looked at (full barrier), and a reader that has left (C) looks
 * at `pending` after it: one of the two sees the other, and serves.
 */
#include "platform/rcu/epoch.h"

#include <limits.h>

#include "platform/atomic.h"
#include "platform/os.h"
#include "platform/rcu/thread.h"

static struct {
	/* atomic: */
	unsigned long epoch;			/* never 0 */
	struct kt_rcu_reader *readers;		/* all there ever were; only grows */
	struct kt_rcu_epoch_head *queued;	/* youngest first */
	unsigned pending;			/* queued and not yet called */
	unsigned wanted;

	/* who serves: */
	struct kt_rcu_epoch_head *first, **last;	/* oldest first */
} rcu;

void kt_rcu_epoch_begin(void)
{
	rcu.epoch = 1;
	rcu.readers = NULL;
	rcu.queued = NULL;
	rcu.pending = rcu.wanted = 0;
	rcu.first = NULL;
	rcu.last = &rcu.first;
}

unsigned kt_rcu_epoch_queued(void)
{
	return __atomic_load_n(&rcu.pending, __ATOMIC_RELAXED);
}

/* ---- callbacks ----------------------------------------------------------- */

/* The epoch of who has been inside longest. After a full barrier (B). */
static unsigned long oldest_inside(void)
{
	struct kt_rcu_reader *r = smp_load_acquire(&rcu.readers);
	unsigned long oldest = ULONG_MAX;

	for (; r; r = r->next) {
		/* Acquire pairs with A and C. */
		unsigned long since = smp_load_acquire(&r->since);

		if (since != 0 && since < oldest)
			oldest = since;
	}
	return oldest;
}

/*
 * To the end of the list of who serves, the oldest first. A head is touched by
 * an atomic operation first: it is where the simulator looks whether it is there.
 */
static void take_queued(void)
{
	struct kt_rcu_epoch_head *head = xchg(&rcu.queued, NULL), *oldest = NULL;
	struct kt_rcu_epoch_head **last;

	if (!head)
		return;
	last = &head->next;
	while (head) {
		struct kt_rcu_epoch_head *next = READ_ONCE(head->next);

		head->next = oldest;
		oldest = head;
		head = next;
	}
	WRITE_ONCE(*rcu.last, oldest);
	rcu.last = last;
}

static void call_ready(void)
{
	unsigned long oldest;

	take_queued();
	smp_mb();	/* B, for those who queued */
	oldest = oldest_inside();
	while (rcu.first && READ_ONCE(rcu.first->epoch) <= oldest) {
		struct kt_rcu_epoch_head *head = rcu.first;

		rcu.first = READ_ONCE(head->next);
		if (!rcu.first)
			rcu.last = &rcu.first;
		kt_rcu_self()->in_callback = true;
		head->func(head);	/* *head may be gone */
		kt_rcu_self()->in_callback = false;
		fetch_add(&rcu.pending, -1u);
	}
}

static void serve(void)
{
	unsigned asked = 1;

	if (fetch_add(&rcu.wanted, 1) > 0)
		return;
	for (;;) {
		unsigned wanted;

		call_ready();
		wanted = fetch_add(&rcu.wanted, -asked);
		if (wanted == asked)
			return;
		asked = wanted - asked;	/* came meanwhile */
	}
}

void kt_rcu_epoch_call(struct kt_rcu_epoch_head *head,
		       void (*func)(struct kt_rcu_epoch_head *head), struct kt_site *site)
{
	struct kt_rcu_epoch_head *next;

	(void)site;
	head->func = func;
	fetch_add(&rcu.pending, 1);
	head->epoch = fetch_add(&rcu.epoch, 1) + 1;	/* B */
	do {
		next = READ_ONCE(rcu.queued);
		head->next = next;
	} while (cmpxchg(&rcu.queued, next, head) != next);
	/* *head may be gone. */
	serve();
}

/* ---- readers ------------------------------------------------------------- */

void kt_rcu_epoch_read_lock(struct kt_site *site)
{
	struct kt_rcu_reader *r = kt_rcu_self();

	(void)site;
	if (r->depth++ == 0)
		smp_store_mb(r->since, smp_load_acquire(&rcu.epoch));	/* A */
}

void kt_rcu_epoch_read_unlock(struct kt_site *site)
{
	struct kt_rcu_reader *r = kt_rcu_self();

	(void)site;
	kt_rcu_check_inside(r);
	if (--r->depth > 0)
		return;
	smp_store_mb(r->since, 0);	/* C */
	if (READ_ONCE(rcu.pending) > 0)
		serve();
}

/* ---- updaters ------------------------------------------------------------ */

void kt_rcu_epoch_synchronize(struct kt_site *site)
{
	unsigned long mine;

	kt_rcu_check_may_wait("synchronize_rcu()");
	mine = fetch_add(&rcu.epoch, 1) + 1;
	smp_mb();	/* B */
	while (oldest_inside() < mine)
		os_relax(site);
}

/* ---- threads ------------------------------------------------------------- */

void kt_rcu_epoch_register_thread(void)
{
	struct kt_rcu_reader *r = kt_rcu_self();

	if (r->listed)
		return;
	r->listed = true;
	/* Fully ordered, as A: who does not see it here can't be where it looks. */
	do
		r->next = READ_ONCE(rcu.readers);
	while (cmpxchg(&rcu.readers, r->next, r) != r->next);
}

void kt_rcu_epoch_unregister_thread(void)
{
	kt_rcu_check_end();
}
