/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * smpboot: per-CPU threads, one on each CPU that is online. A thread is parked while its
 * CPU is offline. After Linux kernel/smpboot.c; core/README.md says where and why it
 * differs.
 *
 * A thread that has a CPU calls, always in TASK_RUNNING and on that CPU:
 *
 *	setup  { fn ... [ park  unpark  fn ... ] }  cleanup
 *
 * It calls fn whenever thread_should_run() says so after a wake-up. It calls cleanup
 * if and only if it called setup, and unpark only after park. When it is stopped it calls
 * cleanup at once, also instead of unpark; if its CPU is offline then, cleanup runs on
 * another CPU. A thread that is stopped before it got a CPU calls nothing.
 *
 * Caller rules. Broken, they give the failure named:
 *   - a task first makes work for a thread and then wakes the thread;
 *     thread_should_run() looks for work without sleeping (else the work is done late
 *     or never);
 *   - no callback takes the hotplug lock or registers (else the task that waits for the
 *     thread to park or stop waits for ever);
 *   - threads are woken by smpboot_wake_thread() between register and unregister;
 *   - the owner of a selfparking thread parks it before its CPU goes offline,
 *     and unparks it after its CPU has come online and after register (else it runs on
 *     another CPU: a discipline failure; in Linux a BUG);
 *   - all are unregistered before kthreadd is shut down.
 *
 * Lock order: core/cpu.h.
 */
#ifndef CORE_SMPBOOT_H
#define CORE_SMPBOOT_H

#include "core/cpu.h"

struct smp_hotplug_thread {
	/* written by the owner before register: */
	struct task_struct **store;		/* [NR_CPUS], NULL: no thread. Written
						 * under threads_lock; has a reference
						 * to each thread */
	int (*thread_should_run)(unsigned cpu);	/* in a sleeping state */
	void (*thread_fn)(unsigned cpu);
	void (*create)(unsigned cpu);		/* NULL, or called by the task that makes
						 * the thread, which is parked by then */
	void (*setup)(unsigned cpu);		/* these five may be NULL */
	void (*cleanup)(unsigned cpu, bool online);
	void (*park)(unsigned cpu);
	void (*unpark)(unsigned cpu);		/* called only if there is a park, too */
	bool selfparking;			/* smpboot does not park and unpark it */
	const char *thread_comm;		/* "name/%u" */

	struct list_head list;			/* under threads_lock */
};

struct smpboot {
	struct mutex threads_lock;		/* inside cpu_hotplug_lock */
	struct list_head hotplug_threads;	/* under it: registered, oldest first */
};

/* Before any task can see *s. / When no task will use it again. */
void smpboot_init(struct smpboot *s);
void smpboot_destroy(struct smpboot *s);

/*
 * Make and start a thread on every online CPU of the caller's kthreadd,
 * and later on each CPU that comes online. 0; or -ENOMEM or the error of
 * kthread_create(), and then no thread is left. Sleeps.
 */
int smpboot_register_percpu_thread(struct smp_hotplug_thread *plug_thread);

/* Stop all its threads, also those of offline CPUs. By a task of the same kthreadd. */
void smpboot_unregister_percpu_thread(struct smp_hotplug_thread *plug_thread);

/*
 * wake_up_process() for cpu's thread, which its users call after they have made work:
 * 1 if the thread slept; 0 if it did not, is parked, or does not exist.
 */
int smpboot_wake_thread(struct smp_hotplug_thread *ht, unsigned cpu);

/* In a callback on a per-CPU thread: the smp_hotplug_thread that it belongs to. */
struct smp_hotplug_thread *smpboot_current(void);

/*
 * core/cpu.c calls these with the hotplug lock held for writing. create: 0 or the first
 * error. park goes from the last registered to the first.
 */
int smpboot_create_threads(struct kthreadd *d, unsigned cpu);
void smpboot_park_threads(struct kthreadd *d, unsigned cpu);
void smpboot_unpark_threads(struct kthreadd *d, unsigned cpu);

#endif
