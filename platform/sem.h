/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A counting semaphore: on real threads the operating system's, sem_t; in the
 * simulator a model with one step to post and one to take.
 *
 *   os_sem_init(s)		the count is 0; *s is the caller's memory
 *   os_sem_destroy(s)		no thread waits, and all posts have been taken
 *   os_sem_post(s)		adds one; any thread may take it
 *   os_sem_wait(s, d)		takes one, and waits for it if there is none; with a
 *				deadline d that is not NULL it returns false if there
 *				is none at os_now_ns() >= *d
 *
 * os_sem_post() does not touch the semaphore after the step that adds one, so the thread
 * that takes the post may free the semaphore at once (POSIX; glibc since 2.21). It is not
 * defined which waiting thread takes a post. A kill ends no wait. The thread that takes a
 * post sees what was done before it. ThreadSanitizer does not know sem_clockwait(), so
 * publish data by an atomic, too.
 */
#ifndef PLATFORM_SEM_H
#define PLATFORM_SEM_H

#include "platform/os.h"

#if defined(KT_OS_SIM)
struct os_sem {
	uint32_t count;
};
#else
#include <semaphore.h>

struct os_sem {
	sem_t sem;
};
#endif

void os_sem_init(struct os_sem *s);
void os_sem_destroy(struct os_sem *s);
void os_sem_post_at(struct os_sem *s, struct kt_site *site);
bool os_sem_wait_at(struct os_sem *s, const uint64_t *deadline_ns, struct kt_site *why);
#define os_sem_post(s) os_sem_post_at((s), KT_SITE("post", #s))

#endif
