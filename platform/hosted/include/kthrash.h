/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a program may ask of kthrash. Programs need none of it to be hunted in. kthrash-cc and
 * kthrash-c++ find this header, and the library that they link has the functions.
 */
#ifndef KTHRASH_H
#define KTHRASH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A fuzz target whose threads kthrash schedules. libFuzzer and AFL++ call LLVMFuzzerTestOneInput(),
 * and it returns the result of this function:
 *
 *	return kthrash_fuzz(data, size, test);
 *
 * The last byte of an input is the length of its schedule: so many bytes before it, but at most
 * half of the others. All bytes before the schedule are given to test(), in memory of exactly that
 * size. test() may start threads, and it must join or detach them.
 *
 * test() runs twice. In the first run each thread goes on until it blocks. That run also shows
 * which memory the threads share. In the second run each byte of the schedule makes one switch:
 * its upper five bits are the number of choice points to pass first, and its lower three bits
 * choose a thread among those that can run. After the last byte each thread goes on until it
 * blocks. So an input means the same in every process.
 *
 * If a run fails, the failure, the switches and the last steps are printed, and abort() is called,
 * so that the engine keeps the input.
 *
 * test() must not depend on earlier inputs. Memory that it allocates is gone when it returns, and
 * that is a failure if the program has not freed it. Other memory stays as it is.
 *
 * The environment variable KTHRASH_FUZZ may have these words, with commas between them:
 *
 *	races	a data race is a failure
 *	leaky	memory that is still allocated is no failure
 *	tso pso	atomic stores become visible late, as in `tools/kthrash run --memory=`
 *
 * The result is that of the second run: 0, or -1 if the engine should not keep the input.
 */
int kthrash_fuzz(const uint8_t *data, size_t size, int (*test)(const uint8_t *data, size_t size));

#ifdef __cplusplus
}
#endif

#endif
