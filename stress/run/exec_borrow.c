/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that borrow address spaces (mms) and a cgroup. Each thread has an mm of its own. The
 * thread's creator is a user of that mm until the creator has stopped the thread. Another mm
 * and the cgroup belong to the execution, from its beginning to its end.
 */
#include "stress/run/exec_internal.h"

static void css_released(struct cgroup_subsys_state *css)
{
	model_cgroup_released(!exec.borrowed_back);
	os_object_end(css, sizeof *css);
}

void exec_begin_borrow(void)
{
	exec.borrowed_back = false;
	exec.css.release = css_released;
	refcount_set(&exec.css.refs, 1);
	os_object_begin(&exec.css, sizeof exec.css);
	exec.mm = mm_alloc();	/* NULL: a thread borrows only t->mm */
}

void exec_end_borrow(void)
{
	exec.borrowed_back = true;
	/* The threads are gone, so only the owner may have a reference. */
	model_cgroup_left(exec.css.refs.refs);
	css_put(&exec.css);
	if (exec.mm)
		mmput(exec.mm);
}

static void check_mm(const struct exec_thread *t, const struct mm_struct *mm, bool used)
{
	model_borrowed(t->facts, used, current->mm == (used ? mm : NULL),
		       current->active_mm == mm);
}

static void work_in(struct exec_thread *t, struct mm_struct *mm)
{
	if (!mm)
		return;
	kthread_use_mm(mm);
	check_mm(t, mm, true);
	kthread_unuse_mm(mm);
	check_mm(t, mm, false);
}

/* The thread's function, parkable. */
void exec_borrow(struct exec_thread *t)
{
	kthread_associate_blkcg(&exec.css);
	for (;;) {
		work_in(t, exec.mm);
		work_in(t, t->mm);
		model_blkcg(t->facts, kthread_blkcg() == &exec.css);
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		if (kthread_should_park()) {
			__set_current_state(TASK_RUNNING);
			kthread_parkme();
			exec_unparked(t);
			continue;
		}
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	kthread_associate_blkcg(NULL);
}
