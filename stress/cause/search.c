/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The experiments. A set of orders suffices if random executions that keep them fail. The
 * search begins with all orders of the failing execution, and drops orders as long as the rest
 * suffices. Of what is left, each is necessary: without it, some execution passes.
 *
 * An execution in which an order was broken, or in which neither of the two events happened, says
 * nothing about the set.
 */
#include <string.h>

#include "platform/rng.h"
#include "stress/cause/internal.h"
#include "stress/run/subject.h"

struct search search;

struct flavours {
	uint32_t tried[SIM_FLAVOURS], kept[SIM_FLAVOURS];
};

enum { TRIES_PER_RUN = 3 };	/* to find an execution that keeps the orders */

bool search_is_over(void)
{
	search.is_late = search.is_late || (search.out_of_time && search.out_of_time());
	return search.is_late || search.executions >= search.executions_max ||
	       search.steps >= search.steps_max;
}

/* ---- the nearest passing execution --------------------------------------------- */

static struct {
	uint32_t steps;
	struct { uint32_t hash; uint8_t task, why; } at[SIM_STEPS_MAX];
} reference;

void search_keep_reference(const struct sim_record *r)
{
	reference.steps = r->steps;
	for (uint32_t i = 0; i < r->steps; i++) {
		reference.at[i].hash = kt_site_hash(r->trace[i].site);
		reference.at[i].task = r->trace[i].task;
		reference.at[i].why = r->trace[i].why;
	}
}

uint32_t search_last_new(void)
{
	enum { PLACES = 2048 };
	static struct { uint32_t hash; uint8_t task; } place[PLACES];
	uint32_t places = 0, last = 0;

	for (uint32_t i = 0; i < reference.steps && places < PLACES; i++) {
		uint32_t k = 0;

		while (k < places && (place[k].hash != reference.at[i].hash ||
				      place[k].task != reference.at[i].task))
			k++;
		if (k < places)
			continue;
		place[places].hash = reference.at[i].hash;
		place[places++].task = reference.at[i].task;
		last = i;
	}
	return last;
}

static uint32_t first_difference(const struct sim_record *r)
{
	uint32_t i = 0;

	while (i < reference.steps && i < r->steps && r->trace[i].task == reference.at[i].task &&
	       r->trace[i].why == reference.at[i].why &&
	       kt_site_hash(r->trace[i].site) == reference.at[i].hash)
		i++;
	return i;
}

static void note_passing(const struct sim_orders *o, const struct sim_outcome *out)
{
	uint32_t parts_at = first_difference(sim_record());

	if (out->faults != search.faults || (search.has_passing && parts_at <= search.parts_at))
		return;
	search.has_passing = true;
	search.parts_at = parts_at;
	search.passing = *o;
	memcpy(search.passing_order, o->order, o->count * sizeof *o->order);
	search.passing.order = search.passing_order;
}

/* ---- one execution --------------------------------------------------------------- */

enum ending search_run(const struct sim_orders *o, struct sim_outcome *out)
{
	struct verdict v = { .failure = KT_PASS };

	sim_orders_set(o);
	world_run(&search.options, &v);
	search.executions++;
	search.steps += v.steps + (subject->overhead ? subject->overhead() : 0);
	*out = sim_orders_outcome();
	if (v.failure == KT_PASS) {
		note_passing(o, out);
		if (v.steps > search.longest)
			search.longest = v.steps;
	}
	return v.failure == KT_PASS ? PASSES : v.failure == search.v->failure ? FAILS :
	       FAILS_OTHERWISE;
}

static struct sim_order order[PAIRS_MAX];

static uint32_t orders_of(const uint32_t *kept, uint32_t count)
{
	const struct sim_accesses *acc = sim_accesses();

	for (uint32_t i = 0; i < count; i++) {
		order[i].first = acc->event[search.pair[kept[i]].first].key;
		order[i].second = acc->event[search.pair[kept[i]].second].key;
	}
	return count;
}

/* ---- many executions ---------------------------------------------------------------- */

/*
 * The next seed. Its flavour (strategy_orders.c) is one under which executions keep the orders
 * often enough.
 */
static uint64_t next_seed(const struct flavours *f)
{
	uint32_t flavour = search.executions % SIM_FLAVOURS;

	for (uint32_t i = 0; i < SIM_FLAVOURS; i++, flavour = (flavour + 1) % SIM_FLAVOURS)
		if (f->tried[flavour] < 2 || f->kept[flavour] * 3 >= f->tried[flavour])
			break;
	return (uint64_t)search.executions * SIM_FLAVOURS + flavour;
}

struct tally search_random(const uint32_t *kept, uint32_t count, uint32_t faults, uint32_t runs,
			   bool until_passed)
{
	struct sim_orders o = { .order = order, .random = true, .faults = faults };
	struct flavours f = { 0 };
	struct tally t = { 0 };

	o.count = orders_of(kept, count);
	for (uint32_t i = 0; i < runs * TRIES_PER_RUN && t.ran < runs && !search_is_over(); i++) {
		struct sim_outcome out;
		enum ending e;

		o.seed = next_seed(&f);
		f.tried[o.seed % SIM_FLAVOURS]++;
		e = search_run(&o, &out);
		if (out.broken || out.open || out.faults != faults)
			continue;
		f.kept[o.seed % SIM_FLAVOURS]++;
		t.ran++;
		t.passed += e == PASSES;
		t.failed += e == FAILS;
		t.otherwise += e == FAILS_OTHERWISE;
		if (t.passed && until_passed)
			break;
	}
	return t;
}

static bool suffices(const uint32_t *kept, uint32_t count, uint32_t runs)
{
	struct tally t = search_random(kept, count, search.faults, runs, true);

	return !t.passed && t.failed && t.failed + t.otherwise >= runs / 2;
}

bool search_turned(uint32_t turned)
{
	struct sim_orders o = { .order = order, .faults = search.faults };
	struct sim_outcome out;
	uint64_t first;

	o.count = orders_of(search.kept, search.kept_count);
	first = order[turned].first;
	order[turned].first = order[turned].second;
	order[turned].second = first;
	return search_run(&o, &out) == PASSES && !out.broken;
}

/* ---- dropping ------------------------------------------------------------------------ */

static uint32_t rest[PAIRS_MAX];

/* Without `n` orders from `at` on. True if they are dropped. */
static bool drop(uint32_t at, uint32_t n, uint32_t runs)
{
	uint32_t left = search.kept_count - n;

	memcpy(rest, search.kept, at * sizeof rest[0]);
	memcpy(rest + at, search.kept + at + n, (left - at) * sizeof rest[0]);
	if (!suffices(rest, left, runs) || search_is_over())
		return false;
	memcpy(search.kept, rest, left * sizeof rest[0]);
	search.kept_count = left;
	return true;
}

static bool drop_chunks(uint32_t chunk, uint32_t runs)
{
	bool dropped = false;

	for (uint32_t at = 0; at < search.kept_count && !search_is_over(); ) {
		uint32_t n = search.kept_count - at < chunk ? search.kept_count - at : chunk;

		if (drop(at, n, runs))
			dropped = true;
		else
			at += n;
	}
	return dropped;
}

/* Drop orders of that interest only, `chunk` at a time. */
static void drop_dull(uint32_t chunk, enum interest interest, uint32_t runs)
{
	uint32_t at = 0;

	while (at < search.kept_count && !search_is_over()) {
		uint32_t n = 0;

		while (at + n < search.kept_count && n < chunk &&
		       search.pair[search.kept[at + n]].interest == interest)
			n++;
		if (!n || !drop(at, n, runs))
			at += n ? n : 1;
	}
}

static uint32_t count_of(enum interest interest)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < search.kept_count; i++)
		n += search.pair[search.kept[i]].interest == interest;
	return n;
}

void search_reduce(uint32_t runs, bool dull_first)
{
	for (int i = OF_PLACES; i <= OF_DATA && dull_first; i++)
		for (uint32_t chunk = count_of(i); chunk > 0; chunk /= 2)
			drop_dull(chunk, i, runs);
	for (uint32_t chunk = search.kept_count / 2; chunk > 1 && !dull_first; chunk /= 2)
		drop_chunks(chunk, runs);
	while (drop_chunks(1, runs))
		;
}

/* ---- weaker orders ------------------------------------------------------------------- */

/* Events of one task in its order: of the task of event `of`, up to it, or from it on. */
static uint32_t own[SIM_ACCESSES_MAX], owns;

static void list_own(uint32_t of, bool from)
{
	const struct sim_accesses *acc = sim_accesses();

	owns = 0;
	for (uint32_t i = from ? of : 0; i < (from ? acc->events : of + 1); i++)
		if (acc->event[i].task == acc->event[of].task && acc->event[i].what == SIM_DOES)
			own[owns++] = i;
}

static bool suffices_with(struct pair *p, uint32_t first, uint32_t second, uint32_t runs)
{
	struct pair old = *p;

	p->first = first;
	p->second = second;
	if (suffices(search.kept, search.kept_count, runs) && !search_is_over())
		return true;
	*p = old;
	return false;
}

/* own[low] is too weak or untried, own[high] suffices: the weakest that does is searched. */
static void weaken_first(struct pair *p, uint32_t runs)
{
	uint32_t low = 0, high;

	list_own(p->first, false);
	for (high = owns - 1; low < high && !search_is_over(); ) {
		uint32_t middle = (low + high) / 2;

		if (suffices_with(p, own[middle], p->second, runs))
			high = middle;
		else
			low = middle + 1;
	}
}

static void weaken_second(struct pair *p, uint32_t runs)
{
	uint32_t low = 0, high;

	list_own(p->second, true);
	for (high = owns - 1; low < high && !search_is_over(); ) {
		uint32_t middle = (low + high + 1) / 2;

		if (suffices_with(p, p->first, own[middle], runs))
			low = middle;
		else
			high = middle - 1;
	}
}

/* The order may now be that of a known pair. */
static void look_up(struct pair *p)
{
	p->interest = OF_PLACES;
	p->first_touch = p->second_touch = SIM_NEVER;
	for (uint32_t i = 0; i < search.pairs; i++)
		if (&search.pair[i] != p && search.pair[i].first == p->first &&
		    search.pair[i].second == p->second)
			*p = search.pair[i];
}

void search_weaken(uint32_t runs)
{
	const struct sim_accesses *acc = sim_accesses();

	for (uint32_t i = 0; i < search.kept_count && !search_is_over(); i++) {
		struct pair *p = &search.pair[search.kept[i]], old = *p;

		if (p->interest >= OF_REFERENCES)
			continue;
		if (acc->event[p->first].what == SIM_DOES)
			weaken_first(p, runs);
		if (acc->event[p->second].what == SIM_DOES)
			weaken_second(p, runs);
		if (p->first != old.first || p->second != old.second)
			look_up(p);
	}
}

/* ---- orders that lead from one to another ------------------------------------------- */

/* Does order k begin where order i ends, or later in that task? */
static bool leads_to(const struct pair *i, const struct pair *k)
{
	const struct sim_event_record *from = &sim_accesses()->event[i->second];
	const struct sim_event_record *to = &sim_accesses()->event[k->first];

	return i->second == k->first || (from->task == to->task && from->what == SIM_DOES &&
					 to->what == SIM_DOES && i->second <= k->first);
}

/* Try one order in place of orders i and k. */
static bool join(uint32_t i, uint32_t k, uint32_t runs)
{
	struct pair *p = &search.pair[search.kept[i]], old = *p;
	const struct pair *q = &search.pair[search.kept[k]];
	uint32_t count = search.kept_count, dropped = search.kept[k];

	if (sim_accesses()->event[old.first].task == sim_accesses()->event[q->second].task)
		return false;
	p->second = q->second;
	look_up(p);
	search.kept[k] = search.kept[--search.kept_count];
	if (suffices(search.kept, search.kept_count, runs) && !search_is_over())
		return true;
	search.kept_count = count;
	search.kept[count - 1] = search.kept[k];
	search.kept[k] = dropped;
	*p = old;
	return false;
}

void search_join(uint32_t runs)
{
	for (uint32_t i = 0; i < search.kept_count; i++)
		for (uint32_t k = 0; k < search.kept_count && !search_is_over(); k++)
			if (i != k &&
			    leads_to(&search.pair[search.kept[i]], &search.pair[search.kept[k]]) &&
			    join(i, k, runs))
				i = k = 0;
}

/* ---- orders with an object ---------------------------------------------------------- */

static bool same_tasks(const struct pair *a, const struct pair *b)
{
	const struct sim_event_record *e = sim_accesses()->event;

	return e[a->first].task == e[b->first].task && e[a->first].what == e[b->first].what &&
	       e[a->second].task == e[b->second].task && e[a->second].what == e[b->second].what;
}

/* The pairs come from the end, because the latest are nearest to the failure. */
static void name_one(struct pair *p, uint32_t runs)
{
	enum { TRIES = 16 };
	const struct pair old = *p;
	uint32_t tries = 0;

	for (uint32_t i = search.pairs; i-- > 0 && tries < TRIES && !search_is_over(); ) {
		const struct pair *with = &search.pair[i];

		if (with == p || with->interest < OF_REFERENCES || !same_tasks(with, &old))
			continue;
		tries++;
		*p = *with;
		if (suffices(search.kept, search.kept_count, runs))
			return;
	}
	*p = old;
}

void search_name(uint32_t runs)
{
	for (uint32_t i = 0; i < search.kept_count && !search_is_over(); i++)
		if (search.pair[search.kept[i]].interest < OF_REFERENCES)
			name_one(&search.pair[search.kept[i]], runs);
}
