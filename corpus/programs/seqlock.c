/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A writer moves a point, and a reader reads it without a lock. A number tells the reader whether
 * the writer was at work meanwhile.
 *
 * Stands for: seqlocks, as in clocks and statistics.
 * Bug: all accesses are relaxed, so the store to x may become visible before the number becomes
 *	odd. The reader finds the same even number twice and takes a point that is half moved.
 *	This needs a machine that reorders stores (PSO, ARM, POWER).
 * Repair: the stores of the writer are releases and the loads of the reader are acquires. Then the
 *	point moves between the two changes of the number, and the reader reads it between its
 *	two looks.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#ifdef REPAIRED
#define STORE memory_order_release
#define LOAD  memory_order_acquire
#else
#define STORE memory_order_relaxed
#define LOAD  memory_order_relaxed
#endif

static atomic_uint number;
static atomic_int x, y;

static void *writer(void *unused)
{
	(void)unused;
	atomic_store_explicit(&number, 1, STORE);
	atomic_store_explicit(&x, 5, STORE);
	atomic_store_explicit(&y, 5, STORE);
	atomic_store_explicit(&number, 2, STORE);
	return NULL;
}

static void *reader(void *unused)
{
	unsigned int before, after;
	int at_x, at_y;

	(void)unused;
	before = atomic_load_explicit(&number, LOAD);
	at_x = atomic_load_explicit(&x, LOAD);
	at_y = atomic_load_explicit(&y, LOAD);
	after = atomic_load_explicit(&number, LOAD);
	if (before == after && before % 2 == 0)
		assert(at_x == at_y);
	return NULL;
}

int main(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, writer, NULL);
	pthread_create(&b, NULL, reader, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	return 0;
}
