/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A detached thread does its part of a job, and says so. The main thread waits for that, frees the
 * job and returns.
 *
 * Stands for: detached threads, which still run while main() ends.
 * Bug: the worker counts its report after it has given the lock back. The main thread may have
 *	freed the job by then. After that it only returns, so the worker must run between the end of
 *	main() and the end of the process.
 * Repair: the worker counts its report while it has the lock.
 */
#include <pthread.h>
#include <stdlib.h>

struct job {
	pthread_mutex_t lock;
	pthread_cond_t done;
	int left, reports;
};

static void *work(void *arg)
{
	struct job *j = arg;

	pthread_mutex_lock(&j->lock);
	j->left--;
	pthread_cond_signal(&j->done);
#ifdef REPAIRED
	j->reports++;
#endif
	pthread_mutex_unlock(&j->lock);
#ifndef REPAIRED
	j->reports++;
#endif
	return NULL;
}

int main(void)
{
	struct job *j = calloc(1, sizeof *j);
	pthread_t t;

	if (!j)
		return 0;
	j->left = 1;
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->done, NULL);
	if (pthread_create(&t, NULL, work, j) == 0) {
		pthread_detach(t);
		pthread_mutex_lock(&j->lock);
		while (j->left)
			pthread_cond_wait(&j->done, &j->lock);
		pthread_mutex_unlock(&j->lock);
	}
	pthread_mutex_destroy(&j->lock);
	pthread_cond_destroy(&j->done);
	free(j);
	return 0;
}
