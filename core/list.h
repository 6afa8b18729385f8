/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Intrusive doubly linked lists, with the kernel's names. A list is changed under its
 * owner's lock. list_empty() may be called without the lock, so the word that it
 * reads, head->next, is written with WRITE_ONCE. Without the lock the answer is a hint:
 * true means that no task had finished adding an entry.
 *
 * The _rcu forms are for a list that readers walk under RCU while it changes: an entry is
 * complete before a reader can find it, and its `next` stays valid after the entry was
 * unlinked.
 */
#ifndef CORE_LIST_H
#define CORE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/rcu.h"

struct list_head {
	struct list_head *next, *prev;
};

#define container_of(ptr, type, member)                                        \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))
#define list_entry_rcu(ptr, type, member) container_of(rcu_dereference(ptr), type, member)
#define list_first_entry(head, type, member)                                   \
	container_of((head)->next, type, member)

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_empty(const struct list_head *head)
{
	return READ_ONCE(head->next) == head;
}

/* Visit all entries, from the first or from the last. No task may unlink an entry meanwhile. */
#define list_for_each_entry(pos, head, type, member)                           \
	for ((pos) = container_of((head)->next, type, member);                 \
	     &(pos)->member != (head);                                         \
	     (pos) = container_of((pos)->member.next, type, member))
#define list_for_each_entry_reverse(pos, head, type, member)                   \
	for ((pos) = container_of((head)->prev, type, member);                 \
	     &(pos)->member != (head);                                         \
	     (pos) = container_of((pos)->member.prev, type, member))

/* Append. The last store makes the entry visible to list_empty(). */
static inline void list_add_tail(struct list_head *new_, struct list_head *head)
{
	struct list_head *prev = head->prev;

	head->prev = new_;
	new_->next = head;
	new_->prev = prev;
	WRITE_ONCE(prev->next, new_);
}

/* Unlink the entry. It becomes an empty list of its own. */
static inline void list_del_init(struct list_head *entry)
{
	struct list_head *prev = entry->prev, *next = entry->next;

	next->prev = prev;
	WRITE_ONCE(prev->next, next);
	INIT_LIST_HEAD(entry);
}

/* The `prev` of an unlinked entry. No object is there, and readers don't use `prev`. */
#define LIST_POISON2 ((struct list_head *)(uintptr_t)0x122)

/* Append. The release pairs with the reader's rcu_dereference(). */
static inline void list_add_tail_rcu(struct list_head *new_, struct list_head *head)
{
	struct list_head *prev = head->prev;

	new_->next = head;
	new_->prev = prev;
	rcu_assign_pointer(prev->next, new_);
	head->prev = new_;
}

/*
 * Unlink. `next` stays, so a reader at this entry goes on from there. The store is a
 * release, because readers reach the next entry through it, and another task wrote that
 * entry.
 */
static inline void list_del_rcu(struct list_head *entry)
{
	struct list_head *prev = entry->prev, *next = entry->next;

	next->prev = prev;
	rcu_assign_pointer(prev->next, next);
	entry->prev = LIST_POISON2;
}

/* Called inside rcu_read_lock(); entries may be added and unlinked meanwhile. */
#define list_for_each_entry_rcu(pos, head, member)                             \
	for ((pos) = list_entry_rcu((head)->next, __typeof__(*(pos)), member); \
	     &(pos)->member != (head);                                         \
	     (pos) = list_entry_rcu((pos)->member.next, __typeof__(*(pos)), member))

#endif
