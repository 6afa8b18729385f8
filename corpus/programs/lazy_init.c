/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A table is made at its first use, and two threads use it first.
 *
 * Stands for: singletons, caches and handles that are made on demand.
 * Bug: both threads find no table in get_table(), and each makes one. They then work on
 *	different tables.
 * Repair: pthread_once() lets one thread make the table, and the other waits for it.
 */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct table {
	int rows;
};

static struct table *table;

static void make_table(void)
{
	struct table *fresh = malloc(sizeof(*fresh));

	fresh->rows = 0;
	table = fresh;
}

#ifdef REPAIRED
static pthread_once_t once = PTHREAD_ONCE_INIT;

static struct table *get_table(void)
{
	pthread_once(&once, make_table);
	return table;
}
#else
static struct table *get_table(void)
{
	if (!table)
		make_table();
	return table;
}
#endif

static void *user(void *unused)
{
	(void)unused;
	return get_table();
}

int main(void)
{
	pthread_t a, b;
	void *of_a, *of_b;

	pthread_create(&a, NULL, user, NULL);
	pthread_create(&b, NULL, user, NULL);
	pthread_join(a, &of_a);
	pthread_join(b, &of_b);
	assert(of_a == of_b);
	free(of_a);
	return 0;
}
