/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>

#include "stress/explain/formats.h"
#include "stress/explain/telling.h"
#include "stress/hunt/build.h"
#include "stress/hunt/json.h"
#include "stress/hunt/why.h"

static const char *const why_names[] = { "mark", "point", "yield", "blocked", "exit" };
static const char *const event_names[] = { "kill", "spurious", "alloc_fail", "visible",
					   "spawn", "wake" };

static void put_step(struct json *j, const struct sim_record *r, uint32_t i)
{
	const struct sim_step *t = &r->trace[i];
	char name[KT_SITE_NAME_MAX];

	json_open_object(j, NULL);
	json_unsigned(j, "step", i);
	json_unsigned(j, "task", t->task);
	json_string(j, "point", kt_site_name(t->site, name, sizeof name));
	json_string(j, "file", kt_site_file(t->site));
	json_unsigned(j, "line", kt_site_line(t->site));
	json_string(j, "why", why_names[t->why]);
	json_unsigned(j, "next", t->next);
	json_bool(j, "tells", step_is_telling(r, i));
	json_close_object(j);
}

static void put_event(struct json *j, const struct sim_event *e)
{
	char name[KT_SITE_NAME_MAX];

	json_open_object(j, NULL);
	json_unsigned(j, "step", e->step);
	json_string(j, "kind", event_names[e->kind]);
	json_unsigned(j, "task", e->task);
	json_string(j, "role", e->kind == SIM_EVENT_ALLOC_FAIL ?
			       kt_role_name((enum kt_role)e->role) :
			       e->kind == SIM_EVENT_VISIBLE ?
			       kt_site_name(e->site, name, sizeof name) : "");
	json_unsigned(j, "nth", e->nth);
	json_close_object(j);
}

static uint32_t reached(const struct sim_record *r, uint32_t step)
{
	return r->steps == 0 ? 0 : step < r->steps ? step : r->steps - 1;
}

/* Write which task did a spawn or a wake-up, and its step. If no task did it, write the cause. */
static void put_wake(struct json *j, const struct sim_record *r, const struct sim_event *e,
		     bool by_kill)
{
	json_open_object(j, NULL);
	json_unsigned(j, "step", reached(r, e->step));
	json_string(j, "kind", event_names[e->kind]);
	json_unsigned(j, "task", e->task);
	if (e->by < SIM_TASKS_MAX) {
		json_unsigned(j, "by", e->by);
		json_unsigned(j, "at", reached(r, e->nth));
	} else {
		json_null(j, "by");
		json_string(j, "cause", by_kill ? "kill" : "time");
	}
	json_close_object(j);
}

static void put_wakes(struct json *j, const struct sim_record *r)
{
	bool kill = false, first = true;

	for (uint32_t i = 0; i < r->events; i++) {
		const struct sim_event *e = &r->event[i];

		kill = e->kind == SIM_EVENT_KILL || (kill && e->step == r->event[i - 1].step);
		if (e->kind < SIM_EVENT_SPAWN)
			continue;
		if (!first)
			json_line(j);
		first = false;
		put_wake(j, r, e, kill);
	}
}

static void put_record(struct json *j, const struct sim_record *r, const struct verdict *v)
{
	json_open_array(j, "tasks");
	for (uint32_t i = 0; i < r->tasks; i++)
		json_string(j, NULL, r->task[i].name);
	json_close_array(j);
	json_unsigned(j, "shown", steps_to_show(r, v));
	json_open_array(j, "steps");
	for (uint32_t i = 0; i < r->steps; i++) {
		json_line(j);
		put_step(j, r, i);
	}
	json_close_array(j);
	json_line(j);
	json_open_array(j, "events");
	for (uint32_t i = 0; i < r->events; i++)
		if (event_is_telling(r, &r->event[i]))
			put_event(j, &r->event[i]);
	json_close_array(j);
	json_line(j);
	json_open_array(j, "wakes");
	put_wakes(j, r);
	json_close_array(j);
}

static void put_nothing(struct json *j)
{
	static const char *const lists[] = { "steps", "events", "wakes" };

	json_open_array(j, "tasks");
	json_close_array(j);
	json_unsigned(j, "shown", 0);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		json_open_array(j, lists[i]);
		json_close_array(j);
	}
}

void print_as_json(const char *file, const struct sim_record *r, const struct verdict *v,
		   const struct cause *c)
{
	char id[SIGNATURE_ID_MAX] = "";
	struct json j;

	if (v->failure != KT_PASS)
		signature_id(id, v->failure, v->signature);
	json_begin(&j, stdout);
	json_string(&j, "plan", file);
	build_put(&j);
	json_string(&j, "failure", kt_failure_name(v->failure));
	json_string(&j, "message", v->message);
	if (r)
		json_hash(&j, "hash", v->hash);
	else
		json_string(&j, "hash", "");
	if (r)
		put_record(&j, r, v);
	else
		put_nothing(&j);
	if (c)
		why_put(&j, "cause", c, v);
	else
		json_null(&j, "cause");
	json_string(&j, "id", id);
	json_end(&j);
}
