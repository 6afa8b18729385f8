/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulator's own RCU: it knows which tasks are inside. A callback runs at the
 * earliest legal moment: at once if no task is inside, else on the task whose
 * unlock ends the grace period. Because objects are freed so early, a reader that reads
 * outside a section is caught. Misuse is KT_DISCIPLINE. Simulator only; see
 * platform/sim/rcu.c.
 */
#ifndef PLATFORM_RCU_MODELLED_H
#define PLATFORM_RCU_MODELLED_H

#include "platform/point.h"

/* The queue is in the simulator's tables, where no bug of the code can reach it. */
struct kt_rcu_modelled_head {
	void (*func)(struct kt_rcu_modelled_head *head);	/* for a debugger */
};

void kt_rcu_modelled_read_lock(struct kt_site *site);
void kt_rcu_modelled_read_unlock(struct kt_site *site);
void kt_rcu_modelled_synchronize(struct kt_site *site);
void kt_rcu_modelled_call(struct kt_rcu_modelled_head *head,
			  void (*func)(struct kt_rcu_modelled_head *head), struct kt_site *site);
void kt_rcu_modelled_barrier(struct kt_site *site);

void kt_rcu_modelled_begin(void);
unsigned kt_rcu_modelled_queued(void);
void kt_rcu_modelled_register_thread(void);
void kt_rcu_modelled_unregister_thread(void);

#endif
