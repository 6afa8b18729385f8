/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kt_queue: first in, first out, from many threads to one, chosen by
 * --//platform:queue. Only this header says which back end kt_queue is. The contract, where
 * Q is a kt_queue and N is a kt_queue_node inside the object that is queued:
 *
 *   kt_queue_init(&Q, "name")     empty; the name is kept by reference
 *   kt_queue_destroy(&Q)          empty, and no thread will use it again
 *   kt_queue_push(&Q, &N, point)  append; any thread
 *   kt_queue_pop(&Q, point)       unlink the oldest; NULL if there is none.
 *                                 One thread at a time
 *   kt_queue_is_empty(&Q)         a hint; the popping thread calls it before it sleeps
 *
 * N belongs to the queue from push until pop has returned it. After that the queue does not
 * touch N, and N's memory may be freed. The pushing thread may end before its node is
 * popped.
 *
 * Order: if one push has returned before another begins, its node is popped first.
 * What the pushing thread did before the push is seen after the pop.
 *
 * A push that has returned is visible: pop finds its node, or an older one, and
 * is_empty() is false. A push that is under way may be visible or not; if it is visible,
 * pop may have to wait until the pushing thread goes on. So this protocol loses no wake-up:
 *
 *   pushing thread                  popping thread
 *   push, then wake                 say that it will sleep, then a full
 *                                   barrier, then is_empty()? sleep
 *
 * `point` is the site of a named point (KT_SITE_NAMED), with N as its subject. push visits
 * it after N has got its place in the queue and before N can be popped; pop visits it when
 * it has unlinked N. If KT_QUEUE_POINTS_ORDERED is 1, the visits come in the order of the
 * nodes' places. Otherwise the visits of two pushes that overlap may come in the other
 * order.
 *
 * A back end: struct kt_queue_<impl> and kt_queue_<impl>_node, functions
 * kt_queue_<impl>_{init,destroy,push,pop,is_empty}.
 */
#ifndef PLATFORM_QUEUE_H
#define PLATFORM_QUEUE_H

#if defined(KT_COMMON_CODE)
#error "this is built once for all combinations, so it must not look at one"
#endif

#include "platform/join.h"
#include "platform/lock.h"

/* The back ends, one line each. */
#define KT_QUEUE_HEADER_list "platform/queue/list.h"
#define KT_QUEUE_HEADER_wfcq "platform/queue/wfcq.h"

#if !defined(KT_QUEUE)
#error "choose a queue: --//platform:queue=, one of those above"
#endif
#include KT_JOIN(KT_QUEUE_HEADER_, KT_QUEUE)
#define KT_QUEUE_IMPL(verb) KT_JOIN3(kt_queue_, KT_QUEUE, verb)
typedef struct KT_JOIN(kt_queue_, KT_QUEUE) kt_queue;
typedef struct KT_JOIN3(kt_queue_, KT_QUEUE, _node) kt_queue_node;

#define KT_QUEUE_POINTS_ORDERED KT_QUEUE_IMPL(_points_ordered)

#define kt_queue_init(q, name)        KT_QUEUE_IMPL(_init)((q), (name))
#define kt_queue_destroy(q)           KT_QUEUE_IMPL(_destroy)((q))
#define kt_queue_push(q, node, point) KT_QUEUE_IMPL(_push)((q), (node), (point))
#define kt_queue_pop(q, point)        KT_QUEUE_IMPL(_pop)((q), (point))
#define kt_queue_is_empty(q)          KT_QUEUE_IMPL(_is_empty)((q))

#endif
