/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/explain/telling.h"

#include <string.h>

enum {
	PLACES_MAX = 4096,
	ROUND_STEPS = 30,	/* this many steps of a livelock are shown after the last step at
				 * a new place */
};

/* A store that became visible before any other task ran made no difference, so it is not shown. */
bool event_is_telling(const struct sim_record *r, const struct sim_event *e)
{
	uint32_t i = e->nth;

	if (e->kind != SIM_EVENT_VISIBLE)
		return e->kind < SIM_EVENT_SPAWN;
	while (i <= e->step && r->trace[i].task == e->task)
		i++;
	return i <= e->step;
}

static bool has_event(const struct sim_record *r, uint32_t step)
{
	for (uint32_t i = 0; i < r->events; i++)
		if (r->event[i].step == step && event_is_telling(r, &r->event[i]))
			return true;
	return false;
}

bool step_is_telling(const struct sim_record *r, uint32_t step)
{
	static const char *const ops[] = { "point", "xchg", "unpark", "ref", "unref" };
	const struct sim_step *t = &r->trace[step];

	if (t->next != t->task || t->why > SIM_POINT || has_event(r, step) ||
	    step + 1 == r->steps)
		return true;
	for (size_t k = 0; k < sizeof ops / sizeof ops[0]; k++)
		if (strcmp(t->site->op, ops[k]) == 0)
			return true;
	return false;
}

/* The last step at which a task was at a place for the first time. */
static uint32_t last_new_step(const struct sim_record *r)
{
	static struct { uint32_t task, hash; } met[PLACES_MAX];
	uint32_t count = 0, last = 0;

	for (uint32_t i = 0; i < r->steps; i++) {
		uint32_t hash = kt_site_hash(r->trace[i].site), k = 0;

		while (k < count && (met[k].task != r->trace[i].task || met[k].hash != hash))
			k++;
		if (k < count)
			continue;
		last = i;
		if (count == PLACES_MAX)
			return r->steps;
		met[count].task = r->trace[i].task;
		met[count++].hash = hash;
	}
	return last;
}

uint32_t steps_to_show(const struct sim_record *r, const struct verdict *v)
{
	uint32_t shown = v->failure == KT_LIVELOCK ? last_new_step(r) + ROUND_STEPS : r->steps;

	return shown < r->steps ? shown : r->steps;
}
