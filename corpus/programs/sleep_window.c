/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest checks that the house is open and walks in, in a millisecond. The owner waits fifty
 * milliseconds and closes the house.
 *
 * Stands for: time of check to time of use, and sleeps "long enough" in the place of a lock.
 * Bug: the guest is held up between its check and its entry for longer than the main thread, the
 *	owner, sleeps. The guest enters a house that is closed.
 * Repair: a mutex makes check and entry one step. Nobody needs to sleep.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool open_house = true;

static void enter(void)
{
#ifdef REPAIRED
	pthread_mutex_lock(&lock);
#endif
}

static void leave(void)
{
#ifdef REPAIRED
	pthread_mutex_unlock(&lock);
#endif
}

static void *guest(void *unused)
{
	(void)unused;
	enter();
	if (atomic_load(&open_house)) {
		usleep(1000);
		assert(atomic_load(&open_house));
	}
	leave();
	return NULL;
}

int main(void)
{
	pthread_t t;

	pthread_create(&t, NULL, guest, NULL);
	usleep(50000);
	enter();
	atomic_store(&open_house, false);
	leave();
	pthread_join(t, NULL);
	pthread_mutex_destroy(&lock);
	return 0;
}
