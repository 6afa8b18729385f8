/* SPDX-License-Identifier: GPL-2.0-only */
/* Threads that wait for each other in loops, on plain words and on atomic ones. */
#include <pthread.h>
#include <stdatomic.h>

static volatile int turn;
static atomic_int done;

static void *thread(void *arg)
{
	while (turn != 1)
		;
	turn = 2;
	while (!atomic_load(&done))
		;
	return arg;
}

int main(void)
{
	pthread_t t;

	pthread_create(&t, NULL, thread, NULL);
	turn = 1;
	while (turn != 2)
		;
	atomic_store(&done, 1);
	pthread_join(t, NULL);
	return 0;
}
