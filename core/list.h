/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Intrusive doubly linked lists, with the kernel's names. Changed under the
 * owner's lock; list_empty() may be asked without it, which is why the word it
 * reads, head->next, is written with WRITE_ONCE. The answer is then a hint:
 * true means nobody had finished adding.
 */
#ifndef CORE_LIST_H
#define CORE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "platform/atomic.h"

struct list_head {
	struct list_head *next, *prev;
};

#define container_of(ptr, type, member)                                        \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))
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

/* Append. The last store makes the entry visible to list_empty(). */
static inline void list_add_tail(struct list_head *new_, struct list_head *head)
{
	struct list_head *prev = head->prev;

	head->prev = new_;
	new_->next = head;
	new_->prev = prev;
	WRITE_ONCE(prev->next, new_);
}

/* Prepend. */
static inline void list_add(struct list_head *new_, struct list_head *head)
{
	list_add_tail(new_, head->next);
}

/* Unlink; the entry is an empty list of its own afterwards. */
static inline void list_del_init(struct list_head *entry)
{
	struct list_head *prev = entry->prev, *next = entry->next;

	next->prev = prev;
	WRITE_ONCE(prev->next, next);
	INIT_LIST_HEAD(entry);
}

#endif
