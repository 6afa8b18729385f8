/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Plans for fuzzing engines. An engine knows inputs as bytes, so these functions parse,
 * change and print. libFuzzer (plan_mutator.c) and AFL++ (afl_mutator.c) share them. So
 * both engines spend their executions on plans that parse and keep the rules for callers.
 *
 * Input that is no plan is not repaired: a generated plan takes its place. The result is
 * a function of the arguments alone. A call needs about 0.3 MB of stack.
 */
#ifndef FUZZ_MUTATOR_H
#define FUZZ_MUTATOR_H

#include <stddef.h>
#include <stdint.h>

/*
 * Print a legal plan that resembles `in`, chosen by seed, to out[0..out_max), without a
 * terminator. `out` may be `in`. Returns the length: 1..out_max, or 0 if out_max is 0.
 * If no plan fits, out gets the beginning of one, which does not parse.
 */
size_t fuzz_mutate(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_max, uint64_t seed);

/* Like fuzz_mutate(), but the plan is made of tasks, operations and directives of a and b. */
size_t fuzz_crossover(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
		      uint8_t *out, size_t out_max, uint64_t seed);

#endif
