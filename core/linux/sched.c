/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fork, exit and sleep of kthreads, as the kernel's files ask for them. A task is core/task.c's;
 * here is only what core/kthreadd.c and core/kthread.c do for it otherwise.
 */
#include "core/linux/sched.h"

#include <limits.h>
#include <setjmp.h>
#include <string.h>

#include "core/kthread_internal.h"

/* ---- exit ------------------------------------------------------------------------ */

#define PF_EXITING 0x00000004u

/*
 * Set a flag of the calling task. In the kernel this is kernel/exit.c's plain store beside other
 * tasks' plain reads of other bits, and is none of the files under test: no report of it.
 */
__attribute__((disable_sanitizer_instrumentation, noinline))
static void set_own_flag(struct task_struct *t, unsigned flag)
{
	__atomic_store_n(&t->flags, t->flags | flag, __ATOMIC_RELAXED);
}

/* The end of a kthread: what is left of do_exit(). t is gone afterwards. */
static void thread_ends(struct task_struct *t)
{
	struct kthreadd *d = t->kthreadd;

	set_own_flag(t, PF_EXITING);
	exit_mm(t);
	KT_POINT(kthread.exiting);
	/* In exit_mm() of the kernel: what kthread_stop() waits for. */
	linux_complete(t->vfork_done);
	/* From here on the freezer passes it over. */
	set_own_flag(t, PF_NOFREEZE);
	kthread_unregister(&d->registry, t);
	KT_POINT(registry.unlinked);
	set_special_state(TASK_DEAD);
	task_unbind_dead(t);
	drop_lazy_mm(t);
	put_task_struct(t);
	kthreadd_thread_gone(d);
}

void do_exit(long code)
{
	struct task_struct *t = current;

	(void)code;
	longjmp(*(jmp_buf *)t->way_out, 1);
}

/* ---- fork ------------------------------------------------------------------------- */

/* The thread's first function. */
static void thread_main(void *arg)
{
	struct task_struct *t = current;
	jmp_buf out;

	t->way_out = &out;
	if (setjmp(out) == 0)
		t->start(arg);	/* ends by do_exit() */
	thread_ends(t);
}

void free_kthread_of(struct task_struct *t)
{
	linux_free_kthread_struct(t);
}

static int spawn(struct task_struct *t, const char *name, void *arg)
{
	int err;

	os_set_spawn_node(linux_fork_node(current));
	err = os_spawn(&t->os, name, OS_DETACHED, thread_main, arg);
	os_set_spawn_node(NUMA_NO_NODE);
	return err;
}

int linux_fork(int (*fn)(void *), void *arg, const char *name)
{
	struct kthreadd *d = current->kthreadd;
	struct task_struct *t;
	int err;

	KT_POINT(kthreadd.forking);
	t = os_alloc(KT_ROLE_TASK, sizeof *t);
	if (!t)
		return -ENOMEM;
	/* Without a name the task has the daemon's, until its creator gives it another. */
	task_init(t, d, name ? name : current->comm);
	t->flags = PF_KTHREAD | (current->flags & (PF_NOFREEZE | PF_NOSIGNAL));
	t->no_cgroup_migration = current->no_cgroup_migration;
	if (!linux_set_kthread_struct(t)) {
		task_destroy(t);
		os_free(t);
		return -EAGAIN;		/* what copy_process() returns then */
	}
	kthread_register(&d->registry, t);
	refcount_inc(&d->threads);
	t->start = fn;
	err = spawn(t, name ? name : linux_request_name(), arg);
	if (err == 0) {
		KT_POINT(kthreadd.forked);
		return 1;
	}
	kthread_unregister(&d->registry, t);
	put_task_struct(t);
	kthreadd_thread_gone(d);
	return err;
}

/* ---- sleep ------------------------------------------------------------------------- */

void linux_waits(struct kt_site *why, struct task_struct *target)
{
	current->waits_at = why;
	os_waits_for(target ? &target->os : NULL);
}

long schedule_timeout(long timeout)
{
	struct task_struct *t = current;
	struct kt_site *why = t->waits_at ? t->waits_at : KT_SITE("schedule_timeout", "");
	uint64_t deadline;

	if (timeout == LONG_MAX) {
		schedule_at(why);
		return timeout;
	}
	deadline = os_now_ns() + (uint64_t)timeout;
	schedule_until_at(deadline, why);
	timeout = (long)(deadline - os_now_ns());
	return timeout < 0 ? 0 : timeout;
}

long io_schedule_timeout(long timeout)
{
	return schedule_timeout(timeout);
}

long linux_sleep(long timeout)
{
	__set_current_state(TASK_UNINTERRUPTIBLE);
	return schedule_timeout(timeout);
}

int task_call_func(struct task_struct *t, int (*fn)(struct task_struct *t, void *arg), void *arg)
{
	int ret;

	kt_lock_acquire(&t->pi_lock);
	ret = fn(t, arg);
	kt_lock_release(&t->pi_lock);
	return ret;
}
