/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_SCHED_TASK_H
#define KTHRASH_LINUX_SCHED_TASK_H

#include <linux/sched.h>

KD_INLINE struct task_struct *get_task_struct(struct task_struct *t)
{
	kd_get_task(t);
	return t;
}

KD_INLINE void put_task_struct(struct task_struct *t)
{
	kd_put_task(t);
}

#endif
