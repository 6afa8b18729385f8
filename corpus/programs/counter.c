/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two threads count visits.
 *
 * Stands for: statistics, identifiers and lengths that more than one thread changes.
 * Bug: visits++ is a load and a store. If visitor 2 counts between the load and the store of
 *	visitor 1, one visit is lost.
 * Repair: a mutex makes the load and the store one step.
 */
#include <assert.h>
#include <pthread.h>

static int visits;

#ifdef REPAIRED
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void count(void)
{
	pthread_mutex_lock(&lock);
	visits++;
	pthread_mutex_unlock(&lock);
}
#else
static void count(void)
{
	visits++;
}
#endif

static void *visitor(void *unused)
{
	(void)unused;
	count();
	return NULL;
}

int main(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, visitor, NULL);
	pthread_create(&b, NULL, visitor, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(visits == 2);
	return 0;
}
