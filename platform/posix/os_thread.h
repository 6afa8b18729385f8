/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The real threads' struct os_thread, and what the back ends that exist only
 * on real threads share: futex calls and a thread's identity.
 *
 * A thread has two parts. struct os_thread is the caller's memory and may be
 * gone as soon as the thread's fn has freed it. struct posix_thread is the platform's
 * own record of a thread. A record is never freed, only used again, so reports may read it
 * at any time. It identifies the thread even after the os_thread is gone. By then the
 * allocator may have given the os_thread's address to another thread.
 */
#ifndef PLATFORM_POSIX_OS_THREAD_H
#define PLATFORM_POSIX_OS_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/point.h"
#include "platform/rcu/reader.h"

struct posix_thread;
typedef struct posix_thread os_sleeper;

struct os_thread {
	/* written once before the thread starts: */
	char      name[64];		/* OS_NAME_MAX */
	pthread_t pthread;		/* of a detached thread: valid only while it surely runs */

	/*
	 * Futex word. EMPTY: no permit, awake. PERMIT: granted, not taken.
	 * PARKED: the thread sleeps or is about to; the thread that grants the permit must
	 * wake it.
	 */
	uint32_t permit;

	bool killed;			/* atomic; set with wait_lock held */

	/* held while interrupt() runs, so that interrupt() ends before os_wait_end() */
	pthread_mutex_t wait_lock;
	void (*interrupt)(void *arg);	/* NULL: no such wait, or interrupt() was called */
	void *interrupt_arg;
};

/*
 * The calling thread's record, which identifies the thread while it runs. NULL if the
 * thread is unknown.
 */
struct posix_thread *posix_self(void);

/* For reports: the calling thread waits at `site` and not by parking. NULL: it runs again. */
void posix_waits_at(struct kt_site *site);

/* os_futex_wait_at(), os_futex_wake_at() (platform/os.h) without report and delay. */
bool posix_futex_wait(const uint32_t *word, uint32_t expected, const uint64_t *deadline_ns);
void posix_futex_wake(const uint32_t *word, int count);

/*
 * An eventfd is a count in the kernel. open() makes one that is 0, or returns -errno.
 * add() does nothing if the count would overflow; it takes the descriptor, because a
 * thread that it lets through may close the file. take() takes one, if there is one.
 * poll() waits until one of two files (-1: none) is not 0, or until the deadline; it may
 * return for no reason.
 */
int posix_eventfd_open(void);
void posix_eventfd_close(int fd);
void posix_eventfd_add(int fd, uint64_t n);
bool posix_eventfd_take(int fd);
void posix_eventfd_poll(int fd, int other, const uint64_t *deadline_ns);

/* Lose some time now and then, if the driver asked for delays. */
void posix_delay(void);

#define os_sleeper_self()           posix_self()
#define os_delay()                  posix_delay()
#define os_object_begin(addr, size) ((void)(addr), (void)(size))
#define os_object_end(addr, size)   ((void)(addr), (void)(size))

#endif
