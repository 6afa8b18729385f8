/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sanitizers' interfaces other than fibers. Each function exists only in builds
 * with that sanitizer, so it is weak here, and the simulator asks at run time whether
 * it is there.
 */
#include "platform/sim/internal.h"

extern void AnnotateIgnoreReadsBegin(const char *file, int line) __attribute__((weak));
extern void AnnotateIgnoreReadsEnd(const char *file, int line) __attribute__((weak));
extern void AnnotateIgnoreWritesBegin(const char *file, int line) __attribute__((weak));
extern void AnnotateIgnoreWritesEnd(const char *file, int line) __attribute__((weak));
extern void __asan_poison_memory_region(const volatile void *addr, size_t size)
	__attribute__((weak));
extern void __asan_unpoison_memory_region(const volatile void *addr, size_t size)
	__attribute__((weak));

/* ThreadSanitizer sees calls of memcpy() and printf() by any code, even by the simulator. */
void sim_unseen_begin(void)
{
	if (!AnnotateIgnoreReadsBegin)
		return;
	AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
	AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}

void sim_unseen_end(void)
{
	if (!AnnotateIgnoreReadsBegin)
		return;
	AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
	AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}

/* ---- edges ---------------------------------------------------------------- */

static void releases(const void *edge)
{
	__tsan_release((void *)edge);
}

static void acquires(const void *edge)
{
	__tsan_acquire((void *)edge);
}

void sim_edges_begin(void)
{
	static const struct sim_observer observer = { .releases = releases, .acquires = acquires };

	if (__tsan_release && __tsan_acquire)
		sim_observe(&observer);
}

/* ---- AddressSanitizer ------------------------------------------------------- */

bool sim_has_asan(void)
{
	return __asan_poison_memory_region != NULL;
}

void sim_poison(const void *addr, size_t size)
{
	if (__asan_poison_memory_region)
		__asan_poison_memory_region(addr, size);
}

void sim_unpoison(const void *addr, size_t size)
{
	if (__asan_unpoison_memory_region)
		__asan_unpoison_memory_region(addr, size);
}
