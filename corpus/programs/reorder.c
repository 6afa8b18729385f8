/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writers set the two sides of a picture, and a reader looks at both. The argument is the number
 * of threads (3 if there is none). One of them is the reader.
 *
 * Stands for: two variables that belong together, and a window that is harder to hit with each
 *	thread more. After one writer has set both sides, no later writer opens the window again.
 *	So with many threads the reader must run early, between the two stores of the writers that
 *	have started.
 * Bug: the reader loads width and height while a writer has set the width and no writer has set
 *	the height.
 * Repair: a mutex guards both sides.
 */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

enum { THREADS_MAX = 100 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int width, height;

static void enter(void)
{
#ifdef REPAIRED
	pthread_mutex_lock(&lock);
#endif
}

static void leave(void)
{
#ifdef REPAIRED
	pthread_mutex_unlock(&lock);
#endif
}

static void *writer(void *unused)
{
	(void)unused;
	enter();
	width = 4;
	height = 3;
	leave();
	return NULL;
}

static void *reader(void *unused)
{
	int w, h;

	(void)unused;
	enter();
	w = width;
	h = height;
	leave();
	assert((w == 0 && h == 0) || (w == 4 && h == 3));
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS_MAX];
	int n = argc > 1 ? atoi(argv[1]) : 3;

	if (n < 2 || n > THREADS_MAX)
		return 2;
	for (int i = 0; i < n; i++)
		pthread_create(&threads[i], NULL, i < n - 1 ? writer : reader, NULL);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	pthread_mutex_destroy(&lock);
	return 0;
}
