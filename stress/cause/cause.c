/* SPDX-License-Identifier: GPL-2.0-only */
/* The phases of the search, and what becomes of its result. */
#include "stress/cause/cause.h"

#include <stdio.h>
#include <string.h>

#include "platform/check.h"
#include "platform/rng.h"
#include "stress/cause/internal.h"

enum {
	EXECUTIONS_USUAL = 20000,
	STEPS_USUAL = 10000000,
	RUNS_ALWAYS = 50,	/* if so many random executions fail, each one does */
	RUNS_ALWAYS_LONG = 12,	/* the same for livelocks, which are long */
	RUNS_VERIFY = 60,
	STEPS_MORE = 2000,
	FEW = 3,		/* so few orders are good enough */
	NEARLY = 10,		/* one execution of so many may pass */
};

/* In which order pairs are dropped. */
enum way { BY_INTEREST, BY_TIME, AT_RANDOM, AT_RANDOM_AGAIN, WAYS };

/* ---- the failing execution ------------------------------------------------------ */

static void run_as_it_is(const struct plan *p, struct verdict *v)
{
	const struct world_options w = world_options_of(p);

	*v = (struct verdict){ .failure = KT_PASS };
	world_load(p);
	world_run(&w, v);
}

/* Record it. False, with the reason, if there is nothing to go by. */
static bool record(const struct plan *p, struct cause *out)
{
	struct verdict v;

	sim_accesses_record(true);
	run_as_it_is(p, &v);
	sim_accesses_record(false);
	if (v.failure != search.v->failure || v.hash != search.v->hash) {
		snprintf(out->reason, sizeof out->reason,
			 "the failing execution did not repeat");
		return false;
	}
	/* A livelock goes on for ever, and what matters has happened before its first rounds. */
	if ((sim_accesses()->lost || sim_record()->events_lost) &&
	    search.v->failure != KT_LIVELOCK) {
		snprintf(out->reason, sizeof out->reason,
			 "the failing execution has more events than the search can take");
		return false;
	}
	sim_orders_refer();
	search_keep_reference(sim_record());
	search.pairs = pairs_find(search.pair, PAIRS_MAX, &out->pairs);
	return true;
}

/* Faults happen because the search says so, and switches by its orders. */
static void without_directives(const struct plan *p)
{
	uint16_t kept = 0;

	search.plan = *p;
	for (unsigned i = 0; i < p->directives_count; i++)
		if (p->directives[i].kind == PLAN_D_OOM)
			search.plan.directives[kept++] = p->directives[i];
	search.plan.directives_count = kept;
	world_load(&search.plan);
	search.options = world_options_of(&search.plan);
	search.options.orders = true;
}

/* ---- faults ---------------------------------------------------------------------- */

static uint32_t all_faults(void)
{
	return (1u << sim_accesses()->faults) - 1;
}

/* Does the execution that follows the failing one, without that fault, still fail? */
static bool fails_without(uint32_t fault)
{
	const struct sim_orders o = { .faults = search.faults & ~(1u << fault) };
	struct sim_outcome out;

	return search_run(&o, &out) != PASSES;
}

static void find_necessary_faults(void)
{
	search.faults = all_faults();
	for (uint32_t i = 0; i < sim_accesses()->faults; i++)
		if (fails_without(i))
			search.faults &= ~(1u << i);
}

static void keep_from(uint32_t first)
{
	search.kept_count = 0;
	for (uint32_t i = first; i < search.pairs; i++)
		search.kept[search.kept_count++] = i;
}

static bool is_sufficient(uint32_t runs)
{
	struct tally t = search_random(search.kept, search.kept_count, search.faults, runs, true);

	return !t.passed && t.failed && !search.is_late;
}

/*
 * Without a fault the plan may fail in another way, and the orders of the failing execution do not
 * lead there. Then the fault belongs to the cause.
 */
static void take_back_faults(void)
{
	if (search.faults == all_faults())
		return;
	keep_from(0);
	if (!is_sufficient(RUNS_ALWAYS))
		search.faults = all_faults();
}

/* Is the fault a choice of a load, and not one of a sleep? Both are steps of the same kind. */
static bool is_stale(const struct sim_record *r, const struct sim_fault *f)
{
	for (uint32_t e = 0; e < r->events; e++)
		if (r->event[e].kind == SIM_EVENT_STALE && r->event[e].task == f->task &&
		    r->event[e].nth == f->step)
			return true;
	return false;
}

static void put_faults(struct cause *out)
{
	const struct sim_accesses *acc = sim_accesses();
	const struct sim_record *r = sim_record();

	for (uint32_t i = 0; i < acc->faults && out->faults_count < CAUSE_FAULTS_MAX; i++) {
		const struct sim_fault *f = &acc->fault[i];
		struct cause_fault *to = &out->fault[out->faults_count];

		if (!(search.faults >> i & 1))
			continue;
		out->faults_count++;
		*to = (struct cause_fault){
			.kind = f->kind == SIM_FAULT_KILL ? CAUSE_FAULT_KILL :
				f->kind == SIM_FAULT_ALLOC ? CAUSE_FAULT_ALLOC :
				is_stale(r, f) ? CAUSE_FAULT_STALE_LOAD : CAUSE_FAULT_SPURIOUS,
			.task = f->task, .step = f->step,
		};
		for (uint32_t e = 0; e < r->events; e++)
			if (r->event[e].kind == SIM_EVENT_ALLOC_FAIL &&
			    to->kind == CAUSE_FAULT_ALLOC && r->event[e].step == f->step) {
				to->role = (enum kt_role)r->event[e].role;
				to->nth = r->event[e].nth;
			}
		if (to->kind == CAUSE_FAULT_SPURIOUS || to->kind == CAUSE_FAULT_STALE_LOAD)
			to->site = r->trace[f->step].site;
	}
}

/* ---- no order is to blame ----------------------------------------------------- */

static uint32_t runs_always(void)
{
	return search.v->failure == KT_LIVELOCK ? RUNS_ALWAYS_LONG : RUNS_ALWAYS;
}

static enum cause_kind kind_without_orders(void)
{
	const struct tally t = search_random(NULL, 0, 0, runs_always(), true);

	return search.faults && t.passed ? CAUSE_FAULTS : CAUSE_ALWAYS;
}

/* ---- orders ------------------------------------------------------------------------ */

/* The latest are nearest to the failure. They are dropped last. */
static void sort_by_time(void)
{
	for (uint32_t i = 1; i < search.kept_count; i++)
		for (uint32_t k = i; k > 0 && pair_is_later(&search.pair[search.kept[k - 1]],
							     &search.pair[search.kept[k]]); k--) {
			uint32_t swap = search.kept[k];

			search.kept[k] = search.kept[k - 1];
			search.kept[k - 1] = swap;
		}
}

static void shuffle(uint64_t seed)
{
	struct kt_rng rng;

	kt_rng_seed(&rng, seed);
	for (uint32_t i = search.kept_count; i > 1; i--) {
		uint32_t k = kt_rng_below(&rng, i), swap = search.kept[i - 1];

		search.kept[i - 1] = search.kept[k];
		search.kept[k] = swap;
	}
}

/*
 * One way to reduce. What is dropped first decides which of several sufficient sets is found, and
 * a bad beginning ends in a large one.
 */
static void reduce(enum way way, uint32_t runs)
{
	uint32_t conflicts;

	search.pairs = pairs_find(search.pair, PAIRS_MAX, &conflicts);
	keep_from(search.pairs - conflicts);
	/* If the conflicts alone do not suffice, a plain access matters. */
	if (way >= BY_TIME || !is_sufficient(runs))
		keep_from(0);
	if (way == BY_TIME)
		sort_by_time();
	else if (way >= AT_RANDOM)
		shuffle(way);
	search_reduce(runs, way == BY_INTEREST);
	search_weaken(runs);
	if (search.kept_count <= CAUSE_ORDERS_MAX) {
		search_join(runs);
		search_weaken(runs);
		search_name(runs);
	}
	search_reduce(runs, true);
}

/* The best set so far. */
static struct {
	bool found, sufficient;
	uint32_t count, interest;
	struct pair pair[CAUSE_ORDERS_MAX];
} best;

/*
 * Take the set that was found if it is better than the best so far. Executions that keep a set may
 * pass now and then, because a task of no order was late. Such a set is better than none.
 */
static void note_best(struct tally t)
{
	bool sufficient = !t.passed;
	uint32_t interest = 0;

	if (search.kept_count > CAUSE_ORDERS_MAX || !t.failed ||
	    t.passed * NEARLY > t.ran || (best.found && best.sufficient && !sufficient))
		return;
	if (sufficient && !best.sufficient)
		best.found = false;
	for (uint32_t i = 0; i < search.kept_count; i++)
		interest += search.pair[search.kept[i]].interest;
	if (best.found && (search.kept_count > best.count ||
			   (search.kept_count == best.count && interest <= best.interest)))
		return;
	best.found = true;
	best.sufficient = sufficient;
	best.count = search.kept_count;
	best.interest = interest;
	for (uint32_t i = 0; i < search.kept_count; i++)
		best.pair[i] = search.pair[search.kept[i]];
}

static void say_not_found(struct cause *out)
{
	out->kind = CAUSE_NOT_FOUND;
	if (search.is_late)
		snprintf(out->reason, sizeof out->reason, "the time is up after %u execution%s",
			 search.executions, kt_plural(search.executions));
	else
		snprintf(out->reason, sizeof out->reason,
			 "no set of at most %u orders was found within %u execution%s",
			 CAUSE_ORDERS_MAX, search.executions, kt_plural(search.executions));
}

static void find_orders(struct cause *out)
{
	/* If a set fails the last check, orders were dropped that are seldom missed. */
	static const uint32_t runs_of[WAYS] = { 30, 60, 120, 120 };
	uint32_t budget = search.executions_max;
	uint64_t budget_steps = search.steps_max;

	best.found = best.sufficient = false;
	for (enum way way = 0; way < WAYS && !(best.sufficient && best.count <= FEW); way++) {
		search.executions_max = search.executions + budget / WAYS;
		search.steps_max = search.steps + budget_steps / WAYS;
		reduce(way, runs_of[way]);
		if (search_is_over() && search.kept_count > FEW + 2)
			continue;	/* it may not be minimal */
		search.executions_max = search.executions + RUNS_VERIFY * 3;
		search.steps_max = UINT64_MAX;
		note_best(search_random(search.kept, search.kept_count, search.faults, RUNS_VERIFY,
					false));
	}
	search.executions_max = UINT32_MAX;	/* what is left to do is little */
	if (best.found && best.count == 0) {
		out->kind = kind_without_orders();
		out->nearly = true;
		return;
	}
	if (!best.found) {
		say_not_found(out);
		return;
	}
	out->kind = CAUSE_ORDERS;
	out->sufficient = best.sufficient;
	search.kept_count = best.count;
	for (uint32_t i = 0; i < best.count; i++) {
		search.pair[i] = best.pair[i];
		search.kept[i] = i;
	}
}

static void put_orders(struct cause *out)
{
	bool turned[CAUSE_ORDERS_MAX];

	sort_by_time();
	out->orders_count = search.kept_count;
	for (uint32_t i = 0; i < out->orders_count; i++)
		turned[i] = search_turned(i);
	for (uint32_t i = 0; i < out->orders_count; i++) {
		const struct pair *p = &search.pair[search.kept[i]];
		struct cause_order *o = &out->order[i];

		words_access(&o->first, p->first, p->first_touch);
		words_access(&o->second, p->second, p->second_touch);
		o->same_object = p->interest > OF_PLACES;
		o->turned_passes = turned[i];
	}
}

/* ---- the phases ----------------------------------------------------------------------- */

/*
 * A livelock goes on until the limit of steps. Executions that pass are much shorter, so a lower
 * limit tells the two apart sooner. When its tasks reach no new places, all has happened that
 * matters, and the rounds after that have other numbers in each execution.
 */
static void look_no_further(uint32_t steps)
{
	search.options.steps_max = steps;
	search.horizon = search_last_new() < steps ? search_last_new() : steps;
}

static void find(const struct plan *p, struct cause *out)
{
	struct tally t;

	if (!record(p, out))
		return;
	without_directives(p);
	find_necessary_faults();
	t = search_random(NULL, 0, search.faults, runs_always(), true);
	if (!t.passed && t.failed && !search.is_late)
		out->kind = kind_without_orders();
	if (search.is_late)
		say_not_found(out);
	if (search.is_late || out->kind != CAUSE_NOT_FOUND)
		return;
	if (!sim_accesses()->events) {
		snprintf(out->reason, sizeof out->reason,
			 "each execution has a process of its own, whose accesses are not known");
		return;
	}
	if (search.v->failure == KT_LIVELOCK && t.passed)
		look_no_further(search.longest * 4 + STEPS_MORE);
	take_back_faults();
	find_orders(out);
}

static void keep_passing(struct cause *out)
{
	struct sim_outcome o;

	if (!search.has_passing || search_run(&search.passing, &o) != PASSES)
		return;
	out->has_passing = world_capture(&search.plan, &search.options, &out->passing);
	out->parts_at = search.parts_at;
}

void cause_find(const struct plan *p, const struct verdict *v, const struct cause_limits *l,
		struct cause *out)
{
	struct verdict again;

	memset(out, 0, sizeof *out);
	search.v = v;
	search.executions = 0;
	search.steps = 0;
	search.executions_max = l->executions ? l->executions : EXECUTIONS_USUAL;
	search.steps_max = STEPS_USUAL;
	search.out_of_time = l->out_of_time;
	search.is_late = false;
	search.has_passing = false;
	search.longest = 0;
	search.horizon = UINT32_MAX;
	search.kept_count = 0;
	find(p, out);
	if (out->kind == CAUSE_ORDERS)
		put_orders(out);
	keep_passing(out);
	out->executions = search.executions;
	run_as_it_is(p, &again);
	if (out->kind == CAUSE_ORDERS || out->kind == CAUSE_FAULTS)
		put_faults(out);
	words_sentence(out);
	words_identity(out);
}

const char *cause_kind_name(enum cause_kind kind)
{
	switch (kind) {
	case CAUSE_ALWAYS: return "always";
	case CAUSE_FAULTS: return "faults";
	case CAUSE_ORDERS: return "orders";
	default: return "not found";
	}
}
