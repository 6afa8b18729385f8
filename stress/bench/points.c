/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compiled by kthrash-cc for `bench --programs`. Two threads access one number, each as often as
 * argv[1] says, so that what a point costs can be told from what an execution costs.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_int number;
static int plain;
static int count;

static void *accesses(void *unused)
{
	(void)unused;
	for (int i = 0; i < count; i++)
		atomic_fetch_add(&number, 1);
	return NULL;
}

static void *plain_accesses(void *unused)
{
	(void)unused;
	for (int i = 0; i < count; i++)
		*(volatile int *)&plain = i;
	return NULL;
}

int main(int argc, char **argv)
{
	void *(*fn)(void *) = argc > 2 ? plain_accesses : accesses;
	pthread_t a, b;

	count = argc > 1 ? atoi(argv[1]) : 0;
	pthread_create(&a, NULL, fn, NULL);
	pthread_create(&b, NULL, fn, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	return 0;
}
