/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two producers and two consumers share a bounded queue without locks. Each slot has a number that
 * says whether its turn is to be filled or to be emptied.
 *
 * Stands for: bounded multi-producer, multi-consumer queues.
 * Bug: a producer announces its slot in try_put() before it fills it. A consumer takes the old
 *	value of the slot.
 * Repair: the producer fills the slot and announces it then.
 */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { SLOTS = 2 };

static struct slot {
	atomic_uint turn;
	atomic_int value;
} slots[SLOTS];

static atomic_uint puts, takes;
static atomic_int sum;

static bool try_put(int value)
{
	unsigned int at = atomic_load(&puts);
	struct slot *slot = &slots[at % SLOTS];

	if (atomic_load(&slot->turn) != at || !atomic_compare_exchange_strong(&puts, &at, at + 1))
		return false;
#ifdef REPAIRED
	atomic_store(&slot->value, value);
	atomic_store(&slot->turn, at + 1);
#else
	atomic_store(&slot->turn, at + 1);
	atomic_store(&slot->value, value);
#endif
	return true;
}

static bool try_take(int *value)
{
	unsigned int at = atomic_load(&takes);
	struct slot *slot = &slots[at % SLOTS];

	if (atomic_load(&slot->turn) != at + 1 ||
	    !atomic_compare_exchange_strong(&takes, &at, at + 1))
		return false;
	*value = atomic_load(&slot->value);
	atomic_store(&slot->turn, at + SLOTS);
	return true;
}

static void *producer(void *value)
{
	while (!try_put(*(int *)value))
		sched_yield();
	return NULL;
}

static void *consumer(void *unused)
{
	int value;

	(void)unused;
	while (!try_take(&value))
		sched_yield();
	atomic_fetch_add(&sum, value);
	return NULL;
}

int main(void)
{
	pthread_t a, b, c;
	int one = 1, two = 2;

	for (unsigned int i = 0; i < SLOTS; i++)
		atomic_store(&slots[i].turn, i);
	pthread_create(&a, NULL, producer, &one);
	pthread_create(&b, NULL, producer, &two);
	pthread_create(&c, NULL, consumer, NULL);
	consumer(NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	pthread_join(c, NULL);
	assert(atomic_load(&sum) == 3);
	return 0;
}
