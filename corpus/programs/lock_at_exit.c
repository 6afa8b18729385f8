/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two takers take a coin from a purse with one coin, if the purse is free.
 *
 * Stands for: a return in the middle of a function that holds a lock.
 * Bug: a taker that finds the purse empty returns from take() with the lock held. Nothing hangs,
 *	because no later thread needs the lock, and the program ends with it held.
 * Repair: this return gives up the lock too.
 */
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int coins = 1;

static bool take(void)
{
	if (pthread_mutex_trylock(&lock))
		return false;
	if (!coins) {
#ifdef REPAIRED
		pthread_mutex_unlock(&lock);
#endif
		return false;
	}
	coins--;
	pthread_mutex_unlock(&lock);
	return true;
}

static void *taker(void *took)
{
	*(bool *)took = take();
	return NULL;
}

int main(void)
{
	pthread_t a, b;
	bool of_a, of_b;

	pthread_create(&a, NULL, taker, &of_a);
	pthread_create(&b, NULL, taker, &of_b);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(of_a + of_b <= 1);
	return 0;
}
