/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fuzz target with threads: a reader of commands and a worker, with a queue between them.
 * "add" queues an item, "drop" empties the queue, any other command is skipped, and each ends
 * with a newline.
 *
 * Bug: the worker waits until there is an item, and takes it in a second critical section. That
 * was right while nobody else took items. It needs the right input, an "add" before a "drop",
 * and the right schedule: the reader drops the item between the two critical sections.
 *
 * With -DPLAIN it is an ordinary target, whose threads the kernel schedules.
 */
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef PLAIN
#include <kthrash.h>
#endif

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int items, added, dropped, taken;
	bool closed;
};

static bool wait_for_item(struct queue *q)
{
	bool is_there;

	pthread_mutex_lock(&q->lock);
	while (!q->items && !q->closed)
		pthread_cond_wait(&q->changed, &q->lock);
	is_there = q->items > 0;
	pthread_mutex_unlock(&q->lock);
	return is_there;
}

static void *work(void *arg)
{
	struct queue *q = arg;

	while (wait_for_item(q)) {
		pthread_mutex_lock(&q->lock);
#ifdef REPAIRED
		if (q->items) {
			q->items--;
			q->taken++;
		}
#else
		assert(q->items > 0);
		q->items--;
		q->taken++;
#endif
		pthread_mutex_unlock(&q->lock);
	}
	return NULL;
}

static void obey(struct queue *q, const char *command, size_t size)
{
	pthread_mutex_lock(&q->lock);
	if (size == 3 && memcmp(command, "add", 3) == 0) {
		q->items++;
		q->added++;
		pthread_cond_signal(&q->changed);
	} else if (size == 4 && memcmp(command, "drop", 4) == 0) {
		q->dropped += q->items;
		q->items = 0;
	}
	pthread_mutex_unlock(&q->lock);
}

static void read_commands(struct queue *q, const char *text, size_t size)
{
	while (size) {
		const char *end = memchr(text, '\n', size);

		if (!end)
			return;
		obey(q, text, (size_t)(end - text));
		size -= (size_t)(end + 1 - text);
		text = end + 1;
	}
}

static int test(const uint8_t *data, size_t size)
{
	struct queue q = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
	pthread_t worker;

	if (pthread_create(&worker, NULL, work, &q) != 0)
		return -1;
	read_commands(&q, (const char *)data, size);
	pthread_mutex_lock(&q.lock);
	q.closed = true;
	pthread_cond_signal(&q.changed);
	pthread_mutex_unlock(&q.lock);
	pthread_join(worker, NULL);
	assert(q.added == q.taken + q.dropped);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
#ifdef PLAIN
	return test(data, size);
#else
	return kthrash_fuzz(data, size, test);
#endif
}
