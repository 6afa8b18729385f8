/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * liburcu's urcu-memb: readers store a word of their own and use compiler
 * barriers; who waits for a grace period makes them full ones on all
 * processors by membarrier(2). Callbacks run on a thread of their own, known to
 * the platform as "rcu" while it calls them. Real threads only; see
 * platform/rcu/memb.c, which is also the only place that includes liburcu's
 * headers: its struct rcu_head is not ours.
 */
#ifndef PLATFORM_RCU_MEMB_H
#define PLATFORM_RCU_MEMB_H

#include "platform/point.h"

#if !defined(KT_OS_POSIX)
#error "the RCU 'memb' works on real threads only"
#endif

struct kt_rcu_memb_head {
	struct kt_rcu_memb_head *next;	/* while it is queued */
	void (*func)(struct kt_rcu_memb_head *head);
};

void kt_rcu_memb_read_lock(struct kt_site *site);
void kt_rcu_memb_read_unlock(struct kt_site *site);
void kt_rcu_memb_synchronize(struct kt_site *site);
void kt_rcu_memb_call(struct kt_rcu_memb_head *head,
		      void (*func)(struct kt_rcu_memb_head *head), struct kt_site *site);
void kt_rcu_memb_barrier(struct kt_site *site);

/* The calling thread, known to the platform from now on, until now. */
void kt_rcu_memb_register_thread(void);
void kt_rcu_memb_unregister_thread(void);

#endif
