/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A worker ends its session under the session's mutex. The main thread waits for the end and frees
 * the session.
 *
 * Stands for: an object whose own lock guards its end.
 * Bug: the main thread sees `ended` while the worker still holds the mutex. The main thread
 *	destroys the mutex and frees the session, and the worker then unlocks the mutex.
 * Repair: the main thread joins the worker before it frees the session.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

struct session {
	pthread_mutex_t lock;
	atomic_bool ended;
};

static void *worker(void *arg)
{
	struct session *s = arg;

	pthread_mutex_lock(&s->lock);
	atomic_store(&s->ended, true);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

int main(void)
{
	struct session *s = calloc(1, sizeof(*s));
	pthread_t t;

	pthread_mutex_init(&s->lock, NULL);
	pthread_create(&t, NULL, worker, s);
#ifdef REPAIRED
	pthread_join(t, NULL);
#else
	while (!atomic_load(&s->ended))
		sched_yield();
#endif
	pthread_mutex_destroy(&s->lock);
	free(s);
#ifndef REPAIRED
	pthread_join(t, NULL);
#endif
	return 0;
}
