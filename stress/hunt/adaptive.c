/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/adaptive.h"

#include "platform/check.h"
#include "platform/rng.h"

uint32_t adaptive_choose(const struct adaptive *a, uint32_t count, uint64_t draw)
{
	struct kt_rng rng = { draw };
	uint32_t sum = 0, at;

	KT_ASSERT(count > 0 && count <= ADAPTIVE_MAX);
	for (uint32_t i = 0; i < count; i++)
		sum += a->rate[i];
	if (sum == 0 || kt_rng_below(&rng, 2) == 0)
		return kt_rng_below(&rng, count);
	at = kt_rng_below(&rng, sum);
	for (uint32_t i = 0;; i++) {
		if (at < a->rate[i])
			return i;
		at -= a->rate[i];
	}
}

void adaptive_note(struct adaptive *a, uint32_t which, uint32_t fresh)
{
	uint32_t counted = fresh < ADAPTIVE_CAP ? fresh : ADAPTIVE_CAP;

	a->rate[which] -= a->rate[which] / ADAPTIVE_MEMORY;
	a->rate[which] += counted * (ADAPTIVE_ONE / ADAPTIVE_MEMORY);
}
