/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * See epoch.h. Every grace period that begins adds one to the epoch, so the epoch
 * tells which read sections began before it:
 *
 *	reader				updater
 *	since = epoch			unpublish
 *	full barrier		(A)	mine = ++epoch, full barrier	(B)
 *	load the pointer		for each reader: 0 < since < mine? wait
 *	since = 0, full barrier	(C)	free
 *
 * A pairs with B: either the updater sees `since`, or the reader loads the new pointer. A
 * reader that loaded `mine` as its epoch also sees that the object is unpublished, because
 * the addition to the epoch is fully ordered and the load is an acquire; so the updater need
 * not wait for that reader. If a reader loaded the epoch earlier and stores it late, the
 * updater may wait for the reader without need, but not for long. An updater that sees a
 * reader's next `since` sees what that reader did: C and A store `since` with release, and
 * the updater loads it with acquire.
 *
 * Callbacks are pushed on `queued`, youngest first. One thread at a time serves
 * them: the one that adds to `wanted` and finds 0. It moves them to a list of its own, in
 * the order in which they were queued. Then it calls them from the first on, as long as no
 * reader is in an epoch older than the callback's. A thread that finds more than 0 leaves,
 * because the serving thread looks again before it stops. No callback is left over:
 * call_rcu() counts it in `pending` before it looks at the readers (full barrier), and a
 * reader looks at `pending` after it has left (C). At least one of the two sees the other,
 * and serves.
 */
#include "platform/rcu/epoch.h"

#include <limits.h>

#include "platform/atomic.h"
#include "platform/os.h"
#include "platform/rcu/thread.h"

static struct {
	/* atomic: */
	unsigned long epoch;			/* never 0 */
	struct kt_rcu_reader *readers;		/* all readers so far; only grows */
	struct kt_rcu_epoch_head *queued;	/* youngest first */
	unsigned pending;			/* callbacks that have not returned */
	unsigned wanted;			/* requests to serve; 0: no thread serves */

	/* only the serving thread uses these: */
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

/* The oldest epoch of a reader that is inside. Called after a full barrier (B). */
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
 * Move what is queued to the end of the serving thread's list, the oldest first. The
 * first touch of a head is an atomic operation: there the simulator checks that the
 * head is still there.
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
	smp_mb();	/* B, for the threads that queued */
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
		asked = wanted - asked;	/* requests that came meanwhile */
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
	/*
	 * Fully ordered, as A: if an updater does not see this reader in the list, the
	 * reader can't see what the updater unpublished.
	 */
	do
		r->next = READ_ONCE(rcu.readers);
	while (cmpxchg(&rcu.readers, r->next, r) != r->next);
}

void kt_rcu_epoch_unregister_thread(void)
{
	kt_rcu_check_end();
}
