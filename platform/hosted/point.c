/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Choice points, sleeping and waking: what the models of synchronization operations are made
 * of. And failures, with the place and the object in the program's own words.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "platform/hosted/call.h"
#include "platform/hosted/explore.h"
#include "platform/hosted/hosted.h"
#include "platform/hosted/site.h"
#include "platform/hosted/symbol.h"

/* ---- points -------------------------------------------------------------------- */

void hosted_point(struct kt_site *site, const void *object)
{
	struct site_row *row = site_row_of(site);

	if (object)
		hosted_heap_check(object, 1, site_pc(row));
	site_visit(row);
	if (hosted_is_alone())
		return;
	site_note_step(row);
	sim_point(site, object);
	hosted_back();
	if (object)
		hosted_heap_check(object, 1, site_pc(row));
	if (unlikely(hosted_explores))
		explore_operation(row);
}

void hosted_yield(struct kt_site *site)
{
	site_visit(site_row_of(site));
	site_note_step(site_row_of(site));
	/* One sched_yield() says nothing: whatever task goes on then, it is no busy wait. */
	if (unlikely(hosted_explores) && !explore_spins_at(site_row_of(site)))
		sim_point(site, NULL);
	else
		sim_yield(site);
	hosted_back();
}

/* ---- sleepers ------------------------------------------------------------------ */

static struct sleeper {
	const void *object; /* NULL: the task does not sleep, or is woken */
	uint64_t turn;      /* the sleeper with the lowest came first */
	uint32_t epoch;
} sleeper[HOSTED_TASKS_MAX];

static uint64_t turns;

bool hosted_block(struct kt_site *site, const void *object, uint64_t deadline, int owner)
{
	struct sleeper *me = &sleeper[hosted_me()];
	bool in_time = true;

	*me = (struct sleeper){ object, ++turns, hosted_epoch };
	sim_waits_for(owner < 0 ? SIM_NOBODY : (uint32_t)owner);
	sim_waits(SIM_WAIT_WOKEN, 0);
	site_note_step(site_row_of(site));
	if (deadline == HOSTED_NEVER)
		sim_block(site);
	else
		in_time = sim_block_until(site, deadline);
	hosted_back();
	me->object = NULL;
	sim_waits_for(SIM_NOBODY);
	sim_touch(object, SIM_WRITE);	/* it no longer sleeps there, and the caller looks again */
	if (unlikely(hosted_explores))
		explore_change();
	return in_time;
}

static bool sleeps_on(uint32_t task, const void *object)
{
	return sleeper[task].object == object && sleeper[task].epoch == hosted_epoch;
}

void hosted_wake_task(uint32_t task)
{
	sleeper[task].object = NULL;
	sim_touch_wake(task, true);
	sim_wake(task);
}

int hosted_last_sleeper(const void *object)
{
	int last = -1;

	for (uint32_t i = 0; i < hosted_record->tasks; i++)
		if (sleeps_on(i, object) && (last < 0 || sleeper[i].turn > sleeper[last].turn))
			last = (int)i;
	return last;
}

int hosted_first_sleeper(const void *object)
{
	int first = -1;

	for (uint32_t i = 0; i < hosted_record->tasks; i++)
		if (sleeps_on(i, object) && (first < 0 || sleeper[i].turn < sleeper[first].turn))
			first = (int)i;
	return first;
}

uint32_t hosted_wake_one(const void *object)
{
	int first = hosted_first_sleeper(object);

	sim_touch(object, SIM_WRITE);
	if (first < 0)
		return 0;
	hosted_wake_task((uint32_t)first);
	return 1;
}

uint32_t hosted_wake_all(const void *object)
{
	uint32_t woken = 0;

	sim_touch(object, SIM_WRITE);
	for (uint32_t i = 0; i < hosted_record->tasks; i++)
		if (sleeps_on(i, object)) {
			hosted_wake_task(i);
			woken++;
		}
	return woken;
}

/* ---- faults ---------------------------------------------------------------------- */

bool hosted_spurious(struct kt_site *site)
{
	(void)site;
	if (hosted_is_alone() || !sim_choose(SIM_CHOOSE_SPURIOUS, 2))
		return false;
	sim_note_spurious();
	return true;
}

bool hosted_thread_fails(struct kt_site *site)
{
	return !hosted_call_must_succeed() && sim_alloc_fails(KT_ROLE_THREAD, site);
}

/* ---- failures -------------------------------------------------------------------- */

void hosted_fail(enum kt_failure kind, uintptr_t pc, const char *fmt, ...)
{
	static char what[SIM_MESSAGE_MAX], place[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	if (pc)
		kt_fail(kind, "%s, at %s", what,
			hosted_place(hosted_program_pc(pc), place, sizeof place));
	kt_fail(kind, "%s", what);
}

void hosted_refuse(const char *what, uintptr_t pc)
{
	hosted_fail(KT_UNSUPPORTED, pc, "the program calls %s, which kthrash does not support",
		    what);
}

/* The task on whose stack addr is, or -1. */
static int stack_of(const void *addr)
{
	char *low, *high;

	for (uint32_t i = 0; i < hosted_record->tasks; i++)
		if (sim_task_stack(i, &low, &high) && (const char *)addr >= low &&
		    (const char *)addr < high)
			return (int)i;
	return -1;
}

const char *hosted_object_name(const void *object)
{
	static char names[4][320];
	static uint32_t next;
	char *name = names[next++ % 4];
	int task;

	if (!object)
		return "NULL";
	if (hosted_heap_describe(object, name, sizeof names[0]) ||
	    hosted_symbol_data((uintptr_t)object, name, sizeof names[0]))
		return name;
	task = stack_of(object);
	if (task < 0)
		return "memory of no known object";
	snprintf(name, sizeof names[0], "an object on the stack of %s",
		 hosted_record->task[task].name);
	return name;
}
