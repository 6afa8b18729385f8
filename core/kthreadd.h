/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kthreadd: the daemon that makes every kthread, so that a kthread starts from the
 * daemon's clean context and not from its creator's.
 *
 * One struct holds all its state: it can be booted, shut down and booted again
 * in one process, and several can exist side by side. A task's `kthreadd` says which daemon
 * makes its threads. The threads that a kthread creates come from the daemon that made the
 * kthread.
 *
 * Locking: the lock inside create_list is a leaf. The daemon holds no lock while it
 * makes a thread.
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

	/* kthreadd_boot() writes these before it completes `ready`: */
	struct task_struct *task;	/* the daemon, to be woken */
	kt_completion ready;		/* complete_all: creating is allowed */

	int pref_node_fork;		/* used by the daemon only: see tsk_fork_get_node() */

	unsigned long flags;		/* bit KTHREADD_SHUTDOWN, set once */
	refcount_t threads;		/* kthreads that are not gone, plus 1 until shutdown */
	kt_completion all_gone;		/* threads reached 0 */

	struct task_struct daemon;	/* where `task` points */

	struct kthread_registry registry;	/* its live kthreads */

	struct timer_base timers;	/* timers of its threads; see kthreadd_boot_timers() */
	struct freezer freezer;		/* of its threads */
	struct cpus cpus;		/* where its threads run */
	struct smpboot smpboot;		/* the threads of each CPU */
};

/* Which core this is: 0, or the version of the kernel whose files run, as LINUX_VERSION_CODE. */
unsigned core_linux_version(void);

/*
 * The memory node for a thread that `tsk`, the caller, is about to make. If tsk is a
 * kthreadd, this is the node for which the request asks; else it is NUMA_NO_NODE. There is
 * one hint, because a kthreadd makes one thread at a time.
 */
int tsk_fork_get_node(struct task_struct *tsk);

/* Called before any task can see *d. */
void kthreadd_init(struct kthreadd *d);

/*
 * Start the daemon. 0 or -EAGAIN (the platform could not start a thread; then *d is as
 * after init). Called once per init. The caller need not be a task.
 */
int kthreadd_boot(struct kthreadd *d);

/*
 * Start the thread that fires the timers of delayed works. Only delayed works need it. 0 or
 * -EAGAIN. Called at most once per init, before the first delayed work is queued. If tasks
 * wait only for `ready` and then queue such works, call it before kthreadd_boot().
 */
int kthreadd_boot_timers(struct kthreadd *d);

/* Wait until kthread_create() may be called. Any task, any number of times. */
void kthreadd_wait_ready(struct kthreadd *d);

/*
 * Stop the daemon. Wait until every thread that it made is gone. The thread's memory is
 * gone, too, unless a task has a reference to it. Requests that are still queued are
 * answered first. Caller rules: no task creates threads or reads the registry any more;
 * every thread was stopped or ends by itself; no timer is pending and no freeze is in
 * force. *d may be initialized again or freed afterwards.
 */
void kthreadd_shutdown(struct kthreadd *d);

#endif
