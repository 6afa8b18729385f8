/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/timer.h"

#include <string.h>

enum { TIMER_BASE_SHUTDOWN };

void timer_base_init(struct timer_base *b)
{
	memset(b, 0, sizeof *b);
	kt_lock_init(&b->lock, "timer_base");
	INIT_LIST_HEAD(&b->pending);
}

static bool in_order_locked(const struct timer_base *b)
{
	const struct timer_list *t, *last = NULL;

	list_for_each_entry(t, &b->pending, struct timer_list, entry) {
		if (last && t->expires_ns < last->expires_ns)
			return false;
		last = t;
	}
	return true;
}

static struct timer_list *first_locked(struct timer_base *b)
{
	KT_ASSERT(in_order_locked(b));
	return list_empty(&b->pending) ? NULL :
	       list_first_entry(&b->pending, struct timer_list, entry);
}

/* Call all timers that have expired. The caller holds the lock; the callbacks run without it. */
static void expire_locked(struct timer_base *b)
{
	struct timer_list *t;

	while ((t = first_locked(b)) && t->expires_ns <= os_now_ns()) {
		void (*function)(struct timer_list *) = t->function;

		list_del_init(&t->entry);
		b->running = t;
		kt_lock_release(&b->lock);
		KT_POINT(timer.firing);
		function(t);
		/* *t may be gone by now, or armed again. */
		kt_lock_acquire(&b->lock);
		b->running = NULL;
	}
}

static void timer_main(void *arg)
{
	struct timer_base *b = arg;

	os_ignore_signals();
	current->flags |= PF_NOFREEZE | PF_NOSIGNAL;
	for (;;) {
		struct timer_list *t;
		uint64_t deadline = 0;

		kt_lock_acquire(&b->lock);
		expire_locked(b);
		/*
		 * Set the state before the lock is dropped: a task that arms an earlier
		 * timer links the timer under the lock, then wakes this thread.
		 */
		set_current_state(TASK_UNINTERRUPTIBLE);
		t = first_locked(b);
		if (t)
			deadline = t->expires_ns;
		kt_lock_release(&b->lock);
		if (test_bit(TIMER_BASE_SHUTDOWN, &b->flags))
			break;
		KT_POINT(timer.idle);
		if (t)
			schedule_until(deadline);
		else
			schedule();
	}
	set_special_state(TASK_DEAD);
}

int timer_base_boot(struct timer_base *b, struct kthreadd *d)
{
	int err;

	task_init(&b->task, d, "ktimers");
	err = os_spawn(&b->task.os, "ktimers", OS_JOINABLE, timer_main, b);
	if (err)
		task_destroy(&b->task);
	b->booted = err == 0;
	return err;
}

void timer_base_shutdown(struct timer_base *b)
{
	if (b->booted) {
		set_bit(TIMER_BASE_SHUTDOWN, &b->flags);
		wake_up_process(&b->task);
		os_join(&b->task.os);
		task_destroy(&b->task);
		b->booted = false;
	}
	KT_ASSERT(list_empty(&b->pending));
	kt_lock_destroy(&b->lock);
}

void timer_setup(struct timer_list *t, struct timer_base *b,
		 void (*function)(struct timer_list *t))
{
	os_object_begin(t, sizeof *t);
	INIT_LIST_HEAD(&t->entry);
	t->expires_ns = 0;
	t->function = function;
	t->base = b;
}

/*
 * Link t behind timers that expire at the same time: the timer that was armed first is
 * called first.
 */
static void link_locked(struct timer_base *b, struct timer_list *t)
{
	struct list_head *at = b->pending.next;

	while (at != &b->pending &&
	       container_of(at, struct timer_list, entry)->expires_ns <= t->expires_ns)
		at = at->next;
	list_add_tail(&t->entry, at);
}

bool mod_timer(struct timer_list *t, uint64_t expires_ns)
{
	struct timer_base *b = t->base;
	bool was_pending, is_first;

	KT_ASSERT(b->booted);
	kt_lock_acquire(&b->lock);
	was_pending = !list_empty(&t->entry);
	list_del_init(&t->entry);
	t->expires_ns = expires_ns;
	link_locked(b, t);
	is_first = first_locked(b) == t;
	kt_lock_release(&b->lock);
	/* The thread sleeps until a later timer expires, or for ever: wake it. */
	if (is_first)
		wake_up_process(&b->task);
	return was_pending;
}

static bool del_locked(struct timer_list *t)
{
	bool was_pending = !list_empty(&t->entry);

	list_del_init(&t->entry);
	return was_pending;
}

bool del_timer(struct timer_list *t)
{
	bool was_pending;

	kt_lock_acquire(&t->base->lock);
	was_pending = del_locked(t);
	kt_lock_release(&t->base->lock);
	return was_pending;
}

bool del_timer_sync(struct timer_list *t)
{
	struct timer_base *b = t->base;
	bool was_pending = false, is_running;

	do {
		kt_lock_acquire(&b->lock);
		was_pending |= del_locked(t);
		is_running = b->running == t;
		kt_lock_release(&b->lock);
		if (is_running)
			cpu_relax();
	} while (is_running);
	return was_pending;
}

bool timer_pending(const struct timer_list *t)
{
	return !list_empty(&t->entry);
}
