/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The main thread waits for a result at a gate that a worker opens.
 *
 * Stands for: a mutex used as a signal.
 * Bug: the main thread locks the mutex twice, and the worker unlocks it in between. Only the
 *	thread that has locked a mutex may unlock it. glibc lets it pass, other systems do not.
 *	If the worker is late, the main thread waits for a mutex that it holds itself.
 * Repair: a semaphore, which any thread may post.
 */
#include <assert.h>
#include <pthread.h>
#include <semaphore.h>

static int result;

#ifdef REPAIRED
static sem_t gate;

static void close_gate(void)
{
	sem_init(&gate, 0, 0);
}

static void open_gate(void)
{
	sem_post(&gate);
}

static void wait_at_gate(void)
{
	sem_wait(&gate);
}
#else
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void close_gate(void)
{
	pthread_mutex_lock(&gate);
}

static void open_gate(void)
{
	pthread_mutex_unlock(&gate);
}

static void wait_at_gate(void)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
}
#endif

static void *worker(void *unused)
{
	(void)unused;
	result = 42;
	open_gate();
	return NULL;
}

int main(void)
{
	pthread_t t;

	close_gate();
	pthread_create(&t, NULL, worker, NULL);
	wait_at_gate();
	assert(result == 42);
	pthread_join(t, NULL);
	return 0;
}
