/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two threads look a name up with the lock held for reading, and add it if it is missing.
 *
 * Stands for: caches that change from a read lock to a write lock.
 * Bug: both threads find the name missing. Each gives up the read lock, takes the write lock and
 *	adds the name, so it is there twice.
 * Repair: a thread looks again after it has taken the write lock.
 */
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

enum { NAMES = 4, NAME = 17 };

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static int names[NAMES];
static int length;

static bool is_there(int name)
{
	for (int i = 0; i < length; i++)
		if (names[i] == name)
			return true;
	return false;
}

static void add(int name)
{
	bool there;

	pthread_rwlock_rdlock(&lock);
	there = is_there(name);
	pthread_rwlock_unlock(&lock);
	if (there)
		return;
	pthread_rwlock_wrlock(&lock);
#ifdef REPAIRED
	there = is_there(name);
#endif
	if (!there)
		names[length++] = name;
	pthread_rwlock_unlock(&lock);
}

static void *adder(void *unused)
{
	(void)unused;
	add(NAME);
	return NULL;
}

int main(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, adder, NULL);
	pthread_create(&b, NULL, adder, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(length == 1);
	return 0;
}
