/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A completion that is an eventfd: a count in the kernel. Real threads only.
 *
 * complete() adds one to the count, a wait takes one (EFD_SEMAPHORE); nothing
 * else is stored anywhere. complete_all() adds ALL, more than all waits will ever take.
 * After that the kernel refuses an addition that would overflow. No wait needs that
 * addition.
 *
 * No wake-up is lost: poll() reports a state (the count is not 0), not an event. A killable
 * waiter also polls a second eventfd of its own, whose descriptor is on its stack. A kill
 * first sets the flag of the killed thread and then makes that eventfd readable. Done wins:
 * the waiter tries the count before it looks at the flag and at the clock.
 *
 * The on-stack rule: the last touch of *c by complete() is to read the descriptor, and
 * only the write() after it lets the waiter through. The waiter may then destroy *c, and so
 * close the descriptor. That write may still be on its way out of the kernel; the kernel then
 * has a reference to the file. complete() does not use the descriptor again.
 *
 * When descriptors run out, init and a killable wait that has to sleep call kt_fail(),
 * because neither function can return such an error.
 *
 * The operating system chooses which of several waiters goes through.
 */
#ifndef PLATFORM_COMPLETION_EVENTFD_H
#define PLATFORM_COMPLETION_EVENTFD_H

#if !defined(KT_OS_POSIX)
#error "the completion 'eventfd' works on real threads only"
#endif

#include <errno.h>
#include <string.h>

#include "platform/os.h"

#define kt_completion_eventfd_is_fifo 0

#define KT_EVENTFD_ALL (1ull << 62)

struct kt_completion_eventfd {
	int fd;		/* written once */
};

static inline int kt_completion_eventfd_open(const char *what)
{
	int fd = posix_eventfd_open();

	if (fd < 0)
		kt_fail(KT_ASSERTION, "no eventfd for %s: %s", what, strerror(-fd));
	return fd;
}

static inline void kt_completion_eventfd_init(struct kt_completion_eventfd *c)
{
	c->fd = kt_completion_eventfd_open("a completion");
	os_object_begin(c, sizeof *c);
}

static inline void kt_completion_eventfd_destroy(struct kt_completion_eventfd *c)
{
	posix_eventfd_close(c->fd);
	c->fd = -1;	/* a late complete() must not write to another file */
	os_object_end(c, sizeof *c);
}

static inline void kt_completion_eventfd_complete(struct kt_completion_eventfd *c,
						  struct kt_site *site)
{
	(void)site;
	posix_eventfd_add(c->fd, 1);
}

static inline void kt_completion_eventfd_complete_all(struct kt_completion_eventfd *c,
						      struct kt_site *site)
{
	(void)site;
	posix_eventfd_add(c->fd, KT_EVENTFD_ALL);
}

/* `killed`: the file that a kill makes readable, or -1. */
static inline int kt_completion_eventfd_sleep(struct kt_completion_eventfd *c, int killed,
					      const uint64_t *deadline_ns)
{
	for (;;) {
		/*
		 * Read the clock before the count: a completion that came before the
		 * deadline wins.
		 */
		bool in_time = !deadline_ns || os_now_ns() < *deadline_ns;

		if (posix_eventfd_take(c->fd))
			return 0;
		if (killed >= 0 && os_is_killed(os_self()))
			return -EINTR;
		if (!in_time)
			return -ETIMEDOUT;
		posix_eventfd_poll(c->fd, killed, deadline_ns);
	}
}

/* Runs on the killing thread, after the flag of the killed thread was set. */
static inline void kt_completion_eventfd_interrupt(void *arg)
{
	posix_eventfd_add(*(const int *)arg, 1);
}

static inline int kt_completion_eventfd_wait_for(struct kt_completion_eventfd *c, bool killable,
						 const uint64_t *deadline_ns,
						 struct kt_site *site)
{
	int killed = -1, err;

	if (posix_eventfd_take(c->fd))
		return 0;
	if (killable) {
		killed = kt_completion_eventfd_open("a killable wait");
		os_wait_begin(kt_completion_eventfd_interrupt, &killed);
	}
	posix_waits_at(site);
	err = kt_completion_eventfd_sleep(c, killed, deadline_ns);
	posix_waits_at(NULL);
	if (killable) {
		os_wait_end();		/* no kill writes to it after this */
		posix_eventfd_close(killed);
	}
	return err;
}

static inline bool kt_completion_eventfd_try_wait(struct kt_completion_eventfd *c,
						  struct kt_site *site)
{
	(void)site;
	return posix_eventfd_take(c->fd);
}

#endif
