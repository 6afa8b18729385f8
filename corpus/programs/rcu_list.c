/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A reader walks a list without a lock. The main thread removes the first node, waits until no
 * reader is left, and frees the node.
 *
 * Stands for: RCU, hazard pointers and epochs.
 * Bug: the reader loads the first node before it announces itself. The main thread sees no reader
 *	and frees the node, and the reader walks on in freed memory.
 * Repair: the reader announces itself before it loads anything.
 */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

struct node {
	int value;
	struct node *next;
};

static _Atomic(struct node *) first;
static atomic_int readers;

static struct node *node_new(int value, struct node *next)
{
	struct node *n = malloc(sizeof(*n));

	n->value = value;
	n->next = next;
	return n;
}

static void *reader(void *unused)
{
	struct node *n;
	int sum = 0;

	(void)unused;
#ifdef REPAIRED
	atomic_fetch_add(&readers, 1);
	n = atomic_load(&first);
#else
	n = atomic_load(&first);
	atomic_fetch_add(&readers, 1);
#endif
	for (; n; n = n->next)
		sum += n->value;
	atomic_fetch_sub(&readers, 1);
	assert(sum == 3 || sum == 2);
	return NULL;
}

int main(void)
{
	struct node *last = node_new(2, NULL);
	struct node *old = node_new(1, last);
	pthread_t t;

	atomic_store(&first, old);
	pthread_create(&t, NULL, reader, NULL);
	atomic_store(&first, last);
	while (atomic_load(&readers))
		sched_yield();
	free(old);
	pthread_join(t, NULL);
	free(last);
	return 0;
}
