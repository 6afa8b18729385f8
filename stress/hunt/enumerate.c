/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/enumerate.h"

#include "stress/hunt/cases.h"
#include "stress/hunt/execute.h"
#include "stress/hunt/shared.h"

static bool kills(const struct options *o)
{
	return o->exhaustive == EXHAUST_KILL || o->exhaustive == EXHAUST_PAIRS;
}

/* Does this kind have faults other than kills? `nth` of struct enumeration numbers these. */
static bool counts(const struct options *o)
{
	return o->exhaustive != EXHAUST_KILL;
}

/* Did the last execution reach the n-th sleep, moment or allocation? */
static bool has_reached(const struct options *o, uint32_t nth)
{
	switch (o->exhaustive) {
	case EXHAUST_SPURIOUS: return inject_sleeps() >= nth;
	case EXHAUST_TIMERS: return inject_timer_moments() >= nth;
	default: return inject_allocations() >= nth;
	}
}

static struct inject_faults faults_of(const struct options *o, const struct enumeration *e)
{
	struct inject_faults f = { .kill_task = e->task, .kill_step = e->step };

	switch (o->exhaustive) {
	case EXHAUST_SPURIOUS: f.spurious_nth = e->nth; break;
	case EXHAUST_TIMERS: f.timer_nth = e->nth; break;
	default: f.fail_nth = e->nth;
	}
	return f;
}

static void first_fault(const struct options *o, struct enumeration *e)
{
	e->task = 0;
	e->step = kills(o);
	e->nth = counts(o);
}

/* False after the last fault of the case. `reached`: the last execution reached e->nth. */
static bool next_fault(const struct options *o, struct enumeration *e, uint32_t steps, bool reached)
{
	if (counts(o)) {
		e->nth++;
		if (reached || e->nth == 1)
			return true;
		e->nth = kills(o);
	}
	if (kills(o)) {
		if (++e->step <= steps)
			return true;
		e->step = 1;
		if (++e->task < execute_victims())
			return true;
	}
	return false;
}

static bool is_first(const struct enumeration *e)
{
	return e->task == 0 && e->step == 0 && e->nth == 0;
}

/*
 * Load the case and run it once without a fault. If that is a finding, the next child must go
 * on with the next case.
 */
static bool begin_case(const struct hunt *h, struct enumeration *e, struct length *length)
{
	shared->next = tally_counts(&shared->tally)->executions;
	if (!execute_load(h, e->plan))
		return false;
	e->plan++;
	if (!execute_to_measure(h, length))
		return false;
	e->plan--;
	return true;
}

/* True if the case is done; false after a finding, or if the hunt is over. */
static bool enumerate_case(const struct hunt *h, struct enumeration *e)
{
	const struct options *o = h->o;
	struct world_options w = { .strategy = o->strategy, .depth = o->depth, .seed = o->seed };
	struct length length;
	bool clean;

	if (!begin_case(h, e, &length))
		return false;
	if (is_first(e))
		first_fault(o, e);
	else if (!next_fault(o, e, length.steps, true))
		return true;	/* this case's last fault gave the last child's finding */
	w.steps_estimate = length.steps;
	do {
		if (!execute_goes_on(h, tally_counts(&shared->tally)->executions))
			return false;
		w.faults = faults_of(o, e);
		shared->next = tally_counts(&shared->tally)->executions;
		clean = execute(h, &w, false);
		execute_count(h, shared->next);
		if (!clean)
			return false;
	} while (next_fault(o, e, length.steps, has_reached(o, e->nth)));
	return true;
}

static unsigned cases_given(void)
{
	return cases_count() ? cases_count() : 1;
}

bool enumerate_is_done(const struct enumeration *e)
{
	return e->plan >= cases_given();
}

void enumerate_child(void *hunt)
{
	const struct hunt *h = hunt;
	struct enumeration *e = &shared->enumeration;

	while (!enumerate_is_done(e) && enumerate_case(h, e))
		*e = (struct enumeration){ .plan = e->plan + 1 };
}
