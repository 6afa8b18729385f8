/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sleeping, waking, and wait queues. A waker takes the queue's lock and wakes each sleeper by the
 * function of its entry. As in Linux, a sleeper that was woken and has left the queue does not
 * touch the queue again, because its owner may free it then.
 */
#include <limits.h>
#include <string.h>

#include "core/driver/driver.h"

enum { EXCLUSIVE = 1 }; /* flags of an entry */

/* ---- tasks ------------------------------------------------------------------------ */

static void check_task(struct task_struct *t, const char *call)
{
	if (!t || IS_ERR(t))
		kd_fail(KT_MEMORY, NULL, "%s of a pointer that is %s", call,
			t ? "an error, such as of kthread_create()" : "NULL");
}

int kd_wake_up_state(struct task_struct *t, unsigned mask)
{
	KD_CALL(WAKE, KD_OBJECT(t));
	kd_self();
	check_task(t, "wake_up_process()");
	return wake_up_state(t, mask);
}

bool kd_signal_ends(unsigned state)
{
	if (state & TASK_INTERRUPTIBLE)
		return kd_signal_pending(current);
	return (state & TASK_WAKEKILL) && fatal_signal_pending(current);
}

uint64_t kd_deadline(unsigned long ticks)
{
	if (ticks >= (unsigned long)LONG_MAX)
		return UINT64_MAX;
	return os_now_ns() + (uint64_t)ticks * KD_TICK_NS;
}

long kd_ticks_left(uint64_t deadline_ns, long least)
{
	uint64_t now = os_now_ns();
	long left;

	if (deadline_ns == UINT64_MAX)
		return LONG_MAX;
	left = now < deadline_ns ? (long)((deadline_ns - now + KD_TICK_NS - 1) / KD_TICK_NS) : 0;
	return left > least ? left : least;
}

void kd_sleep_until(uint64_t deadline_ns, const char *where)
{
	if (READ_ONCE(current->state) != TASK_RUNNING)
		kd_may_sleep(where);
	if (deadline_ns == UINT64_MAX)
		schedule();
	else
		schedule_until(deadline_ns);
}

void kd_schedule(void)
{
	KD_CALL(CALL, NULL);
	kd_self();
	kd_sleep_until(UINT64_MAX, "schedule()");
}

long kd_schedule_timeout(long ticks)
{
	uint64_t deadline;

	KD_CALL(CALL, NULL);
	kd_self();
	deadline = kd_deadline((unsigned long)ticks);
	kd_sleep_until(deadline, "schedule_timeout()");
	return kd_ticks_left(deadline, 0);
}

int kd_schedule_hrtimeout(const int64_t *expires_ns, bool absolute)
{
	uint64_t deadline = UINT64_MAX;

	KD_CALL(CALL, NULL);
	kd_self();
	if (expires_ns)
		deadline = (uint64_t)*expires_ns + (absolute ? 0 : os_now_ns());
	kd_sleep_until(deadline, "schedule_hrtimeout()");
	return os_now_ns() < deadline ? -EINTR : 0;
}

void kd_yield(void)
{
	KD_CALL(CALL, NULL);
	kd_self();
	kd_may_sleep("yield()");
	cpu_relax();
}

void kd_cond_resched(void)
{
	KD_CALL(CALL, NULL);
	kd_may_sleep("cond_resched()");
}

void kd_get_task(struct task_struct *t)
{
	KD_CALL(QUIET, NULL);
	get_task_struct(t);
}

void kd_put_task(struct task_struct *t)
{
	KD_CALL(CALL, t);
	kd_self();
	put_task_struct(t);
}

/* ---- wait queues -------------------------------------------------------------------- */

static void check(const struct kd_wait_head *h)
{
	if (h->magic != KD_MAGIC)
		kd_fail(KT_DISCIPLINE, NULL,
			"a wait queue or completion is used that was never initialized");
}

static bool is_linked(const struct kd_list *l)
{
	return smp_load_acquire(&l->next) != l;
}

static int default_wake(struct kd_wait_entry *e, unsigned mode, int flags, void *key)
{
	(void)flags, (void)key;
	return wake_up_state(e->private, mode);
}

static int autoremove_wake(struct kd_wait_entry *e, unsigned mode, int flags, void *key)
{
	int woken = default_wake(e, mode, flags, key);

	if (woken)
		kd_list_del(&e->entry);
	return woken;
}

void kd_wait_head_init(struct kd_wait_head *h, const char *name)
{
	KD_CALL(QUIET, NULL);
	memset(h, 0, sizeof *h);
	kd_list_init(&h->head);
	h->name = kd_name(name);
	h->magic = KD_MAGIC;
}

void kd_wait_entry_init(struct kd_wait_entry *e, unsigned flags, bool autoremove)
{
	KD_CALL(QUIET, NULL);
	e->flags = flags;
	e->private = kd_self()->task;
	e->func = autoremove ? autoremove_wake : default_wake;
	kd_list_init(&e->entry);
}

/* The caller holds the lock. */
static void link_locked(struct kd_wait_head *h, struct kd_wait_entry *e, bool exclusive)
{
	if (exclusive) {
		e->flags |= EXCLUSIVE;
		kd_list_add_tail(&e->entry, &h->head);
	} else {
		e->flags &= ~(unsigned)EXCLUSIVE;
		kd_list_add(&e->entry, &h->head);
	}
	kd_object_add(h, "a wait queue on which a thread waits");
}

void kd_add_wait_queue(struct kd_wait_head *h, struct kd_wait_entry *e, bool exclusive)
{
	KD_CALL(LOCK, h);
	kd_self();
	check(h);
	KD_LOCK(&h->lock);
	link_locked(h, e, exclusive);
	KD_UNLOCK(&h->lock);
}

static void unlink_locked(struct kd_wait_head *h, struct kd_wait_entry *e)
{
	if (is_linked(&e->entry))
		kd_list_del(&e->entry);
	if (kd_list_empty(&h->head))
		kd_object_gone(h);
}

void kd_remove_wait_queue(struct kd_wait_head *h, struct kd_wait_entry *e)
{
	KD_CALL(LOCK, h);
	kd_self();
	check(h);
	KD_LOCK(&h->lock);
	unlink_locked(h, e);
	KD_UNLOCK(&h->lock);
}

long kd_prepare_to_wait(struct kd_wait_head *h, struct kd_wait_entry *e, unsigned state,
			bool exclusive, bool checks_signals)
{
	long err = 0;

	KD_CALL(CALL, h);
	kd_self();
	check(h);
	KD_LOCK(&h->lock);
	if (checks_signals && kd_signal_ends(state)) {
		unlink_locked(h, e);
		err = -ERESTARTSYS;
	} else {
		if (!is_linked(&e->entry))
			link_locked(h, e, exclusive);
		set_current_state(state);
	}
	KD_UNLOCK(&h->lock);
	return err;
}

void kd_finish_wait(struct kd_wait_head *h, struct kd_wait_entry *e)
{
	KD_CALL(CALL, NULL);
	__set_current_state(TASK_RUNNING);
	/* A waker that has unlinked the entry is done with it, and *h may be gone. */
	if (!is_linked(&e->entry))
		return;
	KD_LOCK(&h->lock);
	unlink_locked(h, e);
	KD_UNLOCK(&h->lock);
}

static void wake_locked(struct kd_wait_head *h, unsigned mode, int exclusives, void *key)
{
	struct kd_list *at = h->head.next, *next;

	for (; at != &h->head; at = next) {
		struct kd_wait_entry *e = container_of(at, struct kd_wait_entry, entry);
		unsigned flags = e->flags;
		int woken;

		next = at->next;
		if (e->func == default_wake || e->func == autoremove_wake)
			woken = e->func(e, mode, 0, key);
		else
			KD_CALLBACK(woken = e->func(e, mode, 0, key));
		if (woken < 0 || (woken && (flags & EXCLUSIVE) && !--exclusives))
			break;
	}
	if (kd_list_empty(&h->head))
		kd_object_gone(h);
}

void kd_wake_up(struct kd_wait_head *h, unsigned mode, int exclusives, void *key)
{
	KD_CALL(WAKE, h);
	kd_self();
	check(h);
	KD_LOCK(&h->lock);
	wake_locked(h, mode, exclusives, key);
	KD_UNLOCK(&h->lock);
}

bool kd_waitqueue_active(struct kd_wait_head *h)
{
	KD_CALL(CALL, h);
	check(h);
	return is_linked(&h->head);
}

/* ---- bits ------------------------------------------------------------------------------ */

enum { BIT_QUEUES = 16 };
static struct kd_wait_head bit_queue[BIT_QUEUES];
static struct kd_lock bit_queue_lock;

struct kd_wait_head *kd_bit_waitqueue(const void *word, int bit)
{
	struct kd_wait_head *h = &bit_queue[((uintptr_t)word / 8 + (unsigned)bit) % BIT_QUEUES];

	KD_CALL(QUIET, NULL);
	kd_self();
	KD_LOCK(&bit_queue_lock);
	if (h->magic != KD_MAGIC)
		kd_wait_head_init(h, "bit");
	KD_UNLOCK(&bit_queue_lock);
	return h;
}

void kd_wake_up_bit(const void *word, int bit)
{
	KD_CALL(WAKE, NULL);
	kd_wake_up(kd_bit_waitqueue(word, bit), TASK_NORMAL, 0, NULL);
}
