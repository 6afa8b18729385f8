/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A completion that is an eventfd: a count in the kernel. Real threads only.
 *
 * complete() adds one to the count, a wait takes one (EFD_SEMAPHORE); nothing
 * else is stored anywhere. complete_all() adds ALL, more than anybody will ever
 * take; what overflows after that is refused by the kernel and not missed.
 *
 * No wake-up is lost: poll() tells of a count that is not 0, not of an event. A
 * killable waiter polls a second eventfd, its own and on its stack, that a kill
 * makes readable after the flag of the killed thread is set. Done wins: the
 * count is tried before the flag and the clock are looked at.
 *
 * The on-stack rule: complete() reads the descriptor, its last touch of *c, and
 * only the write() lets the waiter through. The waiter may then destroy *c, and
 * so close the descriptor while that write is still on its way out of the
 * kernel, which holds the file by a reference. The number is not used again.
 *
 * Descriptors run out: then init, or a killable wait that has to sleep, is a
 * failure that says so, for neither can tell its caller.
 *
 * Who of several waiters is let through is the operating system's choice.
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
	c->fd = -1;	/* a late complete() must not hit somebody else's file */
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
		/* The clock first: a completion that came before it passed wins. */
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

/* On the killing thread, after the flag of the killed one was set. */
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
		os_wait_end();		/* then nobody writes to it */
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
