/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The injector's part for both worlds: compiles a plan's directives, and decides which
 * allocations fail.
 *
 * This is a part of the harness, not of the code under test. It is compiled without
 * sanitizers, because on the simulator every fiber runs it, and nothing orders one fiber before
 * another. What real threads share here is counted with relaxed atomics.
 */
#include "stress/run/inject_internal.h"

#include <string.h>

#define BLOCKED_PREFIX "blocked:"

struct inject inject;

uint32_t inject_victims(void)
{
	return subject->victims ? subject->victims() : 0;
}

static uint32_t victim_named(plan_str name)
{
	for (uint32_t i = 0; i < inject_victims(); i++)
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
	/* Ask the subject here and not on fibers, because the subject is instrumented. */
	if (faults->kill_step)
		inject.victim = kt_name_hash(subject->victim(faults->kill_task));
	memset(inject.allocations, 0, sizeof inject.allocations);
	inject.sleeps = inject.timer_moments = 0;
	for (uint32_t i = 0; i < inject.rules_count; i++)
		inject.rule[i].seen = 0;
}

void inject_memory(void (*add)(const void *at, size_t size))
{
	add(inject.rule, inject.rules_count * sizeof inject.rule[0]);
	if (inject.alloc_rules_count)
		add(inject.allocations, sizeof inject.allocations);
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

/*
 * Does a directive or a drawn fault make this allocation fail? Waits for the victim of an oom
 * directive.
 */
static bool alloc_ruled(enum kt_role role, uint32_t nth, uint32_t any)
{
	bool fails = inject.faults.fail_nth && inject.faults.fail_nth == any;

	for (uint32_t i = 0; i < inject.alloc_rules_count; i++) {
		const struct alloc_rule *r = &inject.alloc_rule[i];

		if (r->role == PLAN_ROLE_ANY ? r->nth != any : r->role != role || r->nth != nth)
			continue;
		if (!r->oom)
			fails = true;
		else if (subject->oom)
			subject->oom(r->target);
	}
	return fails;
}

static bool alloc_fails(enum kt_role role, struct kt_site *site)
{
	uint32_t nth, any;

	(void)site;
	if (!subject->may_fail(role))
		return false;
	nth = inject_count(&inject.allocations[role]);
	any = inject_count(&inject.allocations[KT_ROLE_COUNT]);
	if (!inject_alloc_chosen(alloc_ruled(role, nth, any)))
		return false;
	if (subject->failed)
		subject->failed(role);
	inject_note_failed(role, nth);
	return true;
}

struct os_hooks inject_hooks(void)
{
	return (struct os_hooks){
		.point = inject_point, .points = inject.watched | inject.points,
		.alloc_fails = subject->may_fail ? alloc_fails : NULL,
	};
}
