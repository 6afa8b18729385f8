/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A counting semaphore as the operating system has it: sem_t on real threads;
 * in the simulator modelled, one step to post and one to take.
 *
 *   os_sem_init(s)		0 of it; its memory is the caller's
 *   os_sem_destroy(s)		nobody waits, every post was taken
 *   os_sem_post(s)		one more; who waits, or who comes, may take it
 *   os_sem_wait(s, d)		takes one, waiting for it; with a deadline d that is
 *				not NULL false if there is none at os_now_ns() >= *d
 *
 * A post's last touch is the step that makes one more: whoever takes that may
 * free the semaphore at once (POSIX; glibc since 2.21). Who gets it is not said.
 * Kills end no wait. What was done before a post is seen by who took it, except
 * that ThreadSanitizer does not know of sem_clockwait(): publish by an atomic.
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
