/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The main thread starts a worker and joins it at the end, if the worker has started.
 *
 * Stands for: threads that are forgotten at shutdown.
 * Bug: the worker itself says that it has started. If it has not run yet, the main thread thinks
 *	that there is no thread to join, and the program ends without its work.
 * Repair: the main thread joins the thread that it has created, whether it has run or not.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static atomic_bool started;
static int work_done;

static void *worker(void *unused)
{
	(void)unused;
	atomic_store(&started, true);
	work_done++;
	return NULL;
}

int main(void)
{
	pthread_t t;

	pthread_create(&t, NULL, worker, NULL);
#ifndef REPAIRED
	if (!atomic_load(&started))
		return 0;
#endif
	pthread_join(t, NULL);
	return 0;
}
