/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pool of one worker gets a job and is then told to stop.
 *
 * Stands for: thread pools whose stop flag is atomic, "so that it needs no lock".
 * Bug: the worker has looked at the flag and is about to wait, with the lock held. The main thread
 *	sets the flag and signals without the lock. The worker then waits for a signal that has
 *	already been sent.
 * Repair: the main thread sets the flag with the lock held, so it can't do so between the
 *	worker's look and the worker's wait.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static atomic_bool stop;
static int jobs, jobs_done;

static void *worker(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	for (;;) {
		while (!jobs && !atomic_load(&stop))
			pthread_cond_wait(&changed, &lock);
		if (!jobs)
			break;
		jobs--;
		jobs_done++;
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void add_job(void)
{
	pthread_mutex_lock(&lock);
	jobs++;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

static void stop_pool(void)
{
#ifdef REPAIRED
	pthread_mutex_lock(&lock);
#endif
	atomic_store(&stop, true);
	pthread_cond_broadcast(&changed);
#ifdef REPAIRED
	pthread_mutex_unlock(&lock);
#endif
}

int main(void)
{
	pthread_t t;

	pthread_create(&t, NULL, worker, NULL);
	add_job();
	stop_pool();
	pthread_join(t, NULL);
	assert(jobs_done == 1);
	return 0;
}
