/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two threads append to an array if it has room.
 *
 * Stands for: a check of a limit, and a use of the limit a moment later.
 * Bug: in append(), both threads see room for one more element. The second of them writes behind
 *	the end of the array.
 * Repair: one atomic addition gives each thread an index of its own, which it compares with the
 *	limit.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { ROOM = 4 };

static long *array;
static atomic_int length = ROOM - 1;

static void append(long value)
{
#ifdef REPAIRED
	int i = atomic_fetch_add(&length, 1);

	if (i < ROOM)
		array[i] = value;
#else
	if (atomic_load(&length) < ROOM)
		array[atomic_fetch_add(&length, 1)] = value;
#endif
}

static void *appender(void *unused)
{
	(void)unused;
	append(1);
	return NULL;
}

int main(void)
{
	pthread_t a, b;

	array = calloc(ROOM, sizeof(array[0]));
	pthread_create(&a, NULL, appender, NULL);
	pthread_create(&b, NULL, appender, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	free(array);
	return 0;
}
