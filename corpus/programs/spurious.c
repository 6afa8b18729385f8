/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The main thread waits until a worker has computed a result.
 *
 * Stands for: `if` in the place of `while` around a wait.
 * Bug: the wait of the main thread ends although the worker has not signalled. POSIX allows this.
 *	The main thread takes a result that is not there.
 * Repair: the main thread looks again after each wait.
 */
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t computed = PTHREAD_COND_INITIALIZER;
static bool ready;
static int result;

static void *worker(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	result = 42;
	ready = true;
	pthread_cond_signal(&computed);
	pthread_mutex_unlock(&lock);
	return NULL;
}

int main(void)
{
	pthread_t t;

	pthread_create(&t, NULL, worker, NULL);
	pthread_mutex_lock(&lock);
#ifdef REPAIRED
	while (!ready)
#else
	if (!ready)
#endif
		pthread_cond_wait(&computed, &lock);
	assert(result == 42);
	pthread_mutex_unlock(&lock);
	pthread_join(t, NULL);
	return 0;
}
