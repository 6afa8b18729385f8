/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/freezer.h"

#include <errno.h>

#include "core/kthread_internal.h"

/* A call of freeze_kthreads(); on the caller's stack. */
struct freeze_waiter {
	struct list_head node;		/* in freezer.waiters */
	struct task_struct *task;
};

void freezer_init(struct freezer *f)
{
	kt_lock_init(&f->lock, "freezer");
	INIT_LIST_HEAD(&f->freezable);
	INIT_LIST_HEAD(&f->waiters);
}

void freezer_destroy(struct freezer *f)
{
	KT_ASSERT(list_empty(&f->freezable) && list_empty(&f->waiters));
	KT_ASSERT(f->awake == 0 && f->freezers == 0);
	kt_lock_destroy(&f->lock);
}

/* Is t in `freezable`? A task writes its own flags; other tasks read them with READ_ONCE(). */
static bool is_freezable(const struct task_struct *t)
{
	return (t->flags & (PF_KTHREAD | PF_NOFREEZE)) == PF_KTHREAD;
}

bool freezing(struct task_struct *p)
{
	return is_freezable(p) && READ_ONCE(p->kthreadd->freezer.freezers) > 0;
}

bool frozen(struct task_struct *p)
{
	return READ_ONCE(p->state) == TASK_FROZEN;
}

/* ---- counting; functions that end in _locked need freezer.lock ------------- */

/*
 * One thread less is awake. A waiter sets its state, then takes the lock and looks at
 * `awake`. If it found that `awake` is not 0, it had the lock before us, so the wake-up
 * finds its state.
 */
static void one_less_locked(struct freezer *f)
{
	struct list_head *at;

	KT_ASSERT(f->awake > 0);
	if (--f->awake > 0)
		return;
	for (at = f->waiters.next; at != &f->waiters; at = at->next)
		wake_up_process(container_of(at, struct freeze_waiter, node)->task);
}

static void set_frozen_locked(struct freezer *f, struct task_struct *t, bool is_frozen)
{
	if (t->is_frozen == is_frozen)
		return;
	t->is_frozen = is_frozen;
	if (is_frozen)
		one_less_locked(f);
	else
		f->awake++;
}

/* ---- the thread's side ------------------------------------------------------ */

bool __refrigerator(bool check_kthr_stop)
{
	struct task_struct *t = current;
	struct freezer *f = &t->kthreadd->freezer;
	unsigned state = READ_ONCE(t->state);
	bool was_frozen = false;

	if (state & ~TASK_NORMAL)
		kt_fail(KT_DISCIPLINE, "refrigerator entered in state %s",
			task_state_name(state));
	for (;;) {
		bool freeze;

		/*
		 * Set the state before both tests. If the thaw takes the lock before us, we
		 * see that no freeze is left. If it takes it after us, it finds is_frozen
		 * and the state. kthread_stop() sets its bit, then looks at the state under
		 * pi_lock, under which we set the state. If it looks before us, our test
		 * sees the bit. If after us, it wakes us.
		 */
		set_special_state(TASK_FROZEN);
		kt_lock_acquire(&f->lock);
		freeze = freezing(t) && !(check_kthr_stop && kthread_should_stop());
		set_frozen_locked(f, t, freeze);
		kt_lock_release(&f->lock);
		if (!freeze)
			break;
		was_frozen = true;
		KT_POINT(freezer.frozen);
		schedule();
		KT_POINT(freezer.woken);
	}
	__set_current_state(TASK_RUNNING);
	return was_frozen;
}

/*
 * Freeze if there is a freeze. A caller in a state other than RUNNING is about to sleep:
 * that is a bug.
 */
static bool freeze_running(bool check_kthr_stop)
{
	struct task_struct *t = current;
	unsigned state;

	if (!freezing(t))
		return false;
	state = READ_ONCE(t->state);
	if (state != TASK_RUNNING)
		kt_fail(KT_DISCIPLINE, "about to freeze in state %s, not RUNNING",
			task_state_name(state));
	return __refrigerator(check_kthr_stop);
}

bool try_to_freeze(void)
{
	return freeze_running(false);
}

bool kthread_freezable_should_stop(bool *was_frozen)
{
	bool froze = freeze_running(true);

	if (was_frozen)
		*was_frozen = froze;
	return kthread_should_stop();
}

bool set_freezable(void)
{
	struct task_struct *t = current;
	struct freezer *f = &t->kthreadd->freezer;

	KT_ASSERT(t->flags & PF_KTHREAD);	/* only a kthread calls freezer_forget() */
	/*
	 * Link ourselves before we test for a freeze. If a freezing task takes the lock
	 * after us, it asks us and waits for us. If it takes it before us, we see its
	 * freeze.
	 */
	kt_lock_acquire(&f->lock);
	if (!is_freezable(t)) {
		WRITE_ONCE(t->flags, t->flags & ~PF_NOFREEZE);
		list_add_tail(&t->freeze_entry, &f->freezable);
		f->awake++;
	}
	kt_lock_release(&f->lock);
	KT_POINT(freezer.listed);
	return freeze_running(true);
}

void freezer_do_not_count(void)
{
	struct task_struct *t = current;
	struct freezer *f = &t->kthreadd->freezer;

	if (!is_freezable(t))
		return;
	kt_lock_acquire(&f->lock);
	one_less_locked(f);
	kt_lock_release(&f->lock);
}

void freezer_count(void)
{
	struct task_struct *t = current;
	struct freezer *f = &t->kthreadd->freezer;

	if (!is_freezable(t))
		return;
	/* As in set_freezable(): count before the test. */
	kt_lock_acquire(&f->lock);
	f->awake++;
	kt_lock_release(&f->lock);
	KT_POINT(freezer.counted);
	freeze_running(true);
}

void freezer_forget(void)
{
	struct task_struct *t = current;
	struct freezer *f = &t->kthreadd->freezer;

	if (!is_freezable(t))
		return;
	kt_lock_acquire(&f->lock);
	KT_ASSERT(!t->is_frozen);
	list_del_init(&t->freeze_entry);
	WRITE_ONCE(t->flags, t->flags | PF_NOFREEZE);
	one_less_locked(f);
	kt_lock_release(&f->lock);
	KT_POINT(freezer.forgotten);
}

/* ---- the freezing task's side ------------------------------------------------- */

static struct task_struct *task_at(struct list_head *at)
{
	return container_of(at, struct task_struct, freeze_entry);
}

/* Ask all threads to freeze. If another freeze is in force, all have been asked before. */
static void ask_all_locked(struct freezer *f)
{
	struct list_head *at;

	/*
	 * Write `freezers` before the wake-up. A thread sets its state before it reads
	 * `freezers`. Both sides have a full barrier between their two steps. So either the
	 * thread sees the freeze, or the wake-up finds the state.
	 */
	WRITE_ONCE(f->freezers, f->freezers + 1);
	KT_POINT(freeze.flagged);
	if (f->freezers > 1)
		return;
	for (at = f->freezable.next; at != &f->freezable; at = at->next)
		wake_up_state(task_at(at), TASK_NORMAL);
}

static void thaw_locked(struct freezer *f)
{
	struct list_head *at;

	KT_ASSERT(f->freezers > 0);
	/* Write this before the wake-ups, because a woken thread tests it again under the lock. */
	WRITE_ONCE(f->freezers, f->freezers - 1);
	KT_POINT(thaw.cleared);
	if (f->freezers > 0)
		return;
	for (at = f->freezable.next; at != &f->freezable; at = at->next)
		if (task_at(at)->is_frozen) {
			set_frozen_locked(f, task_at(at), false);
			wake_up_state(task_at(at), TASK_FROZEN);
		}
}

/* Wait until no thread is awake. Ends the freeze if that takes too long. */
static int wait_all_frozen(struct freezer *f, struct freeze_waiter *w, uint64_t deadline_ns)
{
	bool all, late;

	do {
		/* No barrier is needed: `awake` changes under the lock, and so does the wake-up. */
		__set_current_state(TASK_UNINTERRUPTIBLE);
		kt_lock_acquire(&f->lock);
		all = f->awake == 0;
		late = !all && os_now_ns() >= deadline_ns;
		if (all || late)
			list_del_init(&w->node);
		if (late)
			thaw_locked(f);
		kt_lock_release(&f->lock);
		if (!all && !late) {
			KT_POINT(freeze.waiting);
			schedule_until(deadline_ns);
		}
	} while (!all && !late);
	__set_current_state(TASK_RUNNING);
	return all ? 0 : -EBUSY;
}

int freeze_kthreads_until(struct kthreadd *d, uint64_t deadline_ns)
{
	struct freezer *f = &d->freezer;
	struct freeze_waiter w = { .task = current };
	int err;

	KT_ASSERT(w.task->kthreadd != d || !is_freezable(w.task));
	os_object_begin(&w, sizeof w);
	kt_lock_acquire(&f->lock);
	list_add_tail(&w.node, &f->waiters);
	ask_all_locked(f);
	kt_lock_release(&f->lock);
	err = wait_all_frozen(f, &w, deadline_ns);
	os_object_end(&w, sizeof w);
	KT_POINT(freeze.done);
	return err;
}

int freeze_kthreads(struct kthreadd *d)
{
	return freeze_kthreads_until(d, os_now_ns() + FREEZE_TIMEOUT_NS);
}

void thaw_kthreads(struct kthreadd *d)
{
	struct freezer *f = &d->freezer;

	kt_lock_acquire(&f->lock);
	thaw_locked(f);
	kt_lock_release(&f->lock);
	KT_POINT(thaw.woken);
}
