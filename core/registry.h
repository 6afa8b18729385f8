/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The live kthreads of a kthreadd. Readers walk them without a lock.
 *
 * kthreadd's fork registers a thread before it can run. When the thread ends it first
 * unregisters itself, so a reader does not find a thread that was stopped.
 * A fork that fails unregisters the thread again: a reader may find a thread that never
 * runs, but no creator ever gets it.
 *
 * Readers are in a read section of RCU. A task that they find may be unlinked while
 * they look at it, but it is not freed before they leave, and its `next` is
 * still valid. To keep a task longer, kthread_find() takes a reference. That fails for a
 * task whose last reference is gone.
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

/* No thread is registered, and no task will read it. */
void kthread_registry_destroy(struct kthread_registry *r);

/* Give t its number and let readers find it. t is complete, but does not run yet. */
void kthread_register(struct kthread_registry *r, struct task_struct *t);

/* From now on readers don't find t. Its last reference may be dropped after this. */
void kthread_unregister(struct kthread_registry *r, struct task_struct *t);

/*
 * For each live kthread k of d, the oldest first, inside rcu_read_lock(). A reader may
 * read what was written before the thread ran: id, comm, and, with
 * READ_ONCE(), flags. The walk visits a thread once if it is registered during the whole
 * walk; any other thread once at most.
 */
#define kthread_for_each(d, k) list_for_each_entry_rcu(k, &(d)->registry.threads, registered)

/*
 * The live kthread of that number, with a reference for the caller, or NULL. The thread
 * may end at any time. The caller rules of kthread.h about references hold for this
 * one. Called by any task, also in a read section.
 */
struct task_struct *kthread_find(struct kthreadd *d, unsigned id);

/* Counts from 1 in the order of creation, never used twice; 0 if k is not a kthread. */
unsigned kthread_id(const struct task_struct *k);

#endif
