/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/random.h"

#include "platform/rng.h"
#include "platform/strategy.h"
#include "stress/hunt/coverage.h"
#include "stress/hunt/execute.h"
#include "stress/hunt/kept.h"
#include "stress/hunt/shared.h"
#include "stress/run/subject.h"

/* A number for each purpose. It makes draws from one seed independent of each other. */
enum {
	FAULTS_STREAM = 0x5eed,
	ADAPTIVE_STREAM = 0xada,
	KEEP_STREAM = 0x6ee9,
};

/*
 * The executions take the places of the portfolio (platform/words.def) in turn. The shares
 * follow the scoreboard (stress/bugs/README.md): the best strategy has the most places.
 * Returns the number of the place.
 */
static uint32_t choose_strategy(const struct options *o, struct world_options *w, uint64_t i)
{
	uint32_t turns = kt_portfolio_places(), n = (uint32_t)(i % turns);
	struct kt_strategy_place place;

	if (o->adaptive)
		n = adaptive_choose(&shared->adaptive, turns,
				    kt_rng_derive(o->seed ^ ADAPTIVE_STREAM, i));
	place = kt_portfolio_place(n);
	w->strategy = (enum plan_strategy_kind)place.strategy;
	if (w->strategy == PLAN_RANDOM && subject->points_everywhere &&
	    subject->points_everywhere())
		w->strategy = PLAN_POS;
	w->depth = place.depth;
	if (o->has_strategy) {
		w->strategy = o->strategy;
		w->depth = o->depth;
	}
	return n;
}

/* A program may have bugs that need several sleeps in a row to end without a reason. */
static void choose_program_faults(const struct options *o, struct inject_faults *f,
				  struct kt_rng *rng, const struct length *l)
{
	enum { MORE_MAX = 4 };
	const struct subject_settings *s = &o->program;

	if ((s->fails_malloc || s->fails_threads) && kt_rng_below(rng, 4) == 0)
		f->fail_nth = 1 + kt_rng_below(rng, l->allocations + 1);
	if ((s->ends_sleeps || s->fails_trylocks) && kt_rng_below(rng, 8) == 0) {
		f->spurious_nth = 1 + kt_rng_below(rng, l->steps / 16 + 1);
		f->spurious_more = kt_rng_below(rng, 2) ? 0 : 1 + kt_rng_below(rng, MORE_MAX);
	}
}

/*
 * Half of the executions kill a task somewhere; a quarter make an allocation fail. A case
 * without any task has no faults.
 */
static void choose_faults(const struct options *o, struct inject_faults *f, struct kt_rng *rng,
			  const struct length *l)
{
	uint32_t dice, victims = execute_victims();

	if (o->program_faults) {
		choose_program_faults(o, f, rng, l);
		return;
	}
	dice = kt_rng_below(rng, 8);
	if (!o->faults || (subject->victims && victims == 0))
		return;
	if (dice < 4 && victims) {
		f->kill_step = 1 + kt_rng_below(rng, l->steps + 1);
		f->kill_task = kt_rng_below(rng, victims);
	}
	if ((dice & 3) == 3 && subject->may_fail)
		f->fail_nth = 1 + kt_rng_below(rng, l->allocations + 1);
	if (kt_rng_below(rng, 8) == 0)
		f->spurious_nth = 1 + kt_rng_below(rng, l->steps / 16 + 1);
}

/*
 * One turn of the portfolio has one variant. So each strategy meets each variant.
 */
static uint32_t choose_variant(uint64_t i)
{
	return subject->variants ? (uint32_t)(i / kt_portfolio_places() % subject->variants()) : 0;
}

/*
 * A subject that puts memory back between executions may forget some. Then an execution can
 * depend on an earlier one, and a finding can be false. So some executions are run again.
 */
static bool is_sample(uint64_t i)
{
	enum { FIRST = 4, EVERY = 64 };

	return subject->execute && (i < FIRST || i % EVERY == 0) &&
	       !(subject->learned && subject->learned());
}

static uint64_t runs_per_case(void)
{
	enum { USUAL = 16 };

	return subject->runs_per_case ? subject->runs_per_case : USUAL;
}

uint64_t random_case_of(uint64_t i)
{
	return i / runs_per_case();
}

/* The first execution, from number i on, whose case this process runs. */
static uint64_t next_of_job(const struct hunt *h, uint64_t i)
{
	uint64_t jobs = h->o->jobs, plan = random_case_of(i);

	if (plan % jobs == h->job)
		return i;
	return (plan + (h->job + jobs - plan % jobs) % jobs) * runs_per_case();
}

/* Note the new pairs of the last execution, under the strategy at that place of the portfolio. */
static void learn(const struct hunt *h, uint32_t strategy)
{
	uint32_t fresh = coverage_fresh();

	shared->fresh += fresh;
	if (h->o->adaptive)
		adaptive_note(&shared->adaptive, strategy, fresh);
}

/* The executions of case `number` have ended. If they had new pairs, keep its plan. */
static void keep_plan(const struct hunt *h, uint64_t number)
{
	if (shared->fresh)
		kept_add(&shared->plan, kt_rng_derive(h->o->seed ^ KEEP_STREAM, number));
	shared->fresh = 0;
}

void random_child(void *hunt)
{
	const struct hunt *h = hunt;
	struct length length = { 0 };
	uint64_t loaded = UINT64_MAX;

	for (uint64_t i = next_of_job(h, h->first); execute_goes_on(h, i);
	     i = next_of_job(h, i + 1)) {
		struct world_options w = { 0 };
		struct kt_rng rng = { kt_rng_derive(h->o->seed ^ FAULTS_STREAM, i) };
		uint32_t strategy;
		bool clean;

		shared->next = i;
		if (random_case_of(i) != loaded) {
			if (loaded != UINT64_MAX)
				keep_plan(h, loaded);
			loaded = random_case_of(i);
			if (!execute_load(h, loaded) || !execute_to_measure(h, &length))
				return;
		}
		strategy = choose_strategy(h->o, &w, i);
		w.variant = choose_variant(i);
		w.steps_estimate = length.steps;
		choose_faults(h->o, &w.faults, &rng, &length);
		w.seed = kt_rng_next(&rng);
		clean = execute(h, &w, false);
		if (clean && is_sample(i))
			execute_again(&w);
		execute_count(h, i);
		learn(h, strategy);
		if (!clean)
			return;
	}
}
