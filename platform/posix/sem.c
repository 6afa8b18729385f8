/* SPDX-License-Identifier: GPL-2.0-only */
/* platform/sem.h on POSIX semaphores. */
#include "platform/sem.h"

#include <errno.h>
#include <time.h>

#include "platform/posix/internal.h"

void os_sem_init(struct os_sem *s)
{
	int err = sem_init(&s->sem, 0, 0);

	KT_ASSERT(err == 0);
}

void os_sem_destroy(struct os_sem *s)
{
	int left, err = sem_getvalue(&s->sem, &left);

	KT_ASSERT(err == 0);
	KT_ASSERT(left == 0);
	sem_destroy(&s->sem);
}

void os_sem_post_at(struct os_sem *s, struct kt_site *site)
{
	int err;

	(void)site;
	posix_delay();
	err = sem_post(&s->sem);
	KT_ASSERT(err == 0);
}

static int acquire_by(sem_t *sem, const uint64_t *deadline_ns)
{
	struct timespec ts;

	if (!deadline_ns)
		return sem_wait(sem);
	ts = posix_timespec(*deadline_ns);
	return sem_clockwait(sem, CLOCK_MONOTONIC, &ts);
}

bool os_sem_wait_at(struct os_sem *s, const uint64_t *deadline_ns, struct kt_site *why)
{
	int errno_kept = errno, err;

	(void)kt_may_sleep(why);
	posix_delay();
	posix_waits_at(why);
	do
		err = acquire_by(&s->sem, deadline_ns) == 0 ? 0 : errno;
	while (err == EINTR);
	posix_waits_at(NULL);
	errno = errno_kept;
	KT_ASSERT(err == 0 || err == ETIMEDOUT);
	return err == 0;
}
