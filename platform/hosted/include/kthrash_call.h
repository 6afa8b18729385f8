/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For a library in the program that stands in for an operating system: core/driver is one. Its
 * inside is not what is hunted in. So a call of it is one choice point, at the place of the
 * program's code that calls it, and has no other inside until it sleeps. What it does is checked
 * as always: it may not touch freed memory, and it orders what it orders.
 *
 * The functions are weak, because a program can also be linked without libkthrash.so. There, and
 * without a driver, they do nothing.
 */
#ifndef KTHRASH_CALL_H
#define KTHRASH_CALL_H

#ifdef __cplusplus
extern "C" {
#endif

/* The word of the choice point: "drv.c:42 stop:lock(dev->lock)". QUIET: there is no point. */
enum kthrash_call { KTHRASH_CALL, KTHRASH_LOCK, KTHRASH_UNLOCK, KTHRASH_WAKE, KTHRASH_QUIET };

#define KTHRASH_WEAK __attribute__((weak))

/* The library's code is in [begin, end). Called by a constructor. */
KTHRASH_WEAK void kthrash_call_library(const void *begin, const void *end);

/* The library has the files of the kernel of this version; `tree` is a hash of them. */
KTHRASH_WEAK void kthrash_call_core(const char *version, const char *tree);

/*
 * The calling thread enters the library, at pc in the program, for something with *object, or
 * NULL. Calls nest, and only the outermost one counts. A thread that the library starts is in
 * the library from its beginning.
 */
KTHRASH_WEAK void kthrash_call_enter(enum kthrash_call word, const void *object, const void *pc);
KTHRASH_WEAK void kthrash_call_leave(void);

/*
 * The library calls a function of the program, which may leave by longjmp(). The first function's
 * result is given to the second one.
 */
KTHRASH_WEAK unsigned kthrash_callback_enter(void);
KTHRASH_WEAK void kthrash_callback_leave(unsigned entered);

/* Is an execution under way? Then one thread runs at a time. */
KTHRASH_WEAK int kthrash_call_on(void);

/*
 * The next thread that the calling thread creates has this name from its beginning, so that a plan
 * can name it before it has run. It must be valid until then.
 */
KTHRASH_WEAK void kthrash_call_names(const char *name);

/* From +1 to -1 no allocation of the calling thread fails by an injected fault, and no thread. */
KTHRASH_WEAK void kthrash_call_must_succeed(int by);

/*
 * A finding: `kind` is an enum kt_failure (platform/check.h). Returns only if no execution is
 * under way. The place is pc, or that of the call.
 */
KTHRASH_WEAK void kthrash_call_failed(unsigned kind, const char *message, const void *pc);

#ifdef __cplusplus
}
#endif

#endif
