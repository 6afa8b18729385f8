/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The RCU that is slow and obviously right: one lock over a list of the readers that
 * are inside. The other back ends are compared with it. It uses only kt_lock, so it works
 * on every OS. It calls callbacks in the same places as `epoch`. See
 * platform/rcu/biglock.c.
 */
#ifndef PLATFORM_RCU_BIGLOCK_H
#define PLATFORM_RCU_BIGLOCK_H

#include "platform/point.h"

struct kt_rcu_biglock_head {
	struct kt_rcu_biglock_head *next;	/* while it is queued */
	void (*func)(struct kt_rcu_biglock_head *head);
	unsigned long period;			/* the grace period for which it waits */
};

void kt_rcu_biglock_read_lock(struct kt_site *site);
void kt_rcu_biglock_read_unlock(struct kt_site *site);
void kt_rcu_biglock_synchronize(struct kt_site *site);
void kt_rcu_biglock_call(struct kt_rcu_biglock_head *head,
			 void (*func)(struct kt_rcu_biglock_head *head), struct kt_site *site);
void kt_rcu_biglock_barrier(struct kt_site *site);

void kt_rcu_biglock_begin(void);
unsigned kt_rcu_biglock_queued(void);
void kt_rcu_biglock_register_thread(void);
void kt_rcu_biglock_unregister_thread(void);

#endif
