/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/summary.h"

#include <stdio.h>
#include <string.h>

#include "stress/hunt/budget.h"
#include "stress/hunt/build.h"
#include "stress/hunt/coverage.h"
#include "stress/hunt/engine.h"
#include "stress/hunt/json.h"
#include "stress/hunt/output.h"

/* ---- options ------------------------------------------------------------------ */

static const char *memory_words(const struct options *o)
{
	return o->has_memory ? plan_memory_name(o->memory) : o->plan ? "the plan's" : "sc";
}

static void print_options_json(const struct options *o)
{
	struct json j;

	json_begin(&j, stdout);
	json_string(&j, "type", "options");
	json_string(&j, "build", build_name());
	json_string(&j, "strategy", o->strategy_text);
	json_string(&j, "memory", memory_words(o));
	json_string(&j, "plan", o->plan ? o->plan : "");
	json_unsigned(&j, "executions", o->executions);
	json_double(&j, "seconds", o->seconds, JSON_SHORTEST);
	json_unsigned(&j, "seed", o->seed);
	json_bool(&j, "faults", o->faults);
	json_bool(&j, "twice", o->twice);
	json_unsigned(&j, "jobs", o->jobs);
	json_unsigned(&j, "first", o->first);
	json_end(&j);
}

void show_options(const struct options *o)
{
	if (o->json) {
		print_options_json(o);
		return;
	}
	printf("kthrash stress: %s\n", build_name());
	printf("  strategy %s  memory %s  plan %s  seed %llu  faults %s%s\n", o->strategy_text,
	       memory_words(o),
	       o->plan ? o->plan : o->illegal ? "generated, illegal" : "generated",
	       (unsigned long long)o->seed, o->faults ? "on" : "off",
	       o->twice ? "  each twice" : "");
	printf("  executions %llu from %llu  seconds %g  jobs %llu  findings %s\n",
	       (unsigned long long)o->executions, (unsigned long long)o->first, o->seconds,
	       (unsigned long long)o->jobs, o->findings);
}

/* ---- progress ----------------------------------------------------------------- */

static void print_totals_json(const char *type, const struct totals *t)
{
	struct json j;

	json_begin(&j, stdout);
	json_string(&j, "type", type);
	json_unsigned(&j, "executions", t->executions);
	json_unsigned(&j, "points", t->points);
	json_double(&j, "seconds", budget_elapsed(), 3);
	json_unsigned(&j, "schedules", t->schedules);
	json_unsigned(&j, "pairs", coverage_pairs());
	json_unsigned(&j, "findings", t->findings);
	json_unsigned(&j, "unsaved", t->unsaved);
	json_hash(&j, "digest", t->digest);
	json_end(&j);
}

void show_progress(const struct options *o)
{
	struct totals t;
	char more[128];

	if (!o->progress || !is_time_for_progress(o->json))
		return;
	t = engine_totals();
	if (o->json) {
		output_lock();		/* a job may print a finding */
		print_totals_json("progress", &t);
		output_unlock();
		return;
	}
	snprintf(more, sizeof more, "  %llu schedules  %llu findings",
		 (unsigned long long)t.schedules, (unsigned long long)t.findings);
	progress_line(t.executions, more);
}

/* ---- result ------------------------------------------------------------------- */

void show_summary(const struct options *o, int status)
{
	struct totals t = engine_totals();
	double s = budget_elapsed();
	bool clean = status == EXIT_CLEAN;

	if (o->progress && !o->json)
		progress_end();
	t.schedules = tally_distinct_schedules();
	if (o->json) {
		print_totals_json("summary", &t);
		return;
	}
	printf("%s: %llu executions in %.1f s, %.0f/s, %llu schedules, %llu findings",
	       clean ? "clean" : "done", (unsigned long long)t.executions, s,
	       (double)t.executions / s, (unsigned long long)t.schedules,
	       (unsigned long long)t.findings);
	if (t.unsaved)
		printf(", %llu not saved in %s: %s", (unsigned long long)t.unsaved, o->findings,
		       strerror(t.unsaved_error));
	putchar('\n');
	if (clean)
		printf("not looked for: %s\n", build_blind_to());
}
