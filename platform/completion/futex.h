/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A completion in one 64-bit word, whose waiters sleep by futex. It uses only
 * platform/atomic.h and os_futex_wait(), so it works on every OS and the simulator explores
 * its inside.
 *
 *	bits  0..15	done: waits that will not sleep; DONE_ALL: none ever will
 *	bits 16..31	waiters: threads that sleep or are about to
 *	bits 32..63	events: completions and kills so far, modulo 2^32
 *
 * The high half, `events`, is the futex word: a waiter that found done == 0 and was not
 * killed sleeps as long as no event has come since it looked.
 *
 * No wake-up is lost. complete() counts an event with the same atomic step
 * that raises done, and learns from that step whether any thread waits; a waiter is
 * counted in `waiters` before it looks, and the kernel compares `events` again
 * before it puts the waiter to sleep. A kill first sets the flag of the killed thread and
 * then counts an event: a waiter that saw the old count does not fall asleep, and a waiter
 * that saw the new count finds that it is killed. Events are never taken back. Suppose that a
 * killed waiter took back the event of its own kill, while another waiter that is being
 * killed is between its look and its sleep. The two changes of the count could cancel out,
 * and the other waiter would sleep for ever. The count is at the top of the word, so that it
 * wraps without a carry into its neighbours; we assume that 2^32 events between a look and a
 * sleep are impossible.
 *
 * The on-stack rule: the compare-and-exchange that raises done is the last access of
 * complete() to *c. What follows is FUTEX_WAKE on the address, which for a private
 * futex is only a number to the kernel. If the frame is gone by then, the kernel touches
 * nothing. At worst it wakes a sleeper on a new futex at that address for no reason. Every
 * user of a futex must allow for that.
 *
 * A thread that comes after complete() and before a waiter has woken up may take that
 * waiter's place. So the order is not defined, but the count is exact. At most DONE_ALL - 1
 * completions can be outstanding, and 65535 threads can wait.
 */
#ifndef PLATFORM_COMPLETION_FUTEX_H
#define PLATFORM_COMPLETION_FUTEX_H

#include <errno.h>

#include "platform/atomic.h"
#include "platform/os.h"

#define kt_completion_futex_is_fifo 0

#define KT_FUTEX_DONE_ALL  0xffffull
#define KT_FUTEX_WAITER    (1ull << 16)
#define KT_FUTEX_EVENT     (1ull << 32)

struct kt_completion_futex {
	/* atomic: */
	uint64_t word;
};

static inline uint64_t kt_completion_futex_done(uint64_t word)
{
	return word & KT_FUTEX_DONE_ALL;
}

static inline bool kt_completion_futex_has_waiters(uint64_t word)
{
	return (uint32_t)word / KT_FUTEX_WAITER != 0;
}

/* The futex word: the high half, wherever the processor keeps it. */
static inline uint32_t *kt_completion_futex_events(struct kt_completion_futex *c)
{
	return (uint32_t *)(void *)&c->word + (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
}

static inline void kt_completion_futex_init(struct kt_completion_futex *c)
{
	__atomic_store_n(&c->word, 0, __ATOMIC_RELAXED);
	os_object_begin(c, sizeof *c);
}

static inline void kt_completion_futex_destroy(struct kt_completion_futex *c)
{
	/* no thread waits, or is about to leave a wait */
	KT_ASSERT(!kt_completion_futex_has_waiters(READ_ONCE(c->word)));
	os_object_end(c, sizeof *c);
}

/* Set done to DONE_ALL, or add one; then wake all or one. */
static inline void kt_completion_futex_raise(struct kt_completion_futex *c, bool all)
{
	uint32_t *events = kt_completion_futex_events(c);
	uint64_t old, new, seen = READ_ONCE(c->word);

	os_delay();
	do {
		old = seen;
		if (kt_completion_futex_done(old) == KT_FUTEX_DONE_ALL)
			return;
		new = (all ? old | KT_FUTEX_DONE_ALL : old + 1) + KT_FUTEX_EVENT;
		KT_ASSERT(all || kt_completion_futex_done(new) != KT_FUTEX_DONE_ALL);
		seen = cmpxchg(&c->word, old, new);
	} while (seen != old);
	/* *c may be gone: from here on only its address is used. */
	if (kt_completion_futex_has_waiters(old))
		os_futex_wake(events, all ? OS_FUTEX_ALL : 1);
}

static inline void kt_completion_futex_complete(struct kt_completion_futex *c,
						struct kt_site *site)
{
	(void)site;
	kt_completion_futex_raise(c, false);
}

static inline void kt_completion_futex_complete_all(struct kt_completion_futex *c,
						    struct kt_site *site)
{
	(void)site;
	kt_completion_futex_raise(c, true);
}

/*
 * If the completion is done, take one, and subtract `leave` from the word in the same step.
 * The exchange is fully ordered, so the caller sees what was done before complete().
 */
static inline bool kt_completion_futex_take(struct kt_completion_futex *c, uint64_t leave)
{
	uint64_t old, seen = READ_ONCE(c->word);

	do {
		uint64_t done = kt_completion_futex_done(seen);

		if (done == 0)
			return false;
		old = seen;
		seen = cmpxchg(&c->word, old, old - leave - (done != KT_FUTEX_DONE_ALL));
	} while (seen != old);
	return true;
}

/*
 * Stop being a waiter. Returns 0 if the completion is done by now, because done wins over a
 * kill and over the deadline; else returns err.
 */
static inline int kt_completion_futex_give_up(struct kt_completion_futex *c, int err)
{
	os_delay();
	for (;;) {
		uint64_t old = READ_ONCE(c->word);

		if (kt_completion_futex_done(old)) {
			if (kt_completion_futex_take(c, KT_FUTEX_WAITER))
				return 0;
		} else if (cmpxchg(&c->word, old, old - KT_FUTEX_WAITER) == old) {
			return err;
		}
	}
}

/* The caller is counted in `waiters`; after the return it is not. */
static inline int kt_completion_futex_sleep(struct kt_completion_futex *c, bool killable,
					    const uint64_t *deadline_ns,
					    struct kt_site *site)
{
	bool in_time = true;

	for (;;) {
		/* Read this before the test for a kill: see "No wake-up is lost". */
		uint64_t seen = smp_load_acquire(&c->word);

		if (kt_completion_futex_done(seen)) {
			if (kt_completion_futex_take(c, KT_FUTEX_WAITER))
				return 0;
			continue;
		}
		if (killable && os_is_killed(os_self()))
			return kt_completion_futex_give_up(c, -EINTR);
		if (!in_time)
			return kt_completion_futex_give_up(c, -ETIMEDOUT);
		in_time = os_futex_wait_at(kt_completion_futex_events(c),
					   (uint32_t)(seen / KT_FUTEX_EVENT), deadline_ns, site);
	}
}

/* Runs on the killing thread, after the flag of the killed thread was set. */
static inline void kt_completion_futex_interrupt(void *arg)
{
	struct kt_completion_futex *c = arg;

	fetch_add(&c->word, KT_FUTEX_EVENT);
	/* Wake all waiters, because the kernel does not know which of them was killed. */
	os_futex_wake(kt_completion_futex_events(c), OS_FUTEX_ALL);
}

static inline int kt_completion_futex_wait_for(struct kt_completion_futex *c, bool killable,
					       const uint64_t *deadline_ns, struct kt_site *site)
{
	int err;

	if (kt_completion_futex_take(c, 0))
		return 0;
	fetch_add(&c->word, KT_FUTEX_WAITER);
	if (killable)
		os_wait_begin(kt_completion_futex_interrupt, c);
	err = kt_completion_futex_sleep(c, killable, deadline_ns, site);
	if (killable)
		os_wait_end();
	return err;
}

static inline bool kt_completion_futex_try_wait(struct kt_completion_futex *c,
						struct kt_site *site)
{
	(void)site;
	return kt_completion_futex_take(c, 0);
}

#endif
