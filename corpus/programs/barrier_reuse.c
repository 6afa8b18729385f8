/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two threads work in phases and meet at a barrier after each phase.
 *
 * Stands for: barriers made of a counter, used more than once.
 * Bug: in meet(), the thread that arrives last sets `arrived` to 0 and wakes the other. If it is
 *	back at the barrier before the other has looked, the other finds 1 and waits on. Then both
 *	wait.
 * Repair: a thread waits until the number of the phase has changed, and that number never goes
 *	back.
 */
#include <threads.h>

enum { THREADS = 2, PHASES = 2 };

static mtx_t lock;
static cnd_t opened;
static int arrived;
static int phase;

static void meet(void)
{
	mtx_lock(&lock);
	if (++arrived == THREADS) {
		arrived = 0;
		phase++;
		cnd_broadcast(&opened);
	} else {
#ifdef REPAIRED
		int mine = phase;

		while (phase == mine)
			cnd_wait(&opened, &lock);
#else
		while (arrived != 0)
			cnd_wait(&opened, &lock);
#endif
	}
	mtx_unlock(&lock);
}

static int worker(void *unused)
{
	(void)unused;
	for (int i = 0; i < PHASES; i++)
		meet();
	return 0;
}

int main(void)
{
	thrd_t threads[THREADS];

	mtx_init(&lock, mtx_plain);
	cnd_init(&opened);
	for (int i = 0; i < THREADS; i++)
		thrd_create(&threads[i], worker, NULL);
	for (int i = 0; i < THREADS; i++)
		thrd_join(threads[i], NULL);
	return 0;
}
