/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The freezer: all freezable kthreads of a kthreadd stop at places where they allow it, and
 * stay there until they are thawed. After Linux kernel/freezer.c and
 * kernel/power/process.c; core/README.md says where and why it differs.
 *
 * Kthreads inherit PF_NOFREEZE from kthreadd, and the freezer passes over tasks with that
 * flag. A thread that calls set_freezable() must freeze from then on. No other task stops it:
 * the thread itself goes into the refrigerator, at the places where it calls try_to_freeze(),
 * kthread_freezable_should_stop() or set_freezable(). In the refrigerator its state is
 * FROZEN, in which no ordinary wake-up wakes it:
 *
 *	thread				freezer
 *	set_current_state(S)		add 1 to `freezers`, under the lock
 *	if (!freezing(current))		wake each that sleeps in NORMAL
 *		schedule()		wait until `awake` is 0
 *	try_to_freeze():		thaw: take 1 from `freezers`; at 0: wake
 *	  FROZEN; freezing? schedule	  each that is frozen, under the lock
 *
 * Caller rules. A broken rule gives the failure that is named:
 *   - a freezable thread tests freezing() between its state and schedule(), and then calls
 *     try_to_freeze() in state RUNNING. If it does neither, the freezing task gets -EBUSY.
 *     A call in another state is a discipline failure. The freezer asks a thread only once.
 *     Linux asks again every few milliseconds, which would hide that a thread does not test
 *     freezing();
 *   - each freeze_kthreads() that returned 0 is followed by one thaw_kthreads() (one thaw
 *     too many is an assertion failure). Several freezes may be in force at once, from any
 *     tasks; the last thaw lets the threads go;
 *   - a freezable thread does not freeze its own kthreadd (else an assertion failure);
 *   - a task that must thaw does not wait until a frozen thread parks, runs a work, or
 *     stops in try_to_freeze() (else both wait for ever).
 *
 * Lock order: freezer.lock -> pi_lock.
 */
#ifndef CORE_FREEZER_H
#define CORE_FREEZER_H

#include "core/task.h"

struct freezer {
	kt_lock lock;

	/* under lock: */
	struct list_head freezable;	/* tasks, from set_freezable() to their end */
	struct list_head waiters;	/* calls of freeze_kthreads() that wait */
	unsigned awake;			/* how many of `freezable` are neither frozen nor parked */

	unsigned freezers;		/* freezes that are in force or begin;
					 * written under lock, tested without it */
};

/* kthreadd.c calls these for the freezer in its kthreadd. */
void freezer_init(struct freezer *f);
void freezer_destroy(struct freezer *f);

#define FREEZE_TIMEOUT_NS 20000000000ull	/* Linux: freeze_timeout_msecs */

/*
 * Ask every freezable kthread of d to freeze, wake those that sleep, and wait
 * until all are in the refrigerator, parked, or have ended. Returns 0. Returns -EBUSY if one
 * of them has not tested freezing() at os_now_ns() >= deadline_ns. freeze_kthreads() sets the
 * deadline to 20 s from now. After -EBUSY this freeze is over, and needs no thaw. While a
 * freeze is in force, a thread that becomes freezable, or is unparked, freezes at once. A
 * thread that is stopped meanwhile leaves the refrigerator and ends, unless it is in
 * try_to_freeze(). Sleeps, whatever signals come.
 */
int freeze_kthreads(struct kthreadd *d);
int freeze_kthreads_until(struct kthreadd *d, uint64_t deadline_ns);

/*
 * End one freeze. When no freeze is left, the threads go on. Any task may call this. Does
 * not sleep.
 */
void thaw_kthreads(struct kthreadd *d);

/*
 * Must p, the calling task, freeze? One load; none if p is not freezable. A sleeping loop
 * tests it after set_current_state() and before schedule(), like kthread_should_stop().
 */
bool freezing(struct task_struct *p) KT_BRIDGED(freezing);

/* Is p in the refrigerator? A hint: the answer may be old at once. */
bool frozen(struct task_struct *p);

/*
 * The calling kthread may be frozen from now on, and freezes at once if a freeze is in force.
 * Returns true if the thread was frozen. As in
 * kthread_freezable_should_stop(), a stop lets the thread out of the refrigerator.
 */
bool set_freezable(void);

/*
 * If there is a freeze, stay in the refrigerator until it is over. True if the thread
 * was there. Called in state RUNNING. The thread stays even when it is stopped. If it left,
 * it might use something that is still asleep, such as a device, before it tests
 * kthread_should_stop().
 */
bool try_to_freeze(void) KT_BRIDGED(try_to_freeze);

/*
 * kthread_should_stop() for a freezable thread. The thread freezes if it must, and
 * leaves the refrigerator when it is stopped. Unless was_frozen is NULL, *was_frozen says
 * afterwards whether the thread was frozen. Called in state RUNNING.
 */
bool kthread_freezable_should_stop(bool *was_frozen);

/*
 * The refrigerator, for a thread that has seen freezing(). Returns in state RUNNING when no
 * freeze is left. If check_kthr_stop, it also returns when the thread is to stop. Returns
 * true if the thread slept. The caller is in RUNNING or in a NORMAL state.
 */
bool __refrigerator(bool check_kthr_stop);

/*
 * kthread.c calls these on the thread itself. They do nothing if the thread is not
 * freezable. freezer_do_not_count(): the thread is about to park, and no freeze waits for
 * it until it calls freezer_count(). freezer_count() freezes at once if a freeze is in
 * force. freezer_forget(): the thread ends.
 */
void freezer_do_not_count(void);
void freezer_count(void);
void freezer_forget(void);

#endif
