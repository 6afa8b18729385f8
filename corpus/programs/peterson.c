/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two threads exclude each other by loads and stores alone (Peterson's lock).
 *
 * Stands for: locks, hand-shakes and flags of the kind "I store mine, then I load yours".
 * Bug: the stores are releases. The store `wants[me] = true` of each thread may become visible
 *	after that thread has loaded the flag of the other. Each thread then sees that the other
 *	does not want the lock, and both enter. This happens on x86 too (TSO).
 * Repair: the stores are sequentially consistent, which puts a full barrier after them.
 */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#ifdef REPAIRED
#define ORDER memory_order_seq_cst
#else
#define ORDER memory_order_release
#endif

static atomic_bool wants[2];
static atomic_int gives_way;
static int total;

static void lock(int me)
{
	int other = 1 - me;

	atomic_store_explicit(&wants[me], true, ORDER);
	atomic_store_explicit(&gives_way, me, ORDER);
	while (atomic_load(&wants[other]) && atomic_load(&gives_way) == me)
		sched_yield();
}

static void unlock(int me)
{
	atomic_store_explicit(&wants[me], false, memory_order_release);
}

static void *adder(void *number)
{
	int me = *(int *)number;

	lock(me);
	total++;
	unlock(me);
	return NULL;
}

int main(void)
{
	pthread_t threads[2];
	int numbers[2] = { 0, 1 };

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, adder, &numbers[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert(total == 2);
	return 0;
}
