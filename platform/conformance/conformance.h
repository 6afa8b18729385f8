/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running one test body on whatever was chosen: on real threads a few times
 * with different delays, in the simulator under several strategies and many
 * seeds, and with each memory (platform/sim/weak.c). The body runs on an adopted
 * thread called "init" and leaves nothing live. It uses contract names only.
 */
#ifndef PLATFORM_CONFORMANCE_CONFORMANCE_H
#define PLATFORM_CONFORMANCE_CONFORMANCE_H

#include "platform/check.h"
#include "platform/conformance/test.h"
#include "platform/os.h"
#include "platform/sanitizer.h"

/*
 * Repetitions inside a body: many in one run of real threads, few in each of many. A
 * sanitizer needs fewer to say what it sees, and threads cost it many times as much.
 */
#if defined(KT_OS_SIM)
#define CONFORMANCE_TURNS(real, simulated) (simulated)
#elif KT_WITH_ASAN
#define CONFORMANCE_TURNS(real, simulated) (((real) + 9) / 10)
#elif KT_WITH_TSAN
#define CONFORMANCE_TURNS(real, simulated) (((real) + 4) / 5)
#else
#define CONFORMANCE_TURNS(real, simulated) (real)
#endif

/* What is run, by conformance_adopted(): as a known thread, with nothing left behind. */
struct conformance_body {
	const char *name;
	void (*fn)(void *arg);
	void *arg;
};
void conformance_adopted(void *body);

/* By enum sim_model. */
extern const char *const conformance_memory_name[];

/* Every run must pass. Prints "ok NAME", or what went wrong and exits 1. */
void conformance_run(const char *name, void (*body)(void *arg), void *arg);

/*
 * For a body of two or three threads that do little: in the simulator every
 * schedule that leaves the default at most `bound` times (exhaust.c), or, with
 * weak memory, where there is more to choose, once less; on real threads the same as
 * conformance_run().
 */
void conformance_exhaust(const char *name, unsigned bound, void (*body)(void *arg), void *arg);

/* Every run must end in a failure of that kind. */
void conformance_fails(const char *name, enum kt_failure kind, void (*body)(void *arg),
		       void *arg);

#endif
