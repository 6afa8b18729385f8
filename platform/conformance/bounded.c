/* SPDX-License-Identifier: GPL-2.0-only */
#include "platform/conformance/bounded.h"

static void begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s;
	(void)seed;
	(void)steps_estimate;
	bounded.decisions = 0;
}

static uint32_t next(struct sim_strategy *s, const struct sim_decision *d)
{
	uint32_t chosen = sim_default_next(d->runnable, d->timed, d->task, d->why);
	uint64_t others = d->runnable & ~(1ull << chosen);
	unsigned now = bounded.decisions;

	(void)s;
	if (now == BOUNDED_DECISIONS_MAX)
		return chosen;	/* a small body that is here goes round in circles */
	bounded.decisions++;
	bounded.others[now] = (uint8_t)__builtin_popcountll(others);
	for (unsigned i = 0; i < bounded.preemptions; i++) {
		if (bounded.preempt[i].decision != now)
			continue;
		for (unsigned skip = bounded.preempt[i].other; skip > 0; skip--)
			others &= others - 1;
		return (uint32_t)__builtin_ctzll(others);
	}
	return chosen;
}

struct bounded bounded = {
	.strategy = { .name = "bounded", .begin = begin, .next = next },
};
