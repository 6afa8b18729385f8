/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two threads transfer money between the same two accounts, in opposite directions.
 *
 * Stands for: every pair of locks that two functions take in different orders.
 * Bug: the thread `there` locks account 0 and the thread `back` locks account 1. Then each
 *	waits in transfer() for the account that the other has locked.
 * Repair: transfer() locks first the account that comes first in the array.
 */
#include <assert.h>
#include <pthread.h>

static struct account {
	pthread_mutex_t lock;
	int balance;
} accounts[2] = {
	{ PTHREAD_MUTEX_INITIALIZER, 100 },
	{ PTHREAD_MUTEX_INITIALIZER, 100 },
};

static void transfer(struct account *from, struct account *to, int amount)
{
	struct account *first = from, *second = to;

#ifdef REPAIRED
	if (to < from) {
		first = to;
		second = from;
	}
#endif
	pthread_mutex_lock(&first->lock);
	pthread_mutex_lock(&second->lock);
	from->balance -= amount;
	to->balance += amount;
	pthread_mutex_unlock(&second->lock);
	pthread_mutex_unlock(&first->lock);
}

static void *there(void *unused)
{
	(void)unused;
	transfer(&accounts[0], &accounts[1], 30);
	return NULL;
}

static void *back(void *unused)
{
	(void)unused;
	transfer(&accounts[1], &accounts[0], 10);
	return NULL;
}

int main(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, there, NULL);
	pthread_create(&b, NULL, back, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(accounts[0].balance == 80);
	assert(accounts[1].balance == 120);
	return 0;
}
