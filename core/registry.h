/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The live kthreads of a kthreadd. Readers walk them without a lock.
 *
 * kthreadd's fork registers a thread before the thread can run. A thread that ends first
 * unregisters itself. So after kthread_stop() has returned, no reader finds the thread. If
 * the fork fails, it unregisters the thread again. So a reader may find a thread that never
 * runs, but no creator gets such a thread.
 *
 * Readers are in a read section of RCU. A task that they find may be unlinked while they
 * look at it. But it is not freed before they leave the section, and its `next` stays
 * valid. To keep a task longer, a reader calls kthread_find(), which takes a reference.
 * kthread_find() does not find a task whose last reference is gone.
 *
 * A caller rule: the registry is read only while its kthreadd exists, from init to
 * shutdown.
 *
 * Lock order: lock is a leaf; only writers take it.
 */
#ifndef CORE_REGISTRY_H
#define CORE_REGISTRY_H

#include "core/list.h"
#include "platform/lock.h"
#include "platform/rcu.h"

struct kthreadd;
struct task_struct;

struct kthread_registry {
	kt_lock lock;
	struct list_head threads;	/* changed under lock, read under RCU; ids ascend */
	unsigned last_id;		/* under lock */
};

void kthread_registry_init(struct kthread_registry *r);

/* No thread is registered any more, and no task will read the registry. */
void kthread_registry_destroy(struct kthread_registry *r);

/* Give t its number and let readers find t. t must be complete and must not run yet. */
void kthread_register(struct kthread_registry *r, struct task_struct *t);

/* From now on readers don't find t. The last reference to t may be dropped only after this. */
void kthread_unregister(struct kthread_registry *r, struct task_struct *t);

/*
 * For each live kthread k of d, the oldest first, inside rcu_read_lock(). A reader may
 * read what was written before the thread ran: id, comm, and, with
 * READ_ONCE(), flags. The walk visits each thread that is registered during the whole walk
 * exactly once, and any other thread at most once.
 */
#define kthread_for_each(d, k) list_for_each_entry_rcu(k, &(d)->registry.threads, registered)

/*
 * The live kthread of that number, with a reference for the caller, or NULL. The thread may
 * end at any time. The caller rules of kthread.h about references hold for this reference,
 * too. Any task may call this, even in a read section.
 */
struct task_struct *kthread_find(struct kthreadd *d, unsigned id);

/*
 * k's number: numbers count from 1 in the order of creation and are never used twice. 0 if
 * k is not a kthread.
 */
unsigned kthread_id(const struct task_struct *k);

#endif
