/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A lock whose waiters park: one word, and a queue of nodes on their stacks, as
 * in nsync's mutex. First come, first served. It uses only contracts, so it works on every
 * OS and the simulator explores its inside.
 *
 *	bit HELD	held, or handed to a waiter that has just left the queue
 *	bit WAITED	the queue is not empty; only while HELD
 *	bit GUARD	a thread changes the queue, in a few instructions; other threads spin
 *
 * Without waiters, acquire and release are one compare-and-exchange each, which
 * fails if a bit other than HELD is set. All else is done with GUARD set, and the
 * store that clears GUARD writes the other bits.
 *
 * A release with waiters hands the lock on: it takes the first node off the queue,
 * marks it `granted` and unparks its thread, and HELD stays. So no thread overtakes.
 *
 * The release's last touch is the store that clears GUARD. A waiter that was granted the
 * lock returns only after it has set GUARD itself, and so after that store. So the waiter
 * may free the lock, and may leave the stack frame with its node. For the same reason the
 * waiter's thread can't be gone when the release unparks it.
 *
 * The waiter parks as a sleeper and not as an os_thread, because it may have freed its
 * os_thread before it came here. Also, the lock must not take permits that are meant for the
 * code that uses the lock: that code may have tested its condition, then acquired this lock,
 * and will park next. (Granting the permit again at the end does not help: two threads in
 * such loops would wake each other up for ever.)
 *
 * No wake-up is lost: `granted` is set before the unpark, and the permit stays
 * until the waiter parks.
 *
 * GUARD is set with acquire and cleared with release, which orders the queue and
 * what the lock protects. `holder` is for checks: see holder.h.
 */
#ifndef PLATFORM_LOCK_PARK_H
#define PLATFORM_LOCK_PARK_H

#include "platform/atomic.h"
#include "platform/lock/holder.h"
#include "platform/os.h"

#define kt_lock_park_is_fifo 1

#define KT_PARK_HELD   1u
#define KT_PARK_WAITED 2u
#define KT_PARK_GUARD  4u

/* Once the node is queued, GUARD must be set for each access to a field. */
struct kt_park_node {
	struct kt_park_node *next;
	os_sleeper *sleeper;
	bool granted;		/* off the queue; its thread has the lock */
};

struct kt_lock_park {
	/* atomic: */
	uint32_t word;
	struct os_thread *holder;	/* NULL: none, or not noted yet */

	/* GUARD must be set: */
	struct kt_park_node *first, *last;

	/* written once: */
	const char *name;
};

static inline void kt_lock_park_init(struct kt_lock_park *l, const char *name)
{
	*l = (struct kt_lock_park){ .name = name };
	os_object_begin(l, sizeof *l);	/* perhaps where a waiter's node was */
}

static inline void kt_lock_park_destroy(struct kt_lock_park *l)
{
	kt_holder_check_destroy(__atomic_load_n(&l->word, __ATOMIC_RELAXED) & KT_PARK_HELD,
				l->name);
}

/* Set GUARD. Returns the other bits, which no thread changes until GUARD is cleared. */
static inline uint32_t kt_lock_park_guard(struct kt_lock_park *l, struct kt_site *site)
{
	for (;;) {
		uint32_t seen = READ_ONCE(l->word);

		if (!(seen & KT_PARK_GUARD) &&
		    cmpxchg(&l->word, seen, seen | KT_PARK_GUARD) == seen)
			return seen;
		os_relax(site);
	}
}

/* Clear GUARD; the other bits are `bits`. */
static inline void kt_lock_park_unguard(struct kt_lock_park *l, uint32_t bits)
{
	smp_store_release(&l->word, bits);
}

/* Called with GUARD set; returns with GUARD clear. */
static inline void kt_lock_park_queue_drops_guard(struct kt_lock_park *l,
						  struct kt_park_node *mine)
{
	if (l->first)
		l->last->next = mine;
	else
		l->first = mine;
	l->last = mine;
	kt_lock_park_unguard(l, KT_PARK_HELD | KT_PARK_WAITED);
}

/* Called with `mine` in the queue; returns when it has been granted the lock. */
static inline void kt_lock_park_wait(struct kt_lock_park *l, struct kt_park_node *mine,
				     struct kt_site *site)
{
	bool granted;

	do {
		uint32_t bits;

		os_sleeper_park(site);
		bits = kt_lock_park_guard(l, site);
		granted = mine->granted;
		kt_lock_park_unguard(l, bits);
	} while (!granted);
}

static inline bool kt_lock_park_try_acquire(struct kt_lock_park *l, struct kt_site *site)
{
	(void)site;
	if (cmpxchg(&l->word, 0, KT_PARK_HELD) != 0)
		return false;
	KT_SET_HOLDER(l, os_self());
	return true;
}

static inline void kt_lock_park_acquire_slow(struct kt_lock_park *l, struct kt_site *site)
{
	struct kt_park_node mine = { .sleeper = os_sleeper_self() };
	uint32_t bits = kt_lock_park_guard(l, site);

	if (!(bits & KT_PARK_HELD)) {
		kt_lock_park_unguard(l, KT_PARK_HELD);
		return;
	}
	KT_ASSERT(mine.sleeper != NULL);	/* the platform knows the thread */
	os_object_begin(&mine, sizeof mine);
	kt_lock_park_queue_drops_guard(l, &mine);
	kt_lock_park_wait(l, &mine, site);
	os_object_end(&mine, sizeof mine);
}

static inline void kt_lock_park_acquire(struct kt_lock_park *l, struct kt_site *site)
{
	if (kt_lock_park_try_acquire(l, site))
		return;
	kt_lock_park_acquire_slow(l, site);
	KT_SET_HOLDER(l, os_self());
}

static inline void kt_lock_park_assert_held(const struct kt_lock_park *l)
{
	kt_holder_check_held(KT_HOLDER(l), os_self(), l->name);
}

/* Called by a release when a thread waits or is about to wait. */
static inline void kt_lock_park_release_slow(struct kt_lock_park *l, struct kt_site *site)
{
	struct kt_park_node *next;

	kt_lock_park_guard(l, site);
	next = l->first;
	if (next) {
		l->first = next->next;
		next->granted = true;	/* before the unpark, because a woken waiter tests it */
		os_sleeper_unpark(next->sleeper);
	}
	/* The last touch. */
	kt_lock_park_unguard(l, (next ? KT_PARK_HELD : 0) | (l->first ? KT_PARK_WAITED : 0));
}

static inline void kt_lock_park_release(struct kt_lock_park *l, struct kt_site *site)
{
	kt_holder_check_release(KT_HOLDER(l), os_self(), l->name);
	KT_SET_HOLDER(l, NULL);
	/* The last touch, if no thread waits. */
	if (cmpxchg(&l->word, KT_PARK_HELD, 0) != KT_PARK_HELD)
		kt_lock_park_release_slow(l, site);
}

#endif
