/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kthreadd: the daemon that makes every kthread, so that each starts from its
 * clean context and not from its creator's.
 *
 * One struct holds all its state: it can be booted, shut down and booted again
 * in one process, and several can live side by side. A task's `kthreadd` says
 * which one serves it; a kthread inherits its maker's.
 *
 * Locking: what is inside create_list is a leaf; none is held while a thread is
 * made.
 */
#ifndef CORE_KTHREADD_H
#define CORE_KTHREADD_H

#include "core/cpu.h"
#include "core/freezer.h"
#include "core/registry.h"
#include "core/smpboot.h"
#include "core/task.h"
#include "core/timer.h"
#include "platform/completion.h"
#include "platform/queue.h"

struct kthreadd {
	kt_queue create_list;		/* requests: any task pushes, the daemon pops */

	/* written by kthreadd_boot() before `ready` is completed: */
	struct task_struct *task;	/* the daemon; wakes go here */
	kt_completion ready;		/* complete_all: creating is allowed */

	int pref_node_fork;		/* the daemon's own: see tsk_fork_get_node() */

	unsigned long flags;		/* bit KTHREADD_SHUTDOWN, set once */
	refcount_t threads;		/* kthreads not gone, and 1 until shutdown */
	kt_completion all_gone;		/* threads reached 0 */

	struct task_struct daemon;	/* where `task` points */

	struct kthread_registry registry;	/* its live kthreads */

	struct timer_base timers;	/* of its threads; kthreadd_boot_timers() */
	struct freezer freezer;		/* of its threads */
	struct cpus cpus;		/* where its threads run */
	struct smpboot smpboot;		/* threads that each of them has */
};

/*
 * The memory node for a thread that `tsk`, the caller, is about to make: what
 * was asked for if it is a kthreadd, else NUMA_NO_NODE. There is one hint, for
 * a kthreadd makes one thread at a time.
 */
int tsk_fork_get_node(struct task_struct *tsk);

/* Before any task can see *d. */
void kthreadd_init(struct kthreadd *d);

/*
 * Start the daemon. 0 or -EAGAIN (the platform has no thread; then *d is as
 * after init). Once per init. The caller need not be a task.
 */
int kthreadd_boot(struct kthreadd *d);

/*
 * Start the thread that calls the timers of delayed works, if there will be
 * any. 0 or -EAGAIN. At most once per init, before the first is queued; so
 * before kthreadd_boot() if tasks only wait for ready.
 */
int kthreadd_boot_timers(struct kthreadd *d);

/* Wait until kthread_create() may be called. Any task, any number of times. */
void kthreadd_wait_ready(struct kthreadd *d);

/*
 * Stop the daemon and wait until every thread it made is gone, and its memory,
 * unless somebody has a reference. Requests still queued are answered first.
 * The caller rules: nobody creates any more, nobody reads the registry, and
 * every thread was stopped or ends by itself; no timer is pending, no freeze
 * in force. *d may be initialized again or freed afterwards.
 */
void kthreadd_shutdown(struct kthreadd *d);

#endif
