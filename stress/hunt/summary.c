/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/summary.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "platform/check.h"
#include "stress/hunt/budget.h"
#include "stress/hunt/build.h"
#include "stress/hunt/cases.h"
#include "stress/hunt/coverage.h"
#include "stress/hunt/engine.h"
#include "stress/hunt/files.h"
#include "stress/hunt/finding.h"
#include "stress/hunt/json.h"
#include "stress/hunt/output.h"
#include "stress/run/subject.h"

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
	build_put(&j);
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
	char executions[32], seconds[32];

	if (o->json) {
		print_options_json(o);
		return;
	}
	build_show(o->command);
	snprintf(executions, sizeof executions, "%llu", (unsigned long long)o->executions);
	snprintf(seconds, sizeof seconds, "%g", o->seconds);
	printf("  strategy %s  memory %s  ", o->strategy_text, memory_words(o));
	if (o->program_faults)
		printf("seed %llu  faults %s  races %s\n", (unsigned long long)o->seed,
		       o->program_faults, o->program.races ? "looked for" : "not looked for");
	else
		printf("plan %s  seed %llu  faults %s%s\n",
		       o->plan ? o->plan : o->illegal ? "generated, illegal" : "generated",
		       (unsigned long long)o->seed, o->faults ? "on" : "off",
		       o->twice ? "  each twice" : "");
	printf("  executions %s from %llu  seconds %s  jobs %llu  findings %s\n",
	       o->executions ? executions : "without limit", (unsigned long long)o->first,
	       o->seconds > 0 ? seconds : "without limit", (unsigned long long)o->jobs,
	       o->findings);
}

/* ---- progress ----------------------------------------------------------------- */

/* How a hunt ended. */
struct ending {
	const char *verdict;
	bool complete;		/* it ran all that the options ask for */
};

/* The finding that the hunt reports first, from its plan. All is null if there is none. */
static void put_first_found(struct json *j, const struct options *o)
{
	static const char *const keys[] = {
		"found_after", "kind", "message", "signature", "plan",
	};
	static struct plan p;
	struct found found;
	char path[4096], smaller[4096];

	if (!engine_first_found(&found)) {
		for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
			json_null(j, keys[i]);
		return;
	}
	finding_path(path, sizeof path, o->findings, found.id);
	finding_shrunk_path(smaller, sizeof smaller, path);
	if (access(smaller, F_OK) == 0)
		memcpy(path, smaller, sizeof path);
	json_unsigned(j, "found_after", found.number - o->first + 1);
	if (plan_read(path, &p) != 0)
		plan_init(&p);
	json_string(j, "kind", kt_failure_name(p.expect));
	json_string(j, "message", p.note);
	json_string(j, "signature", plan_string(&p, p.signature));
	json_string(j, "plan", path);
}

/* `e` is NULL while the hunt goes on. */
static void print_totals_json(const char *type, const struct options *o, const struct totals *t,
			      const struct ending *e)
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
	if (e) {
		json_string(&j, "verdict", e->verdict);
		json_bool(&j, "complete", e->complete);
		json_unsigned(&j, "executions_asked", o->executions);
		json_unsigned(&j, "plans", t->plans);
		json_unsigned(&j, "plans_given", cases_count());
	}
	if (e && o->program_faults) {
		json_double(&j, "executions_per_second",
			    (double)t->executions / budget_elapsed(), 0);
		put_first_found(&j, o);
	}
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
		print_totals_json("progress", o, &t, NULL);
		output_unlock();
		return;
	}
	snprintf(more, sizeof more, "  %llu schedule%s  %llu finding%s",
		 (unsigned long long)t.schedules, kt_plural(t.schedules),
		 (unsigned long long)t.findings, kt_plural(t.findings));
	progress_line(t.executions, more);
}

/* ---- result ------------------------------------------------------------------- */

static struct ending ending_of(const struct options *o, const struct totals *t, int status)
{
	bool all = engine_has_tried_all();
	bool complete = all || (!o->executions && !o->exhaustive && budget_ran_out());

	if (t->findings || status == EXIT_FINDINGS)
		return (struct ending){ "findings", complete };
	if (t->executions == 0)
		return (struct ending){ "nothing run", false };
	if (budget_was_interrupted() && !all)
		return (struct ending){ "interrupted", false };
	if (status != EXIT_CLEAN)
		return (struct ending){ "failed", false };
	return (struct ending){ "clean", complete };
}

/* "40 of 100 executions of 3 of 5 plans in 0.1 s": how much was run, of how much. */
static void print_extent(const struct options *o, const struct totals *t, double s)
{
	printf("%llu ", (unsigned long long)t->executions);
	if (o->executions)
		printf("of %llu ", (unsigned long long)o->executions);
	printf("execution%s of %llu ", kt_plural(o->executions ? o->executions : t->executions),
	       (unsigned long long)t->plans);
	if (cases_count())
		printf("of %u ", cases_count());
	printf("plan%s in %.1f ", kt_plural(cases_count() ? cases_count() : t->plans), s);
	if (o->seconds > 0)
		printf("of %g ", o->seconds);
	putchar('s');
}

static void print_summary(const struct options *o, const struct totals *t, const struct ending *e)
{
	double s = budget_elapsed();

	bool interrupted = strcmp(e->verdict, "interrupted") == 0;

	printf("%s%s", strcmp(e->verdict, "findings") == 0 ? "done" : e->verdict,
	       interrupted ? " after " : ": ");
	print_extent(o, t, s);
	if (t->executions)
		printf(", %.0f/s, %llu schedule%s", (double)t->executions / s,
		       (unsigned long long)t->schedules, kt_plural(t->schedules));
	if (interrupted)
		printf(", nothing found so far");
	else
		printf(", %llu finding%s%s", (unsigned long long)t->findings,
		       kt_plural(t->findings),
		       !e->complete && budget_was_interrupted() ? ", interrupted" : "");
	if (t->unsaved)
		printf(", %llu not saved in %s: %s", (unsigned long long)t->unsaved, o->findings,
		       strerror(t->unsaved_error));
	putchar('\n');
	if (subject->note && subject->note())
		printf("%s\n", subject->note());
	if (strcmp(e->verdict, "clean") == 0)
		printf("not looked for: %s\n",
		       subject->blind_to ? subject->blind_to() : build_blind_to());
}

void show_summary(const struct options *o, int status)
{
	struct totals t = engine_totals();
	struct ending e;

	if (cases_count() && t.plans > cases_count())
		t.plans = cases_count();	/* the files took turns */
	e = ending_of(o, &t, status);
	if (o->progress && !o->json)
		progress_end();
	t.schedules = tally_distinct_schedules();
	if (o->json)
		print_totals_json("summary", o, &t, &e);
	else
		print_summary(o, &t, &e);
}
