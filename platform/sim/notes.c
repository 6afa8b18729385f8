/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The events in the record: what happened that the trace does not show. Spawns and wake-ups
 * are noted only if the driver wants them.
 */
#include "platform/sim/internal.h"

static bool notes_wakes;

void sim_note_wakes(bool on)
{
	notes_wakes = on;
}

void sim_add_event(enum sim_event_kind kind, uint32_t task, enum kt_role role, uint32_t nth)
{
	struct sim_record *r = sim.record;

	if (r->events == SIM_EVENTS_MAX) {
		r->events_lost = true;
		return;
	}
	r->event[r->events++] = (struct sim_event){
		.step = r->steps ? r->steps - 1 : 0,
		.kind = (uint8_t)kind, .task = (uint8_t)task, .role = (uint8_t)role,
		.nth = nth,
	};
}

void sim_note_alloc_fail(enum kt_role role, uint32_t nth)
{
	sim_add_event(SIM_EVENT_ALLOC_FAIL, sim.current, role, nth);
	if (sim_accesses_on)
		sim_accesses_choice(SIM_CHOOSE_ALLOC_FAIL, true);
}

void sim_note_stale(struct kt_site *site, uint32_t older)
{
	struct sim_record *r = sim.record;
	uint32_t at = r->steps;

	while (at > 0 && r->trace[--at].task != sim.current)
		;
	r->hash = (r->hash ^ site->hash ^ (uint64_t)older << 32) * 0x9e3779b97f4a7c15ull;
	sim_add_event(SIM_EVENT_STALE, sim.current, KT_ROLE_COUNT, at);
	if (r->events_lost)
		return;
	r->event[r->events - 1].site = site;
	r->event[r->events - 1].older = (uint8_t)older;
}

/* ---- spawns and wake-ups -------------------------------------------------- */

static void note(enum sim_event_kind kind, uint32_t task, uint32_t by, bool ahead)
{
	struct sim_record *r = sim.record;
	uint32_t step = r->steps, at = step;

	if (r->events >= SIM_EVENTS_MAX / 2)
		return;		/* leave room for other events */
	if (by == SIM_TASKS_MAX)
		at = step -= step > 0;
	while (!ahead && at > 0 && r->trace[--at].task != by)
		;
	r->event[r->events++] = (struct sim_event){
		.step = step,
		.kind = (uint8_t)kind,
		.task = (uint8_t)task,
		.by = (uint16_t)by,
		.nth = at,
	};
}

static void spawns(uint32_t task)
{
	note(SIM_EVENT_SPAWN, task, sim.current, true);
}

static void wakes(uint32_t task, uint32_t by, bool ahead)
{
	note(SIM_EVENT_WAKE, task, by, ahead);
}

void sim_notes_begin(void)
{
	static const struct sim_observer observer = { .spawns = spawns, .wakes = wakes };

	if (notes_wakes)
		sim_observe(&observer);
}
