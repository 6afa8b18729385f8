/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The injector on real threads: kills take effect at named points.
 *
 * This is a part of the harness, not of the code under test. It is compiled without
 * sanitizers, like the injector's other files (inject.c). What real threads share here is
 * counted with relaxed atomics.
 */
#include "stress/run/inject_internal.h"

const bool inject_kills_by_call = true;

uint32_t inject_count(uint32_t *counter)
{
	return __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

bool inject_alloc_chosen(bool fails)
{
	return fails;
}

void inject_note_failed(enum kt_role role, uint32_t nth)
{
	(void)role, (void)nth;
}

void inject_settle(void)
{
}

static void kill_named(uint32_t target)
{
	for (uint32_t i = 0; i < inject_victims(); i++)
		if (subject->kill && kt_name_hash(subject->victim(i)) == target)
			subject->kill(i);
}

void inject_point(struct kt_site *site, const void *object)
{
	uint32_t point = kt_site_hash(site), task = 0;

	inject_observe(site, object);
	if (!(inject.points >> (point % 64) & 1))
		return;
	task = kt_name_hash(os_name(os_self()));
	for (uint32_t i = 0; i < inject.rules_count; i++) {
		struct rule *r = &inject.rule[i];

		if (r->point == point && r->task == task && !r->blocked &&
		    inject_count(&r->seen) == r->nth && r->kind == PLAN_D_KILL)
			kill_named(r->target);
	}
}
