/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Three stations pass a token round. The station that has the token appends to a log.
 *
 * Stands for: a turn that is handed on, as in round-robin arbiters and pipelines.
 * Bug: a station passes the token on and appends to the log after that. The next station appends
 *	at the same time, and both write into the same line.
 * Repair: the station appends first and passes the token on then.
 */
#include <assert.h>
#include <threads.h>

enum { STATIONS = 3, ROUNDS = 2 };

static mtx_t lock;
static cnd_t passed;
static int token;
static int lines[STATIONS * ROUNDS];
static int length;

static void append(int station)
{
	lines[length] = station;
	length++;
}

static int station(void *number)
{
	int me = *(int *)number;

	for (int round = 0; round < ROUNDS; round++) {
		mtx_lock(&lock);
		while (token != me)
			cnd_wait(&passed, &lock);
#ifdef REPAIRED
		append(me);
#endif
		token = (me + 1) % STATIONS;
		cnd_broadcast(&passed);
		mtx_unlock(&lock);
#ifndef REPAIRED
		append(me);
#endif
	}
	return 0;
}

int main(void)
{
	thrd_t threads[STATIONS];
	int numbers[STATIONS];

	mtx_init(&lock, mtx_plain);
	cnd_init(&passed);
	for (int i = 0; i < STATIONS; i++) {
		numbers[i] = i;
		thrd_create(&threads[i], station, &numbers[i]);
	}
	for (int i = 0; i < STATIONS; i++)
		thrd_join(threads[i], NULL);
	assert(length == STATIONS * ROUNDS);
	for (int i = 0; i < length; i++)
		assert(lines[i] == i % STATIONS);
	return 0;
}
