/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/execute.h"

#include "stress/hunt/cases.h"
#include "stress/hunt/coverage.h"
#include "stress/hunt/shared.h"
#include "stress/hunt/twice.h"
#include "stress/run/subject.h"

enum { STEPS_USUAL = 100 };	/* the assumed length of an execution, if this world counts no
				 * steps */

bool execute_load(const struct hunt *h, uint64_t number)
{
	/* A hunt that coverage steers needs the pairs of every case. */
	coverage_watch(h->o->adaptive || h->o->mutate || number % h->o->coverage_every == 0);
	if (!cases_make(&shared->plan, number))
		return false;
	shared->number = number;
	world_load(&shared->plan);
	return true;
}

bool execute_goes_on(const struct hunt *h, uint64_t i)
{
	if (shared_should_stop())
		return false;
	return !h->o->executions || i < h->o->first + h->o->executions;
}

bool execute(const struct hunt *h, const struct world_options *w, bool thorough)
{
	struct verdict *v = &shared->verdict;

	shared->options = *w;
	if (h->o->twice)
		run_twice(w, thorough, v);
	else
		world_run(w, v);
	shared_beat();
	if (v->failure == KT_PASS)
		return true;
	if (!cases_allow(v->failure))
		return false;
	v->failure = KT_PASS;
	return true;
}

bool execute_to_measure(const struct hunt *h, struct length *out)
{
	struct world_options w = { .strategy = PLAN_BLOCK };
	bool clean = execute(h, &w, true);

	out->steps = shared->verdict.steps ? shared->verdict.steps : STEPS_USUAL;
	out->allocations = inject_allocations();
	return clean;
}

void execute_count(const struct hunt *h, uint64_t i)
{
	tally_execution(&shared->tally, h->job, i, shared->number, &shared->verdict);
}

uint32_t execute_victims(void)
{
	return subject->victims ? subject->victims() : 0;
}
