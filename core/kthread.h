/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel threads: create, run, stop. After Linux kernel/kthread.c, whose names
 * and semantics these are; core/README.md says where and why they differ.
 *
 * Caller rules. Broken, they give the failure named, here as in Linux:
 *   - stop a thread at most once (a second stop never returns);
 *   - a thread whose function returns by itself is stopped only by who took a
 *     reference before its first wake-up (else use after free);
 *   - nothing creates threads of a kthreadd that is being shut down.
 */
#ifndef CORE_KTHREAD_H
#define CORE_KTHREAD_H

#include <stdarg.h>

#include "core/task.h"

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
 * Was kthread_stop() called on the calling kthread? In a sleeping loop test it
 * after set_current_state() and before schedule().
 */
bool kthread_should_stop(void);

/*
 * Ask k to stop, wake it, wait until it is done. Returns what threadfn
 * returned, or -EINTR if it was never called. Sleeps, whatever signals come;
 * not on the calling thread itself. k must still exist: see the caller rules.
 */
int kthread_stop(struct task_struct *k);

/* The whole name, which may be longer than k->comm. k is a kthread. */
const char *kthread_full_name(const struct task_struct *k);

#endif
