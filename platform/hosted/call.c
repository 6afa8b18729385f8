/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls of a library that stands in for an operating system. While a task is in such a call,
 * hosted_is_alone() is true for it, so the operations of the library are no choice points. A
 * sleep lets other tasks run as always. The places of what the library does are that of the call.
 */
#include "platform/hosted/call.h"

#include "platform/hosted/backbone.h"
#include "platform/hosted/hosted.h"
#include "platform/hosted/include/kthrash_call.h"
#include "platform/hosted/site.h"

struct hosted_call hosted_call[HOSTED_TASKS_MAX];

static struct {
	uintptr_t begin, end;
} library;

static void forget(void)
{
	for (uint32_t i = 0; i < HOSTED_TASKS_MAX; i++)
		hosted_call[i] = (struct hosted_call){ 0 };
}
HOSTED_AT_BEGIN(forget);

bool hosted_call_is_library(uintptr_t pc)
{
	return pc - library.begin < library.end - library.begin;
}

void hosted_call_begin_task(uint32_t task, uintptr_t fn)
{
	hosted_call[task] = (struct hosted_call){ .depth = hosted_call_is_library(fn) };
}

HOSTED_EXPORT void kthrash_call_library(const void *begin, const void *end)
{
	library.begin = (uintptr_t)begin;
	library.end = (uintptr_t)end;
}

/* Written before main(). */
static const char *core_version, *core_tree = "";

HOSTED_EXPORT void kthrash_call_core(const char *version, const char *tree)
{
	core_version = version;
	core_tree = tree;
}

const char *hosted_core_version(void)
{
	return core_version;
}

const char *hosted_core_tree(void)
{
	return core_tree;
}

static enum hosted_op op_of(enum kthrash_call word)
{
	switch (word) {
	case KTHRASH_LOCK: return HOSTED_LOCK;
	case KTHRASH_UNLOCK: return HOSTED_UNLOCK;
	case KTHRASH_WAKE: return HOSTED_SIGNAL;
	default: return HOSTED_CALL;
	}
}

HOSTED_EXPORT void kthrash_call_enter(enum kthrash_call word, const void *object, const void *pc)
{
	struct hosted_call *c;

	if (!hosted_on())
		return;
	c = &hosted_call[hosted_me()];
	if (c->depth++)
		return;
	c->pc = (uintptr_t)pc;
	if (word == KTHRASH_QUIET)
		return;
	c->depth = 0; /* the point is the program's */
	hosted_point(hosted_site((uintptr_t)pc, op_of(word)), object);
	if (!hosted_is_alone())
		hosted_count_access((uintptr_t)pc);
	c->depth = 1;
}

HOSTED_EXPORT void kthrash_call_leave(void)
{
	if (hosted_on() && hosted_call[hosted_me()].depth)
		hosted_call[hosted_me()].depth--;
}

HOSTED_EXPORT unsigned kthrash_callback_enter(void)
{
	unsigned entered;

	if (!hosted_on())
		return 0;
	entered = hosted_call[hosted_me()].depth;
	hosted_call[hosted_me()].depth = 0;
	return entered;
}

HOSTED_EXPORT void kthrash_callback_leave(unsigned entered)
{
	if (!hosted_on())
		return;
	hosted_call[hosted_me()].depth = entered;
	hosted_call[hosted_me()].pc = 0;
}

HOSTED_EXPORT void kthrash_call_names(const char *name)
{
	if (hosted_on())
		hosted_call[hosted_me()].next_name = name;
}

const char *hosted_call_next_name(void)
{
	const char *name = hosted_call[hosted_me()].next_name;

	hosted_call[hosted_me()].next_name = NULL;
	return name;
}

HOSTED_EXPORT int kthrash_call_on(void)
{
	return hosted_on();
}

HOSTED_EXPORT void kthrash_call_must_succeed(int by)
{
	if (hosted_on())
		hosted_call[hosted_me()].must_succeed += by;
}

HOSTED_EXPORT void kthrash_call_failed(unsigned kind, const char *message, const void *pc)
{
	if (hosted_on())
		hosted_fail((enum kt_failure)kind, pc ? (uintptr_t)pc : hosted_call_pc(), "%s",
			    message);
}
