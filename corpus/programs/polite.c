/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two polite threads meet at a door. Each lets the other one go first if both are there.
 *
 * Stands for: livelocks: both threads run, and neither gets on.
 * Bug: both threads arrive in pass() before either looks. Each sees the other and bows until the
 *	other has passed, so both bow for ever.
 * Repair: only thread 1 bows.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

static atomic_bool arrived[2], passed[2];
static atomic_int bows;

static bool is_polite(int me)
{
#ifdef REPAIRED
	return me == 1;
#else
	(void)me;
	return true;
#endif
}

static void pass(int me)
{
	int other = 1 - me;

	atomic_store(&arrived[me], true);
	if (is_polite(me) && atomic_load(&arrived[other])) {
		while (!atomic_load(&passed[other])) {
			atomic_fetch_add(&bows, 1);
			sched_yield();
		}
	}
	atomic_store(&passed[me], true);
}

static void *guest(void *number)
{
	pass(*(int *)number);
	return NULL;
}

int main(void)
{
	pthread_t threads[2];
	int numbers[2] = { 0, 1 };

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, guest, &numbers[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
