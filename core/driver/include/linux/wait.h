/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_WAIT_H
#define KTHRASH_LINUX_WAIT_H

#include <linux/list.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

typedef struct wait_queue_head {
	struct kd_wait_head kd;
} wait_queue_head_t;

typedef struct wait_queue_entry {
	struct kd_wait_entry kd;
} wait_queue_entry_t;

#define __WAIT_QUEUE_HEAD_INITIALIZER(x) { .kd = KD_WAIT_HEAD_INIT((x).kd) }
#define DECLARE_WAIT_QUEUE_HEAD(x) wait_queue_head_t x = __WAIT_QUEUE_HEAD_INITIALIZER(x)
#define DECLARE_WAIT_QUEUE_HEAD_ONSTACK(x) DECLARE_WAIT_QUEUE_HEAD(x)
#define init_waitqueue_head(h)     kd_wait_head_init(&(h)->kd, #h)

/* The entry is in a list, so it is initialized where it stays. */
#define DEFINE_WAIT(x)                                                         \
	wait_queue_entry_t x;                                                  \
	int kd_init_##x __attribute__((unused)) = (kd_wait_entry_init(&x.kd, 0, true), 0)
#define DECLARE_WAITQUEUE(x, task)                                             \
	wait_queue_entry_t x;                                                  \
	int kd_init_##x __attribute__((unused)) = (kd_wait_entry_init(&x.kd, 0, false), 0)
#define init_wait(e)               kd_wait_entry_init(&(e)->kd, 0, true)
#define init_waitqueue_entry(e, task) kd_wait_entry_init(&(e)->kd, 0, false)

KD_INLINE void add_wait_queue(wait_queue_head_t *h, wait_queue_entry_t *e)
{
	kd_add_wait_queue(&h->kd, &e->kd, false);
}

KD_INLINE void add_wait_queue_exclusive(wait_queue_head_t *h, wait_queue_entry_t *e)
{
	kd_add_wait_queue(&h->kd, &e->kd, true);
}

KD_INLINE void remove_wait_queue(wait_queue_head_t *h, wait_queue_entry_t *e)
{
	kd_remove_wait_queue(&h->kd, &e->kd);
}

KD_INLINE void prepare_to_wait(wait_queue_head_t *h, wait_queue_entry_t *e, int state)
{
	kd_prepare_to_wait(&h->kd, &e->kd, (unsigned)state, false, false);
}

KD_INLINE void prepare_to_wait_exclusive(wait_queue_head_t *h, wait_queue_entry_t *e, int state)
{
	kd_prepare_to_wait(&h->kd, &e->kd, (unsigned)state, true, false);
}

KD_INLINE long prepare_to_wait_event(wait_queue_head_t *h, wait_queue_entry_t *e, int state)
{
	return kd_prepare_to_wait(&h->kd, &e->kd, (unsigned)state, false, true);
}

KD_INLINE void finish_wait(wait_queue_head_t *h, wait_queue_entry_t *e)
{
	kd_finish_wait(&h->kd, &e->kd);
}

KD_INLINE bool waitqueue_active(wait_queue_head_t *h)
{
	return kd_waitqueue_active(&h->kd);
}

KD_INLINE bool wq_has_sleeper(wait_queue_head_t *h)
{
	smp_mb();
	return kd_waitqueue_active(&h->kd);
}

#define wake_up(h)                     kd_wake_up(&(h)->kd, TASK_NORMAL, 1, NULL)
#define wake_up_nr(h, nr)              kd_wake_up(&(h)->kd, TASK_NORMAL, nr, NULL)
#define wake_up_all(h)                 kd_wake_up(&(h)->kd, TASK_NORMAL, 0, NULL)
#define wake_up_locked(h)              wake_up(h)
#define wake_up_interruptible(h)       kd_wake_up(&(h)->kd, TASK_INTERRUPTIBLE, 1, NULL)
#define wake_up_interruptible_nr(h, nr) kd_wake_up(&(h)->kd, TASK_INTERRUPTIBLE, nr, NULL)
#define wake_up_interruptible_all(h)   kd_wake_up(&(h)->kd, TASK_INTERRUPTIBLE, 0, NULL)
#define wake_up_interruptible_sync(h)  wake_up_interruptible(h)
#define wake_up_interruptible_poll(h, m) wake_up_interruptible(h)
#define wake_up_poll(h, m)             wake_up(h)

/*
 * The pattern of all the macros below: on the queue and in the state before each look, asleep only
 * if it is not true then. `sleep` is the statement that sleeps, and may leave the loop.
 */
#define KD_WAIT_EVENT(h, cond, state, exclusive, result, sleep)                \
	(__extension__({                                                       \
		long kd_result = (result);                                     \
		wait_queue_entry_t kd_entry;                                   \
		kd_wait_entry_init(&kd_entry.kd, 0, true);                     \
		for (;;) {                                                     \
			long kd_signal = kd_prepare_to_wait(&(h)->kd, &kd_entry.kd, (state), \
							    (exclusive), true); \
			if (cond)                                              \
				break;                                         \
			if (kd_signal) {                                       \
				kd_result = kd_signal;                         \
				break;                                         \
			}                                                      \
			sleep;                                                 \
		}                                                              \
		kd_finish_wait(&(h)->kd, &kd_entry.kd);                        \
		kd_result;                                                     \
	}))

/* A sleep of what is left; the condition is looked at once more when nothing is. */
#define KD_SLEEP_LEFT                                                          \
	kd_result = schedule_timeout(kd_result);                               \
	if (!kd_result)                                                        \
		break

#define KD_TIMED(h, cond, state, timeout)                                      \
	(__extension__({                                                       \
		long kd_left = (timeout);                                      \
		might_sleep();                                                 \
		if (!(cond)) {                                                 \
			kd_left = KD_WAIT_EVENT(h, cond, state, false, kd_left, KD_SLEEP_LEFT); \
			if (!kd_left && (cond))                                \
				kd_left = 1;                                   \
		} else if (!kd_left) {                                         \
			kd_left = 1;                                           \
		}                                                              \
		kd_left;                                                       \
	}))

#define KD_PLAIN_WAIT(h, cond, state, exclusive, sleep)                        \
	(__extension__({                                                       \
		long kd_err = 0;                                               \
		might_sleep();                                                 \
		if (!(cond))                                                   \
			kd_err = KD_WAIT_EVENT(h, cond, state, exclusive, 0L, sleep); \
		(int)kd_err;                                                   \
	}))

#define wait_event(h, cond) \
	((void)KD_PLAIN_WAIT(&(h), cond, TASK_UNINTERRUPTIBLE, false, schedule()))
#define io_wait_event(h, cond) wait_event(h, cond)
#define wait_event_idle(h, cond) wait_event(h, cond)
#define wait_event_exclusive_cmd(h, cond, a, b) \
	((void)KD_PLAIN_WAIT(&(h), cond, TASK_UNINTERRUPTIBLE, true, a; schedule(); b))
#define wait_event_cmd(h, cond, a, b) \
	((void)KD_PLAIN_WAIT(&(h), cond, TASK_UNINTERRUPTIBLE, false, a; schedule(); b))
#define wait_event_timeout(h, cond, timeout) \
	KD_TIMED(&(h), cond, TASK_UNINTERRUPTIBLE, timeout)
#define wait_event_idle_timeout(h, cond, timeout) wait_event_timeout(h, cond, timeout)
#define wait_event_interruptible(h, cond) \
	KD_PLAIN_WAIT(&(h), cond, TASK_INTERRUPTIBLE, false, schedule())
#define wait_event_interruptible_exclusive(h, cond) \
	KD_PLAIN_WAIT(&(h), cond, TASK_INTERRUPTIBLE, true, schedule())
#define wait_event_interruptible_timeout(h, cond, timeout) \
	KD_TIMED(&(h), cond, TASK_INTERRUPTIBLE, timeout)
#define wait_event_killable(h, cond) \
	KD_PLAIN_WAIT(&(h), cond, TASK_KILLABLE, false, schedule())
#define wait_event_killable_exclusive(h, cond) \
	KD_PLAIN_WAIT(&(h), cond, TASK_KILLABLE, true, schedule())
#define wait_event_killable_timeout(h, cond, timeout) KD_TIMED(&(h), cond, TASK_KILLABLE, timeout)
#define wait_event_freezable(h, cond) \
	KD_PLAIN_WAIT(&(h), cond, TASK_INTERRUPTIBLE, false, KD_SLEEP_FREEZABLE(schedule()))
#define wait_event_freezable_timeout(h, cond, timeout) \
	KD_TIMED(&(h), cond, TASK_INTERRUPTIBLE, timeout)
#define KD_SLEEP_FREEZABLE(sleep)                                              \
	do {                                                                   \
		if (!kd_freezing(current))                                     \
			sleep;                                                 \
		__set_current_state(TASK_RUNNING);                             \
		kd_try_to_freeze();                                            \
	} while (0)

/* The lock is held on entry and on return, and not while the thread sleeps. */
#define wait_event_lock_irq(h, cond, lock)                                     \
	((void)KD_PLAIN_LOCKED(&(h), cond, TASK_UNINTERRUPTIBLE, lock, , irq))
#define wait_event_lock_irq_cmd(h, cond, lock, cmd)                            \
	((void)KD_PLAIN_LOCKED(&(h), cond, TASK_UNINTERRUPTIBLE, lock, cmd, irq))
#define wait_event_interruptible_lock_irq(h, cond, lock)                       \
	KD_PLAIN_LOCKED(&(h), cond, TASK_INTERRUPTIBLE, lock, , irq)
#define wait_event_interruptible_locked(h, cond) wait_event_interruptible(h, cond)
#define KD_PLAIN_LOCKED(h, cond, state, lock, cmd, kind)                       \
	(__extension__({                                                       \
		long kd_err = 0;                                               \
		if (!(cond))                                                   \
			kd_err = KD_WAIT_EVENT(h, cond, state, false, 0L,      \
					       spin_unlock_##kind(&(lock)); cmd; schedule(); \
					       spin_lock_##kind(&(lock)));     \
		(int)kd_err;                                                   \
	}))
#define wait_event_interruptible_lock_irq_timeout(h, cond, lock, timeout)      \
	(__extension__({                                                       \
		long kd_left = (timeout);                                      \
		if (!(cond))                                                   \
			kd_left = KD_WAIT_EVENT(&(h), cond, TASK_INTERRUPTIBLE, false, kd_left, \
						spin_unlock_irq(&(lock));      \
						kd_result = schedule_timeout(kd_result); \
						spin_lock_irq(&(lock));        \
						if (!kd_result) break);        \
		if (!kd_left && (cond))                                        \
			kd_left = 1;                                           \
		kd_left;                                                       \
	}))

#include <linux/wait_bit.h>

#endif
