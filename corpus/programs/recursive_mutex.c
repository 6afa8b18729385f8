/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A function with the lock held calls another one that takes the same recursive mutex and waits on
 * a condition.
 *
 * Stands for: recursive mutexes "so that we need not think which function locks".
 * Bug: pthread_cond_wait() unlocks the mutex once, but the main thread holds it twice. So the
 *	thread `filler` never gets the mutex, unless it had it before the main thread.
 * Repair: the inner function has a variant that expects the lock to be held, so the main thread
 *	holds it once.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool filled;
static int drunk;

static void wait_until_filled(void)
{
#ifndef REPAIRED
	pthread_mutex_lock(&lock);
#endif
	while (!filled)
		pthread_cond_wait(&changed, &lock);
#ifndef REPAIRED
	pthread_mutex_unlock(&lock);
#endif
}

static void drink(void)
{
	pthread_mutex_lock(&lock);
	wait_until_filled();
	filled = false;
	drunk++;
	pthread_mutex_unlock(&lock);
}

static void *filler(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	filled = true;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
	return NULL;
}

int main(void)
{
	pthread_t t;

	pthread_create(&t, NULL, filler, NULL);
	drink();
	pthread_join(t, NULL);
	assert(drunk == 1);
	return 0;
}
