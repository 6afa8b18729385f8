/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A completion as Linux has it: a count, and a queue of waiters, under a lock.
 * Waiters sleep by os_park(). It uses only contracts, so it works on every OS and the
 * simulator explores its inside.
 *
 * A waiter's node is on the waiter's stack. complete() takes the first node
 * off the queue, marks it `through` and unparks its thread while it holds the
 * lock; `done` counts only completions that found no waiter. So while the queue is
 * not empty, done is 0, and no waiter overtakes another.
 *
 * The on-stack rule: a waiter that was let through returns only after it has taken the lock
 * again, and so after the completer's release. A release does not touch the lock once
 * another thread can get it (platform/lock.h). For the same reason the waiter's thread
 * can't be gone when the completer unparks it.
 *
 * No wake-up is lost: the mark is set before the unpark, and the permit stays
 * until the waiter parks.
 *
 * Lock order: the lock is innermost. Its holder calls nothing but os_unpark().
 */
#ifndef PLATFORM_COMPLETION_PARK_H
#define PLATFORM_COMPLETION_PARK_H

#include <errno.h>

#include "platform/lock.h"

#define kt_completion_park_is_fifo 1

#define KT_COMPLETION_PARK_ALL UINT32_MAX	/* done: complete_all() was called */

/* Once the node is queued, the completion's lock must be held for each access to a field. */
struct kt_park_waiter {
	struct kt_park_waiter *next, *prev;
	struct os_thread *thread;
	bool through;		/* off the queue; the wait is over */
};

struct kt_completion_park {
	kt_lock lock;

	/* lock must be held: */
	uint32_t done;		/* waits that will not sleep */
	struct kt_park_waiter *first, *last;
};

static inline void kt_completion_park_init(struct kt_completion_park *c)
{
	kt_lock_init(&c->lock, "completion");
	c->done = 0;
	c->first = c->last = NULL;
	os_object_begin(c, sizeof *c);	/* the last call, because gcc thinks that it reads *c */
}

static inline void kt_completion_park_destroy(struct kt_completion_park *c)
{
	KT_ASSERT(c->first == NULL);
	kt_lock_destroy(&c->lock);
	os_object_end(c, sizeof *c);
}

static inline void kt_completion_park_push_locked(struct kt_completion_park *c,
						  struct kt_park_waiter *w)
{
	kt_lock_assert_held(&c->lock);
	w->next = NULL;
	w->prev = c->last;
	if (c->last)
		c->last->next = w;
	else
		c->first = w;
	c->last = w;
}

static inline void kt_completion_park_unlink_locked(struct kt_completion_park *c,
						    struct kt_park_waiter *w)
{
	kt_lock_assert_held(&c->lock);
	if (w->prev)
		w->prev->next = w->next;
	else
		c->first = w->next;
	if (w->next)
		w->next->prev = w->prev;
	else
		c->last = w->prev;
}

/* Let the first waiter through. There must be one. */
static inline void kt_completion_park_let_locked(struct kt_completion_park *c)
{
	struct kt_park_waiter *w = c->first;

	kt_completion_park_unlink_locked(c, w);
	w->through = true;	/* before the unpark, because a woken waiter tests it */
	os_unpark(w->thread);
}

static inline void kt_completion_park_complete(struct kt_completion_park *c, struct kt_site *site)
{
	(void)site;
	kt_lock_acquire(&c->lock);
	if (c->first)
		kt_completion_park_let_locked(c);
	else if (c->done != KT_COMPLETION_PARK_ALL)
		c->done++;
	kt_lock_release(&c->lock);
}

static inline void kt_completion_park_complete_all(struct kt_completion_park *c,
						   struct kt_site *site)
{
	(void)site;
	kt_lock_acquire(&c->lock);
	c->done = KT_COMPLETION_PARK_ALL;
	while (c->first)
		kt_completion_park_let_locked(c);
	kt_lock_release(&c->lock);
}

/* If the completion is done, take one and return true. */
static inline bool kt_completion_park_take_locked(struct kt_completion_park *c)
{
	if (c->done == 0)
		return false;
	if (c->done != KT_COMPLETION_PARK_ALL)
		c->done--;
	return true;
}

/*
 * Wait until a completer lets the caller through, or until there is a reason to give up:
 * a kill if `killable`, or the deadline. Called and left with the lock held.
 */
static inline int kt_completion_park_sleep_locked(struct kt_completion_park *c, bool killable,
						  const uint64_t *deadline_ns,
						  struct kt_site *site)
{
	struct kt_park_waiter w = { .thread = os_self() };
	bool in_time = true;
	int err;

	os_object_begin(&w, sizeof w);
	kt_completion_park_push_locked(c, &w);
	for (;;) {
		err = killable && os_is_killed(w.thread) ? -EINTR : in_time ? 0 : -ETIMEDOUT;
		if (err) {
			kt_completion_park_unlink_locked(c, &w);
			break;
		}
		kt_lock_release(&c->lock);
		if (deadline_ns)
			in_time = os_park_until(*deadline_ns, site);
		else
			os_park(site);
		kt_lock_acquire(&c->lock);
		if (w.through)	/* first: it wins over a kill and over the deadline */
			break;
	}
	os_object_end(&w, sizeof w);
	return err;
}

static inline int kt_completion_park_wait_for(struct kt_completion_park *c, bool killable,
					      const uint64_t *deadline_ns, struct kt_site *site)
{
	int err = 0;

	kt_lock_acquire(&c->lock);
	if (!kt_completion_park_take_locked(c))
		err = kt_completion_park_sleep_locked(c, killable, deadline_ns, site);
	kt_lock_release(&c->lock);
	return err;
}

static inline bool kt_completion_park_try_wait(struct kt_completion_park *c, struct kt_site *site)
{
	bool taken;

	(void)site;
	kt_lock_acquire(&c->lock);
	taken = kt_completion_park_take_locked(c);
	kt_lock_release(&c->lock);
	return taken;
}

#endif
