/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The injector on the simulator: directives and faults take effect at the simulator's
 * decisions.
 *
 * This is a part of the harness, not of the code under test. It is compiled without
 * sanitizers, because every fiber runs it, and nothing orders one fiber before another.
 */
#include <string.h>

#include "platform/sim/sim.h"
#include "stress/run/inject_internal.h"
#include "stress/run/subject.h"

const bool inject_kills_by_call = false;

/* Not an atomic, because one OS thread runs all tasks. */
uint32_t inject_count(uint32_t *counter)
{
	return ++*counter;
}

void inject_point(struct kt_site *site, const void *object)
{
	inject_observe(site, object);
}

bool inject_alloc_chosen(bool fails)
{
	if (inject.alloc_rules_count)	/* a directive counts the allocations of all tasks */
		sim_depends(inject.allocations);
	return fails || sim_choose(SIM_CHOOSE_ALLOC_FAIL, 2);
}

void inject_note_failed(enum kt_role role, uint32_t nth)
{
	sim_note_alloc_fail(role, nth);
}

void inject_settle(void)
{
	sim_settle(KT_SITE_NAMED("plan.teardown"));
}

/* ---- a strategy that wraps the strategy of the hunt ---------------------------------- */

static struct {
	struct sim_strategy strategy;
	struct sim_strategy *inner;
	uint32_t next;		/* the task that a switch directive names, or SIM_TASKS_MAX */
	bool spurious;		/* the park at this site returns at once */
	uint8_t older[SIM_TASKS_MAX];	/* how old a store the next load of each task reads */
} wrap;

static uint32_t task_named(uint32_t name_hash)
{
	const struct sim_record *r = sim_record();

	for (uint32_t i = 0; i < r->tasks; i++)
		if (r->task[i].name_hash == name_hash)
			return i;
	return SIM_TASKS_MAX;
}

static void apply(const struct rule *r, uint32_t task)
{
	uint32_t target = task_named(r->target);

	switch (r->kind) {
	case PLAN_D_KILL:
		if (target < SIM_TASKS_MAX)
			sim_kill(target);
		break;
	case PLAN_D_SWITCH:
		wrap.next = target;
		break;
	case PLAN_D_SPURIOUS:
		wrap.spurious = true;
		break;
	case PLAN_D_VISIBLE:
		sim_show(target, r->store, r->older);
		break;
	case PLAN_D_STALE:
		wrap.older[task] = (uint8_t)r->older;
		break;
	default:
		break;
	}
}

/*
 * Is this the visit that the rule names? A subject counts visits that are no steps, too, and
 * capture() writes its count into plans.
 */
static bool is_nth(struct rule *r, const struct sim_decision *d)
{
	uint32_t seen = ++r->seen, nth = subject->visit ? subject->visit(d->step) : 0;

	return r->nth == (nth && !r->blocked ? nth : seen);
}

static void visit_rules(const struct sim_decision *d)
{
	uint32_t point = kt_site_hash(d->site);
	uint32_t task;

	if (!(inject.points >> (point % 64) & 1))
		return;
	task = sim_record()->task[d->task].name_hash;
	for (uint32_t i = 0; i < inject.rules_count; i++) {
		struct rule *r = &inject.rule[i];

		if (r->point == point && r->task == task &&
		    r->blocked == (d->why == SIM_BLOCKED) && is_nth(r, d))
			apply(r, d->task);
	}
}

static void wrap_visit(struct sim_strategy *s, const struct sim_decision *d)
{
	wrap.next = SIM_TASKS_MAX;
	wrap.spurious = false;
	wrap.older[d->task] = 0;
	if (inject.rules_count)
		visit_rules(d);
	if (inject.faults.kill_step && inject.faults.kill_step == d->step) {
		uint32_t victim = task_named(inject.victim);

		if (victim < SIM_TASKS_MAX)
			sim_kill(victim);
		if (s->visits_from)	/* only the kill needed visits, and the kill is done */
			s->visits_from = UINT32_MAX;
	}
	if (wrap.inner->visit)
		wrap.inner->visit(wrap.inner, d);
}

/* Does the strategy or a directive need to see every step? */
static bool visits_all(void)
{
	return inject.rules_count || (wrap.inner->visit && !wrap.inner->visits_from);
}

static void wrap_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	wrap.next = SIM_TASKS_MAX;
	wrap.spurious = false;
	memset(wrap.older, 0, sizeof wrap.older);
	s->visits_from = visits_all() ? 0 : inject.faults.kill_step ? inject.faults.kill_step
								    : UINT32_MAX;
	wrap.inner->begin(wrap.inner, seed, steps_estimate);
}

static uint32_t wrap_next(struct sim_strategy *s, const struct sim_decision *d)
{
	(void)s;
	if (wrap.next < SIM_TASKS_MAX &&
	    (sim_can(d, wrap.next) || (d->why == SIM_YIELDED && wrap.next == d->task)))
		return wrap.next;
	if (wrap.inner->visit)	/* the inner strategy has decided in its visit() */
		return wrap.inner->next(wrap.inner, d);
	if (!sim_is_choice(d))
		return sim_first_that_can(d);
	if (inject.faults.timer_nth && d->why != SIM_MARK && sim_first_timed(d) < SIM_TASKS_MAX &&
	    ++inject.timer_moments == inject.faults.timer_nth)
		return sim_first_timed(d);
	if (d->why == SIM_MARK)
		return d->task;
	return wrap.inner->next(wrap.inner, d);
}

/* Does this sleep without a permit end at once, by the faults? */
static bool ends_sleep(void)
{
	const struct inject_faults *f = &inject.faults;

	return ++inject.sleeps >= f->spurious_nth && f->spurious_nth &&
	       inject.sleeps - f->spurious_nth <= f->spurious_more;
}

static uint32_t wrap_choose(struct sim_strategy *s, enum sim_choice kind, uint32_t below)
{
	(void)s;
	if (kind == SIM_CHOOSE_SPURIOUS && (ends_sleep() || wrap.spurious))
		return 1;
	if (kind == SIM_CHOOSE_STALE && wrap.older[sim_chooser()])
		return wrap.older[sim_chooser()] < below ? wrap.older[sim_chooser()] : below - 1;
	return wrap.inner->choose ? wrap.inner->choose(wrap.inner, kind, below) : 0;
}

struct sim_strategy *inject_strategy(struct sim_strategy *inner)
{
	if (!inject.rules_count && !inject.faults.kill_step && !inject.faults.spurious_nth &&
	    !inject.faults.timer_nth)
		return inner;
	wrap.inner = inner;
	wrap.strategy = (struct sim_strategy){
		.name = inner->name, .begin = wrap_begin,
		.next = visits_all() || inject.faults.timer_nth ? wrap_next : inner->next,
		.choose = wrap_choose, .visit = wrap_visit,
	};
	return &wrap.strategy;
}
