/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A worker sleeps while there is no work, and says so, because a wake-up is expensive.
 *
 * Stands for: event loops, daemons and parkers with a flag "I am asleep".
 * Bug: the worker finds no work. Then the main thread adds work and sees that the worker is awake,
 *	so the main thread wakes nobody. Then the worker says that it sleeps, and sleeps with work
 *	waiting.
 * Repair: the worker says that it sleeps before it looks for work.
 */
#include <assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

static atomic_int work;
static atomic_bool asleep;
static sem_t wake;

static void wait_for_work(void)
{
#ifdef REPAIRED
	atomic_store(&asleep, true);
	if (atomic_load(&work)) {
		/* If the main thread has taken the flag away, it also wakes: use that up. */
		if (!atomic_exchange(&asleep, false))
			sem_wait(&wake);
		return;
	}
#else
	if (atomic_load(&work))
		return;
	atomic_store(&asleep, true);
#endif
	sem_wait(&wake);
}

static void *worker(void *unused)
{
	(void)unused;
	wait_for_work();
	assert(atomic_fetch_sub(&work, 1) == 1);
	return NULL;
}

static void add_work(void)
{
	atomic_fetch_add(&work, 1);
	if (atomic_exchange(&asleep, false))
		sem_post(&wake);
}

int main(void)
{
	pthread_t t;

	sem_init(&wake, 0, 0);
	pthread_create(&t, NULL, worker, NULL);
	add_work();
	pthread_join(t, NULL);
	return 0;
}
