/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An RCU of our own: a reader notes the epoch in which it entered. A grace
 * period begins a new epoch and waits for readers that are in an older one. It uses only
 * platform/atomic.h, so it works on every OS and the simulator explores its inside. A
 * callback is called after its grace period, by the first thread that comes to one of these
 * places: kt_call_rcu(), the kt_rcu_read_unlock() that ends the grace period, or
 * kt_rcu_barrier(). See platform/rcu/epoch.c.
 */
#ifndef PLATFORM_RCU_EPOCH_H
#define PLATFORM_RCU_EPOCH_H

#include "platform/point.h"

struct kt_rcu_epoch_head {
	struct kt_rcu_epoch_head *next;	/* while it is queued */
	void (*func)(struct kt_rcu_epoch_head *head);
	unsigned long epoch;		/* the epoch that its grace period began */
};

void kt_rcu_epoch_read_lock(struct kt_site *site);
void kt_rcu_epoch_read_unlock(struct kt_site *site);
void kt_rcu_epoch_synchronize(struct kt_site *site);
void kt_rcu_epoch_call(struct kt_rcu_epoch_head *head,
		       void (*func)(struct kt_rcu_epoch_head *head), struct kt_site *site);
void kt_rcu_epoch_barrier(struct kt_site *site);

void kt_rcu_epoch_begin(void);
unsigned kt_rcu_epoch_queued(void);
void kt_rcu_epoch_register_thread(void);
void kt_rcu_epoch_unregister_thread(void);

#endif
