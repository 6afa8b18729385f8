/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fuzz target without an engine: fuzz MODE. It gives the same input three times to a test,
 * which does what the mode says.
 */
#include <kthrash.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *mode;
static char *volatile kept, *volatile before;
static int runs, shared;
static volatile int out;

static int is(const char *word)
{
	return strcmp(mode, word) == 0;
}

static void *count(void *arg)
{
	char *volatile block = malloc(16);

	pthread_mutex_lock(&lock);
	++*(int *)arg;
	pthread_mutex_unlock(&lock);
	free(block);
	return NULL;
}

static void *count_without_lock(void *arg)
{
	++*(int *)arg;
	return NULL;
}

static void *wait_forever(void *arg)
{
	pthread_cond_t never = PTHREAD_COND_INITIALIZER;

	pthread_mutex_lock(&lock);
	for (;;)
		pthread_cond_wait(&never, &lock);
	return arg;
}

static void two_threads(void *(*fn)(void *), int *counter)
{
	pthread_t a, b;

	pthread_create(&a, NULL, fn, counter);
	pthread_create(&b, NULL, fn, counter);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
}

static int test(const uint8_t *data, size_t size)
{
	pthread_t t;
	int counter = 0;

	runs++;
	if (is("good")) {
		two_threads(count, &counter);
		printf("run %d: %d bytes, %d\n", runs, (int)size, counter);
	} else if (is("unjoined")) {
		pthread_create(&t, NULL, count, &shared);
	} else if (is("detached")) {
		pthread_create(&t, NULL, count, &shared);
		pthread_detach(t);
	} else if (is("endless")) {
		pthread_create(&t, NULL, wait_forever, NULL);
		pthread_detach(t);
	} else if (is("nested")) {
		kthrash_fuzz(data, size, test);
	} else if (is("keeps")) {
		if (!kept)
			kept = malloc(100);
		kept[0]++;
	} else if (is("before")) {
		before = realloc(before, 1000 * (size_t)runs);
		before[1000 * runs - 1] = 1;
	} else if (is("exit")) {
		exit(0);
	} else if (is("beyond")) {
		out = data[size];
	} else if (is("fault")) {
		out = *(volatile int *)8;
	} else if (is("locked")) {
		pthread_mutex_lock(&lock);
	} else if (is("race")) {
		two_threads(count_without_lock, &counter);
	} else if (is("rejects")) {
		return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const uint8_t input[] = { 'a', 'b', 'c', 'd', 3, 9, 3 };
	int result = 0;

	mode = argc > 1 ? argv[1] : "good";
	before = malloc(10);
	for (int i = 0; i < 3; i++)
		result = kthrash_fuzz(input, argc > 2 ? 0 : sizeof input, test);
	free(before);
	if (is("fault after"))
		out = *(volatile int *)8;
	printf("%d runs, result %d\n", runs, result);
	return 0;
}
