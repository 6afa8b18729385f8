/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fuzz target: execute a plan. The input is the plan's text, so a crash file is a plan that
 * tools/kthrash replays. An input that is no plan is rejected (-1: the engine does not keep
 * it). There are few of those, because the mutator (mutator.h) makes plans.
 *
 * Each input runs under its own directives and strategy, and then under a few schedules drawn
 * from it. One schedule would not be enough, because an engine spends a fixed time per input.
 * AFL++ spends 25 us, and several executions take no longer.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz/feedback.h"
#include "platform/rng.h"
#include "stress/plan/plan.h"
#include "stress/run/subject.h"
#include "stress/run/world.h"

enum { SCHEDULES = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The plan that runs. */
static struct {
	const uint8_t *data;
	size_t size;
} input;

/* The input is printed, too, because the engine may have no room to save it. */
static void run(struct world_options *o)
{
	static struct verdict v;
	char id[SIGNATURE_ID_MAX];

	o->check_expects = false;	/* a mutated plan's expectations mean nothing */
	world_run(o, &v);
	if (v.failure == KT_PASS)
		return;
	fprintf(stderr, "kthrash: %s: %s\nkthrash: signature %s\nkthrash: id %s\n",
		kt_failure_name(v.failure), v.message, v.signature,
		signature_id(id, v.failure, v.signature));
	fprintf(stderr, "kthrash: its input:\n%.*s\n", (int)input.size, (const char *)input.data);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct plan p;
	struct plan_error err;
	struct world_options o;
	struct kt_rng rng;

	if (plan_parse(&p, (const char *)data, size, &err) != 0)
		return -1;
	if (plan_is_program(&p))	/* such a plan does not call core/ */
		return -1;
	/* A plan that expects a failure is kept on purpose and is no finding. */
	if (p.has_expect && p.expect != KT_PASS)
		return -1;
	if (subject_plan.refuses(&p))
		return -1;
	input.data = data;
	input.size = size;
	world_init(NULL);
	subject_use(&subject_plan);
	world_load(&p);
	fuzz_feedback();
	o = world_options_of(&p);
	run(&o);
	kt_rng_seed(&rng, p.seed ^ size);
	for (int i = 0; i < SCHEDULES - 1; i++) {
		o.strategy = i & 1 ? PLAN_PCT : PLAN_RANDOM;
		o.depth = 3;
		o.steps_estimate = 200;
		o.seed = kt_rng_next(&rng);
		run(&o);
	}
	return 0;
}
