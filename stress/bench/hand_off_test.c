/* SPDX-License-Identifier: GPL-2.0-only */
/* The protocol that `bench` measures works: each creator is answered in every schedule. */
#include <stdio.h>

#include "platform/conformance/test.h"
#include "stress/bench/hand_off.h"
#include "stress/run/world.h"

static void test_answers(const char *name, enum plan_strategy_kind strategy, unsigned creators)
{
	struct world_options o = { .strategy = strategy, .depth = 3, .steps_estimate = 50 };
	struct verdict v = { 0 };

	hand_off_load(creators);
	for (o.seed = 0; o.seed < 50; o.seed++) {
		world_run(&o, &v);
		CHECK_EQ(v.failure, KT_PASS);
	}
	printf("ok hand_off.%s, %u creators\n", name, creators);
}

int main(void)
{
	static struct verdict last_words;

	world_init(&last_words);
	for (unsigned creators = 1; creators <= HAND_OFF_CREATORS_MAX; creators *= 4) {
		test_answers("block", PLAN_BLOCK, creators);
		test_answers("random", PLAN_RANDOM, creators);
		test_answers("pct", PLAN_PCT, creators);
	}
	return 0;
}
