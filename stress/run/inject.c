/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of the harness, not of the code under test: compiled without sanitizers,
 * because on the simulator it runs on every fiber without any order between
 * them. What real threads share here is counted with relaxed atomics.
 */
#include "stress/run/inject.h"

#include <string.h>

#include "platform/atomic.h"
#include "stress/run/subject.h"

#if defined(KT_OS_SIM)
#include "platform/sim/sim.h"
#endif

#define BLOCKED_PREFIX "blocked:"

/* A directive keyed by task and point, compiled to hashes. */
struct rule {
	enum plan_directive_kind kind;
	uint32_t task, point, target, store;	/* kt_name_hash() */
	bool blocked;			/* the decision after the task blocked there */
	uint32_t older;			/* of a store */
	uint32_t nth;
	uint32_t seen;			/* visits so far; relaxed atomic */
};

struct alloc_rule {
	bool oom;
	enum kt_role role;		/* PLAN_ROLE_ANY: all */
	uint32_t nth;
	uint32_t target;		/* index of a task; oom only */
};

static struct {
	const struct plan *plan;
	uint32_t rules_count, alloc_rules_count;
	struct rule rule[PLAN_DIRECTIVES_MAX];
	struct alloc_rule alloc_rule[PLAN_DIRECTIVES_MAX];
	uint64_t points;		/* bit point % 64: some rule has that point */
	uint64_t watched;		/* the same, of the subject */
	struct inject_faults faults;
	uint32_t victim;		/* kt_name_hash(): the task to kill, if kill_step */
	uint32_t allocations[KT_ROLE_COUNT + 1];	/* relaxed atomic; last: all */
	uint32_t sleeps, timer_moments;
} inject;

static uint32_t victims(void)
{
	return subject->victims ? subject->victims() : 0;
}

static uint32_t victim_named(plan_str name)
{
	for (uint32_t i = 0; i < victims(); i++)
		if (strcmp(subject->victim(i), plan_string(inject.plan, name)) == 0)
			return i;
	return 0;	/* plan_check() lets no other name through */
}

static void load_rule(const struct plan_directive *d)
{
	const struct plan *p = inject.plan;
	const char *point = plan_string(p, d->point);
	struct rule *r = &inject.rule[inject.rules_count++];
	bool blocked = strncmp(point, BLOCKED_PREFIX, strlen(BLOCKED_PREFIX)) == 0;

	if (blocked)
		point += strlen(BLOCKED_PREFIX);
	*r = (struct rule){
		.kind = d->kind, .nth = d->nth, .blocked = blocked,
		.task = kt_name_hash(plan_string(p, d->task)),
		.point = kt_name_hash(point),
		.target = kt_name_hash(plan_string(p, d->target)),
		.store = kt_name_hash(plan_string(p, d->store)), .older = d->older,
	};
	inject.points |= 1ull << (r->point % 64);
}

void inject_load(const struct plan *p)
{
	inject.plan = p;
	inject.rules_count = inject.alloc_rules_count = 0;
	inject.points = 0;
	inject.watched = subject->point ? subject->points() : 0;
	for (uint32_t i = 0; i < p->directives_count; i++) {
		const struct plan_directive *d = &p->directives[i];

		if (d->kind == PLAN_D_FAIL || d->kind == PLAN_D_OOM)
			inject.alloc_rule[inject.alloc_rules_count++] = (struct alloc_rule){
				.oom = d->kind == PLAN_D_OOM, .role = d->role, .nth = d->nth,
				.target = d->kind == PLAN_D_OOM ? victim_named(d->target) : 0,
			};
		else
			load_rule(d);
	}
}

void inject_begin(const struct inject_faults *faults)
{
	inject.faults = *faults;
	/* Asked for here, because a sanitizer sees the subject, and must not see it on fibers. */
	if (faults->kill_step)
		inject.victim = kt_name_hash(subject->victim(faults->kill_task));
	memset(inject.allocations, 0, sizeof inject.allocations);
	inject.sleeps = inject.timer_moments = 0;
	for (uint32_t i = 0; i < inject.rules_count; i++)
		inject.rule[i].seen = 0;
}

uint32_t inject_allocations(void)
{
	return inject.allocations[KT_ROLE_COUNT];
}

uint32_t inject_sleeps(void)
{
	return inject.sleeps;
}

uint32_t inject_timer_moments(void)
{
	return inject.timer_moments;
}

/* ---- allocations -------------------------------------------------------- */

static uint32_t count(uint32_t *counter)
{
#if defined(KT_OS_SIM)
	return ++*counter;	/* one OS thread */
#else
	return __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
#endif
}

static bool alloc_fails(enum kt_role role, struct kt_site *site)
{
	bool fails = false;
	uint32_t nth, any;

	(void)site;
	if (!subject->may_fail())
		return false;
	nth = count(&inject.allocations[role]);
	any = count(&inject.allocations[KT_ROLE_COUNT]);
	for (uint32_t i = 0; i < inject.alloc_rules_count; i++) {
		const struct alloc_rule *r = &inject.alloc_rule[i];

		if (r->role == PLAN_ROLE_ANY ? r->nth != any : r->role != role || r->nth != nth)
			continue;
		if (!r->oom)
			fails = true;
		else if (subject->oom)
			subject->oom(r->target);
	}
	if (inject.faults.fail_nth && inject.faults.fail_nth == any)
		fails = true;
#if defined(KT_OS_SIM)
	if (inject.alloc_rules_count)	/* whose turn it is, is by everybody's count */
		sim_depends(inject.allocations);
	if (!fails && sim_choose(SIM_CHOOSE_ALLOC_FAIL, 2))
		fails = true;
#endif
	if (!fails)
		return false;
	if (subject->failed)
		subject->failed(role);
#if defined(KT_OS_SIM)
	sim_note_alloc_fail(role, nth);
#endif
	return true;
}

void inject_settle(void)
{
#if defined(KT_OS_SIM)
	sim_settle(KT_SITE_NAMED("plan.teardown"));
#endif
}

/* Most points are nothing to the subject. */
static inline void observe(struct kt_site *site, const void *object)
{
	uint32_t known = __atomic_load_n(&site->hash, __ATOMIC_RELAXED);
	uint32_t point = known ? known : kt_site_hash(site);

	if (inject.watched >> point % 64 & 1)
		subject->point(site, object);
}

/* ---- the simulator ------------------------------------------------------ */

#if defined(KT_OS_SIM)
const bool inject_kills_by_call = false;

static void on_point(struct kt_site *site, const void *object)
{
	observe(site, object);
}

static struct {
	struct sim_strategy strategy;
	struct sim_strategy *inner;
	uint32_t next;		/* what a switch directive asked for, or SIM_TASKS_MAX */
	bool spurious;		/* the park at this site returns at once */
} wrap;

static uint32_t task_named(uint32_t name_hash)
{
	const struct sim_record *r = sim_record();

	for (uint32_t i = 0; i < r->tasks; i++)
		if (r->task[i].name_hash == name_hash)
			return i;
	return SIM_TASKS_MAX;
}

static void apply(const struct rule *r)
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
	default:
		break;
	}
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
		    r->blocked == (d->why == SIM_BLOCKED) && ++r->seen == r->nth)
			apply(r);
	}
}

static void wrap_visit(struct sim_strategy *s, const struct sim_decision *d)
{
	wrap.next = SIM_TASKS_MAX;
	wrap.spurious = false;
	if (inject.rules_count)
		visit_rules(d);
	if (inject.faults.kill_step && inject.faults.kill_step == d->step) {
		uint32_t victim = task_named(inject.victim);

		if (victim < SIM_TASKS_MAX)
			sim_kill(victim);
		if (s->visits_from)	/* for nothing else */
			s->visits_from = UINT32_MAX;
	}
	if (wrap.inner->visit)
		wrap.inner->visit(wrap.inner, d);
}

/* Looks the strategy at each step, or a directive? */
static bool visits_all(void)
{
	return inject.rules_count || (wrap.inner->visit && !wrap.inner->visits_from);
}

static void wrap_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	wrap.next = SIM_TASKS_MAX;
	wrap.spurious = false;
	s->visits_from = visits_all() ? 0 : inject.faults.kill_step ? inject.faults.kill_step
								    : UINT32_MAX;
	wrap.inner->begin(wrap.inner, seed, steps_estimate);
}

static uint32_t wrap_next(struct sim_strategy *s, const struct sim_decision *d)
{
	(void)s;
	if (wrap.next < SIM_TASKS_MAX && ((d->runnable >> wrap.next & 1) ||
					  (d->why == SIM_YIELDED && wrap.next == d->task)))
		return wrap.next;
	if (wrap.inner->visit)	/* it has decided there */
		return wrap.inner->next(wrap.inner, d);
	if (!(d->runnable & (d->runnable - 1)))
		return (uint32_t)__builtin_ctzll(d->runnable);
	if (d->timed && d->why != SIM_MARK &&
	    ++inject.timer_moments == inject.faults.timer_nth)
		return (uint32_t)__builtin_ctzll(d->timed);
	if (d->why == SIM_MARK)
		return d->task;
	return wrap.inner->next(wrap.inner, d);
}

static uint32_t wrap_choose(struct sim_strategy *s, enum sim_choice kind, uint32_t below)
{
	(void)s;
	if (kind == SIM_CHOOSE_SPURIOUS &&
	    (++inject.sleeps == inject.faults.spurious_nth || wrap.spurious))
		return 1;
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

/* ---- real threads ------------------------------------------------------- */

#else
const bool inject_kills_by_call = true;

static void kill_named(uint32_t target)
{
	for (uint32_t i = 0; i < victims(); i++)
		if (subject->kill && kt_name_hash(subject->victim(i)) == target)
			subject->kill(i);
}

static void on_point(struct kt_site *site, const void *object)
{
	uint32_t point = kt_site_hash(site), task = 0;

	observe(site, object);
	if (!(inject.points >> (point % 64) & 1))
		return;
	task = kt_name_hash(os_name(os_self()));
	for (uint32_t i = 0; i < inject.rules_count; i++) {
		struct rule *r = &inject.rule[i];

		if (r->point == point && r->task == task && !r->blocked &&
		    count(&r->seen) == r->nth && r->kind == PLAN_D_KILL)
			kill_named(r->target);
	}
}
#endif

struct os_hooks inject_hooks(void)
{
	return (struct os_hooks){
		.point = on_point, .points = inject.watched | inject.points,
		.alloc_fails = subject->may_fail ? alloc_fails : NULL,
	};
}
