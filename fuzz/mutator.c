// SPDX-License-Identifier: GPL-2.0-only
/* Parses, changes and prints plans; knows neither engine. */
#include "fuzz/mutator.h"

#include <string.h>

#include "platform/rng.h"
#include "stress/plan/plan.h"

enum { SEED_READ, SEED_READ_OTHER, SEED_CHANGE, SEED_REFIT };	/* draws for these purposes are
								 * independent of each other */

static void read_plan(struct plan *p, const uint8_t *in, size_t size, uint64_t seed)
{
	static const struct plan_generate_options options = { .faults = true };
	struct plan_error err;

	if (plan_parse(p, (const char *)in, size, &err) != 0)
		plan_generate(p, seed, &options);
}

static size_t size_limit(size_t out_max)
{
	return out_max < PLAN_BYTES_MAX ? out_max : PLAN_BYTES_MAX;
}

static size_t write_plan(const struct plan *p, uint8_t *out, size_t out_max)
{
	char text[PLAN_BYTES_MAX + 1];
	size_t len = plan_print(p, text, sizeof(text));

	if (len > size_limit(out_max))
		len = size_limit(out_max);
	memcpy(out, text, len);
	return len;
}

size_t fuzz_mutate(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_max, uint64_t seed)
{
	struct plan p;

	read_plan(&p, in, in_size, kt_rng_derive(seed, SEED_READ));
	plan_mutate(&p, kt_rng_derive(seed, SEED_CHANGE), size_limit(out_max));
	return write_plan(&p, out, out_max);
}

size_t fuzz_crossover(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
		      uint8_t *out, size_t out_max, uint64_t seed)
{
	struct plan pa, pb, p;

	read_plan(&pa, a, a_size, kt_rng_derive(seed, SEED_READ));
	read_plan(&pb, b, b_size, kt_rng_derive(seed, SEED_READ_OTHER));
	plan_crossover(&p, &pa, &pb, kt_rng_derive(seed, SEED_CHANGE));
	/* A plan from a crossover may be too long; a mutated plan never is. */
	if (plan_print(&p, NULL, 0) > size_limit(out_max))
		plan_mutate(&p, kt_rng_derive(seed, SEED_REFIT), size_limit(out_max));
	return write_plan(&p, out, out_max);
}
