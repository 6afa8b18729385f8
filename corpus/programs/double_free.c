/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two threads that end each clean up the buffer that they shared.
 *
 * Stands for: teardown that any of several threads may do.
 * Bug: both threads see in clean_up() that the buffer is there, and both free it.
 * Repair: a thread takes the pointer away by an exchange and frees what it got.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static _Atomic(char *) buffer;

static void clean_up(void)
{
#ifdef REPAIRED
	free(atomic_exchange(&buffer, NULL));
#else
	if (atomic_load(&buffer)) {
		free(atomic_load(&buffer));
		atomic_store(&buffer, NULL);
	}
#endif
}

static void *worker(void *unused)
{
	(void)unused;
	clean_up();
	return NULL;
}

int main(void)
{
	pthread_t a, b;

	atomic_store(&buffer, malloc(64));
	pthread_create(&a, NULL, worker, NULL);
	pthread_create(&b, NULL, worker, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	return 0;
}
