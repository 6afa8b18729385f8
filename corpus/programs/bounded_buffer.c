/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The main thread puts two items into a buffer of one slot, and two consumers take one item each.
 *
 * Stands for: queues and pools whose two kinds of waiters share one condition.
 * Bug: both consumers wait, and the main thread puts an item and waits for the slot. The first
 *	consumer takes the item and signals, but the signal wakes the other consumer, which
 *	finds nothing and waits again. The main thread is never woken.
 * Repair: consumers wait for `filled`, producers wait for `emptied`.
 */
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
#ifdef REPAIRED
static pthread_cond_t emptied = PTHREAD_COND_INITIALIZER;
#else
#define emptied filled
#endif
static bool full;
static int slot;

static void put(int item)
{
	pthread_mutex_lock(&lock);
	while (full)
		pthread_cond_wait(&emptied, &lock);
	slot = item;
	full = true;
	pthread_cond_signal(&filled);
	pthread_mutex_unlock(&lock);
}

static int take(void)
{
	int item;

	pthread_mutex_lock(&lock);
	while (!full)
		pthread_cond_wait(&filled, &lock);
	item = slot;
	full = false;
	pthread_cond_signal(&emptied);
	pthread_mutex_unlock(&lock);
	return item;
}

static void *consumer(void *taken)
{
	*(int *)taken = take();
	return NULL;
}

int main(void)
{
	pthread_t a, b;
	int of_a = 0, of_b = 0;

	pthread_create(&a, NULL, consumer, &of_a);
	pthread_create(&b, NULL, consumer, &of_b);
	put(1);
	put(2);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(of_a + of_b == 3);
	return 0;
}
