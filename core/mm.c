/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/mm.h"

#include "core/kthread_internal.h"

/* ---- address spaces ----------------------------------------------------------- */

struct mm_struct *mm_alloc(void)
{
	struct mm_struct *mm = os_alloc(KT_ROLE_MM, sizeof *mm);

	if (!mm)
		return NULL;
	refcount_set(&mm->users, 1);
	refcount_set(&mm->count, 1);
	return mm;
}

void mmdrop(struct mm_struct *mm)
{
	if (refcount_dec_and_test(&mm->count))
		os_free(mm);
}

void mmput(struct mm_struct *mm)
{
	/* The last user drops the one reference that the users together have to the struct. */
	if (refcount_dec_and_test(&mm->users))
		mmdrop(mm);
}

#if !defined(KT_CORE_LINUX)
/* A kthread must not begin to use, or still use, an mm without users. */
static void check_users(struct mm_struct *mm)
{
	if (READ_ONCE(mm->users.refs) == 0)
		kt_fail(KT_DISCIPLINE, "a kthread uses an mm that has no users");
}

void kthread_use_mm(struct mm_struct *mm)
{
	struct task_struct *t = current;
	struct mm_struct *active = t->active_mm;

	KT_ASSERT(t->flags & PF_KTHREAD);
	if (t->mm)
		kt_fail(KT_DISCIPLINE, "kthread_use_mm by a thread that uses one");
	check_users(mm);
	/*
	 * Take the new reference before the old one is dropped, because the old one may be
	 * the last one to the same mm.
	 */
	if (active != mm) {
		mmgrab(mm);
		t->active_mm = mm;
	}
	smp_store_mb(t->mm, mm);
	KT_POINT(mm.used);
	if (active && active != mm)
		mmdrop(active);
}

void kthread_unuse_mm(struct mm_struct *mm)
{
	struct task_struct *t = current;

	if (t->mm != mm)
		kt_fail(KT_DISCIPLINE, "kthread_unuse_mm of an mm that is not used");
	check_users(mm);
	/* A task that sees current->mm cleared also sees what the kthread did in mm. */
	smp_mb();
	WRITE_ONCE(t->mm, NULL);
	KT_POINT(mm.unused);
}

#endif

void exit_mm(struct task_struct *t)
{
	if (t->mm)
		kt_fail(KT_DISCIPLINE, "a kthread ended and used an mm");
}

void drop_lazy_mm(struct task_struct *t)
{
	struct mm_struct *active = t->active_mm;

	t->active_mm = NULL;
	if (active)
		mmdrop(active);
}

/* ---- the block cgroup ---------------------------------------------------------- */

void css_put(struct cgroup_subsys_state *css)
{
	if (refcount_dec_and_test(&css->refs))
		css->release(css);
}

#if !defined(KT_CORE_LINUX)
void kthread_associate_blkcg(struct cgroup_subsys_state *css)
{
	struct kthread *self = current->kthread;
	struct cgroup_subsys_state *old;

	if (!self)
		return;
	old = self->blkcg_css;
	if (css)
		css_get(css);	/* before css_put(), because the old css may be the same one */
	self->blkcg_css = css;
	if (old)
		css_put(old);
}

struct cgroup_subsys_state *kthread_blkcg(void)
{
	return current->kthread ? current->kthread->blkcg_css : NULL;
}
#endif
