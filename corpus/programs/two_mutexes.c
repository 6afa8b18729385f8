/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two readers wait for a letter, each at a box of its own. The main thread fills both boxes.
 *
 * Stands for: a condition that is shared more widely than its mutex.
 * Bug: the readers wait on one condition, each with the mutex of its own box. If both wait at
 *	once, POSIX gives the program no meaning.
 * Repair: each box has a condition of its own.
 */
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

struct box {
	pthread_mutex_t lock;
	pthread_cond_t *filled;
	bool letter;
};

static pthread_cond_t first = PTHREAD_COND_INITIALIZER;
#ifdef REPAIRED
static pthread_cond_t second = PTHREAD_COND_INITIALIZER;
#else
#define second first
#endif

static struct box boxes[2] = {
	{ PTHREAD_MUTEX_INITIALIZER, &first, false },
	{ PTHREAD_MUTEX_INITIALIZER, &second, false },
};

static void *reader(void *arg)
{
	struct box *box = arg;

	pthread_mutex_lock(&box->lock);
	while (!box->letter)
		pthread_cond_wait(box->filled, &box->lock);
	box->letter = false;
	pthread_mutex_unlock(&box->lock);
	return NULL;
}

static void fill(struct box *box)
{
	pthread_mutex_lock(&box->lock);
	box->letter = true;
	pthread_cond_broadcast(box->filled);
	pthread_mutex_unlock(&box->lock);
}

int main(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, reader, &boxes[0]);
	pthread_create(&b, NULL, reader, &boxes[1]);
	fill(&boxes[0]);
	fill(&boxes[1]);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(!boxes[0].letter && !boxes[1].letter);
	return 0;
}
