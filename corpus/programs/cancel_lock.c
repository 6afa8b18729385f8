/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A consumer waits for a job, and the main thread cancels it.
 *
 * Stands for: deferred cancellation of a thread that waits on a condition.
 * Bug: a cancelled pthread_cond_wait() takes the mutex again before the consumer ends. No handler
 *	unlocks it, so the producer, and then the main thread, waits for ever.
 * Repair: the consumer pushes a clean-up handler that unlocks the mutex.
 */
#include <assert.h>
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t added = PTHREAD_COND_INITIALIZER;
static int jobs;

#ifdef REPAIRED
static void unlock(void *mutex)
{
	pthread_mutex_unlock(mutex);
}
#endif

static void *consumer(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
#ifdef REPAIRED
	pthread_cleanup_push(unlock, &lock);
#endif
	while (!jobs)
		pthread_cond_wait(&added, &lock);
	jobs--;
#ifdef REPAIRED
	pthread_cleanup_pop(1);
#else
	pthread_mutex_unlock(&lock);
#endif
	return NULL;
}

static void *producer(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	jobs++;
	pthread_cond_signal(&added);
	pthread_mutex_unlock(&lock);
	return NULL;
}

int main(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, consumer, NULL);
	pthread_create(&b, NULL, producer, NULL);
	pthread_cancel(a);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	pthread_mutex_lock(&lock);
	assert(jobs == 0 || jobs == 1);
	pthread_mutex_unlock(&lock);
	return 0;
}
