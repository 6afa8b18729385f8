/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel's files include in place of the kernel's headers: the kernel's words, on
 * core/ and the platform. Each header that they name and that is not in the tree's selection
 * is one line that includes this file (shim.bzl). Only the units unit_*.c include it, first of
 * all.
 *
 * A word that is missing here is a compiler's error that names it. README.md says how to add one.
 */
#ifndef CORE_LINUX_SHIM_H
#define CORE_LINUX_SHIM_H

#if !defined(__clang__)
#error "the kernel's files need clang"
#endif

#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <linux/version.h>

/* The unit's own variables are reset, and its sites are not. */
#define KT_SITE_SECTION __attribute__((section("linux_sites")))

#include "platform/atomic.h"
#include "platform/os.h"

#if defined(KT_OS_SIM)
/* A store that sets up a new object is no choice point: platform/sim/hooks.h says why. */
#undef WRITE_ONCE
#define WRITE_ONCE(x, v)                                                       \
	(__extension__({                                                       \
		__typeof__(x) linux_v = (v);                                   \
		KT_ATOMIC_STORE((__typeof__(&(x)))sim_store_point(             \
			KT_SITE_OF("store", #x, KT_STORE, sizeof(x)), &(x)),   \
			linux_v, __ATOMIC_RELAXED);                            \
	}))
#endif

/* ---- the compiler ------------------------------------------------------ */

#define CONFIG_SMP            1
#define CONFIG_NUMA           1
#define CONFIG_BLK_CGROUP     1
#define CONFIG_CGROUPS        1
#define CONFIG_FREEZER        1
#define CONFIG_HOTPLUG_CPU    1

#define __user
#define __kernel
#define __force
#define __iomem
#define __percpu
#define __sched
#define __init
#define __rcu
#define __must_check
#define __noreturn            __attribute__((noreturn))
#define __printf(a, b)        __attribute__((format(printf, a, b)))
#undef __always_inline
#define __always_inline       inline __attribute__((always_inline))
#define __maybe_unused        __attribute__((unused))
#define noinline              __attribute__((noinline))
#define likely(x)             __builtin_expect(!!(x), 1)
#define unlikely(x)           __builtin_expect(!!(x), 0)
#define barrier()             __asm__ volatile("" ::: "memory")
#define data_race(x)          (x)
#define typeof                __typeof__
#define IS_ENABLED(option)    0
#define EXPORT_SYMBOL(name)
#define EXPORT_SYMBOL_GPL(name)
#define UL(x)                 x##UL
#define _AC(x, y)             x##y
#define BIT(nr)               (1UL << (nr))
#define HZ                    1000000000L	/* a jiffy is a nanosecond */
#define READ_ONCE_NOCHECK(x)  READ_ONCE(x)

#define ____container(ptr, type, member)                                       \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))
#undef container_of
#define container_of(ptr, type, member) ____container(ptr, type, member)

/* Is this in the kernel's function of that name? Decided when it is compiled. */
#define LINUX_IN(name)        (__builtin_strcmp(__func__, (name)) == 0)

/* ---- types ------------------------------------------------------------- */

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef unsigned gfp_t;
typedef int pid_t;

struct list_head {
	struct list_head *next, *prev;
};
struct hlist_node {
	struct hlist_node *next, **pprev;
};
struct hlist_head {
	struct hlist_node *first;
};

/* ---- barriers ---------------------------------------------------------- */

#define smp_mb__after_spinlock() smp_mb()

/*
 * The tree's list.h and err.h in place of core/'s. A list_head is the same, so core/'s other
 * units see the same lists.
 */
#include <linux/list.h>

#include <linux/err.h>
#define CORE_LIST_H
#define CORE_ERR_H

#include "core/cpu.h"
#include "core/linux/sched.h"
#include "core/mm.h"
#include "core/task.h"
#include "core/timer.h"

/* ---- the scheduler ----------------------------------------------------- */

#if defined(KT_OS_SIM)
/* By atomics, because a plain load would be a choice point. */
#undef current
#define current                                                                \
	container_of(__atomic_load_n(&__atomic_load_n(&sim_self, __ATOMIC_RELAXED)->thread, \
				     __ATOMIC_RELAXED), struct task_struct, os)
#endif

#define TASK_COMM_LEN          OS_COMM_MAX
#define __TASK_STOPPED         0x0004u
#define __TASK_TRACED          0x0008u
#define TASK_STOPPED           (TASK_WAKEKILL | __TASK_STOPPED)
#define TASK_TRACED            __TASK_TRACED
#define TASK_FREEZABLE         0x2000u
#define TASK_NOLOAD            0x0400u
#define TASK_IDLE              (TASK_UNINTERRUPTIBLE | TASK_NOLOAD)
#define MAX_SCHEDULE_TIMEOUT   LONG_MAX
#define ERESTARTSYS            512

#define PF_EXITING             0x00000004u
#define PF_SUSPEND_TASK        0x80000000u
#define JOBCTL_STOPPED         (1UL << 26)
#define JOBCTL_TRACED          (1UL << 27)
#define TIF_NOTIFY_SIGNAL      0	/* the bit in task_struct.notify */
#define TIF_MEMDIE             1

/* The kernel's names of core/'s fields. */
#define __state                state
#define worker_private         kthread
#define on_rq                  on_cpu

#define get_current_state()    READ_ONCE(current->state)
#define set_tsk_thread_flag(t, flag)  set_bit((flag), &(t)->notify)
#define test_tsk_thread_flag(t, flag) test_bit((flag), &(t)->notify)
#define try_to_wake_up(t, state, flags) ((void)(flags), wake_up_state((t), (state)))
#define WF_CURRENT_CPU         0
#define task_curr(t)           ((void)(t), false)	/* asked only of tasks that sleep */
#define task_is_runnable(t)    (READ_ONCE((t)->state) == TASK_RUNNING || \
				smp_load_acquire(&(t)->on_cpu))

#define SCHED_NORMAL           0
/* struct sched_param, the CLONE_ flags and SIGCHLD are the C library's. */
#define sched_setscheduler_nocheck(t, policy, param)                           \
	((void)(t), (void)(policy), (void)(param), os_set_policy(OS_POLICY_NORMAL))

struct cpumask {
	uint64_t bits;
};
typedef struct cpumask cpumask_t;
#define cpumask_of(cpu)        (&(const struct cpumask){ 1ull << (cpu) })
#define HK_TYPE_KTHREAD        0
#define housekeeping_cpumask(type) ((void)(type), (const struct cpumask *)NULL)
/* Called for kthreads that may run everywhere. */
#define set_cpus_allowed_ptr(t, mask) ((void)(t), (void)(mask), os_allow_cpus(NULL))
#define do_set_cpus_allowed(t, mask) ((void)task_place_locked((t), (mask)->bits))

#define preempt_disable()      ((void)0)
#define preempt_enable()       ((void)0)
#define preempt_enable_no_resched() ((void)0)
#define schedule_preempt_disabled() schedule()
/* The kernel warns, too, with CONFIG_DEBUG_ATOMIC_SLEEP. The task reads its own state: no point. */
#define might_sleep()                                                          \
	LINUX_WARN(__atomic_load_n(&current->state, __ATOMIC_RELAXED) != TASK_RUNNING, \
		   "about to sleep in a state that is not RUNNING")
#define cond_resched()         ((void)0)
#define local_irq_disable()    ((void)0)
#define local_irq_enable()     ((void)0)

/* A kthread's own fields: no other task looks at them. */
#define task_lock(t)           ((void)(t))
#define task_unlock(t)         ((void)(t))

/* kernel_thread() has got a name as its third argument in 6.4. */
#define LINUX_FORK_OF(first, second, which, ...) which
#define LINUX_FORK_NAMED(fn, arg, name, flags)   linux_fork((fn), (arg), (name))
#define LINUX_FORK_NAMELESS(fn, arg, flags)      linux_fork((fn), (arg), NULL)
#define kernel_thread(fn, arg, ...)                                            \
	LINUX_FORK_OF(__VA_ARGS__, LINUX_FORK_NAMED, LINUX_FORK_NAMELESS, )(fn, arg, __VA_ARGS__)

/* ---- names, nodes, cgroups --------------------------------------------- */

#define NUMA_NO_NODE           OS_NO_NODE
#define cpu_to_node(cpu)       os_cpu_to_node(cpu)
#define node_states            linux_no_nodes
#define N_MEMORY               0
#define set_mems_allowed(mask) ((void)(mask), (void)os_allow_all_nodes())
#define cgroup_init_kthreadd() ((void)(current->no_cgroup_migration = true))
#define cgroup_kthread_ready() ((void)(current->no_cgroup_migration = false))

#define set_task_comm(t, name)          linux_set_comm((t), (name))
#define __get_task_comm(buf, size, t)   linux_strscpy((buf), (t)->comm, (size))
#define strscpy_pad(to, from, size)     linux_strscpy((to), (from), (size))
#define ignore_signals(t)                                                      \
	((void)os_ignore_signals(), (void)((t)->flags |= PF_NOSIGNAL))
#define copy_from_kernel_nofault(to, from, size) (memcpy((to), (from), (size)), 0L)

/* ---- warnings ---------------------------------------------------------- */

/* A warning is a finding, so "once" is no less. */
#define LINUX_WARN(cond, text)                                                 \
	(__extension__({                                                       \
		bool linux_warns = (cond);                                     \
		if (unlikely(linux_warns))                                     \
			linux_warn(__func__, (text));                          \
		linux_warns;                                                   \
	}))
#define WARN_ON(cond)          LINUX_WARN(cond, #cond)
#define WARN_ON_ONCE(cond)     LINUX_WARN(cond, #cond)
#define WARN(cond, ...)        LINUX_WARN(cond, #cond)
#define WARN_ONCE(cond, ...)   LINUX_WARN(cond, #cond)
#define BUG_ON(cond)                                                           \
	do {                                                                   \
		if (unlikely(cond))                                            \
			linux_bug(__func__, #cond);                            \
	} while (0)
#define BUG()                  linux_bug(__func__, "BUG")
#define pr_debug(...)          ((void)0)
#define pr_err(...)            ((void)0)

/* ---- locks ------------------------------------------------------------- */

typedef kt_lock spinlock_t;
typedef kt_lock raw_spinlock_t;

struct lock_class_key {
	char unused;
};
#define lockdep_set_class_and_name(lock, key, name) ((void)(lock), (void)(key), (void)(name))
#define lockdep_assert_held(lock)          kt_lock_assert_held(lock)
#define lockdep_assert_RT_in_threaded_ctx() ((void)0)
#define debug_check_no_locks_held()        ((void)0)

/* Zeros are no lock of every back end, so the reset makes the static ones: linux_reset(). */
#define LINUX_STATIC(type, name, init)                                         \
	type name;                                                             \
	static void linux_init_##name(void)                                    \
	{                                                                      \
		init;                                                          \
	}                                                                      \
	static void (*const linux_inits_##name)(void)                          \
		__attribute__((used, section("linux_inits"))) = linux_init_##name
#define DEFINE_SPINLOCK(name)     LINUX_STATIC(spinlock_t, name, kt_lock_init(&name, #name))
#define DEFINE_RAW_SPINLOCK(name) DEFINE_SPINLOCK(name)
#define DEFINE_MUTEX(name)        LINUX_STATIC(struct mutex, name, mutex_init(&name, #name))
#define __RAW_SPIN_LOCK_UNLOCKED(name) { 0 }	/* no unit makes a lock by it */

#define raw_spin_lock_init(l)     kt_lock_init((l), #l)
#define spin_lock_init(l)         kt_lock_init((l), #l)
#define spin_lock(l)              LINUX_LOCK(l)
#define spin_unlock(l)            LINUX_UNLOCK(l)
#define spin_lock_irq(l)          LINUX_LOCK(l)
#define spin_unlock_irq(l)        LINUX_UNLOCK(l)
#define spin_lock_irqsave(l, flags)           ((flags) = 0, LINUX_LOCK(l))
#define spin_unlock_irqrestore(l, flags)      ((void)(flags), LINUX_UNLOCK(l))
#define raw_spin_lock(l)          LINUX_LOCK(l)
#define raw_spin_unlock(l)        LINUX_UNLOCK(l)
#define raw_spin_lock_irq(l)      LINUX_LOCK(l)
#define raw_spin_unlock_irq(l)    LINUX_UNLOCK(l)
#define raw_spin_lock_irqsave(l, flags)       ((flags) = 0, LINUX_LOCK(l))
#define raw_spin_unlock_irqrestore(l, flags)  ((void)(flags), LINUX_UNLOCK(l))
/* points.h puts named points around some of these. */
#define LINUX_LOCK(l)             kt_lock_acquire(l)
#define LINUX_UNLOCK(l)           kt_lock_release(l)

struct linux_guard {
	kt_lock *lock;
};
static inline void linux_guard_ends(struct linux_guard *g)
{
	kt_lock_release(g->lock);
}
#define guard(kind)                                                            \
	struct linux_guard linux_guard_here __attribute__((cleanup(linux_guard_ends))) = \
		linux_guard_##kind
#define linux_guard_spinlock_irqsave(l) (kt_lock_acquire(l), (struct linux_guard){ (l) })
#define linux_guard_spinlock_irq(l)     linux_guard_spinlock_irqsave(l)
#define linux_guard_spinlock(l)         linux_guard_spinlock_irqsave(l)
#define linux_guard_raw_spinlock_irqsave(l) linux_guard_spinlock_irqsave(l)
#define linux_guard_raw_spinlock_irq(l) linux_guard_spinlock_irqsave(l)

/* ---- static keys ------------------------------------------------------- */

struct static_key_false {
	int enabled;	/* atomic: how often it was enabled */
};
#define DEFINE_STATIC_KEY_FALSE(name)   struct static_key_false name
#define DECLARE_STATIC_KEY_FALSE(name)  extern struct static_key_false name
#define static_branch_unlikely(key)     (READ_ONCE((key)->enabled) > 0)
#define static_branch_inc(key)          ((void)fetch_add(&(key)->enabled, 1))
#define static_branch_dec(key)          ((void)fetch_add(&(key)->enabled, -1))

/* ---- timers ------------------------------------------------------------ */

#define jiffies                ((unsigned long)os_now_ns())
#define expires                expires_ns
#define TIMER_IRQSAFE          0
#define timer_setup(t, fn, flags) ((void)(flags), (timer_setup)((t), linux_timers(), (fn)))
#define add_timer(t)           ((void)mod_timer((t), (t)->expires))
#define from_timer(var, t, member)           container_of(t, typeof(*(var)), member)
#define timer_container_of(var, t, member)   container_of(t, typeof(*(var)), member)
#define timer_delete_sync(t)   del_timer_sync(t)

/* ---- memory ------------------------------------------------------------ */

#define GFP_KERNEL             0u
#define kmalloc(size, flags)                                                   \
	((void)(flags), os_alloc_at(LINUX_ROLE, (size), KT_SITE("alloc", #size)))
#define kzalloc(size, flags)                                                   \
	((void)(flags), linux_zeroed(os_alloc_at(LINUX_ROLE, (size), KT_SITE("alloc", #size)), \
				     (size)))
#define kzalloc_node(size, flags, node)  ((void)(node), kzalloc(size, flags))
#define kvasprintf(flags, format, arguments)                                   \
	((void)(flags), linux_vasprintf(KT_SITE("alloc", "name"), (format), (arguments)))
#define kfree(p)               os_free_at((void *)(p), KT_SITE("free", #p))
/* A caller that must not get NULL gets it, so a tree with new words is no silent success. */
#define kmalloc_obj(obj, ...)  kmalloc(sizeof(obj), GFP_KERNEL)
#define kzalloc_obj(obj, ...)  kzalloc(sizeof(obj), GFP_KERNEL)

/* What an allocation of a unit is for. A unit may define it before. */
#if !defined(LINUX_ROLE)
#define LINUX_ROLE             KT_ROLE_CREATE_INFO
#endif

/* ---- address spaces ---------------------------------------------------- */

/*
 * In the kernel a kthread that has used no mm yet is lazy on one that is never freed. Here it is
 * lazy on none.
 */
#define mmdrop(mm)                       linux_mmdrop(mm)
#define mmdrop_lazy_tlb(mm)              linux_mmdrop(mm)
#define mmgrab_lazy_tlb(mm)              mmgrab(mm)
#define membarrier_update_current_mm(mm) ((void)(mm))
#define switch_mm_irqs_off(from, to, t)  ((void)(from), (void)(to), (void)(t))
#define enter_lazy_tlb(mm, t)            ((void)(mm), (void)(t))
#define sync_mm_rss(mm)                  ((void)(mm))

/* ---- CPUs -------------------------------------------------------------- */

#define cpu_online(cpu)        linux_cpu_online(cpu)
#define cpus_read_lock()       linux_cpus_lock()
#define cpus_read_unlock()     linux_cpus_unlock()
#undef for_each_online_cpu
#define for_each_online_cpu(cpu)                                               \
	for_each_possible_cpu(cpu)                                             \
		if (cpu_online(cpu))
#define smp_processor_id()     linux_processor_id()
#define per_cpu_ptr(p, cpu)    (&(p)[(cpu)])
#define per_cpu(name, cpu)     ((name)[(cpu)])
#define DEFINE_PER_CPU(type, name) __typeof__(type) name[NR_CPUS]

/* Of 6.1's smpboot.c, which has functions for the low level of hotplug. No plan calls them. */
typedef struct {
	int counter;
} atomic_t;
#define ATOMIC_INIT(n)         { { (n) } }
#define atomic_read(p)         READ_ONCE((p)->counter)
#define atomic_set(p, v)       WRITE_ONCE((p)->counter, (v))
#define atomic_xchg(p, v)      xchg(&(p)->counter, (v))
#define atomic_try_cmpxchg(p, old, v)                                          \
	(__extension__({                                                       \
		int linux_was = cmpxchg(&(p)->counter, *(old), (v));           \
		bool linux_did = linux_was == *(old);                          \
		*(old) = linux_was;                                            \
		linux_did;                                                     \
	}))
#define CPU_ONLINE             0x0002
#define CPU_UP_PREPARE         0x0003
#define CPU_DEAD               0x0007
#define CPU_DEAD_FROZEN        0x0008
#define CPU_POST_DEAD          0x0009
#define CPU_BROKEN             0x000B
#define udelay(us)             ((void)(us))
#define DIV_ROUND_UP(n, d)     (((n) + (d) - 1) / (d))
#define schedule_timeout_uninterruptible(t) linux_sleep(t)

/* ---- what only trees of user space need -------------------------------- */

/* Tasks that are no kthreads do not freeze here. */
#define lock_task_sighand(t, flags)   ((void)(t), (void)(flags), false)
#define unlock_task_sighand(t, flags) ((void)(t), (void)(flags))
#define signal_wake_up(t, resume)     ((void)(t), (void)(resume))

#include <linux/completion.h>
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/smpboot.h>

/* ---- objects on stacks ------------------------------------------------- */

/* The simulator hears of the end of a completion on a stack. */
static inline void linux_completion_ends(struct completion *c)
{
	os_object_end(c, sizeof *c);
}
#undef DECLARE_COMPLETION_ONSTACK
#define DECLARE_COMPLETION_ONSTACK(name)                                       \
	struct completion name __attribute__((cleanup(linux_completion_ends))) = \
		COMPLETION_INITIALIZER_ONSTACK(name)
/* The others begin where an earlier frame may have ended one. */
#undef DECLARE_SWAITQUEUE
#define DECLARE_SWAITQUEUE(name)                                               \
	struct swait_queue name = __SWAITQUEUE_INITIALIZER(name);              \
	os_object_begin(&(name), sizeof(name))
#undef KTHREAD_WORK_INIT
#define KTHREAD_WORK_INIT(work, fn)                                            \
	{                                                                      \
		.node = LIST_HEAD_INIT((work).node),                           \
		.func = (os_object_begin(&(work), sizeof(work)), (fn)),        \
	}
#undef COMPLETION_INITIALIZER_ONSTACK
#define COMPLETION_INITIALIZER_ONSTACK(name)                                   \
	(*(__extension__({                                                     \
		os_object_begin(&(name), sizeof(name));                        \
		init_completion(&(name));                                      \
		&(name);                                                       \
	})))

/* ---- the reset --------------------------------------------------------- */

/* From here on static variables lie in sections that linux_reset() knows. */
#pragma clang section bss = "kbss" data = "kdata"

#endif
