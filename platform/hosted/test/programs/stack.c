/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two threads add to a number in a structure on the stack of main(), which accesses it without a
 * pointer. With an argument main() does so after the other thread has ended.
 */
#include <pthread.h>

struct job {
	int number, added;
};

static void *add(void *arg)
{
	struct job *job = arg;

	job->added++;
	return NULL;
}

int main(int argc, char **argv)
{
	struct job job = { 7, 0 };
	pthread_t t;

	(void)argv;
	pthread_create(&t, NULL, add, &job);
	if (argc > 1)
		pthread_join(t, NULL);
	job.added++;
	if (argc < 2)
		pthread_join(t, NULL);
	return job.added != 2;
}
