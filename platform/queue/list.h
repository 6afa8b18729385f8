/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's create list: doubly linked, changed under a lock. is_empty()
 * reads head.next without the lock, so that word is written with WRITE_ONCE. The
 * points are visited with the lock held, so they come in the order of the list.
 * It uses only kt_lock and platform/atomic.h.
 */
#ifndef PLATFORM_QUEUE_LIST_H
#define PLATFORM_QUEUE_LIST_H

#include "platform/atomic.h"
#include "platform/lock.h"

#define kt_queue_list_points_ordered 1

struct kt_queue_list_node {
	struct kt_queue_list_node *next, *prev;
};

struct kt_queue_list {
	kt_lock lock;

	/* lock must be held, except in is_empty(): */
	struct kt_queue_list_node head;		/* next: the oldest */
};

static inline void kt_queue_list_init(struct kt_queue_list *q, const char *name)
{
	kt_lock_init(&q->lock, name);
	q->head.next = q->head.prev = &q->head;
}

/* If true, no push had appended its node yet. */
static inline bool kt_queue_list_is_empty(struct kt_queue_list *q)
{
	return READ_ONCE(q->head.next) == &q->head;
}

static inline void kt_queue_list_destroy(struct kt_queue_list *q)
{
	KT_ASSERT(q->head.next == &q->head);
	kt_lock_destroy(&q->lock);
}

static inline void kt_queue_list_push(struct kt_queue_list *q, struct kt_queue_list_node *node,
				      struct kt_site *point)
{
	struct kt_queue_list_node *prev;

	kt_lock_acquire(&q->lock);
	prev = q->head.prev;
	q->head.prev = node;
	node->next = &q->head;
	node->prev = prev;
	WRITE_ONCE(prev->next, node);
	kt_point(point, node);
	kt_lock_release(&q->lock);
}

static inline struct kt_queue_list_node *kt_queue_list_pop(struct kt_queue_list *q,
							   struct kt_site *point)
{
	struct kt_queue_list_node *node;

	kt_lock_acquire(&q->lock);
	node = READ_ONCE(q->head.next);
	if (node == &q->head) {
		kt_lock_release(&q->lock);
		return NULL;
	}
	node->next->prev = &q->head;
	WRITE_ONCE(q->head.next, node->next);
	kt_point(point, node);
	kt_lock_release(&q->lock);
	return node;
}

#endif
