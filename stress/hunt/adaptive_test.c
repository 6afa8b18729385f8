/* SPDX-License-Identifier: GPL-2.0-only */
/* Each row: how many new pairs each strategy finds, and which share of the executions it gets. */
#include <stdio.h>

#include "platform/conformance/test.h"
#include "platform/rng.h"
#include "stress/hunt/adaptive.h"

enum { STRATEGIES = 4, DRAWS = 40000 };

static const struct {
	const char *what;
	uint32_t gives[STRATEGIES];	/* new pairs an execution */
	double share[STRATEGIES];
} rows[] = {
	{ "no strategy finds anything", { 0, 0, 0, 0 }, { 0.25, 0.25, 0.25, 0.25 } },
	{ "all alike", { 3, 3, 3, 3 }, { 0.25, 0.25, 0.25, 0.25 } },
	{ "one alone", { 0, 0, 1, 0 }, { 0.125, 0.125, 0.625, 0.125 } },
	{ "in proportion", { 1, 3, 0, 0 }, { 0.25, 0.5, 0.125, 0.125 } },
	{ "much is not more than the cap", { ADAPTIVE_CAP, 1000000, 0, 0 },
	  { 0.375, 0.375, 0.125, 0.125 } },
};

static void give(struct adaptive *a, const uint32_t *gives, unsigned executions)
{
	for (unsigned n = 0; n < executions; n++)
		for (uint32_t i = 0; i < STRATEGIES; i++)
			adaptive_note(a, i, gives[i]);
}

static void shares(const struct adaptive *a, double *share)
{
	unsigned chosen[STRATEGIES] = { 0 };

	for (uint64_t n = 0; n < DRAWS; n++) {
		uint32_t i = adaptive_choose(a, STRATEGIES, kt_rng_derive(7, n));

		CHECK(i < STRATEGIES);
		chosen[i]++;
	}
	for (uint32_t i = 0; i < STRATEGIES; i++)
		share[i] = (double)chosen[i] / DRAWS;
}

static void test_shares(void)
{
	for (unsigned row = 0; row < sizeof rows / sizeof rows[0]; row++) {
		struct adaptive a = { 0 };
		double share[STRATEGIES];

		give(&a, rows[row].gives, 20 * ADAPTIVE_MEMORY);
		shares(&a, share);
		for (uint32_t i = 0; i < STRATEGIES; i++) {
			double off = share[i] - rows[row].share[i];

			if (off < -0.02 || off > 0.02)
				kt_fail(KT_ASSERTION, "%s: %u has %f, not %f", rows[row].what, i,
					share[i], rows[row].share[i]);
		}
	}
	printf("ok shares\n");
}

/* A strategy that found pairs only long ago gets no more than one that never found any. */
static void test_forgets(void)
{
	static const uint32_t once[STRATEGIES] = { 16, 0, 0, 0 }, now[STRATEGIES] = { 0, 1, 0, 0 };
	struct adaptive a = { 0 };
	double share[STRATEGIES];

	give(&a, once, 20 * ADAPTIVE_MEMORY);
	give(&a, now, 20 * ADAPTIVE_MEMORY);
	shares(&a, share);
	CHECK(share[0] < 0.15 && share[1] > 0.6);
	printf("ok forgets\n");
}

static void test_same_draw_same_choice(void)
{
	static const uint32_t gives[STRATEGIES] = { 1, 2, 3, 4 };
	struct adaptive a = { 0 };

	give(&a, gives, 100);
	for (uint64_t draw = 0; draw < 1000; draw++)
		CHECK_EQ(adaptive_choose(&a, STRATEGIES, draw),
			 adaptive_choose(&a, STRATEGIES, draw));
	printf("ok same draw, same choice\n");
}

int main(void)
{
	test_shares();
	test_forgets();
	test_same_draw_same_choice();
	return 0;
}
