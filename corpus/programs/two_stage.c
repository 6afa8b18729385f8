/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writers fill a table and then its index, each under a lock of its own. A reader looks a row up.
 * The argument is the number of threads (2 if there is none). One of them is the reader.
 *
 * Stands for: an update in two stages, each of which is guarded, while the whole is not.
 * Bug: the reader sees a table that is filled and an index that is empty, because it looks
 *	between the two stages of the first writer.
 * Repair: writers and reader hold the table's lock over both stages.
 */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

enum { THREADS_MAX = 100, ROWS = 5 };

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t index_lock = PTHREAD_MUTEX_INITIALIZER;
static int rows_in_table, rows_in_index;

/* The first stage has ended: the bug gives up the table here, the repair does not. */
static void end_stage(void)
{
#ifndef REPAIRED
	pthread_mutex_unlock(&table_lock);
#endif
}

static void end_both(void)
{
#ifdef REPAIRED
	pthread_mutex_unlock(&table_lock);
#endif
}

static void *writer(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&table_lock);
	rows_in_table = ROWS;
	end_stage();
	pthread_mutex_lock(&index_lock);
	rows_in_index = ROWS;
	pthread_mutex_unlock(&index_lock);
	end_both();
	return NULL;
}

static void *reader(void *unused)
{
	int in_table, in_index;

	(void)unused;
	pthread_mutex_lock(&table_lock);
	in_table = rows_in_table;
	end_stage();
	if (in_table) {
		pthread_mutex_lock(&index_lock);
		in_index = rows_in_index;
		pthread_mutex_unlock(&index_lock);
		assert(in_index == in_table);
	}
	end_both();
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS_MAX];
	int n = argc > 1 ? atoi(argv[1]) : 2;

	if (n < 2 || n > THREADS_MAX)
		return 2;
	for (int i = 0; i < n; i++)
		pthread_create(&threads[i], NULL, i < n - 1 ? writer : reader, NULL);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
