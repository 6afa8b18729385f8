/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel threads: create, run, stop. After Linux kernel/kthread.c, whose names
 * and semantics these are; core/README.md says where and why they differ.
 *
 * Caller rules. A broken rule gives the failure that is named, here as in Linux:
 *   - if a thread's function may return before a stop, only a task that took a reference
 *     before the thread's first wake-up may stop the thread. Only a task that has a
 *     reference may stop a thread a second time (else use after free);
 *   - calls that park, unpark or stop one thread come one after the other (else they wait
 *     for ever). A thread is parked only if it can't exit meanwhile. Its function must poll
 *     kthread_should_park();
 *   - kthread_bind() and the like come before the first wake-up (else a
 *     discipline failure; in Linux a warning, and nothing is bound);
 *   - no task creates threads of a kthreadd that is being shut down.
 */
#ifndef CORE_KTHREAD_H
#define CORE_KTHREAD_H

#include <stdarg.h>

#include "core/task.h"
#include "platform/completion.h"

#define NUMA_NO_NODE OS_NO_NODE

/*
 * Make a thread that will run threadfn(data), with its stack and its task on `node`. The node
 * is a hint; NUMA_NO_NODE gives none. The thread is named by namefmt, is scheduled normally,
 * and may use all CPUs. It sleeps uninterruptibly until it is woken by wake_up_process(). If
 * it is stopped before that, threadfn is not called.
 *
 * The daemon of current->kthreadd makes the thread. The calling task sleeps, killably, and
 * must hold no lock. kthreadd_wait_ready() must have returned before.
 *
 * Returns the task, without a reference for the caller: it stays valid until
 * the thread exits. Or an error pointer:
 *   -ENOMEM  no memory for the request, the name, the task or its kthread;
 *   -EAGAIN  the platform could not start a thread;
 *   -EINTR   the caller was killed before the request was answered. The daemon may
 *            still make a thread, which exits without calling threadfn.
 * A kill after the answer is not reported here.
 */
__attribute__((format(printf, 4, 5)))
struct task_struct *kthread_create_on_node(int (*threadfn)(void *data), void *data,
					   int node, const char *namefmt, ...);

#define kthread_create(threadfn, data, namefmt, ...)                           \
	kthread_create_on_node((threadfn), (data), NUMA_NO_NODE, (namefmt), ##__VA_ARGS__)

/*
 * Create and wake. The thread may have finished before the caller sees the pointer. If that
 * matters, call kthread_create(), get_task_struct() and wake_up_process().
 */
#define kthread_run(threadfn, data, namefmt, ...)                              \
	(__extension__({                                                       \
		struct task_struct *kt_k =                                     \
			kthread_create((threadfn), (data), (namefmt), ##__VA_ARGS__); \
		if (!IS_ERR(kt_k))                                             \
			wake_up_process(kt_k);                                 \
		kt_k;                                                          \
	}))

/*
 * Create on `cpu`'s node, bound to `cpu`. namefmt has one %u, for cpu. As in mainline the
 * thread is neither parked nor marked as the CPU's own.
 */
struct task_struct *kthread_create_on_cpu(int (*threadfn)(void *data), void *data,
					  unsigned cpu, const char *namefmt);

#define kthread_run_on_cpu(threadfn, data, cpu, namefmt)                       \
	(__extension__({                                                       \
		struct task_struct *kt_k =                                     \
			kthread_create_on_cpu((threadfn), (data), (cpu), (namefmt)); \
		if (!IS_ERR(kt_k))                                             \
			wake_up_process(kt_k);                                 \
		kt_k;                                                          \
	}))

/*
 * Let k run on these processors only (bit n: CPU n, which may be offline).
 * From now on task_set_cpus_allowed() refuses k. Called between create and the first
 * wake-up. May sleep until k sleeps.
 */
void kthread_bind_mask(struct task_struct *k, uint64_t cpus) KT_BRIDGED(kthread_bind_mask);
void kthread_bind(struct task_struct *k, unsigned cpu);

/*
 * k, which was bound before, becomes `cpu`'s own: kthread_unpark() binds it there
 * again. With a negative cpu, k is no longer a CPU's own. k must sleep.
 */
void kthread_set_per_cpu(struct task_struct *k, int cpu);

/* p: any task to which the caller has a reference. */
bool kthread_is_per_cpu(struct task_struct *p);

/*
 * Was kthread_stop() called on the calling kthread? A sleeping loop tests it after
 * set_current_state() and before schedule().
 */
bool kthread_should_stop(void);

/*
 * Ask k to stop, unpark it, wake it, and wait until it has ended. Returns what threadfn
 * returned or gave to kthread_exit(), or -EINTR if threadfn was never called. After a
 * successful kthread_park(), threadfn is always called. Sleeps, whatever signals come. k is
 * not the calling thread, and must still exist: see the caller rules. A second stop gives
 * the same result.
 */
int kthread_stop(struct task_struct *k);

/* kthread_stop(), and drop the caller's reference. */
int kthread_stop_put(struct task_struct *k) KT_BRIDGED(kthread_stop_put);

/*
 * Make k sleep in kthread_parkme() and wait until it has left its processor.
 * A thread that was never woken parks before its function is called. If k is the
 * caller itself, this only asks; kthread_parkme() then parks. Returns 0. Or it has no
 * effect and returns
 *   -ENOSYS  k is exiting or has exited;
 *   -EBUSY   k is parked, or is asked to park already.
 */
int kthread_park(struct task_struct *k);

/*
 * Let k go on; if it is a CPU's own thread, on that CPU. Called after kthread_park() has
 * returned. Does nothing if k is not asked to park.
 */
void kthread_unpark(struct task_struct *k);

/* Was kthread_park() called on the calling kthread, or on k? */
bool kthread_should_park(void);
bool __kthread_should_park(struct task_struct *k) KT_BRIDGED(__kthread_should_park);

/*
 * Sleep until unparked; return at once if the thread is not asked to park. Called by the
 * thread itself. No freeze waits for a parked thread; a freezable thread that is
 * unparked while a freeze is in force freezes before this returns.
 */
void kthread_parkme(void);

/* End the calling kthread with this result, which kthread_stop() returns. */
__attribute__((noreturn)) void kthread_exit(int result) KT_BRIDGED(kthread_exit);

/* As kthread_exit(), but first completes c, unless c is NULL. After that *c may be gone. */
__attribute__((noreturn)) void kthread_complete_and_exit(kt_completion *c, int code)
	KT_BRIDGED(kthread_complete_and_exit);

/*
 * The function and data with which k was created. k is a kthread; for kthread_func() it may
 * be any task.
 */
int (*kthread_func(struct task_struct *k))(void *data) KT_BRIDGED(kthread_func);
void *kthread_data(struct task_struct *k);

/* kthread_data() of any task; NULL if it is not a kthread. For reports. */
void *kthread_probe_data(struct task_struct *k);

/*
 * The whole name, which may be longer than comm, cut to the size of buf. tsk may be any
 * task; if it is a kthread, kthread_create() must have returned it.
 */
void get_kthread_comm(char *buf, size_t buf_size, struct task_struct *tsk);

#endif
