/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that borrow: address spaces and the cgroup. Each has an mm that its
 * creator is the user of until it has stopped the thread; another, and the
 * cgroup, are the plan's own, from its beginning to its end.
 */
#include "stress/run/exec_internal.h"
#include "stress/run/model.h"

static void css_released(struct cgroup_subsys_state *css)
{
	if (!exec.borrowed_back)
		kt_fail(KT_MODEL, "the cgroup was let go, and its owner still has it");
	os_object_end(css, sizeof *css);
}

void exec_begin_borrow(void)
{
	exec.borrowed_back = false;
	exec.css.release = css_released;
	refcount_set(&exec.css.refs, 1);
	os_object_begin(&exec.css, sizeof exec.css);
	exec.mm = mm_alloc();	/* NULL: its own is all a thread borrows */
}

void exec_end_borrow(void)
{
	exec.borrowed_back = true;
	/* The threads are gone: the counts are the owner's alone. */
	if (exec.css.refs.refs != 1)
		kt_fail(KT_MODEL, "threads that ended left %u references to the cgroup",
			exec.css.refs.refs - 1);
	css_put(&exec.css);
	if (exec.mm)
		mmput(exec.mm);
}

static void work_in(struct exec_thread *t, struct mm_struct *mm)
{
	if (!mm)
		return;
	kthread_use_mm(mm);
	model_borrowed(t, mm, true);
	kthread_unuse_mm(mm);
	model_borrowed(t, mm, false);
}

/* The thread's function, parkable. */
void exec_borrow(struct exec_thread *t)
{
	kthread_associate_blkcg(&exec.css);
	for (;;) {
		work_in(t, exec.mm);
		work_in(t, t->mm);
		if (kthread_blkcg() != &exec.css)
			kt_fail(KT_MODEL, "kthread_blkcg is not what was associated: %s", t->name);
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		if (kthread_should_park()) {
			__set_current_state(TASK_RUNNING);
			kthread_parkme();
			model_unparked(t);
			continue;
		}
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	kthread_associate_blkcg(NULL);
}
