/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_SCHED_H
#define KTHRASH_LINUX_SCHED_H

#include <linux/kernel.h>
#include <linux/spinlock.h>

#define TASK_RUNNING         0x0000
#define TASK_INTERRUPTIBLE   0x0001
#define TASK_UNINTERRUPTIBLE 0x0002
#define TASK_PARKED          0x0040
#define TASK_DEAD            0x0080
#define TASK_WAKEKILL        0x0100
#define TASK_KILLABLE        (TASK_WAKEKILL | TASK_UNINTERRUPTIBLE)
#define TASK_IDLE            TASK_UNINTERRUPTIBLE
#define TASK_NORMAL          (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)
#define TASK_FREEZABLE       0

#define PF_KTHREAD  0x00200000
#define PF_NOFREEZE 0x00008000
#define PF_EXITING  0x00000004

#define TASK_COMM_LEN 16
#define MAX_SCHEDULE_TIMEOUT LONG_MAX

/* The fields that drivers read. Where they are, core/driver/task.c compares with core/task.h. */
struct task_struct {
	char kd_1[136];
	unsigned int __state;
	char kd_2[304 - 140];
	int pid;
	char kd_3[320 - 308];
	unsigned int flags;
	char comm[TASK_COMM_LEN];
};

#define current (kd_current())

#define get_current_state()    READ_ONCE(current->__state)
#define task_is_running(t)     (READ_ONCE((t)->__state) == TASK_RUNNING)
#define set_current_state(s)   smp_store_mb(current->__state, (s))
#define __set_current_state(s) WRITE_ONCE(current->__state, (s))

#define schedule()             kd_schedule()
#define schedule_timeout(t)    kd_schedule_timeout(t)
#define io_schedule()          kd_schedule()
#define io_schedule_timeout(t) kd_schedule_timeout(t)
#define cond_resched()         (kd_cond_resched(), 0)
#define yield()                kd_yield()
#define need_resched()         0

KD_INLINE long schedule_timeout_interruptible(long timeout)
{
	__set_current_state(TASK_INTERRUPTIBLE);
	return kd_schedule_timeout(timeout);
}

KD_INLINE long schedule_timeout_uninterruptible(long timeout)
{
	__set_current_state(TASK_UNINTERRUPTIBLE);
	return kd_schedule_timeout(timeout);
}

KD_INLINE long schedule_timeout_killable(long timeout)
{
	__set_current_state(TASK_KILLABLE);
	return kd_schedule_timeout(timeout);
}
#define schedule_timeout_idle(t) schedule_timeout_uninterruptible(t)

KD_INLINE int wake_up_process(struct task_struct *t)
{
	return kd_wake_up_state(t, TASK_NORMAL);
}

KD_INLINE int wake_up_state(struct task_struct *t, unsigned int state)
{
	return kd_wake_up_state(t, state);
}

#define task_pid_nr(t)   ((t)->pid)
#define raw_smp_processor_id() 0
#define smp_processor_id()     0
#define get_cpu()              (preempt_disable(), 0)
#define put_cpu()              preempt_enable()
#define num_online_cpus()      4u
#define nr_cpu_ids             4u

#define sched_set_fifo(t)      ((void)(t))
#define sched_set_fifo_low(t)  ((void)(t))
#define sched_set_normal(t, nice) ((void)(t), (void)(nice))
#define set_user_nice(t, nice) ((void)(t), (void)(nice))

#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#endif
