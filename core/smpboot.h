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
 * After each wake-up the thread calls fn if thread_should_run() says so. It calls cleanup if
 * and only if it called setup, and unpark only after park. When it is stopped it calls
 * cleanup at once, even if unpark would come next. If its CPU is offline then, cleanup runs
 * on another CPU. A thread that is stopped before it got a CPU calls nothing.
 *
 * Caller rules. A broken rule gives the failure that is named:
 *   - a task first makes work for a thread and then wakes the thread; thread_should_run()
 *     looks for work and does not sleep (else the work is done late or never);
 *   - no callback takes the hotplug lock, registers or unregisters (else the task that
 *     waits until the thread parks or stops waits for ever);
 *   - smpboot_wake_thread() is called only between register and unregister;
 *   - the owner of a selfparking thread parks it before its CPU goes offline,
 *     and unparks it after its CPU has come online and after register (else it runs on
 *     another CPU: a discipline failure; in Linux a BUG);
 *   - all hotplug threads are unregistered before kthreadd is shut down.
 *
 * Lock order: core/cpu.h.
 */
#ifndef CORE_SMPBOOT_H
#define CORE_SMPBOOT_H

#include "core/bridged.h"
#include "core/cpu.h"

struct smp_hotplug_thread {
	/* the owner writes these before register: */
	struct task_struct **store;		/* [NR_CPUS]; NULL: no thread. Written
						 * under threads_lock; holds a reference
						 * to each thread */
	int (*thread_should_run)(unsigned cpu);	/* called in a sleeping state */
	void (*thread_fn)(unsigned cpu);
	void (*create)(unsigned cpu);		/* may be NULL. The task that makes the
						 * thread calls it; the thread is parked */
	void (*setup)(unsigned cpu);		/* this and the next three may be NULL */
	void (*cleanup)(unsigned cpu, bool online);
	void (*park)(unsigned cpu);
	void (*unpark)(unsigned cpu);		/* called only if park is not NULL */
	bool selfparking;			/* its owner parks and unparks it, not smpboot */
	const char *thread_comm;		/* "name/%u" */

	struct list_head list;			/* under threads_lock */
	KT_LINUX_PLUG_FIELDS
};

struct smpboot {
	struct mutex threads_lock;		/* inside cpu_hotplug_lock */
	struct list_head hotplug_threads;	/* under it: registered, oldest first */
};

/* Called before any task can see *s. / Called when no task will use *s again. */
void smpboot_init(struct smpboot *s);
void smpboot_destroy(struct smpboot *s);

/*
 * Make and start a thread on every online CPU of the caller's kthreadd,
 * and later on each CPU that comes online. Returns 0, or -ENOMEM or the error of
 * kthread_create(). After an error no thread is left. Sleeps.
 */
int smpboot_register_percpu_thread(struct smp_hotplug_thread *plug_thread)
	KT_BRIDGED(smpboot_register_percpu_thread);

/*
 * Stop all threads of plug_thread, also those of offline CPUs. The caller must have the same
 * kthreadd as the task that registered plug_thread.
 */
void smpboot_unregister_percpu_thread(struct smp_hotplug_thread *plug_thread)
	KT_BRIDGED(smpboot_unregister_percpu_thread);

/*
 * wake_up_process() for cpu's thread. A user calls it after it has made work, by a store of any
 * order: a full barrier comes first. Returns 1 if the thread slept; 0 if the thread ran, is
 * parked, or does not exist.
 */
int smpboot_wake_thread(struct smp_hotplug_thread *ht, unsigned cpu);

/* In a callback on a per-CPU thread: the smp_hotplug_thread that it belongs to. */
struct smp_hotplug_thread *smpboot_current(void);

/*
 * core/cpu.c calls these with the hotplug lock held for writing. create returns 0 or the
 * first error. park begins with the threads that were registered last.
 */
int smpboot_create_threads(struct kthreadd *d, unsigned cpu) KT_BRIDGED(smpboot_create_threads);
void smpboot_park_threads(struct kthreadd *d, unsigned cpu) KT_BRIDGED(smpboot_park_threads);
void smpboot_unpark_threads(struct kthreadd *d, unsigned cpu) KT_BRIDGED(smpboot_unpark_threads);

#endif
