/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs for hunt_programs_test.py: argv[1] says which.
 *
 *	often	fails if two threads took turns 700 times
 *	less	as often, in fewer steps
 *	always	fails always
 *	alone	has one thread
 *	long	has more steps than an execution may have
 *	endless	never ends
 *	spins	waits busily, with the lock held that the other thread needs; goes on for ever
 *		unless that thread was first
 *	self	locks a mutex that it holds
 *	signal	deadlocks if the signal wakes the waiter that came last
 */
#include <assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>

enum { ROUNDS = 3000, TURNS = 700, LESS = 1500, LONG = 1000000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static atomic_int last, turns;
static sem_t ready;
static int waiting, may_go;

static int rounds = ROUNDS;

static void *take_turns(void *me)
{
	for (int i = 0; i != rounds; i++)
		if (atomic_exchange(&last, *(int *)me) != *(int *)me)
			turns++;
	return NULL;
}

static void *wait(void *unused)
{
	int number;

	pthread_mutex_lock(&lock);
	number = waiting++;
	sem_post(&ready);
	while (may_go <= number)
		pthread_cond_wait(&woken, &lock);
	may_go = 2;
	pthread_cond_signal(&woken);
	pthread_mutex_unlock(&lock);
	return unused;
}

static void wake(void)
{
	sem_wait(&ready);
	sem_wait(&ready);
	pthread_mutex_lock(&lock);
	may_go = 1;
	pthread_cond_signal(&woken);
	pthread_mutex_unlock(&lock);
}

static void *post(void *unused)
{
	pthread_mutex_lock(&lock);
	may_go = 1;
	pthread_mutex_unlock(&lock);
	return unused;
}

static void spin(void)
{
	pthread_t other;

	pthread_create(&other, NULL, post, NULL);
	pthread_mutex_lock(&lock);
	while (!__atomic_load_n(&may_go, __ATOMIC_ACQUIRE))
		;
	pthread_mutex_unlock(&lock);
	pthread_join(other, NULL);
}

static void lock_twice(void)
{
	pthread_t other;

	pthread_create(&other, NULL, post, NULL);
	pthread_mutex_lock(&lock);
	pthread_mutex_lock(&lock);
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";
	int number[2] = { 1, 2 };
	pthread_t t[2];

	if (strcmp(way, "alone") == 0)
		return 0;
	if (strcmp(way, "long") == 0)
		rounds = LONG;
	if (strcmp(way, "less") == 0)
		rounds = LESS;
	if (strcmp(way, "endless") == 0)
		rounds = -1;
	if (strcmp(way, "spins") == 0) {
		spin();
		return 0;
	}
	if (strcmp(way, "self") == 0)
		lock_twice();
	sem_init(&ready, 0, 0);
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, strcmp(way, "signal") == 0 ? wait : take_turns,
			       &number[i]);
	if (strcmp(way, "signal") == 0)
		wake();
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert(strcmp(way, "always") != 0);
	assert((strcmp(way, "often") != 0 && strcmp(way, "less") != 0) || turns < TURNS);
	return 0;
}
