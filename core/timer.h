/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Timers: they call a function at a given time, on a thread of their own.
 *
 * A timer_base is one such thread, "ktimers", and the timers that it will call, sorted by
 * time. Callbacks run one after the other, in task context (as under PREEMPT_RT): they may
 * take locks that other tasks hold with interrupts enabled. They must not sleep for long,
 * because the next timer waits. Time is os_now_ns(), virtual in the simulator. A timer is
 * never early and may be late.
 *
 * Lock order: base.lock is a leaf; it is not held while a callback runs.
 */
#ifndef CORE_TIMER_H
#define CORE_TIMER_H

#include "core/task.h"

struct timer_base;

struct timer_list {
	/* under base->lock: */
	struct list_head entry;		/* empty: not pending */
	uint64_t expires_ns;

	/* timer_setup() sets these: */
	void (*function)(struct timer_list *t);
	struct timer_base *base;
};

struct timer_base {
	kt_lock lock;
	struct list_head pending;	/* under lock, earliest first */
	struct timer_list *running;	/* under lock; compared, never followed */
	unsigned long flags;		/* bit TIMER_BASE_SHUTDOWN, set once */
	bool booted;			/* only the task that boots and shuts down writes it */
	struct task_struct task;	/* the thread */
};

/* Called before any task can see *b. */
void timer_base_init(struct timer_base *b);

/* Start the thread. Returns 0; or -EAGAIN, and then *b is as after init. Called once per init. */
int timer_base_boot(struct timer_base *b, struct kthreadd *d);

/* No timer is pending, and none will be armed. Waits until the thread has ended. */
void timer_base_shutdown(struct timer_base *b);

/* *t becomes a timer that is not pending. It must live until it was deleted or has run. */
void timer_setup(struct timer_list *t, struct timer_base *b,
		 void (*function)(struct timer_list *t));

/*
 * Arm t, or arm it again: function(t) is called once at os_now_ns() >= expires_ns. Any task
 * may call this, with locks held, and so may the callback itself. True if t was pending.
 */
bool mod_timer(struct timer_list *t, uint64_t expires_ns);

/*
 * Disarm t. True if it was pending. After del_timer() the callback may still be running and
 * use *t. del_timer_sync() waits until the callback has returned. Do not call
 * del_timer_sync() from the callback, nor with a lock held that the callback takes. No task
 * may arm t meanwhile.
 */
bool del_timer(struct timer_list *t);
bool del_timer_sync(struct timer_list *t);

/* A hint: the answer may be old at once. */
bool timer_pending(const struct timer_list *t);

#endif
