/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * See biglock.h. All fields are used under `lock`. A thread that holds `lock` does not
 * wait, does not stay in a read section, and does not run a callback. If a reader kept
 * `lock`, it would keep out other readers, while it may spin until one of them acts. It would
 * also deadlock with a thread that holds some other lock while it enters a section, if the
 * reader takes that other lock in its own section. `lock` is a leaf.
 *
 * Grace periods are numbered as they begin. A reader that enters notes the number of the
 * next period. So a section with a number up to n began before period n, and period n is
 * over when there is no such section.
 *
 * Callbacks: one thread at a time calls them (`calling`), the oldest first. That thread
 * clears `calling` in the same hold of the lock in which it finds no callback that may be
 * called. A thread that makes a callback callable later finds `calling` clear. So no callback
 * is left over.
 */
#include "platform/rcu/biglock.h"

#include "platform/lock.h"
#include "platform/rcu/thread.h"

static struct {
	kt_lock lock;

	/* lock must be held: */
	unsigned long periods;			/* begun so far */
	struct kt_rcu_reader *readers;		/* all that ever were */
	struct kt_rcu_biglock_head *first, **last;	/* queued, oldest first */
	unsigned queued;			/* callbacks that have not returned */
	bool calling;
} rcu;

void kt_rcu_biglock_begin(void)
{
	kt_lock_init(&rcu.lock, "rcu");
	rcu.periods = 0;
	rcu.readers = NULL;
	rcu.first = NULL;
	rcu.last = &rcu.first;
	rcu.queued = 0;
	rcu.calling = false;
}

unsigned kt_rcu_biglock_queued(void)
{
	return rcu.queued;
}

static bool is_over_locked(unsigned long period)
{
	for (struct kt_rcu_reader *r = rcu.readers; r; r = r->next)
		if (r->since != 0 && r->since <= period)
			return false;
	return true;
}

/* ---- callbacks ----------------------------------------------------------- */

/* Unlink the next callback that may be called. NULL: none, and `calling` is false. */
static struct kt_rcu_biglock_head *next_ready_locked(void)
{
	struct kt_rcu_biglock_head *head = rcu.first;

	/* READ_ONCE: the simulator checks that the head is still there. */
	rcu.calling = head && is_over_locked(READ_ONCE(head->period));
	if (!rcu.calling)
		return NULL;
	rcu.first = head->next;
	if (!rcu.first)
		rcu.last = &rcu.first;
	return head;
}

static void call_ready(void)
{
	struct kt_rcu_biglock_head *head;

	kt_lock_acquire(&rcu.lock);
	while (!rcu.calling && (head = next_ready_locked())) {
		kt_lock_release(&rcu.lock);
		kt_rcu_self()->in_callback = true;
		head->func(head);	/* *head may be gone */
		kt_rcu_self()->in_callback = false;
		kt_lock_acquire(&rcu.lock);
		rcu.queued--;
		rcu.calling = false;
	}
	kt_lock_release(&rcu.lock);
}

void kt_rcu_biglock_call(struct kt_rcu_biglock_head *head,
			 void (*func)(struct kt_rcu_biglock_head *head), struct kt_site *site)
{
	(void)site;
	kt_lock_acquire(&rcu.lock);
	for (struct kt_rcu_biglock_head *h = rcu.first; h; h = h->next)
		if (h == head)
			kt_fail(KT_DISCIPLINE, "call_rcu with a head that is queued already");
	head->func = func;
	head->next = NULL;
	head->period = ++rcu.periods;
	*rcu.last = head;
	rcu.last = &head->next;
	rcu.queued++;
	kt_lock_release(&rcu.lock);
	/* *head may be gone. */
	call_ready();
}

/* ---- readers ------------------------------------------------------------- */

void kt_rcu_biglock_read_lock(struct kt_site *site)
{
	struct kt_rcu_reader *r = kt_rcu_self();

	(void)site;
	if (r->depth++ > 0)
		return;
	kt_lock_acquire(&rcu.lock);
	r->since = rcu.periods + 1;
	kt_lock_release(&rcu.lock);
}

void kt_rcu_biglock_read_unlock(struct kt_site *site)
{
	struct kt_rcu_reader *r = kt_rcu_self();

	(void)site;
	kt_rcu_check_inside(r);
	if (--r->depth > 0)
		return;
	kt_lock_acquire(&rcu.lock);
	r->since = 0;
	kt_lock_release(&rcu.lock);
	call_ready();
}

/* ---- updaters ------------------------------------------------------------ */

void kt_rcu_biglock_synchronize(struct kt_site *site)
{
	unsigned long mine;

	kt_rcu_check_may_wait("synchronize_rcu()");
	kt_lock_acquire(&rcu.lock);
	mine = ++rcu.periods;
	while (!is_over_locked(mine)) {
		kt_lock_release(&rcu.lock);
		os_relax(site);
		kt_lock_acquire(&rcu.lock);
	}
	kt_lock_release(&rcu.lock);
}

/* ---- threads ------------------------------------------------------------- */

void kt_rcu_biglock_register_thread(void)
{
	struct kt_rcu_reader *r = kt_rcu_self();

	if (r->listed)
		return;
	r->listed = true;
	kt_lock_acquire(&rcu.lock);
	r->next = rcu.readers;
	rcu.readers = r;
	kt_lock_release(&rcu.lock);
}

void kt_rcu_biglock_unregister_thread(void)
{
	kt_rcu_check_end();
}
