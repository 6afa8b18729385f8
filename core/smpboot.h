/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * smpboot: per-CPU threads, one on each CPU that is on line, parked while it is
 * off. After Linux kernel/smpboot.c; core/README.md says where and why it
 * differs.
 *
 * A thread that has a CPU calls, always in TASK_RUNNING and on that CPU:
 *
 *	setup  { fn ... [ park  unpark  fn ... ] }  cleanup
 *
 * fn whenever thread_should_run() says so after a wake-up. cleanup is called
 * if and only if setup was, unpark only after park; cleanup comes at once when
 * the thread is stopped, also instead of unpark, and then, if its CPU is off
 * line, on another. A thread that is stopped before it got a CPU calls nothing.
 *
 * Caller rules. Broken, they give the failure named:
 *   - who makes work for a thread does so first and wakes it then, and
 *     thread_should_run() looks for work without sleeping (else it is run late
 *     or never);
 *   - no callback takes the hotplug lock or registers (else who waits for the
 *     thread to park or stop waits for ever);
 *   - threads are woken by smpboot_wake_thread() between register and unregister;
 *   - a selfparking thread is parked by its owner before its CPU goes off line
 *     and unparked when it has come up and after register (else it runs on
 *     another CPU: a discipline failure; in Linux a BUG);
 *   - everything is unregistered before kthreadd is shut down.
 *
 * Lock order: core/cpu.h.
 */
#ifndef CORE_SMPBOOT_H
#define CORE_SMPBOOT_H

#include "core/cpu.h"

struct smp_hotplug_thread {
	/* written by the owner before register: */
	struct task_struct **store;		/* [NR_CPUS], NULL: no thread. Written
						 * under threads_lock; the threads are
						 * referenced */
	int (*thread_should_run)(unsigned cpu);	/* in a sleeping state */
	void (*thread_fn)(unsigned cpu);
	void (*create)(unsigned cpu);		/* NULL or: on the thread that makes it,
						 * with the new one parked and off its CPU */
	void (*setup)(unsigned cpu);		/* these five may be NULL */
	void (*cleanup)(unsigned cpu, bool online);
	void (*park)(unsigned cpu);
	void (*unpark)(unsigned cpu);		/* called only if there is a park, too */
	bool selfparking;			/* not parked and unparked by smpboot */
	const char *thread_comm;		/* "name/%u" */

	struct list_head list;			/* under threads_lock */
};

struct smpboot {
	struct mutex threads_lock;		/* inside cpu_hotplug_lock */
	struct list_head hotplug_threads;	/* under it: registered, oldest first */
};

/* Before any task can see *s. / When nobody will use it any more. */
void smpboot_init(struct smpboot *s);
void smpboot_destroy(struct smpboot *s);

/*
 * Make and start a thread on every CPU of the caller's kthreadd that is on line,
 * and from now on on each that comes. 0, or -ENOMEM or the error of
 * kthread_create(), and then nothing is left of it. Sleeps.
 */
int smpboot_register_percpu_thread(struct smp_hotplug_thread *plug_thread);

/* Stop them all, those of CPUs off line too. By a task of the same kthreadd. */
void smpboot_unregister_percpu_thread(struct smp_hotplug_thread *plug_thread);

/*
 * wake_up_process() of cpu's thread, as its users call it: 1 if it slept, 0 if
 * it did not, is parked, or there is none. The work for it was made before.
 */
int smpboot_wake_thread(struct smp_hotplug_thread *ht, unsigned cpu);

/* In a callback that runs on a per-CPU thread: whose. */
struct smp_hotplug_thread *smpboot_current(void);

/*
 * For core/cpu.c, with the hotplug lock held for writing. create: 0 or the first
 * error. park goes from the last registered to the first.
 */
int smpboot_create_threads(struct kthreadd *d, unsigned cpu);
void smpboot_park_threads(struct kthreadd *d, unsigned cpu);
void smpboot_unpark_threads(struct kthreadd *d, unsigned cpu);

#endif
