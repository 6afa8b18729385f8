/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two threads hold a read-write lock for reading, and both turn it into one for writing.
 *
 * Stands for: upgradable locks.
 * Bug: in upgrade(), each thread waits until it is the only reader, and keeps its own place as a
 *	reader. So both wait for each other.
 * Repair: a thread may wait to upgrade only if no other does. The other one gives up its place
 *	and takes the lock for writing from the beginning.
 */
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int readers;
static bool writing, upgrading;

static int total;

static void read_lock(void)
{
	pthread_mutex_lock(&guard);
	while (writing || upgrading)
		pthread_cond_wait(&changed, &guard);
	readers++;
	pthread_mutex_unlock(&guard);
}

static void write_unlock(void)
{
	pthread_mutex_lock(&guard);
	writing = false;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&guard);
}

#ifdef REPAIRED
static void upgrade(void)
{
	pthread_mutex_lock(&guard);
	if (upgrading) {
		readers--;
		pthread_cond_broadcast(&changed);
		while (readers || writing || upgrading)
			pthread_cond_wait(&changed, &guard);
	} else {
		upgrading = true;
		while (readers > 1)
			pthread_cond_wait(&changed, &guard);
		upgrading = false;
		readers--;
	}
	writing = true;
	pthread_mutex_unlock(&guard);
}
#else
static void upgrade(void)
{
	pthread_mutex_lock(&guard);
	while (readers > 1)
		pthread_cond_wait(&changed, &guard);
	readers--;
	writing = true;
	pthread_mutex_unlock(&guard);
}
#endif

static void *adder(void *unused)
{
	(void)unused;
	read_lock();
	if (total < 2) {
		upgrade();
		total++;
		write_unlock();
	}
	return NULL;
}

int main(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, adder, NULL);
	pthread_create(&b, NULL, adder, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(total == 2);
	return 0;
}
