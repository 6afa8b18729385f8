/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Three threads draw tickets for a lock. Each ticket has a lamp that says that it is its turn.
 *
 * Stands for: ticket locks and array locks whose numbers wrap too early.
 * Bug: there are two lamps for three threads. While thread 1 holds the lock with ticket 0 and
 *	thread 2 waits with ticket 1, thread 3 draws ticket 2, which has the lamp of ticket 0. It
 *	enters at once.
 * Repair: there are as many lamps as threads.
 */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#ifdef REPAIRED
enum { THREADS = 3, LAMPS = 3 };
#else
enum { THREADS = 3, LAMPS = 2 };
#endif

static atomic_uint tickets;
static atomic_bool lamps[LAMPS] = { true };
static atomic_int inside;

static unsigned int lock(void)
{
	unsigned int ticket = atomic_fetch_add(&tickets, 1) % LAMPS;

	while (!atomic_load(&lamps[ticket]))
		sched_yield();
	return ticket;
}

static void unlock(unsigned int ticket)
{
	atomic_store(&lamps[ticket], false);
	atomic_store(&lamps[(ticket + 1) % LAMPS], true);
}

static void *worker(void *unused)
{
	unsigned int ticket = lock();

	(void)unused;
	assert(atomic_fetch_add(&inside, 1) == 0);
	atomic_fetch_sub(&inside, 1);
	unlock(ticket);
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, worker, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
