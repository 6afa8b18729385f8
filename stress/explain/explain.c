/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `explain`: the interleaving of one plan. As text, a column per task, with the
 * steps that carry meaning: named points, exchanges, wake-ups, sleeps, and
 * every step at which another task went on. As JSON, everything.
 *
 * Only the simulator has an interleaving to show; on real threads the report of
 * the sanitizer is what there is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress/explain/explain.h"
#include "stress/hunt/finding.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/isolate.h"

#if defined(KT_OS_SIM)
#include "platform/sim/sim.h"

enum { COLUMNS_MAX = 5, COLUMN_WIDTH = 34, PLACES_MAX = 4096, ROUND = 30 };

static const char *const why_names[] = { "mark", "point", "yield", "blocked", "exit" };
static const char *const event_names[] = { "kill", "spurious", "alloc_fail", "visible",
					   "spawn", "wake" };

/* ---- what is worth showing ---------------------------------------------- */

/* Of a store that became visible before any other task ran nothing is said. */
static bool is_shown(const struct sim_record *r, const struct sim_event *e)
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
		if (r->event[i].step == step && is_shown(r, &r->event[i]))
			return true;
	return false;
}

static bool is_telling(const struct sim_record *r, uint32_t i)
{
	static const char *const ops[] = { "point", "xchg", "unpark", "ref", "unref" };
	const struct sim_step *t = &r->trace[i];

	if (t->next != t->task || t->why > SIM_POINT || has_event(r, i) || i + 1 == r->steps)
		return true;
	for (size_t k = 0; k < sizeof ops / sizeof ops[0]; k++)
		if (strcmp(t->site->op, ops[k]) == 0)
			return true;
	return false;
}

/* The last step at which a task came to a place for the first time. */
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

/* Of a livelock once round is enough. */
static uint32_t steps_to_show(const struct sim_record *r, const struct verdict *v)
{
	uint32_t shown = v->failure == KT_LIVELOCK ? last_new_step(r) + ROUND : r->steps;

	return shown < r->steps ? shown : r->steps;
}

/* ---- JSON --------------------------------------------------------------- */

static void print_steps(const struct sim_record *r)
{
	char name[KT_SITE_NAME_MAX], escaped[KT_SITE_NAME_MAX * 6];

	for (uint32_t i = 0; i < r->steps; i++) {
		const struct sim_step *t = &r->trace[i];

		printf("%s{\"step\":%u,\"task\":%u,\"point\":\"%s\",\"file\":\"%s\",\"line\":%u,"
		       "\"why\":\"%s\",\"next\":%u,\"tells\":%s}", i ? ",\n" : "", i, t->task,
		       json_escape(escaped, sizeof escaped,
				   kt_site_name(t->site, name, sizeof name)),
		       kt_site_file(t->site), t->site->line, why_names[t->why], t->next,
		       is_telling(r, i) ? "true" : "false");
	}
}

static void print_events(const struct sim_record *r)
{
	bool comma = false;

	for (uint32_t i = 0; i < r->events; i++) {
		const struct sim_event *e = &r->event[i];
		char name[KT_SITE_NAME_MAX], escaped[KT_SITE_NAME_MAX * 6] = "";

		if (e->kind == SIM_EVENT_ALLOC_FAIL)
			snprintf(escaped, sizeof escaped, "%s",
				 kt_role_name((enum kt_role)e->role));
		if (!is_shown(r, e))
			continue;
		if (e->kind == SIM_EVENT_VISIBLE)
			json_escape(escaped, sizeof escaped,
				    kt_site_name(e->site, name, sizeof name));
		printf("%s{\"step\":%u,\"kind\":\"%s\",\"task\":%u,\"role\":\"%s\",\"nth\":%u}",
		       comma ? "," : "", e->step, event_names[e->kind], e->task, escaped, e->nth);
		comma = true;
	}
}

static uint32_t reached(const struct sim_record *r, uint32_t step)
{
	return r->steps == 0 ? 0 : step < r->steps ? step : r->steps - 1;
}

/* Who set it going, and where, if a task did; else what. */
static void print_wakes(const struct sim_record *r)
{
	bool comma = false, kill = false;

	for (uint32_t i = 0; i < r->events; i++) {
		const struct sim_event *e = &r->event[i];

		kill = e->kind == SIM_EVENT_KILL || (kill && e->step == r->event[i - 1].step);
		if (e->kind < SIM_EVENT_SPAWN)
			continue;
		printf("%s{\"step\":%u,\"kind\":\"%s\",\"task\":%u,", comma ? ",\n" : "",
		       reached(r, e->step), event_names[e->kind], e->task);
		if (e->by < SIM_TASKS_MAX)
			printf("\"by\":%u,\"at\":%u}", e->by, reached(r, e->nth));
		else
			printf("\"by\":null,\"cause\":\"%s\"}", kill ? "kill" : "time");
		comma = true;
	}
}

static void explain_json(const char *file, const struct verdict *v)
{
	const struct sim_record *r = sim_record();
	static char text[VERDICT_MESSAGE_MAX * 6], escaped[8192];

	printf("{\"plan\":\"%s\",\"failure\":\"%s\",\"message\":\"%s\",",
	       json_escape(escaped, sizeof escaped, file), kt_failure_name(v->failure),
	       json_escape(text, sizeof text, v->message));
	printf("\"hash\":\"%016llx\",\"tasks\":[", (unsigned long long)v->hash);
	for (uint32_t i = 0; i < r->tasks; i++)
		printf("%s\"%s\"", i ? "," : "",
		       json_escape(text, sizeof text, r->task[i].name));
	printf("],\"shown\":%u,\"steps\":[\n", steps_to_show(r, v));
	print_steps(r);
	printf("],\n\"events\":[");
	print_events(r);
	printf("],\n\"wakes\":[");
	print_wakes(r);
	printf("]}\n");
}

/* ---- text --------------------------------------------------------------- */

static void step_text(const struct sim_step *t, char *buf, size_t size)
{
	char name[KT_SITE_NAME_MAX];

	kt_site_name(t->site, name, sizeof name);
	snprintf(buf, size, "%s%s", t->why == SIM_BLOCKED ? "sleeps " : "", name);
}

/* A column per task if they fit side by side, else its name before each step. */
static void print_step(const struct sim_record *r, uint32_t i, bool columns)
{
	const struct sim_step *t = &r->trace[i];
	char what[KT_SITE_NAME_MAX + 16], place[160];

	step_text(t, what, sizeof what);
	snprintf(place, sizeof place, "%s:%u", kt_site_file(t->site), t->site->line);
	if (t->site->line == 0)
		place[0] = '\0';
	if (columns)
		printf("%5u %*s%-*.*s%*s %s\n", i, t->task * COLUMN_WIDTH, "", COLUMN_WIDTH,
		       COLUMN_WIDTH - 1, what, (int)(r->tasks - 1 - t->task) * COLUMN_WIDTH, "",
		       place);
	else
		printf("%5u %-20s %-50s %s\n", i, r->task[t->task].name, what, place);
	for (uint32_t k = 0; k < r->events; k++) {
		const struct sim_event *e = &r->event[k];

		char name[KT_SITE_NAME_MAX];

		if (e->step != i || !is_shown(r, e))
			continue;
		if (e->kind == SIM_EVENT_KILL)
			printf("      *** %s is killed\n", r->task[e->task].name);
		else if (e->kind == SIM_EVENT_SPURIOUS)
			printf("      *** %s wakes up spuriously\n", r->task[e->task].name);
		else if (e->kind == SIM_EVENT_VISIBLE)
			printf("      *** store visible: %s of %s, done at step %u\n",
			       kt_site_name(e->site, name, sizeof name), r->task[e->task].name,
			       e->nth);
		else
			printf("      *** allocation of %s #%u by %s fails\n",
			       kt_role_name((enum kt_role)e->role), e->nth,
			       r->task[e->task].name);
	}
}

static void print_text(const struct verdict *v)
{
	const struct sim_record *r = sim_record();
	bool columns = r->tasks <= COLUMNS_MAX;
	uint32_t shown = steps_to_show(r, v);

	if (columns) {
		printf(" step ");
		for (uint32_t i = 0; i < r->tasks; i++)
			printf("%-*.*s", COLUMN_WIDTH, COLUMN_WIDTH - 1, r->task[i].name);
		printf(" source\n");
	}
	for (uint32_t i = 0; i < shown; i++)
		if (is_telling(r, i))
			print_step(r, i, columns);
	if (shown < r->steps)
		printf("      ... and so on, %u steps at places that are all above\n",
		       r->steps - shown);
	printf("\n%s%s%s\ntrace %016llx, %u steps\n", kt_failure_name(v->failure),
	       v->message[0] ? ": " : "", v->message, (unsigned long long)v->hash, v->steps);
}

bool explain_text(const struct plan *p)
{
	struct verdict v;

	if (!run_as_written(p, &v))
		return false;
	print_text(&v);
	return true;
}

#else
static void explain_json(const char *file, const struct verdict *v)
{
	static char text[VERDICT_MESSAGE_MAX * 6], escaped[8192];

	printf("{\"plan\":\"%s\",\"failure\":\"%s\",\"message\":\"%s\",\"hash\":\"\","
	       "\"tasks\":[],\"shown\":0,\"steps\":[],\"events\":[],\"wakes\":[]}\n",
	       json_escape(escaped, sizeof escaped, file), kt_failure_name(v->failure),
	       json_escape(text, sizeof text, v->message));
}

bool explain_text(const struct plan *p)
{
	struct verdict v;

	if (!run_as_written(p, &v))
		return false;
	printf("%s%s%s\n%s", kt_failure_name(v.failure), v.message[0] ? ": " : "", v.message,
	       isolate_report());
	return true;
}
#endif

int command_explain(const struct options *o)
{
	static struct plan p;
	struct verdict v;

	if (o->files_count != 1) {
		fprintf(stderr, "kthrash: usage: kthrash explain FILE [--format=text|json]\n");
		return EXIT_USAGE;
	}
	if (plan_read(o->files[0], &p) != 0)
		return EXIT_USAGE;
	if (strcmp(o->format, "text") == 0)
		return explain_text(&p) ? EXIT_CLEAN : EXIT_ENVIRONMENT;
#if defined(KT_OS_SIM)
	sim_note_wakes(true);
#endif
	if (!run_as_written(&p, &v)) {
		fprintf(stderr, "kthrash: %s\n", v.message);
		return EXIT_ENVIRONMENT;
	}
	explain_json(o->files[0], &v);
	return EXIT_CLEAN;
}
