/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_LIST_H
#define KTHRASH_LINUX_LIST_H

#include <linux/kernel.h>

#define LIST_POISON1 ((struct list_head *)0x100)
#define LIST_POISON2 ((struct list_head *)0x122)

#define LIST_HEAD_INIT(name) { &(name), &(name) }
#define LIST_HEAD(name)      struct list_head name = LIST_HEAD_INIT(name)

KD_INLINE void INIT_LIST_HEAD(struct list_head *list)
{
	WRITE_ONCE(list->next, list);
	list->prev = list;
}

KD_INLINE void __list_add(struct list_head *entry, struct list_head *prev, struct list_head *next)
{
	next->prev = entry;
	entry->next = next;
	entry->prev = prev;
	WRITE_ONCE(prev->next, entry);
}

KD_INLINE void list_add(struct list_head *entry, struct list_head *head)
{
	__list_add(entry, head, head->next);
}

KD_INLINE void list_add_tail(struct list_head *entry, struct list_head *head)
{
	__list_add(entry, head->prev, head);
}

KD_INLINE void __list_del(struct list_head *prev, struct list_head *next)
{
	next->prev = prev;
	WRITE_ONCE(prev->next, next);
}

/* As with CONFIG_DEBUG_LIST: an entry that is in no list is a finding. */
KD_INLINE void __list_del_entry(struct list_head *entry)
{
	BUG_ON(entry->next == LIST_POISON1 || entry->prev == LIST_POISON2);
	BUG_ON(entry->prev->next != entry || entry->next->prev != entry);
	__list_del(entry->prev, entry->next);
}

KD_INLINE void list_del(struct list_head *entry)
{
	__list_del_entry(entry);
	entry->next = LIST_POISON1;
	entry->prev = LIST_POISON2;
}

KD_INLINE void list_del_init(struct list_head *entry)
{
	__list_del_entry(entry);
	INIT_LIST_HEAD(entry);
}

KD_INLINE void list_replace(struct list_head *old, struct list_head *entry)
{
	entry->next = old->next;
	entry->next->prev = entry;
	entry->prev = old->prev;
	entry->prev->next = entry;
}

KD_INLINE void list_replace_init(struct list_head *old, struct list_head *entry)
{
	list_replace(old, entry);
	INIT_LIST_HEAD(old);
}

KD_INLINE void list_move(struct list_head *entry, struct list_head *head)
{
	__list_del_entry(entry);
	list_add(entry, head);
}

KD_INLINE void list_move_tail(struct list_head *entry, struct list_head *head)
{
	__list_del_entry(entry);
	list_add_tail(entry, head);
}

KD_INLINE bool list_empty(const struct list_head *head)
{
	return READ_ONCE(head->next) == head;
}

KD_INLINE bool list_empty_careful(const struct list_head *head)
{
	struct list_head *next = smp_load_acquire(&head->next);

	return next == head && next == READ_ONCE(head->prev);
}

KD_INLINE bool list_is_singular(const struct list_head *head)
{
	return !list_empty(head) && head->next == head->prev;
}

KD_INLINE bool list_is_last(const struct list_head *entry, const struct list_head *head)
{
	return entry->next == head;
}

KD_INLINE bool list_is_first(const struct list_head *entry, const struct list_head *head)
{
	return entry->prev == head;
}

KD_INLINE void __list_splice(const struct list_head *list, struct list_head *prev,
			     struct list_head *next)
{
	struct list_head *first = list->next, *last = list->prev;

	first->prev = prev;
	prev->next = first;
	last->next = next;
	next->prev = last;
}

KD_INLINE void list_splice(const struct list_head *list, struct list_head *head)
{
	if (!list_empty(list))
		__list_splice(list, head, head->next);
}

KD_INLINE void list_splice_tail(struct list_head *list, struct list_head *head)
{
	if (!list_empty(list))
		__list_splice(list, head->prev, head);
}

KD_INLINE void list_splice_init(struct list_head *list, struct list_head *head)
{
	list_splice(list, head);
	INIT_LIST_HEAD(list);
}

KD_INLINE void list_splice_tail_init(struct list_head *list, struct list_head *head)
{
	list_splice_tail(list, head);
	INIT_LIST_HEAD(list);
}

#define list_entry(ptr, type, member)       container_of(ptr, type, member)
#define list_first_entry(ptr, type, member) list_entry((ptr)->next, type, member)
#define list_last_entry(ptr, type, member)  list_entry((ptr)->prev, type, member)
#define list_first_entry_or_null(ptr, type, member)                            \
	(__extension__({                                                       \
		struct list_head *kd_head = (ptr);                             \
		struct list_head *kd_first = READ_ONCE(kd_head->next);         \
		kd_first != kd_head ? list_entry(kd_first, type, member) : NULL; \
	}))
#define list_next_entry(pos, member) list_entry((pos)->member.next, __typeof__(*(pos)), member)
#define list_prev_entry(pos, member) list_entry((pos)->member.prev, __typeof__(*(pos)), member)
#define list_for_each(pos, head) \
	for ((pos) = (head)->next; (pos) != (head); (pos) = (pos)->next)
#define list_for_each_safe(pos, n, head) \
	for ((pos) = (head)->next, (n) = (pos)->next; (pos) != (head); \
	     (pos) = (n), (n) = (pos)->next)
#define list_for_each_entry(pos, head, member) \
	for ((pos) = list_first_entry(head, __typeof__(*(pos)), member); \
	     &(pos)->member != (head); (pos) = list_next_entry(pos, member))
#define list_for_each_entry_reverse(pos, head, member) \
	for ((pos) = list_last_entry(head, __typeof__(*(pos)), member); \
	     &(pos)->member != (head); (pos) = list_prev_entry(pos, member))
#define list_for_each_entry_safe(pos, n, head, member) \
	for ((pos) = list_first_entry(head, __typeof__(*(pos)), member), \
	     (n) = list_next_entry(pos, member); \
	     &(pos)->member != (head); (pos) = (n), (n) = list_next_entry(n, member))
#define list_for_each_entry_continue(pos, head, member) \
	for ((pos) = list_next_entry(pos, member); &(pos)->member != (head); \
	     (pos) = list_next_entry(pos, member))

/* ---- lists with one pointer as their head ---------------------------------------- */

#define HLIST_HEAD_INIT        { .first = NULL }
#define HLIST_HEAD(name)       struct hlist_head name = { .first = NULL }
#define INIT_HLIST_HEAD(ptr)   ((ptr)->first = NULL)

KD_INLINE void INIT_HLIST_NODE(struct hlist_node *n)
{
	n->next = NULL;
	n->pprev = NULL;
}

KD_INLINE bool hlist_unhashed(const struct hlist_node *n)
{
	return !n->pprev;
}

KD_INLINE bool hlist_empty(const struct hlist_head *h)
{
	return !READ_ONCE(h->first);
}

KD_INLINE void __hlist_del(struct hlist_node *n)
{
	struct hlist_node *next = n->next, **pprev = n->pprev;

	WRITE_ONCE(*pprev, next);
	if (next)
		next->pprev = pprev;
}

KD_INLINE void hlist_del(struct hlist_node *n)
{
	__hlist_del(n);
	n->next = (struct hlist_node *)LIST_POISON1;
	n->pprev = (struct hlist_node **)LIST_POISON2;
}

KD_INLINE void hlist_del_init(struct hlist_node *n)
{
	if (!hlist_unhashed(n)) {
		__hlist_del(n);
		INIT_HLIST_NODE(n);
	}
}

KD_INLINE void hlist_add_head(struct hlist_node *n, struct hlist_head *h)
{
	struct hlist_node *first = h->first;

	n->next = first;
	if (first)
		first->pprev = &n->next;
	WRITE_ONCE(h->first, n);
	n->pprev = &h->first;
}

#define hlist_entry(ptr, type, member) container_of(ptr, type, member)
#define hlist_entry_safe(ptr, type, member)                                    \
	(__extension__({                                                       \
		__typeof__(ptr) kd_ptr = (ptr);                                \
		kd_ptr ? hlist_entry(kd_ptr, type, member) : NULL;             \
	}))
#define hlist_for_each_entry(pos, head, member) \
	for ((pos) = hlist_entry_safe((head)->first, __typeof__(*(pos)), member); (pos); \
	     (pos) = hlist_entry_safe((pos)->member.next, __typeof__(*(pos)), member))
#define hlist_for_each_entry_safe(pos, n, head, member) \
	for ((pos) = hlist_entry_safe((head)->first, __typeof__(*(pos)), member); \
	     (pos) && ((n) = (pos)->member.next, 1); \
	     (pos) = hlist_entry_safe(n, __typeof__(*(pos)), member))

#endif
