/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The main thread waits for a worker in a loop that never yields.
 *
 * Stands for: busy waiting, which is legal, and which tools that choose the schedule must survive.
 * Bug: the main thread holds the lock while it spins. If the worker has not had the lock before,
 *	the worker can never set the flag, and the main thread spins for ever.
 * Repair: the main thread spins first and takes the lock then. It still never yields.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool ready;
static int result;

static void *worker(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	result = 42;
	atomic_store(&ready, true);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void spin(void)
{
	while (!atomic_load(&ready))
		;
}

int main(void)
{
	pthread_t t;

	pthread_create(&t, NULL, worker, NULL);
#ifdef REPAIRED
	spin();
	pthread_mutex_lock(&lock);
#else
	pthread_mutex_lock(&lock);
	spin();
#endif
	assert(result == 42);
	pthread_mutex_unlock(&lock);
	pthread_join(t, NULL);
	return 0;
}
