/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs one test body on the chosen back ends: on real threads a few times
 * with different delays; in the simulator under several strategies and many
 * seeds, and with each memory model (platform/sim/weak.c). The body runs on an adopted
 * thread called "init". It must free all that it allocates, and use only names of the
 * contracts.
 */
#ifndef PLATFORM_CONFORMANCE_CONFORMANCE_H
#define PLATFORM_CONFORMANCE_CONFORMANCE_H

#include "platform/check.h"
#include "platform/conformance/test.h"
#include "platform/os.h"
#include "platform/sanitizer.h"

/*
 * Repetitions inside a body. Real threads run a body a few times, so they repeat much;
 * the simulator runs it often, so it repeats little. With a sanitizer threads are many
 * times slower, but a sanitizer needs fewer repetitions to see an error.
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

/* Start fn(arg) on a new thread, which the caller joins. */
static inline void spawn(struct os_thread *t, const char *name, void (*fn)(void *arg), void *arg)
{
	CHECK_EQ(os_spawn(t, name, OS_JOINABLE, fn, arg), 0);
}

/*
 * A body, and the function that runs it. The body runs on a thread that the platform knows.
 * After it nothing may be allocated.
 */
struct conformance_body {
	const char *name;
	void (*fn)(void *arg);
	void *arg;
};
void conformance_adopted(void *body);

/* Indexed by enum sim_model. */
extern const char *const conformance_memory_name[];

/* Every run must pass. Prints "ok NAME"; else prints what went wrong, and exits with 1. */
void conformance_run(const char *name, void (*body)(void *arg), void *arg);

/* A list of tests, which ends with a row without a name: conformance_run() of each. */
struct conformance_test {
	const char *name;
	void (*body)(void *arg);
};
void conformance_run_list(const struct conformance_test *tests);

/*
 * For a body of two or three threads that do little. In the simulator it runs under every
 * schedule that deviates from the default at most `bound` times (exhaust.c). With weak
 * memory, which has more choices, that is at most `bound` - 1 times. On real threads it is
 * the same as conformance_run().
 */
void conformance_exhaust(const char *name, unsigned bound, void (*body)(void *arg), void *arg);

/* Every run must end in a failure of kind `kind`. */
void conformance_fails(const char *name, enum kt_failure kind, void (*body)(void *arg),
		       void *arg);

/*
 * For a program whose argument names the body to run. Returns the argument's index in
 * names[]. If the argument is not there, prints how to call the program, and returns `count`.
 */
unsigned conformance_choose(int argc, char **argv, const char *program, const char *const *names,
			    unsigned count);

#endif
