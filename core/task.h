/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tasks: what the kernel's scheduler promises to a thread, built on park and unpark.
 *
 * A sleeper sets its state, tests its condition and calls schedule(); a waker
 * makes the condition true and calls wake_up_process(). The state is one
 * atomic word. It is deliberately not hidden under a mutex, because the harness
 * exists to test the barriers of this protocol.
 *
 *	sleeper				waker
 *	set_current_state(S)		condition = true
 *	  (full barrier)		wake_up_process()
 *	if (!condition)			  (full barrier)
 *		schedule()		  state & S: make it RUNNING, unpark
 *
 * Either the sleeper sees the condition or the waker sees the state.
 *
 * A task that has set its state and has not called schedule() still runs. The
 * state says what a waker may do, not whether the task is on a processor.
 */
#ifndef CORE_TASK_H
#define CORE_TASK_H

#include "core/bridged.h"
#include "core/err.h"
#include "core/list.h"
#include "platform/atomic.h"
#include "platform/lock.h"
#include "platform/os.h"
#include "platform/rcu.h"

/* Task states, the kernel's values. */
#define TASK_RUNNING         0x0000u
#define TASK_INTERRUPTIBLE   0x0001u
#define TASK_UNINTERRUPTIBLE 0x0002u
#define TASK_PARKED          0x0040u	/* woken by kthread_unpark() only */
#define TASK_DEAD            0x0080u	/* never woken again */
#define TASK_WAKEKILL        0x0100u	/* a fatal signal ends the sleep */
#define TASK_FROZEN          0x8000u	/* woken by a thaw and kthread_stop() only */
#define TASK_KILLABLE        (TASK_WAKEKILL | TASK_UNINTERRUPTIBLE)
#define TASK_NORMAL          (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)

/* task_struct.flags */
#define PF_KTHREAD  0x00200000u
#define PF_NOFREEZE 0x00008000u		/* the freezer passes it over */
#define PF_NOSIGNAL 0x00000100u		/* ignores signals, fatal ones too */
#define PF_NO_SETAFFINITY 0x04000000u	/* Linux's no_setaffinity: see core/linux/ */

struct kthread;
struct kthreadd;
struct mm_struct;

struct task_struct {
	struct os_thread os;

	/*
	 * Any task may set RUNNING; a task other than this one must hold pi_lock. Only the
	 * task itself sets a sleeping state. It sets PARKED, FROZEN and DEAD with pi_lock
	 * held, so that no waker that saw an older state stores RUNNING after that. The state
	 * may be a sleeping one while the task still runs: see on_cpu.
	 */
	unsigned state;
	kt_lock pi_lock;
	unsigned on_cpu;	/* 0 while the task is inside schedule() and sleeps;
				 * written by the task itself */

	/* under pi_lock: */
	uint64_t cpus_mask;	/* where it may run */
	bool no_setaffinity;	/* bound: only kthread_unpark() binds it again */
	bool is_bound;		/* it is in kthreadd->cpus.bound, by `bound` (under
				 * bound_lock there); never set once it is DEAD */
	struct list_head bound;

	refcount_t usage;	/* 1 for the running thread, plus 1 for each user */
	unsigned long notify;	/* bit 0: interruptible sleeps return at once */

	/* of kthreads only; see core/registry.h: */
	struct list_head registered;	/* under the registry's lock, read under RCU */
	struct rcu_head rcu;		/* used when the last reference is gone */

	/* written once before the task runs: */
	struct kthreadd *kthreadd;	/* the daemon that makes the threads that it creates */
	unsigned id;			/* kthread_id() */
	struct kthread *kthread;	/* NULL unless PF_KTHREAD */
	unsigned flags;			/* except PF_NOFREEZE, and under pi_lock PF_NOSIGNAL,
					 * which the task itself changes: others read with
					 * READ_ONCE() */
	char comm[OS_COMM_MAX];

	/* under kthreadd->freezer.lock: */
	struct list_head freeze_entry;	/* in freezer.freezable, if it is freezable */
	bool is_frozen;		/* it stays in the refrigerator until thawed or stopped */

	/* the task itself writes these; see core/mm.h: */
	struct mm_struct *mm;		/* the mm that it works in; atomic */
	struct mm_struct *active_mm;	/* it has a reference to this struct */

	/* the task itself writes this; the threads that it spawns inherit it: */
	bool no_cgroup_migration;

	/* None, unless the kernel's own files run: core/bridged.h. */
	KT_LINUX_TASK_FIELDS
};

/* The calling task. Every thread that calls core/ is a task. */
#define current container_of(os_self(), struct task_struct, os)

/*
 * Make *t (the caller's memory) a task whose threads come from d. Then
 * os_spawn(&t->os, ...) or os_adopt(&t->os, ...) runs it.
 */
void task_init(struct task_struct *t, struct kthreadd *d, const char *comm);

/* *t was made by task_init(). It does not run any more, and no other task uses it. */
void task_destroy(struct task_struct *t);

#define get_task_struct(t) refcount_inc(&(t)->usage)

/*
 * Drop a reference. After the last one is dropped, and a grace period, a kthread's task is
 * freed.
 */
void put_task_struct(struct task_struct *t);

/* Store and full barrier; then test the condition, then schedule(). */
#define set_current_state(s) smp_store_mb(current->state, (s))

/* Without a barrier: if the condition is tested under the waker's lock, or if there is none. */
#define __set_current_state(s) WRITE_ONCE(current->state, (s))

/*
 * Store under pi_lock: a waker that saw the old state has finished, so its store of
 * RUNNING can't overwrite this one. For PARKED, FROZEN and DEAD. Then test the
 * condition: a task that changes the condition and then calls wake_up_state() takes pi_lock
 * either before or after this call. If before, the test sees the change. If after,
 * wake_up_state() finds the state.
 */
void set_special_state(unsigned state);

/*
 * Sleep until the state is RUNNING. Returns at once if it is. Also sets the state to
 * RUNNING and returns if a signal is pending that ends such a sleep: any signal ends
 * INTERRUPTIBLE, a fatal one ends KILLABLE. The caller must hold no lock.
 */
#define schedule() schedule_at(KT_SITE("schedule", ""))
void schedule_at(struct kt_site *why);

/* As schedule(), but also returns, in state RUNNING, at os_now_ns() >= deadline_ns. */
#define schedule_until(deadline_ns) schedule_until_at((deadline_ns), KT_SITE("schedule_until", ""))
void schedule_until_at(uint64_t deadline_ns, struct kt_site *why);

/*
 * If t's state is in `mask`, make it RUNNING and return 1; else return 0. The caller has a
 * reference or knows that t can't exit. Called in any context.
 */
int wake_up_state(struct task_struct *t, unsigned mask);

/* wake_up_state() for ordinary sleepers: INTERRUPTIBLE or UNINTERRUPTIBLE. */
int wake_up_process(struct task_struct *t);

/*
 * If t's state is in `mask`, wait until t has left its processor, and return true. Return
 * false as soon as t has another state. Does not wake t. The caller has a reference.
 */
bool wait_task_inactive(struct task_struct *t, unsigned mask);

/*
 * If t is new, or sleeps in a state of `mask`, bind t to these processors and return true.
 * Bit n is CPU n. Otherwise return false and do nothing.
 */
bool task_bind(struct task_struct *t, uint64_t cpus, unsigned mask);

/*
 * CPU `cpu` goes offline. If t may run on no other online CPU, it may now run on all online
 * CPUs, even if it is bound. Called at any time.
 */
void task_cpu_gone(struct task_struct *t, unsigned cpu);

/* CPU `cpu` has come online: t may use it, if it is in t's mask. Called at any time. */
void task_cpu_back(struct task_struct *t, unsigned cpu);

/* Take the calling kthread, which is DEAD, off the list of bound threads. */
void task_unbind_dead(struct task_struct *t);

/*
 * set_cpus_allowed_ptr(): 0; -EINVAL if t was bound by task_bind(), or if the
 * mask is empty. Called at any time, for any task.
 */
int task_set_cpus_allowed(struct task_struct *t, uint64_t cpus);

/* Has t received a fatal signal that it does not ignore? */
bool fatal_signal_pending(struct task_struct *t);

/*
 * allow_signal(SIGKILL): from now on the calling kthread gets signals. Those that were sent before
 * are lost.
 */
void allow_fatal_signal(void);

/*
 * send_sig(SIGKILL, t, 1): send t, a kthread, a fatal signal, which ends its interruptible and
 * killable sleeps. If t ignores signals, nothing happens. The caller has a reference. 0, or
 * -ESRCH if t has ended.
 */
int send_fatal_signal(struct task_struct *t);

/* Does a signal end a sleep of t in that state? */
bool signal_pending_state(unsigned state, struct task_struct *t);

/* Let t, which is not DEAD, run on these processors. The caller holds t->pi_lock. */
int task_place_locked(struct task_struct *t, uint64_t cpus);

/* "PARKED": a state, or a mask that has a name. Any other is "unknown". Called at any time. */
const char *task_state_name(unsigned state);

/* kthreadd's fork: from now on a CPU that goes offline or online finds t, a kthread. */
void task_note_bound(struct task_struct *t);

#endif
