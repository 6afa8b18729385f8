/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Workers and works as the callers of core/worker.h see them when the kernel's kthread.c runs:
 * room for the kernel's structs, which only unit_kthread.c knows. It checks that there is enough.
 */
#ifndef CORE_LINUX_WORKER_H
#define CORE_LINUX_WORKER_H

#include "core/linux/room.h"

struct kthread_worker {
	_Alignas(16) char linux_worker[KT_LINUX_WORKER_BYTES];
};

struct kthread_work {
	_Alignas(16) char linux_work[KT_LINUX_WORK_BYTES];
};

struct kthread_delayed_work {
	union {		/* the kernel's work is its first field, too */
		struct kthread_work work;
		_Alignas(16) char linux_delayed_work[KT_LINUX_DELAYED_WORK_BYTES];
	};
};

struct task_struct *kthread_worker_task(const struct kthread_worker *worker);
bool kthread_work_was_queued(const struct kthread_work *work);

/* For core/driver/, whose cores.h says what they do. */
bool kthread_is_to_stop(struct task_struct *k);
void kthread_worker_given(struct kthread_worker *w, unsigned flags, struct task_struct *task);
bool kthread_worker_has(const struct kthread_worker *w, bool delayed);
void kthread_worker_gone(struct kthread_worker *w);

#endif
