/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The settings are made at their first use. A thread looks without the lock first, and looks
 * again with the lock.
 *
 * Stands for: double-checked locking.
 * Bug: in get(), thread 1 stores the pointer before it fills the settings in. Thread 2 finds the
 *	pointer at its first look, which takes no lock, and reads a limit that is not set.
 * Repair: thread 1 fills the settings in and stores the pointer last.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct settings {
	int limit;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(struct settings *) settings;

static struct settings *get(void)
{
	struct settings *s = atomic_load(&settings);

	if (s)
		return s;
	pthread_mutex_lock(&lock);
	s = atomic_load(&settings);
	if (!s) {
		s = malloc(sizeof(*s));
#ifdef REPAIRED
		s->limit = 7;
		atomic_store(&settings, s);
#else
		atomic_store(&settings, s);
		s->limit = 7;
#endif
	}
	pthread_mutex_unlock(&lock);
	return s;
}

static void *user(void *unused)
{
	(void)unused;
	assert(get()->limit == 7);
	return NULL;
}

int main(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, user, NULL);
	pthread_create(&b, NULL, user, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	free(atomic_load(&settings));
	return 0;
}
