/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A semaphore lets one thread into a room. A visitor that finds the room taken comes back later.
 *
 * Stands for: permits, tokens and slots that are given back on every path.
 * Bug: visitor 2 does not get the permit in visit(), but gives one back on its way out. At its
 *	second try, visitor 2 gets this permit and enters while visitor 1 is inside.
 * Repair: only a visitor that got the permit gives it back.
 */
#include <assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

static sem_t permit;
static atomic_int inside;

static void visit(void)
{
	if (sem_trywait(&permit) == 0) {
		assert(atomic_fetch_add(&inside, 1) == 0);
		atomic_fetch_sub(&inside, 1);
#ifdef REPAIRED
		sem_post(&permit);
#endif
	}
#ifndef REPAIRED
	sem_post(&permit);
#endif
}

static void *visitor(void *unused)
{
	(void)unused;
	visit();
	visit();
	return NULL;
}

int main(void)
{
	pthread_t a, b;

	sem_init(&permit, 0, 1);
	pthread_create(&a, NULL, visitor, NULL);
	pthread_create(&b, NULL, visitor, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	return 0;
}
