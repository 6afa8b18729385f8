/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>

#include "stress/explain/formats.h"
#include "stress/explain/happening.h"
#include "stress/explain/story.h"
#include "stress/explain/telling.h"
#include "stress/hunt/build.h"
#include "stress/hunt/json.h"
#include "stress/hunt/why.h"

static const char *const why_names[] = { "mark", "point", "yield", "blocked", "exit" };
static const char *const event_names[] = { "kill", "spurious", "alloc_fail", "visible", "stale",
					   "spawn", "wake" };

/* `does`: what the operation saw and changed; null: it has not happened. */
static void put_step(struct json *j, const struct told *told, uint32_t i)
{
	const struct sim_record *r = told->r;
	const struct sim_step *t = &r->trace[i];
	uint32_t slot = slot_of(told, i);
	char name[KT_SITE_NAME_MAX], does[HAPPENING_WORDS_MAX];

	json_open_object(j, NULL);
	json_unsigned(j, "step", i);
	json_unsigned(j, "task", t->task);
	json_string(j, "point", kt_site_name(t->site, name, sizeof name));
	json_string(j, "file", kt_site_file(t->site));
	json_unsigned(j, "line", kt_site_line(t->site));
	json_string(j, "why", why_names[t->why]);
	json_unsigned(j, "next", t->next);
	json_bool(j, "tells", step_is_telling(r, i));
	if (slot == SIM_NO_STEP) {
		json_null(j, "does");
	} else {
		slot_words(told, slot, does, sizeof does);
		json_string(j, "does", does);
		json_unsigned(j, "done", slot);
		changes_words(told, slot, 8, does, sizeof does);
		if (does[0])
			json_string(j, "changes", does);
	}
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
			       e->kind == SIM_EVENT_VISIBLE || e->kind == SIM_EVENT_STALE ?
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

/* ---- the story --------------------------------------------------------------- */

static const char *const row_names[] = { "does", "preempted", "sleeps", "event" };

static void put_row(struct json *j, const struct told *t, const struct row *row)
{
	char op[256] = "";

	if (row->op >= 0)
		op_words(t, row->op, op, sizeof op);
	json_line(j);
	json_open_object(j, NULL);
	json_unsigned(j, "step", row->at);
	json_unsigned(j, "task", row->task);
	json_string(j, "kind", row_names[row->kind]);
	json_string(j, "op", op);
	json_string(j, "text", row->words);
	json_string(j, "file", row->site ? kt_site_file(row->site) : "");
	json_unsigned(j, "line", row->site ? kt_site_line(row->site) : 0);
	json_bool(j, "cause", row->in_cause);
	json_bool(j, "fails", row->fails);
	json_close_object(j);
}

static void put_lines(struct json *j, const char *key, const struct plan *p, bool directives)
{
	char text[8192];

	json_open_array(j, key);
	for (unsigned i = 0; !directives && i < plan_all_tasks(p); i++)
		json_string(j, NULL, plan_task_words(p, i, text, sizeof text));
	if (!directives && plan_is_program(p))
		json_string(j, NULL, plan_program_words(p, text, sizeof text));
	for (unsigned i = 0; directives && i < p->directives_count; i++) {
		plan_print_directive(p, &p->directives[i], text, sizeof text);
		json_string(j, NULL, text);
	}
	json_close_array(j);
}

static void put_results(struct json *j, const struct told *t)
{
	char text[4096];

	json_open_array(j, "calls");
	for (unsigned i = 0; i < plan_all_tasks(t->p); i++) {
		results_words(t, i, text, sizeof text);
		if (text[0])
			json_string(j, NULL, text);
	}
	json_close_array(j);
}

static void put_story(struct json *j, const struct told *t, const struct verdict *v,
		      const struct cause *c)
{
	static struct story story;

	story_tell(t, v, c, &story);
	json_line(j);
	json_open_object(j, "story");
	put_lines(j, "program", t->p, false);
	put_lines(j, "directives", t->p, true);
	put_results(j, t);
	json_unsigned(j, "folded", story.folded);
	json_string(j, "before", story.before);
	json_open_array(j, "rows");
	for (uint32_t i = 0; i < story.rows; i++)
		put_row(j, t, &story.row[i]);
	json_close_array(j);
	json_string(j, "chain", v->failure == KT_DEADLOCK ? story.chain.words : "");
	json_string(j, "idle", v->failure == KT_DEADLOCK ? story.chain.idlers : "");
	json_string(j, "state", story.states);
	json_string(j, "block", story.memory);
	json_string(j, "cause", c ? c->sentence : "");
	json_close_object(j);
	json_line(j);
}

static void put_record(struct json *j, const struct told *t, const struct verdict *v,
		       const struct cause *c)
{
	const struct sim_record *r = t->r;

	put_story(j, t, v, c);
	json_open_array(j, "tasks");
	for (uint32_t i = 0; i < r->tasks; i++)
		json_string(j, NULL, r->task[i].name);
	json_close_array(j);
	json_unsigned(j, "shown", steps_to_show(r, v));
	json_open_array(j, "steps");
	for (uint32_t i = 0; i < r->steps; i++) {
		json_line(j);
		put_step(j, t, i);
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

void print_as_json(const char *file, const struct told *t, const struct verdict *v,
		   const struct cause *c)
{
	const struct sim_record *r = t->r;
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
		put_record(&j, t, v, c);
	else
		put_nothing(&j);
	if (c)
		why_put(&j, "cause", c, v);
	else
		json_null(&j, "cause");
	json_string(&j, "id", id);
	json_end(&j);
}
