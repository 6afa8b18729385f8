/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The main thread starts two workers and waits until both have reported.
 *
 * Stands for: threads that "always" start.
 * Bug: pthread_create() fails for a worker. The main thread waits in main() for two reports, and
 *	only one worker can report.
 * Repair: the main thread does the work of a worker that did not start.
 */
#include <pthread.h>

enum { WORKERS = 2 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t reported = PTHREAD_COND_INITIALIZER;
static int reports;

static void *worker(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	reports++;
	pthread_cond_signal(&reported);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void start_worker(void)
{
	pthread_attr_t detached;
	pthread_t t;
	int error;

	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&t, &detached, worker, NULL);
	pthread_attr_destroy(&detached);
#ifdef REPAIRED
	if (error)
		worker(NULL);
#else
	(void)error;
#endif
}

int main(void)
{
	for (int i = 0; i < WORKERS; i++)
		start_worker();
	pthread_mutex_lock(&lock);
	while (reports < WORKERS)
		pthread_cond_wait(&reported, &lock);
	pthread_mutex_unlock(&lock);
	return 0;
}
