/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The live kthreads of a kthreadd, walked without a lock.
 *
 * kthreadd's fork registers a thread before it can run; the thread unregisters
 * itself first thing when it ends, so a thread that was stopped is not found.
 * A fork that fails unregisters it again: a reader may meet a thread that never
 * runs, but nobody was ever given it.
 *
 * Readers are in a read section of RCU. A task they meet may be unlinked while
 * they look at it, but it is not freed before they leave, and its `next` still
 * leads on. To keep it longer, kthread_find() takes a reference, which it can't
 * of a task whose last one is gone.
 *
 * A caller rule: the registry is read while its kthreadd is there, from init to
 * shutdown.
 *
 * Lock order: lock is a leaf; it is for writers only.
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

/* Nobody is registered, nobody will read it. */
void kthread_registry_destroy(struct kthread_registry *r);

/* Give t its number and let readers find it. t is complete but for what runs. */
void kthread_register(struct kthread_registry *r, struct task_struct *t);

/* From now on readers pass t over. Its last reference may be dropped after. */
void kthread_unregister(struct kthread_registry *r, struct task_struct *t);

/*
 * For each live kthread k of d, the oldest first, inside rcu_read_lock(). What
 * was written before a thread ran may be read of it: id, comm, and, with
 * READ_ONCE(), flags. A thread that is registered during the whole walk is met
 * once, others once at most.
 */
#define kthread_for_each(d, k) list_for_each_entry_rcu(k, &(d)->registry.threads, registered)

/*
 * The live kthread of that number with a reference for the caller, or NULL. It
 * may end at any time; what the caller rules of kthread.h say of references
 * holds for this one. Any task, also in a read section.
 */
struct task_struct *kthread_find(struct kthreadd *d, unsigned id);

/* From 1 up in the order of creation, never used twice; 0 of what is no kthread. */
unsigned kthread_id(const struct task_struct *k);

#endif
