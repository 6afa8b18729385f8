/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running one test body on whatever was chosen: on real threads a few times
 * with different delays, in the simulator under several strategies and many
 * seeds. The body runs on an adopted thread called "init" and leaves nothing
 * live. It uses contract names only.
 */
#ifndef PLATFORM_CONFORMANCE_CONFORMANCE_H
#define PLATFORM_CONFORMANCE_CONFORMANCE_H

#include "platform/check.h"
#include "platform/conformance/test.h"
#include "platform/os.h"

/* Repetitions inside a body: many in one run of real threads, few in each of many. */
#if defined(KT_OS_SIM)
#define CONFORMANCE_TURNS(real, simulated) (simulated)
#else
#define CONFORMANCE_TURNS(real, simulated) (real)
#endif

/* Every run must pass. Prints "ok NAME", or what went wrong and exits 1. */
void conformance_run(const char *name, void (*body)(void *arg), void *arg);

/*
 * The same, and in the simulator every order in which the default one (each runs
 * until it blocks) is left `preemptions` times at most. For small bodies.
 */
void conformance_exhaust(const char *name, unsigned preemptions, void (*body)(void *arg),
			 void *arg);

/* Every run must end in a failure of that kind. */
void conformance_fails(const char *name, enum kt_failure kind, void (*body)(void *arg),
		       void *arg);

#endif
