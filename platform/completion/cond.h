/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A completion on pthread_mutex_t and pthread_cond_t. Real threads only.
 *
 * The on-stack rule: complete() signals while it holds the mutex, and a waiter
 * tests `done` with the mutex held. So when a waiter finds it done, the completer no longer
 * uses the condition variable. The completer's unlock of the mutex may not have returned
 * yet. But the waiter has had the mutex since, and then POSIX lets the waiter destroy and
 * free it. A signal after the unlock would break the rule, and no sanitizer would see that,
 * because sanitizers don't look into the C library. So tests with this back end never show
 * that code breaks the rule; tests with `park` and `futex` do.
 *
 * No wake-up is lost: `done` changes under the mutex, which a waiter gives up
 * only when it goes to sleep. A kill first sets the killed thread's flag and then takes the
 * mutex, and a killable waiter tests the flag under the mutex.
 *
 * Lock order: os_thread.wait_lock, then the mutex. A kill holds the first one, so
 * os_wait_begin() and os_wait_end() are called without the mutex.
 *
 * The operating system chooses which of several waiters goes through.
 */
#ifndef PLATFORM_COMPLETION_COND_H
#define PLATFORM_COMPLETION_COND_H

#if !defined(KT_OS_POSIX)
#error "the completion 'cond' works on real threads only"
#endif

#include <errno.h>
#include <time.h>

#include "platform/os.h"

#define kt_completion_cond_is_fifo 0

#define KT_COND_ALL UINT32_MAX	/* done: complete_all() was called */

struct kt_completion_cond {
	pthread_mutex_t mutex;
	pthread_cond_t cond;

	/* mutex must be held: */
	uint32_t done;		/* waits that will not sleep */
};

static inline void kt_completion_cond_init(struct kt_completion_cond *c)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&c->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);	/* as os_now_ns() */
	pthread_cond_init(&c->cond, &attr);
	pthread_condattr_destroy(&attr);
	c->done = 0;
	os_object_begin(c, sizeof *c);
}

static inline void kt_completion_cond_destroy(struct kt_completion_cond *c)
{
	pthread_cond_destroy(&c->cond);
	pthread_mutex_destroy(&c->mutex);
	os_object_end(c, sizeof *c);
}

static inline void kt_completion_cond_complete(struct kt_completion_cond *c, struct kt_site *site)
{
	(void)site;
	pthread_mutex_lock(&c->mutex);
	if (c->done != KT_COND_ALL)
		c->done++;
	posix_delay();
	pthread_cond_signal(&c->cond);
	pthread_mutex_unlock(&c->mutex);
}

static inline void kt_completion_cond_complete_all(struct kt_completion_cond *c,
						   struct kt_site *site)
{
	(void)site;
	pthread_mutex_lock(&c->mutex);
	c->done = KT_COND_ALL;
	posix_delay();
	pthread_cond_broadcast(&c->cond);
	pthread_mutex_unlock(&c->mutex);
}

static inline bool kt_completion_cond_take_locked(struct kt_completion_cond *c)
{
	if (c->done == 0)
		return false;
	if (c->done != KT_COND_ALL)
		c->done--;
	return true;
}

/* Runs on the killing thread, after the flag of the killed thread was set. */
static inline void kt_completion_cond_interrupt(void *arg)
{
	struct kt_completion_cond *c = arg;

	pthread_mutex_lock(&c->mutex);
	pthread_cond_broadcast(&c->cond);
	pthread_mutex_unlock(&c->mutex);
}

/*
 * Sleep until a signal or the deadline; at the deadline return ETIMEDOUT. The mutex is not
 * held during the sleep.
 */
static inline int kt_completion_cond_sleep_once(struct kt_completion_cond *c,
						const uint64_t *deadline_ns)
{
	struct timespec deadline;

	if (!deadline_ns)
		return pthread_cond_wait(&c->cond, &c->mutex);
	deadline.tv_sec = (time_t)(*deadline_ns / 1000000000u);
	deadline.tv_nsec = (long)(*deadline_ns % 1000000000u);
	return pthread_cond_timedwait(&c->cond, &c->mutex, &deadline);
}

/* The caller holds the mutex, before and after the call. */
static inline int kt_completion_cond_sleep_locked(struct kt_completion_cond *c, bool killable,
						  const uint64_t *deadline_ns)
{
	int err = 0;

	for (;;) {
		/* Test this first: done wins over a kill and over the deadline. */
		if (kt_completion_cond_take_locked(c))
			return 0;
		if (killable && os_is_killed(os_self()))
			return -EINTR;
		if (err == ETIMEDOUT)
			return -ETIMEDOUT;
		posix_delay();
		err = kt_completion_cond_sleep_once(c, deadline_ns);
	}
}

static inline int kt_completion_cond_wait_for(struct kt_completion_cond *c, bool killable,
					      const uint64_t *deadline_ns, struct kt_site *site)
{
	int err;

	if (killable)
		os_wait_begin(kt_completion_cond_interrupt, c);
	posix_waits_at(site);
	pthread_mutex_lock(&c->mutex);
	err = kt_completion_cond_sleep_locked(c, killable, deadline_ns);
	pthread_mutex_unlock(&c->mutex);
	posix_waits_at(NULL);
	if (killable)
		os_wait_end();
	return err;
}

static inline bool kt_completion_cond_try_wait(struct kt_completion_cond *c, struct kt_site *site)
{
	bool taken;

	(void)site;
	pthread_mutex_lock(&c->mutex);
	taken = kt_completion_cond_take_locked(c);
	pthread_mutex_unlock(&c->mutex);
	return taken;
}

#endif
