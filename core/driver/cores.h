/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files here need of the inside of a core: this folder's neighbours in core/, or the
 * kernel's own files, whose structs only core/linux/ knows. For those, core/linux/worker.h declares
 * the functions.
 */
#ifndef CORE_DRIVER_CORES_H
#define CORE_DRIVER_CORES_H

#include "core/kthread_internal.h"
#include "core/worker.h"

#if !defined(KT_CORE_LINUX)
/* Was kthread_stop() called for the kthread k? */
static inline bool kthread_is_to_stop(struct task_struct *k)
{
	return test_bit(KTHREAD_SHOULD_STOP, &k->kthread->flags);
}

/* The worker, whose thread has not run yet, has these flags and that thread. */
static inline void kthread_worker_given(struct kthread_worker *w, unsigned flags,
					struct task_struct *task)
{
	w->flags = flags;
	w->task = task;
}

/* Are works queued, or are delayed works pending? The worker's thread has ended. */
static inline bool kthread_worker_has(const struct kthread_worker *w, bool delayed)
{
	return !list_empty(delayed ? &w->delayed_work_list : &w->work_list);
}

/* The worker's memory is about to be freed. */
static inline void kthread_worker_gone(struct kthread_worker *w)
{
	kt_lock_destroy(&w->lock);
}
#endif

#endif
