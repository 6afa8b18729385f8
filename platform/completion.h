/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kt_completion: a thread waits until another one says that something is done. Chosen by
 * --//platform:completion. The contract, where C is a kt_completion:
 *
 *   kt_completion_init(&C)           not done
 *   kt_completion_destroy(&C)        no thread waits on C, and no thread will complete it
 *   kt_complete(&C)                  lets one wait through, now or later
 *   kt_complete_all(&C)              lets every wait through, for ever
 *   kt_completion_wait(&C)           waits, whatever signals come
 *   kt_completion_wait_killable(&C)  0, or -EINTR if it is not done and the
 *                                    calling thread is killed (os_kill)
 *   kt_completion_wait_until(&C, ns) 0, or -ETIMEDOUT at os_now_ns() >= ns
 *   kt_completion_try_wait(&C)       true if C is done: takes what a wait would take
 *
 * Counting: each kt_complete() lets exactly one wait through; a completion
 * that is done wins over a pending kill and over a deadline that has passed.
 * If KT_COMPLETION_FIFO is 1, waiters are let through in the order in which they came
 * (Linux: a FIFO wait queue). Otherwise the operating system chooses the order.
 *
 * The on-stack rule, on which the creation hand-off rests: once
 * kt_complete() has let a waiter return, it never touches *C again, because
 * the waiter may be about to leave the stack frame that contains *C. Likewise, when a killed
 * waiter returns, *C no longer refers to that waiter.
 *
 * What a thread did before kt_complete() is seen after the wait that it let through.
 *
 * A back end: struct kt_completion_<impl>, functions kt_completion_<impl>_
 * {init,destroy,complete,complete_all,wait_for,try_wait}; the last parameter of all but
 * init and destroy is the site. The three waits are one function,
 *
 *   int wait_for(c, bool killable, const uint64_t *deadline_ns, site)
 *
 * which gives up when the thread is killed, if `killable` is true, and at *deadline_ns, if
 * deadline_ns is not NULL.
 */
#ifndef PLATFORM_COMPLETION_H
#define PLATFORM_COMPLETION_H

#if defined(KT_COMMON_CODE)
#error "this is built once for all combinations, so it must not look at one"
#endif

#include "platform/join.h"
#include "platform/lock.h"
#include "platform/lockdep.h"

/* The back ends, one line each. */
#define KT_COMPLETION_HEADER_modelled "platform/completion/modelled.h"
#define KT_COMPLETION_HEADER_park     "platform/completion/park.h"
#define KT_COMPLETION_HEADER_futex    "platform/completion/futex.h"
#define KT_COMPLETION_HEADER_cond     "platform/completion/cond.h"
#define KT_COMPLETION_HEADER_sem      "platform/completion/sem.h"
#define KT_COMPLETION_HEADER_eventfd  "platform/completion/eventfd.h"

#if !defined(KT_COMPLETION)
#error "choose a completion: --//platform:completion=, one of those above"
#endif
#include KT_JOIN(KT_COMPLETION_HEADER_, KT_COMPLETION)
#define KT_COMPLETION_IMPL(verb) KT_JOIN3(kt_completion_, KT_COMPLETION, verb)
typedef struct KT_JOIN(kt_completion_, KT_COMPLETION) kt_completion;

/* 1: waiters are let through in the order in which they came. */
#define KT_COMPLETION_FIFO KT_COMPLETION_IMPL(_is_fifo)

#define kt_completion_init(c)     KT_COMPLETION_IMPL(_init)((c))
#define kt_completion_destroy(c)  KT_COMPLETION_IMPL(_destroy)((c))
#define kt_complete(c)            KT_COMPLETION_IMPL(_complete)((c), KT_SITE("complete", #c))
#define kt_complete_all(c)                                                     \
	KT_COMPLETION_IMPL(_complete_all)((c), KT_SITE("complete_all", #c))
#define kt_completion_wait(c)                                                  \
	((void)KT_COMPLETION_IMPL(_wait_for)((c), false, NULL,                 \
					     kt_may_sleep(KT_SITE("wait", #c))))
#define kt_completion_wait_killable(c)                                         \
	KT_COMPLETION_IMPL(_wait_for)((c), true, NULL,                         \
				      kt_may_sleep(KT_SITE("wait_killable", #c)))
#define kt_completion_wait_until(c, deadline_ns)                               \
	KT_COMPLETION_IMPL(_wait_for)((c), false, &(const uint64_t){ (deadline_ns) }, \
				      kt_may_sleep(KT_SITE("wait_until", #c)))
#define kt_completion_try_wait(c) KT_COMPLETION_IMPL(_try_wait)((c), KT_SITE("try_wait", #c))

#endif
