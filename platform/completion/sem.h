/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A completion in which each waiter sleeps on a semaphore of its own ("private semaphores":
 * Birrell, Implementing Condition Variables with Semaphores). It uses only contracts, so it
 * works on every OS and the simulator explores its inside.
 *
 * A waiter's node with its semaphore is on the waiter's stack. Its state:
 *
 *	WAITING -> THROUGH	by a completer, which has taken it off the queue
 *	WAITING -> KILLED	by a kill; the node stays in the queue
 *	WAITING -> LATE		by the waiter itself, at its deadline; the node stays
 *
 * The first exchange that succeeds decides. The thread that made the node THROUGH or KILLED
 * posts the semaphore once. The waiter takes that post before it leaves. (If the node is
 * LATE there is no post.) So no thread posts to a frame that is gone, and no post is left
 * over. `done` counts completions that found no waiter. A completer passes over a node that
 * is no longer WAITING. A waiter that was not let through takes its node off the queue and
 * looks at `done` before it leaves. So a completion that passed over its node is not lost:
 * the waiter takes it.
 *
 * No wake-up is lost: a semaphore remembers its post.
 *
 * The on-stack rule: complete() chooses a waiter under the lock and releases the lock,
 * which is its last touch of *c. Then it posts, and only the post lets the waiter return. A
 * post does not touch the semaphore after the step that lets the waiter take it
 * (platform/sem.h). Because the lock is released first, the waiter need not take it again
 * on its way out. If the post came first, the waiter could be gone, and *c with it, before
 * the release.
 *
 * Lock order: the lock is innermost, and its holder calls nothing. A kill takes
 * no lock here, because the killing thread may hold any lock.
 */
#ifndef PLATFORM_COMPLETION_SEM_H
#define PLATFORM_COMPLETION_SEM_H

#include <errno.h>

#include "platform/lock.h"
#include "platform/sem.h"

#define kt_completion_sem_is_fifo 1

#define KT_SEM_DONE_ALL UINT32_MAX	/* done: complete_all() was called */

enum { KT_SEM_WAITING, KT_SEM_THROUGH, KT_SEM_KILLED, KT_SEM_LATE };

struct kt_sem_waiter {
	struct os_sem sem;	/* the thread that made the node THROUGH or KILLED posts once */
	uint32_t state;		/* atomic */

	/*
	 * The completion's lock must be held. Once the node is THROUGH and off the queue,
	 * only the completer uses it.
	 */
	struct kt_sem_waiter *next;
};

struct kt_completion_sem {
	kt_lock lock;

	/* lock must be held: */
	uint32_t done;		/* waits that will not sleep */
	struct kt_sem_waiter *first, **end;	/* *end: where the next node is written */
};

static inline void kt_completion_sem_init(struct kt_completion_sem *c)
{
	kt_lock_init(&c->lock, "completion");
	c->done = 0;
	c->first = NULL;
	c->end = &c->first;
	os_object_begin(c, sizeof *c);	/* the last call, because gcc thinks that it reads *c */
}

static inline void kt_completion_sem_destroy(struct kt_completion_sem *c)
{
	KT_ASSERT(c->first == NULL);
	kt_lock_destroy(&c->lock);
	os_object_end(c, sizeof *c);
}

/*
 * Take nodes off the queue up to the first that is still WAITING. Make that one THROUGH and
 * return it, or NULL. The caller must post its semaphore.
 */
static inline struct kt_sem_waiter *kt_completion_sem_pop_locked(struct kt_completion_sem *c)
{
	struct kt_sem_waiter *w;

	kt_lock_assert_held(&c->lock);
	while ((w = c->first)) {
		c->first = w->next;
		if (!c->first)
			c->end = &c->first;
		/* Pairs with the kill and with the waiter's deadline: one exchange succeeds. */
		if (cmpxchg(&w->state, KT_SEM_WAITING, KT_SEM_THROUGH) == KT_SEM_WAITING)
			return w;
	}
	return NULL;
}

static inline void kt_completion_sem_complete(struct kt_completion_sem *c, struct kt_site *site)
{
	struct kt_sem_waiter *w;

	(void)site;
	kt_lock_acquire(&c->lock);
	w = kt_completion_sem_pop_locked(c);
	if (!w && c->done != KT_SEM_DONE_ALL)
		c->done++;
	kt_lock_release(&c->lock);
	/* *c may be gone; *w is there until it is posted. */
	if (w)
		os_sem_post(&w->sem);
}

static inline void kt_completion_sem_complete_all(struct kt_completion_sem *c,
						  struct kt_site *site)
{
	struct kt_sem_waiter *through = NULL, **end = &through, *w;

	(void)site;
	kt_lock_acquire(&c->lock);
	c->done = KT_SEM_DONE_ALL;
	while ((w = kt_completion_sem_pop_locked(c))) {
		w->next = NULL;
		*end = w;
		end = &w->next;
	}
	kt_lock_release(&c->lock);
	while ((w = through)) {
		through = w->next;	/* before the post, after which *w may be gone */
		os_sem_post(&w->sem);
	}
}

/* If the completion is done, take one and return true. */
static inline bool kt_completion_sem_take_locked(struct kt_completion_sem *c)
{
	kt_lock_assert_held(&c->lock);
	if (c->done == 0)
		return false;
	if (c->done != KT_SEM_DONE_ALL)
		c->done--;
	return true;
}

/* Take w, which is not THROUGH, off the queue, unless a completer has taken it off already. */
static inline void kt_completion_sem_unlink_locked(struct kt_completion_sem *c,
						   struct kt_sem_waiter *w)
{
	struct kt_sem_waiter **at = &c->first;

	kt_lock_assert_held(&c->lock);
	while (*at && *at != w)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = w->next;
	if (!*at)
		c->end = at;
}

/* Runs on the killing thread, after the flag of the killed thread was set. */
static inline void kt_completion_sem_interrupt(void *arg)
{
	struct kt_sem_waiter *w = arg;

	if (cmpxchg(&w->state, KT_SEM_WAITING, KT_SEM_KILLED) == KT_SEM_WAITING)
		os_sem_post(&w->sem);
}

/* Sleep until the node is no longer WAITING, and take its post, if there is one. */
static inline uint32_t kt_completion_sem_sleep(struct kt_sem_waiter *w, bool killable,
					       const uint64_t *deadline_ns, struct kt_site *site)
{
	bool posted;

	if (killable)
		os_wait_begin(kt_completion_sem_interrupt, w);
	posted = os_sem_wait_at(&w->sem, deadline_ns, site);
	if (!posted && cmpxchg(&w->state, KT_SEM_WAITING, KT_SEM_LATE) != KT_SEM_WAITING)
		os_sem_wait_at(&w->sem, NULL, site);	/* the post is on its way */
	if (killable)
		os_wait_end();
	return smp_load_acquire(&w->state);
}

static inline int kt_completion_sem_wait_for(struct kt_completion_sem *c, bool killable,
					     const uint64_t *deadline_ns, struct kt_site *site)
{
	struct kt_sem_waiter w = { .state = KT_SEM_WAITING };
	uint32_t state;
	int err = 0;

	kt_lock_acquire(&c->lock);
	if (kt_completion_sem_take_locked(c)) {
		kt_lock_release(&c->lock);
		return 0;
	}
	os_sem_init(&w.sem);
	os_object_begin(&w, sizeof w);
	*c->end = &w;
	c->end = &w.next;
	kt_lock_release(&c->lock);
	state = kt_completion_sem_sleep(&w, killable, deadline_ns, site);
	if (state != KT_SEM_THROUGH) {
		kt_lock_acquire(&c->lock);
		kt_completion_sem_unlink_locked(c, &w);
		if (!kt_completion_sem_take_locked(c))
			err = state == KT_SEM_KILLED ? -EINTR : -ETIMEDOUT;
		kt_lock_release(&c->lock);
	}
	os_sem_destroy(&w.sem);
	os_object_end(&w, sizeof w);
	return err;
}

static inline bool kt_completion_sem_try_wait(struct kt_completion_sem *c, struct kt_site *site)
{
	bool taken;

	(void)site;
	kt_lock_acquire(&c->lock);
	taken = kt_completion_sem_take_locked(c);
	kt_lock_release(&c->lock);
	return taken;
}

#endif
