/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's kthread.c, and the functions by which others reach what only it knows. */
#define LINUX_ROLE                                                             \
	(LINUX_IN("set_kthread_struct") ? KT_ROLE_KTHREAD :                    \
	 LINUX_IN("__kthread_create_worker") || LINUX_IN("kthread_create_worker_on_node") ? \
	 KT_ROLE_WORKER : KT_ROLE_CREATE_INFO)
#include "core/linux/shim.h"

#include "core/linux/points.h"

#include "kernel/kthread.c"

#include "core/linux/room.h"
#include "core/linux/unit_end.h"

/* ---- for core/linux/ ------------------------------------------------------------ */

LINUX_OURS int linux_daemon_main(void *unused)
{
	return kthreadd(unused);
}

LINUX_OURS void linux_set_daemon(struct task_struct *t)
{
	kthreadd_task = t;
}

LINUX_OURS bool linux_set_kthread_struct(struct task_struct *t)
{
	return set_kthread_struct(t);
}

LINUX_OURS void linux_free_kthread_struct(struct task_struct *t)
{
	free_kthread_struct(t);
}

LINUX_OURS void linux_complete(struct completion *c)
{
	complete(c);
}

LINUX_OURS int linux_fork_node(struct task_struct *t)
{
	return tsk_fork_get_node(t);
}

/* ---- core/kthread.h: parameters that differ --------------------------------------- */

void linux_bind_mask(struct task_struct *k, uint64_t cpus) __asm__("kt_core_kthread_bind_mask");
LINUX_OURS void linux_bind_mask(struct task_struct *k, uint64_t cpus)
{
	const struct cpumask mask = { cpus };

	kthread_bind_mask(k, &mask);
}

/* Not in every version. */
int linux_stop_put(struct task_struct *k) __attribute__((weak)) __asm__("kthread_stop_put");
int linux_stop_and_put(struct task_struct *k) __asm__("kt_core_kthread_stop_put");
LINUX_OURS int linux_stop_and_put(struct task_struct *k)
{
	int ret;

	if (linux_stop_put)
		return linux_stop_put(k);
	ret = kthread_stop(k);
	put_task_struct(k);
	return ret;
}

void linux_exit(int result) __asm__("kt_core_kthread_exit") __noreturn;
LINUX_OURS void linux_exit(int result)
{
	kthread_exit(result);
}

/* The kernel's completion is another type than the caller's, so only the exit is the kernel's. */
void linux_complete_and_exit(void *c, int code) __asm__("kt_core_kthread_complete_and_exit")
	__noreturn;
LINUX_OURS void linux_complete_and_exit(void *c, int code)
{
	linux_complete_callers(c);
	kthread_complete_and_exit(NULL, code);
}

bool linux_should_park_of(struct task_struct *k) __asm__("kt_core___kthread_should_park");
LINUX_OURS bool linux_should_park_of(struct task_struct *k)
{
	return __kthread_should_park(k);
}

void *linux_func(struct task_struct *k) __asm__("kt_core_kthread_func");
LINUX_OURS void *linux_func(struct task_struct *k)
{
	return kthread_func(k);
}

/* ---- core/worker.h: macros in the kernel, or other parameters ------------------------- */

_Static_assert(sizeof(struct kthread_work) <= KT_LINUX_WORK_BYTES, "see core/linux/worker.h");
_Static_assert(sizeof(struct kthread_delayed_work) <= KT_LINUX_DELAYED_WORK_BYTES,
	       "see core/linux/worker.h");
_Static_assert(offsetof(struct kthread_delayed_work, work) == 0, "see core/linux/worker.h");
_Static_assert(sizeof(struct kthread_worker) <= KT_LINUX_WORKER_BYTES, "see core/linux/worker.h");

void linux_init_worker(struct kthread_worker *w) __asm__("kt_core_kthread_init_worker");
LINUX_OURS void linux_init_worker(struct kthread_worker *w)
{
	kthread_init_worker(w);
}

void linux_init_work(struct kthread_work *w, kthread_work_func_t func)
	__asm__("kt_core_kthread_init_work");
LINUX_OURS void linux_init_work(struct kthread_work *w, kthread_work_func_t func)
{
	os_object_begin(w, sizeof *w);
	kthread_init_work(w, func);
}

void linux_init_delayed_work(struct kthread_delayed_work *w, kthread_work_func_t func,
			     struct timer_base *base) __asm__("kt_core_kthread_init_delayed_work");
LINUX_OURS void linux_init_delayed_work(struct kthread_delayed_work *w, kthread_work_func_t func,
					struct timer_base *base)
{
	KT_ASSERT(base == linux_timers());
	os_object_begin(w, sizeof *w);
	kthread_init_delayed_work(w, func);
}

struct kthread_worker *linux_create_worker_on_cpu(unsigned cpu, unsigned flags,
						  const char *format)
	__asm__("kt_core_kthread_create_worker_on_cpu");
LINUX_OURS struct kthread_worker *linux_create_worker_on_cpu(unsigned cpu, unsigned flags,
							     const char *format)
{
	/* The arguments of the name have gone in later versions, which know that it has the CPU. */
	typedef struct kthread_worker *named(int, unsigned, const char *, ...);
	typedef struct kthread_worker *nameless(int, unsigned, const char *);

	return _Generic(&kthread_create_worker_on_cpu,
		named *: ((named *)(void *)kthread_create_worker_on_cpu)((int)cpu, flags,
									 format, cpu),
		default: ((nameless *)(void *)kthread_create_worker_on_cpu)((int)cpu, flags,
									      format));
}

LINUX_OURS struct task_struct *kthread_worker_task(const struct kthread_worker *w)
{
	return __atomic_load_n(&w->task, __ATOMIC_RELAXED);
}

LINUX_OURS bool kthread_work_was_queued(const struct kthread_work *w)
{
	return __atomic_load_n(&w->worker, __ATOMIC_RELAXED) != NULL;
}

/* ---- for core/driver/ ------------------------------------------------------------------ */

LINUX_OURS bool kthread_is_to_stop(struct task_struct *t)
{
	return test_bit(KTHREAD_SHOULD_STOP, &to_kthread(t)->flags);
}

LINUX_OURS void kthread_worker_given(struct kthread_worker *w, unsigned flags,
				     struct task_struct *task)
{
	w->flags = flags;
	w->task = task;
}

LINUX_OURS bool kthread_worker_has(const struct kthread_worker *w, bool delayed)
{
	return !list_empty(delayed ? &w->delayed_work_list : &w->work_list);
}

LINUX_OURS void kthread_worker_gone(struct kthread_worker *w)
{
	kt_lock_destroy(&w->lock);
}
