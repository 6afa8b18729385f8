/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A driver is stopped while a request is on its way into it.
 *
 * Stands for: a check, then a count of the users, and a teardown that waits for the count.
 * Bug: in enter(), the thread `client` has checked that the driver is not stopping, but has not
 *	counted itself yet. The main thread begins to stop the driver, finds no other user, and
 *	stops it. The client then works with a driver that is stopped.
 * Repair: the client counts itself first, and checks then.
 */
#include <assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

static atomic_bool stopping, stopped;
static atomic_int users = 1; /* the driver itself is the first user */
static sem_t idle;

static void leave(void)
{
	if (atomic_fetch_sub(&users, 1) == 1)
		sem_post(&idle);
}

static bool enter(void)
{
#ifdef REPAIRED
	atomic_fetch_add(&users, 1);
	if (atomic_load(&stopping)) {
		leave();
		return false;
	}
#else
	if (atomic_load(&stopping))
		return false;
	atomic_fetch_add(&users, 1);
#endif
	return true;
}

static void *client(void *unused)
{
	(void)unused;
	if (enter()) {
		assert(!atomic_load(&stopped));
		leave();
	}
	return NULL;
}

static void stop(void)
{
	atomic_store(&stopping, true);
	leave();
	sem_wait(&idle);
	atomic_store(&stopped, true);
}

int main(void)
{
	pthread_t t;

	sem_init(&idle, 0, 0);
	pthread_create(&t, NULL, client, NULL);
	stop();
	pthread_join(t, NULL);
	return 0;
}
