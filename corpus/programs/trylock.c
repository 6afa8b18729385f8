/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two tellers pay into an account. They use trylock, because "the lock is always free".
 *
 * Stands for: results of trylock that no code looks at.
 * Bug: teller 2 does not get the lock in pay(), but pays and then unlocks what teller 1 has locked.
 *	Or both pay at once, one payment is lost, and main() returns 1.
 * Repair: the teller waits for the lock if trylock fails.
 */
#include <errno.h>
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int balance;

static void pay(int amount)
{
#ifdef REPAIRED
	if (pthread_mutex_trylock(&lock) == EBUSY)
		pthread_mutex_lock(&lock);
#else
	pthread_mutex_trylock(&lock);
#endif
	balance += amount;
	pthread_mutex_unlock(&lock);
}

static void *teller(void *unused)
{
	(void)unused;
	pay(10);
	return NULL;
}

int main(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, teller, NULL);
	pthread_create(&b, NULL, teller, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	return balance == 20 ? 0 : 1;
}
