/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_RCULIST_H
#define KTHRASH_LINUX_RCULIST_H

#include <linux/list.h>
#include <linux/rcupdate.h>

KD_INLINE void __list_add_rcu(struct list_head *entry, struct list_head *prev,
			      struct list_head *next)
{
	entry->next = next;
	entry->prev = prev;
	rcu_assign_pointer(prev->next, entry);
	next->prev = entry;
}

KD_INLINE void list_add_rcu(struct list_head *entry, struct list_head *head)
{
	__list_add_rcu(entry, head, head->next);
}

KD_INLINE void list_add_tail_rcu(struct list_head *entry, struct list_head *head)
{
	__list_add_rcu(entry, head->prev, head);
}

/* A release, because readers go on from here to an entry that another thread may have written. */
KD_INLINE void list_del_rcu(struct list_head *entry)
{
	struct list_head *prev = entry->prev, *next = entry->next;

	next->prev = prev;
	rcu_assign_pointer(prev->next, next);
	entry->prev = LIST_POISON2;
}

KD_INLINE void list_replace_rcu(struct list_head *old, struct list_head *entry)
{
	entry->next = old->next;
	entry->prev = old->prev;
	rcu_assign_pointer(entry->prev->next, entry);
	entry->next->prev = entry;
	old->prev = LIST_POISON2;
}

KD_INLINE void hlist_add_head_rcu(struct hlist_node *n, struct hlist_head *h)
{
	struct hlist_node *first = h->first;

	n->next = first;
	n->pprev = &h->first;
	rcu_assign_pointer(h->first, n);
	if (first)
		first->pprev = &n->next;
}

KD_INLINE void hlist_del_rcu(struct hlist_node *n)
{
	struct hlist_node *next = n->next, **pprev = n->pprev;

	__atomic_store_n(pprev, next, __ATOMIC_RELEASE);
	if (next)
		next->pprev = pprev;
	n->pprev = (struct hlist_node **)LIST_POISON2;
}

#define list_entry_rcu(ptr, type, member) container_of(rcu_dereference(ptr), type, member)
#define list_for_each_entry_rcu(pos, head, member, ...) \
	for ((pos) = list_entry_rcu((head)->next, __typeof__(*(pos)), member); \
	     &(pos)->member != (head); \
	     (pos) = list_entry_rcu((pos)->member.next, __typeof__(*(pos)), member))
#define list_first_or_null_rcu(ptr, type, member)                              \
	(__extension__({                                                       \
		struct list_head *kd_head = (ptr);                             \
		struct list_head *kd_first = rcu_dereference(kd_head->next);   \
		kd_first != kd_head ? container_of(kd_first, type, member) : NULL; \
	}))
#define hlist_for_each_entry_rcu(pos, head, member, ...) \
	for ((pos) = hlist_entry_safe(rcu_dereference((head)->first), __typeof__(*(pos)), member); \
	     (pos); \
	     (pos) = hlist_entry_safe(rcu_dereference((pos)->member.next), __typeof__(*(pos)), \
				      member))

#endif
