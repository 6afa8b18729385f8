/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/registry.h"

#include "core/kthreadd.h"

void kthread_registry_init(struct kthread_registry *r)
{
	kt_lock_init(&r->lock, "registry");
	INIT_LIST_HEAD(&r->threads);
	r->last_id = 0;
}

void kthread_registry_destroy(struct kthread_registry *r)
{
	KT_ASSERT(list_empty(&r->threads));
	kt_lock_destroy(&r->lock);
}

void kthread_register(struct kthread_registry *r, struct task_struct *t)
{
	kt_lock_acquire(&r->lock);
	t->id = ++r->last_id;	/* with the lock held, so that the list stays sorted by id */
	list_add_tail_rcu(&t->registered, &r->threads);
	KT_POINT(registry.linked);
	kt_lock_release(&r->lock);
}

void kthread_unregister(struct kthread_registry *r, struct task_struct *t)
{
	kt_lock_acquire(&r->lock);
	list_del_rcu(&t->registered);
	kt_lock_release(&r->lock);
}

struct task_struct *kthread_find(struct kthreadd *d, unsigned id)
{
	struct task_struct *k, *found = NULL;

	rcu_read_lock();
	kthread_for_each(d, k) {
		if (k->id < id)
			continue;
		KT_POINT(find.met);
		/* If k was unlinked meanwhile, it may have no reference left. */
		if (k->id == id && refcount_inc_not_zero(&k->usage))
			found = k;
		break;
	}
	rcu_read_unlock();
	return found;
}

unsigned kthread_id(const struct task_struct *k)
{
	return k->id;
}
