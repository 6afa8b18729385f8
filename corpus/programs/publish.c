/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A thread writes a message and sets a flag. Another thread sees the flag and reads the message.
 *
 * Stands for: flags of "it is ready" that are atomic but give no order.
 * Bug: the store and the load of the flag are relaxed. Nothing orders the write of the message by
 *	the thread `sender` before the read by the main thread, so the two race.
 * Repair: the store is a release and the load is an acquire.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#ifdef REPAIRED
#define STORE memory_order_release
#define LOAD  memory_order_acquire
#else
#define STORE memory_order_relaxed
#define LOAD  memory_order_relaxed
#endif

static int message;
static atomic_bool ready;

static void *sender(void *unused)
{
	(void)unused;
	message = 42;
	atomic_store_explicit(&ready, true, STORE);
	return NULL;
}

int main(void)
{
	pthread_t t;

	pthread_create(&t, NULL, sender, NULL);
	if (atomic_load_explicit(&ready, LOAD))
		assert(message == 42);
	pthread_join(t, NULL);
	return 0;
}
