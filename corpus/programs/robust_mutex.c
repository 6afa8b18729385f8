/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A thread dies while it holds a robust mutex, and two others go on with the data.
 *
 * Stands for: robust mutexes, which tell the next owner that the last one died.
 * Bug: the thread `heir` takes the mutex after the dead owner and unlocks it without
 *	pthread_mutex_consistent(). The main thread then never gets the mutex again.
 * Repair: the heir puts the data in order and says so.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>

static pthread_mutex_t lock;
static int entries;

static void take(void)
{
	int error = pthread_mutex_lock(&lock);

	if (error == EOWNERDEAD) {
#ifdef REPAIRED
		pthread_mutex_consistent(&lock);
#endif
		error = 0;
	}
	assert(error == 0);
}

static void *dier(void *unused)
{
	(void)unused;
	take();
	entries++;
	pthread_exit(NULL); /* stands for a crash: the mutex stays locked */
}

static void *heir(void *unused)
{
	(void)unused;
	take();
	entries++;
	pthread_mutex_unlock(&lock);
	return NULL;
}

int main(void)
{
	pthread_mutexattr_t robust;
	pthread_t a, b;

	pthread_mutexattr_init(&robust);
	pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&lock, &robust);
	pthread_create(&a, NULL, dier, NULL);
	pthread_create(&b, NULL, heir, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	take();
	assert(entries == 2);
	pthread_mutex_unlock(&lock);
	return 0;
}
