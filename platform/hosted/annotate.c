/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a program tells ThreadSanitizer by its annotations. They are compiled in with
 * -fsanitize=thread, so a program that has them needs these functions.
 *
 *	AnnotateHappensBefore() orders all that follows an AnnotateHappensAfter() of the same
 *	address. The race detector takes their word.
 *
 * The others say that something is no race, or name things. kthrash reports the race all the
 * same.
 */
#include "platform/hosted/models.h"

/* The annotations' parameters are the program's, and most have no use here. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define BEFORE(name, ...)                                                      \
	HOSTED_EXPORT void name(__VA_ARGS__);                                  \
	HOSTED_EXPORT void name(__VA_ARGS__)                                   \
	{                                                                      \
		if (hosted_on())                                               \
			hosted_release((const void *)(uintptr_t)addr);         \
	}

#define AFTER(name, ...)                                                       \
	HOSTED_EXPORT void name(__VA_ARGS__);                                  \
	HOSTED_EXPORT void name(__VA_ARGS__)                                   \
	{                                                                      \
		if (hosted_on())                                               \
			hosted_acquire((const void *)(uintptr_t)addr);         \
	}

#define NOTHING(name, ...)                                                     \
	HOSTED_EXPORT void name(__VA_ARGS__);                                  \
	HOSTED_EXPORT void name(__VA_ARGS__)                                   \
	{                                                                      \
	}

BEFORE(AnnotateHappensBefore, const char *file, int line, const volatile void *addr)
AFTER(AnnotateHappensAfter, const char *file, int line, const volatile void *addr)
BEFORE(WTFAnnotateHappensBefore, const char *file, int line, const volatile void *addr)
AFTER(WTFAnnotateHappensAfter, const char *file, int line, const volatile void *addr)

NOTHING(AnnotateBenignRace, const char *file, int line, const volatile void *addr,
	const char *why)
NOTHING(AnnotateBenignRaceSized, const char *file, int line, const volatile void *addr,
	size_t size, const char *why)
NOTHING(WTFAnnotateBenignRaceSized, const char *file, int line, const volatile void *addr,
	size_t size, const char *why)
NOTHING(AnnotateIgnoreReadsBegin, const char *file, int line)
NOTHING(AnnotateIgnoreReadsEnd, const char *file, int line)
NOTHING(AnnotateIgnoreWritesBegin, const char *file, int line)
NOTHING(AnnotateIgnoreWritesEnd, const char *file, int line)
NOTHING(AnnotateIgnoreSyncBegin, const char *file, int line)
NOTHING(AnnotateIgnoreSyncEnd, const char *file, int line)
NOTHING(AnnotateNewMemory, const char *file, int line, const volatile void *addr, size_t size)
NOTHING(AnnotateThreadName, const char *file, int line, const char *name)
NOTHING(AnnotateEnableRaceDetection, const char *file, int line, int on)
NOTHING(AnnotateRWLockCreate, const char *file, int line, const volatile void *lock)
NOTHING(AnnotateRWLockCreateStatic, const char *file, int line, const volatile void *lock)
NOTHING(AnnotateRWLockDestroy, const char *file, int line, const volatile void *lock)
AFTER(AnnotateRWLockAcquired, const char *file, int line, const volatile void *addr, long write)
BEFORE(AnnotateRWLockReleased, const char *file, int line, const volatile void *addr, long write)
