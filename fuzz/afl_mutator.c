// SPDX-License-Identifier: GPL-2.0-only
/*
 * AFL++'s hooks (custom mutator API of 4.04), as a shared object:
 *
 *	AFL_CUSTOM_MUTATOR_LIBRARY=afl_mutator.so AFL_CUSTOM_MUTATOR_ONLY=1 afl-fuzz ...
 *
 * It runs inside afl-fuzz, not in the target. A process has one fuzzer, so there is one
 * static state and no heap. The mutator does not look into the afl_state, because only
 * AFL++ knows its layout.
 */
#include <string.h>

#include "fuzz/mutator.h"
#include "platform/rng.h"
#include "stress/plan/plan.h"

struct afl_mutator {
	struct kt_rng rng;
	const char *did;	/* what the last call did */
	unsigned char out[PLAN_BYTES_MAX];
};

void *afl_custom_init(void *afl, unsigned int seed);
size_t afl_custom_fuzz(void *data, unsigned char *buf, size_t buf_size, unsigned char **out_buf,
		       unsigned char *add_buf, size_t add_buf_size, size_t max_size);
const char *afl_custom_describe(void *data, size_t max_description_len);
void afl_custom_deinit(void *data);

void *afl_custom_init(void *afl, unsigned int seed)
{
	static struct afl_mutator mutator;

	(void)afl;
	kt_rng_seed(&mutator.rng, seed);
	mutator.did = "none";
	return &mutator;
}

size_t afl_custom_fuzz(void *data, unsigned char *buf, size_t buf_size, unsigned char **out_buf,
		       unsigned char *add_buf, size_t add_buf_size, size_t max_size)
{
	struct afl_mutator *m = data;
	size_t max = max_size < sizeof(m->out) ? max_size : sizeof(m->out);
	uint64_t seed = kt_rng_next(&m->rng);

	*out_buf = m->out;
	if (add_buf && add_buf_size && kt_rng_below(&m->rng, 4) == 0) {
		m->did = "crossover";
		return fuzz_crossover(buf, buf_size, add_buf, add_buf_size, m->out, max, seed);
	}
	m->did = "mutate";
	return fuzz_mutate(buf, buf_size, m->out, max, seed);
}

/* AFL++ makes the answer a part of a file name. */
const char *afl_custom_describe(void *data, size_t max_description_len)
{
	const struct afl_mutator *m = data;

	return strlen(m->did) < max_description_len ? m->did : "";
}

void afl_custom_deinit(void *data)
{
	(void)data;
}
