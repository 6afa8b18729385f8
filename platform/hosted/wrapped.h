/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How text.c and stdio.c tell of accesses by functions of the C library. The linker makes the
 * program call __wrap_NAME in the place of NAME.
 */
#ifndef KTHRASH_HOSTED_WRAPPED_H
#define KTHRASH_HOSTED_WRAPPED_H

#include "platform/hosted/backbone.h"
#include "platform/hosted/call.h"
#include "platform/hosted/heap.h"
#include "platform/hosted/hosted.h"

/* access.c. The program is about to access a range, in one step. Nothing if `size` is 0. */
void hosted_range(uintptr_t addr, size_t size, bool write, uintptr_t pc);

#define READS(p, size)  hosted_range((uintptr_t)(p), (size), false, pc)
#define WRITES(p, size) hosted_range((uintptr_t)(p), (size), true, pc)

/* Is the function the C library's own, and not one of the program with the same name? */
bool wrapped_is_libc(const void *function);

/*
 * Returns the number of bytes of a text up to the byte that ends it, but at most `max`. If that
 * leaves a block of the heap, the execution fails.
 */
size_t wrapped_text(const char *s, size_t max, uintptr_t pc);

/* As an expression: do accesses of the function NAME count? */
#define WRAPPED_COUNTS(name)                                                   \
	(__extension__({                                                       \
		static int8_t is_libc;                                         \
		if (hosted_on() && !is_libc)                                   \
			is_libc = wrapped_is_libc((const void *)(name)) ? 1 : -1; \
		unlikely(hosted_on()) && is_libc > 0;                          \
	}))

#define WRAPPED_PARAMS(...) (uintptr_t pc, __VA_ARGS__)
#define WRAPPED_ARGS(...)   (HOSTED_CALLER, __VA_ARGS__)

/*
 * Begins the function that is called in the place of NAME. The body that follows tells of its
 * accesses. `pc` is the place in the program.
 */
#define WRAPPED(type, name, params, args)                                      \
	HOSTED_EXPORT type __wrap_##name params;                               \
	static void wrapped_##name WRAPPED_PARAMS params;                      \
	HOSTED_EXPORT type __wrap_##name params                                \
	{                                                                      \
		if (WRAPPED_COUNTS(name))                                      \
			wrapped_##name WRAPPED_ARGS args;                      \
		return name args;                                              \
	}                                                                      \
	static void wrapped_##name WRAPPED_PARAMS params

#endif
