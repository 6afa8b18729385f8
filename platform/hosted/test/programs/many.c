/* SPDX-License-Identifier: GPL-2.0-only */
/* As many threads as its argument says. */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

static int counter;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *add(void *arg)
{
	pthread_mutex_lock(&lock);
	counter++;
	pthread_mutex_unlock(&lock);
	return arg;
}

int main(int argc, char **argv)
{
	static pthread_t thread[1000];
	int n = argc > 1 ? atoi(argv[1]) : 1;

	for (int i = 0; i < n; i++)
		pthread_create(&thread[i], NULL, add, NULL);
	for (int i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	assert(counter == n);
	return 0;
}
