/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Timers: call a function at a time, on a thread of their own.
 *
 * A timer_base is one such thread, "ktimers", with the timers it will call, the
 * earliest first. Callbacks run one after the other, in task context (as under
 * PREEMPT_RT): they may take locks that others hold with interrupts on, and
 * must not sleep for long, since the next one waits. Time is os_now_ns(),
 * virtual in the simulator; a timer is never early and may be late.
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

	/* set by timer_setup(): */
	void (*function)(struct timer_list *t);
	struct timer_base *base;
};

struct timer_base {
	kt_lock lock;
	struct list_head pending;	/* under lock, earliest first */
	struct timer_list *running;	/* under lock; compared, never followed */
	unsigned long flags;		/* bit TIMER_BASE_SHUTDOWN, set once */
	bool booted;			/* written by who boots and shuts down */
	struct task_struct task;	/* the thread */
};

/* Before any task can see *b. */
void timer_base_init(struct timer_base *b);

/* Start the thread. 0 or -EAGAIN, and then *b is as after init. Once per init. */
int timer_base_boot(struct timer_base *b, struct kthreadd *d);

/* No timer is pending, none will be armed any more. Waits for the thread. */
void timer_base_shutdown(struct timer_base *b);

/* A timer that is not pending. Its memory lives until it was deleted or has run. */
void timer_setup(struct timer_list *t, struct timer_base *b,
		 void (*function)(struct timer_list *t));

/*
 * (Re-)arm: function(t) is called once at os_now_ns() >= expires_ns. Any task,
 * locks may be held; from the callback itself too. True if it was pending.
 */
bool mod_timer(struct timer_list *t, uint64_t expires_ns);

/*
 * Disarm. True if it was pending. The callback may be running still, and need
 * t; the _sync form waits until it has returned. Not with a lock held that the
 * callback takes, nor from the callback. Nobody may re-arm t meanwhile.
 */
bool del_timer(struct timer_list *t);
bool del_timer_sync(struct timer_list *t);

/* A hint, as soon as it is given. */
bool timer_pending(const struct timer_list *t);

#endif
