/* SPDX-License-Identifier: GPL-2.0-only */
/* Accesses of many forms: names_test.py says how each must be called. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct node {
	int value;
	struct node *next;
};

static struct queue {
	struct node *head, *tail;
	int ring[4];
	atomic_int count;
	pthread_mutex_t lock;
	char name[8];
} queue, *shared = &queue;

static char name[8] = "a";
static int counter, table[10], *pointer = table;
static pthread_mutex_t hold = PTHREAD_MUTEX_INITIALIZER;

static void accesses(struct queue *q, int i, int *out)
{
	q->tail = q->head;
	q->ring[i] = q->ring[i + 1] + 1;
	q->tail->next->value = 3;
	counter++;
	table[i] += 2;
	*out = table[i];
	atomic_fetch_add(&q->count, 1);
	q->count = 4;
	pthread_mutex_lock(&q->lock);
	if (q->tail && q->head->value < counter)
		counter = pointer[i];
	pthread_mutex_unlock(&q->lock);
	while (atomic_load_explicit(&shared->count, memory_order_acquire) == 0)
		;
	__sync_fetch_and_add(&counter, 2);
	if (strcmp(q->name, name) != 0)
		memcpy(name, q->name, (size_t)i * 8);
	free(malloc(8));
}

static void *wait(void *arg)
{
	pthread_mutex_lock(&hold);
	pthread_mutex_unlock(&hold);
	return arg;
}

int main(int argc, char **argv)
{
	static struct node last, first = { 0, &last };
	pthread_t t;

	(void)argv;
	queue.head = &first;
	pthread_mutex_lock(&hold);
	pthread_create(&t, NULL, wait, NULL);
	accesses(shared, argc, &counter);
	pthread_mutex_unlock(&hold);
	pthread_join(t, NULL);
	return 0;
}
