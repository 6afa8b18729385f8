/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A thread takes an object from a cache and counts itself as a user. The main thread empties the
 * cache meanwhile.
 *
 * Stands for: reference counts that are atomic, while the pointer to the object is found without
 *	a lock.
 * Bug: the thread `user` has loaded the pointer in get() and has not raised the count yet. The
 *	main thread drops the last reference and frees the object. The user then raises a count in
 *	freed memory.
 * Repair: a mutex makes loading the pointer and raising the count one step.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct object {
	atomic_int users;
	int value;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(struct object *) cached;

static void lock_cache(void)
{
#ifdef REPAIRED
	pthread_mutex_lock(&lock);
#endif
}

static void unlock_cache(void)
{
#ifdef REPAIRED
	pthread_mutex_unlock(&lock);
#endif
}

static struct object *get(void)
{
	struct object *o;

	lock_cache();
	o = atomic_load(&cached);
	if (o)
		atomic_fetch_add(&o->users, 1);
	unlock_cache();
	return o;
}

static void put(struct object *o)
{
	if (atomic_fetch_sub(&o->users, 1) == 1)
		free(o);
}

static void *user(void *unused)
{
	struct object *o = get();

	(void)unused;
	if (o) {
		assert(o->value == 5);
		put(o);
	}
	return NULL;
}

int main(void)
{
	struct object *o = malloc(sizeof(*o));
	pthread_t t;

	atomic_init(&o->users, 1);
	o->value = 5;
	atomic_store(&cached, o);
	pthread_create(&t, NULL, user, NULL);
	lock_cache();
	o = atomic_exchange(&cached, NULL);
	unlock_cache();
	put(o);
	pthread_join(t, NULL);
	pthread_mutex_destroy(&lock);
	return 0;
}
