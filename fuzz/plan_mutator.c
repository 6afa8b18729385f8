// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer's hooks, for targets whose input is a plan.
 *
 * Run such a target with -len_control=0. Otherwise libFuzzer begins with inputs of a few
 * bytes, and no plan is that short.
 */
#include "fuzz/mutator.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
				 size_t size2, uint8_t *out, size_t max_out_size,
				 unsigned int seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	return fuzz_mutate(data, size, data, max_size, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
				 size_t size2, uint8_t *out, size_t max_out_size,
				 unsigned int seed)
{
	return fuzz_crossover(data1, size1, data2, size2, out, max_out_size, seed);
}
