/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_FREEZER_H
#define KTHRASH_LINUX_FREEZER_H

#include <linux/kthread.h>
#include <linux/wait.h>

#define set_freezable()   kd_set_freezable()
#define try_to_freeze()   kd_try_to_freeze()
#define freezing(t)       kd_freezing(t)
#define freezable_schedule() kd_schedule()
#define freezable_schedule_timeout(t) kd_schedule_timeout(t)
#define freezable_schedule_timeout_interruptible(t) schedule_timeout_interruptible(t)
#define freezer_do_not_count() ((void)0)
#define freezer_count()   ((void)kd_try_to_freeze())

#endif
