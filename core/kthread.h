/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel threads: create, run, stop. After Linux kernel/kthread.c, whose names
 * and semantics these are; core/README.md says where and why they differ.
 *
 * Caller rules. Broken, they give the failure named, here as in Linux:
 *   - a thread whose function returns by itself is stopped only by who took a
 *     reference before its first wake-up, and a thread is stopped again only by
 *     who has one (else use after free);
 *   - park, unpark and stop of one thread come one after the other (else they
 *     wait for ever); only a thread that can't exit meanwhile is parked, and
 *     its function must poll kthread_should_park();
 *   - kthread_bind() and its relatives come before the first wake-up (else a
 *     discipline failure; in Linux a warning, and nothing is bound);
 *   - nothing creates threads of a kthreadd that is being shut down.
 */
#ifndef CORE_KTHREAD_H
#define CORE_KTHREAD_H

#include <stdarg.h>

#include "core/task.h"
#include "platform/completion.h"

#define NUMA_NO_NODE OS_NO_NODE

/*
 * Make a thread that will run threadfn(data), on `node` if it is not
 * NUMA_NO_NODE (for stack and task; a hint). It is named by namefmt, has normal
 * scheduling and all CPUs, and sleeps uninterruptibly until it is woken by
 * wake_up_process(). If it is stopped first, threadfn is not called.
 *
 * The daemon of current->kthreadd makes it. The calling task sleeps, killably;
 * no lock may be held. kthreadd_wait_ready() must have returned before.
 *
 * Returns the task, without a reference for the caller: it stays valid until
 * the thread exits. Or an error pointer:
 *   -ENOMEM  no memory for the request, the name, the task or its kthread;
 *   -EAGAIN  the platform could not start a thread;
 *   -EINTR   the caller was killed before the request was answered. A thread
 *            may still come to be for it; it exits without calling threadfn.
 * A kill that comes too late is not reported here.
 */
__attribute__((format(printf, 4, 5)))
struct task_struct *kthread_create_on_node(int (*threadfn)(void *data), void *data,
					   int node, const char *namefmt, ...);

#define kthread_create(threadfn, data, namefmt, ...)                           \
	kthread_create_on_node((threadfn), (data), NUMA_NO_NODE, (namefmt), ##__VA_ARGS__)

/*
 * Create and wake. The thread may have finished before the caller sees the
 * pointer: use create, get_task_struct() and wake_up_process() where that
 * matters.
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
 * Create on `cpu`'s node, bound to it. namefmt has one %u, for cpu. As in
 * mainline the thread is neither parked nor marked as the cpu's own.
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
 * Let k run on these processors only (bit n: CPU n, which may be off line);
 * from now on task_set_cpus_allowed() refuses. Between create and the first
 * wake-up. May sleep, until k sleeps.
 */
void kthread_bind_mask(struct task_struct *k, uint64_t cpus);
void kthread_bind(struct task_struct *k, unsigned cpu);

/*
 * k, which was bound before, is `cpu`'s own: kthread_unpark() binds it there
 * again. A negative cpu ends that. k sleeps.
 */
void kthread_set_per_cpu(struct task_struct *k, int cpu);

/* Any task that the caller has a reference of. */
bool kthread_is_per_cpu(struct task_struct *p);

/*
 * Was kthread_stop() called on the calling kthread? In a sleeping loop test it
 * after set_current_state() and before schedule().
 */
bool kthread_should_stop(void);

/*
 * Ask k to stop, unpark it, wake it, wait until it is done. Returns what
 * threadfn returned or gave to kthread_exit(), or -EINTR if it was never
 * called. After a successful kthread_park() it always is. Sleeps, whatever
 * signals come; not on the calling thread itself. k must still exist: see the
 * caller rules. Stopped again, a thread gives the same result.
 */
int kthread_stop(struct task_struct *k);

/* kthread_stop(), and drop the caller's reference. */
int kthread_stop_put(struct task_struct *k);

/*
 * Make k sleep in kthread_parkme() and wait until it has left its processor.
 * A thread that was never woken parks before its function is called. Of itself
 * the caller asks only; kthread_parkme() does it. 0, or without effect
 *   -ENOSYS  k is exiting or has exited;
 *   -EBUSY   it is parked or asked to already.
 */
int kthread_park(struct task_struct *k);

/*
 * Let k go on; if it is a CPU's own, on that CPU. After kthread_park() has
 * returned. Of a thread that is not asked to park: nothing.
 */
void kthread_unpark(struct task_struct *k);

/* Was kthread_park() called on the calling kthread, or on k? */
bool kthread_should_park(void);
bool __kthread_should_park(struct task_struct *k);

/*
 * Sleep until unparked; return at once if nobody asked. From the thread itself.
 * No freeze waits for it there; a freezable thread that is unparked while one
 * is in force freezes before it returns.
 */
void kthread_parkme(void);

/* End the calling kthread with this result. kthread_stop() returns it. */
__attribute__((noreturn)) void kthread_exit(int result);

/* The same; c, unless NULL, is completed just before. It may be gone after. */
__attribute__((noreturn)) void kthread_complete_and_exit(kt_completion *c, int code);

/* What k was created with; k is a kthread, kthread_func() may be asked of any task. */
int (*kthread_func(struct task_struct *k))(void *data);
void *kthread_data(struct task_struct *k);

/* kthread_data() of any task: NULL if it is no kthread. For reports. */
void *kthread_probe_data(struct task_struct *k);

/*
 * The whole name, which may be longer than comm, or what buf has room for. Of
 * any task; of a kthread since it was created.
 */
void get_kthread_comm(char *buf, size_t buf_size, struct task_struct *tsk);

#endif
