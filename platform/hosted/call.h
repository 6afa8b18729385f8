/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls of a library that stands in for an operating system (include/kthrash_call.h), as the
 * paths of accesses and of points see them.
 */
#ifndef PLATFORM_HOSTED_CALL_H
#define PLATFORM_HOSTED_CALL_H

#include "platform/hosted/internal.h"

/* Is the code at pc the library's? */
bool hosted_call_is_library(uintptr_t pc);

/* The place of the call that the running task is in; 0: it is in none, or in one of its own. */
static inline uintptr_t hosted_call_pc(void)
{
	return hosted_call[hosted_me()].depth ? hosted_call[hosted_me()].pc : 0;
}

/* The name that the next thread of the running task shall have, or NULL. It is used up. */
const char *hosted_call_next_name(void);

/* A new task begins at fn. */
void hosted_call_begin_task(uint32_t task, uintptr_t fn);

/* Does a fault spare what the running task does? */
static inline bool hosted_call_must_succeed(void)
{
	return hosted_call[hosted_me()].must_succeed != 0;
}

#endif
