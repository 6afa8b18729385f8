/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * liburcu, in four flavours. They differ in how a reader makes itself seen:
 *
 *	memb	stores a word of its own, with compiler barriers only; the thread that waits
 *		for a grace period makes them full barriers, on all processors, by
 *		membarrier(2)
 *	mb	as memb, but the reader itself uses full barriers
 *	bp	as memb, and a thread registers itself when it first reads
 *	qsbr	threads that are online say now and then that they are in no section;
 *		here a thread is online in its sections only, see urcu.c
 *
 * Callbacks run on a thread of our own, known to the platform as "rcu" while it
 * calls them. Real threads only. platform/rcu/urcu.c is the one source of all
 * four, each with names of its own. It is the only place that includes liburcu's
 * headers, because liburcu has a struct rcu_head of its own.
 */
#ifndef PLATFORM_RCU_URCU_H
#define PLATFORM_RCU_URCU_H

#include "platform/point.h"

#if !defined(KT_OS_POSIX)
#error "liburcu works on real threads only"
#endif

#if defined(KT_RCU_MEMB)
#define KT_RCU_URCU(verb) kt_rcu_memb##verb
#elif defined(KT_RCU_MB)
#define KT_RCU_URCU(verb) kt_rcu_mb##verb
#elif defined(KT_RCU_QSBR)
#define KT_RCU_URCU(verb) kt_rcu_qsbr##verb
#else
#define KT_RCU_URCU(verb) kt_rcu_bp##verb
#endif

struct KT_RCU_URCU(_head) {
	struct KT_RCU_URCU(_head) *next;	/* while it is queued */
	void (*func)(struct KT_RCU_URCU(_head) *head);
};

void KT_RCU_URCU(_read_lock)(struct kt_site *site);
void KT_RCU_URCU(_read_unlock)(struct kt_site *site);
void KT_RCU_URCU(_synchronize)(struct kt_site *site);
void KT_RCU_URCU(_call)(struct KT_RCU_URCU(_head) *head,
			void (*func)(struct KT_RCU_URCU(_head) *head), struct kt_site *site);
void KT_RCU_URCU(_barrier)(struct kt_site *site);

void KT_RCU_URCU(_begin)(void);
unsigned KT_RCU_URCU(_queued)(void);
void KT_RCU_URCU(_register_thread)(void);
void KT_RCU_URCU(_unregister_thread)(void);

#endif
