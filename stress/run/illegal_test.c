/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tests plans that break a rule. plan_check() refuses each plan that breaks a rule and expects
 * to pass. Some schedule gives the failure that the plan expects. No schedule gives a failure
 * that may not follow from the broken rule.
 */
#include <string.h>

#include "platform/check.h"
#include "platform/rng.h"
#include "stress/run/subject.h"
#include "stress/run/world.h"

enum { PLANS = 600, SCHEDULES = 40, KINDS_MAX = 64 };

static struct {
	char note[PLAN_NOTE_MAX];
	unsigned seen;		/* how often the expected failure happened */
} kind[KINDS_MAX];
static unsigned kinds;

static unsigned *seen_of(const struct plan *p)
{
	unsigned i = 0;

	while (i < kinds && strcmp(kind[i].note, p->note) != 0)
		i++;
	if (i == kinds) {
		KT_ASSERT(kinds < KINDS_MAX);
		memcpy(kind[kinds++].note, p->note, sizeof p->note);
	}
	return &kind[i].seen;
}

static void check_refused(const struct plan *p)
{
	static struct plan legal;
	struct plan_error err;

	legal = *p;
	legal.expect = KT_PASS;
	if (plan_check(&legal, &err) == 0)
		kt_fail(KT_ASSERTION, "taken for legal: %s", p->note);
}

/* may_follow: bit per failure. */
static void run(const struct plan *p, unsigned may_follow, unsigned seed)
{
	unsigned *seen = seen_of(p);

	world_load(p);
	for (unsigned i = 0; i < SCHEDULES; i++) {
		struct world_options w = {
			.strategy = i % 4 == 0 ? PLAN_BLOCK : i % 4 == 1 ? PLAN_PCT : PLAN_RANDOM,
			.depth = 3, .steps_estimate = 200, .seed = kt_rng_derive(seed, i),
		};
		struct verdict v = { 0 };

		world_run(&w, &v);
		if (v.failure != KT_PASS && !(may_follow >> v.failure & 1))
			kt_fail(KT_ASSERTION, "%s: unexpected failure: %s: %s", p->note,
				kt_failure_name(v.failure), v.message);
		*seen += v.failure == p->expect;
	}
}

int main(void)
{
	static struct plan p;

	world_init(NULL);
	subject_use(&subject_plan);
	for (unsigned seed = 0; seed < PLANS; seed++) {
		unsigned may_follow = plan_generate_illegal(&p, seed);

		KT_ASSERT(p.has_expect && (may_follow >> p.expect & 1));
		check_refused(&p);
		run(&p, may_follow, seed);
	}
	for (unsigned i = 0; i < kinds; i++)
		if (kind[i].seen == 0)
			kt_fail(KT_ASSERTION, "never failed as it expects: %s", kind[i].note);
	return 0;
}
