/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * liburcu's wait-free queue (urcu/wfcqueue.h): liburcu's own inline code, on the operations
 * of platform/queue/urcu_ops.h. Push never waits. Only one thread pops.
 *
 *	push				pop
 *	old = xchg(tail, node)  (A)	head.next NULL and tail at head? empty
 *	old->next = node        (B)	wait until head.next is there
 *					...
 *
 * A gives the node its place in the queue. Between A and B the queue is not empty
 * and its end can't be reached: is_empty() is false, and pop spins until B. So a daemon
 * that goes to sleep has looked at the tail before A. The wake-up comes after B, so it
 * finds the daemon's state.
 *
 * Push visits its point between A and B. On real threads its delays fall into
 * that window, and the pop of the node can't come before the visit. In the simulator
 * no step comes between A and the visit, so the visits are in order; on real threads,
 * another push may do both its A and its visit between these two.
 */
#ifndef PLATFORM_QUEUE_WFCQ_H
#define PLATFORM_QUEUE_WFCQ_H

#include "platform/queue/urcu_ops.h"

#if defined(KT_OS_SIM)
#define kt_queue_wfcq_points_ordered 1
#else
#define kt_queue_wfcq_points_ordered 0
#endif

struct kt_queue_wfcq_node {
	struct cds_wfcq_node node;	/* must be first: see exchanged() */
	struct kt_site *point;		/* the point that its push visits */
};

struct kt_queue_wfcq {
	struct __cds_wfcq_head head;	/* used by the popping thread, and by the
					 * push that links the first node */
	struct cds_wfcq_tail tail;	/* atomic */
	const char *name;
};

static inline void kt_queue_wfcq_init(struct kt_queue_wfcq *q, const char *name)
{
	__cds_wfcq_init(&q->head, &q->tail);
	q->name = name;
}

static inline bool kt_queue_wfcq_is_empty(struct kt_queue_wfcq *q)
{
	return cds_wfcq_empty(&q->head, &q->tail);
}

static inline void kt_queue_wfcq_destroy(struct kt_queue_wfcq *q)
{
	KT_ASSERT(kt_queue_wfcq_is_empty(q));
}

static inline void kt_queue_wfcq_push(struct kt_queue_wfcq *q, struct kt_queue_wfcq_node *node,
				      struct kt_site *point)
{
	cds_wfcq_node_init(&node->node);
	node->point = point;
	cds_wfcq_enqueue(&q->head, &q->tail, &node->node);
}

static inline struct kt_queue_wfcq_node *kt_queue_wfcq_pop(struct kt_queue_wfcq *q,
							   struct kt_site *point)
{
	struct kt_queue_wfcq_node *node = (struct kt_queue_wfcq_node *)(void *)
		__cds_wfcq_dequeue_blocking(&q->head, &q->tail);

	if (node)
		kt_point(point, node);
	return node;
}

/* liburcu's append calls this right after it has exchanged the tail: see urcu_ops.h. */
static inline void kt_queue_wfcq_exchanged(struct cds_wfcq_node *tail)
{
	struct kt_queue_wfcq_node *node = (struct kt_queue_wfcq_node *)(void *)tail;

	kt_point(node->point, node);
}
_Static_assert(offsetof(struct kt_queue_wfcq_node, node) == 0, "one is taken for the other");

#endif
