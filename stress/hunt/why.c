/* SPDX-License-Identifier: GPL-2.0-only */
/* `cause`: which orders and faults does a finding need? */
#include "stress/hunt/why.h"

#include <stdio.h>
#include <string.h>

#include "stress/hunt/budget.h"
#include "stress/hunt/build.h"
#include "stress/hunt/files.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/json.h"

/* Only of executions that take long. Others have used up the budget of executions before. */
enum { CAUSE_SECONDS = 30 };

static struct verdict failure;
static double deadline;

static bool out_of_time(void)
{
	return now_s() >= deadline;
}

static void child(void *unused)
{
	static const struct cause_limits limits = { .out_of_time = out_of_time };

	(void)unused;
	deadline = now_s() + CAUSE_SECONDS;
	cause_find(&shared->plan, &failure, &limits, &shared->cause);
	shared->verdict = failure;
}

const struct cause *why(const struct plan *p, const struct verdict *v)
{
	uint64_t executions = shared->executions;
	struct verdict end;

	shared->plan = *p;
	failure = *v;
	memset(&shared->cause, 0, sizeof shared->cause);
	if (!isolate_run(child, NULL, NULL, SILENCE_S, &end) || !shared->cause.sentence[0]) {
		shared->cause.kind = CAUSE_NOT_FOUND;
		snprintf(shared->cause.reason, sizeof shared->cause.reason,
			 "an execution ended the process that searched");
		snprintf(shared->cause.sentence, sizeof shared->cause.sentence,
			 "the cause was not found: %s", shared->cause.reason);
	}
	shared->executions = executions;	/* it counts the hunt's executions only */
	return &shared->cause;
}

/* ---- as JSON ------------------------------------------------------------------ */

static const char *const what_names[] = { "access", "kill", "visible" };
static const char *const fault_names[] = { "kill", "alloc_fail", "spurious", "late_store",
					   "stale_load" };

static void put_step(struct json *j, const char *key, uint32_t step)
{
	if (step == CAUSE_NEVER)
		json_null(j, key);
	else
		json_unsigned(j, key, step);
}

static void put_access(struct json *j, const char *key, const struct cause_access *a)
{
	char name[KT_SITE_NAME_MAX];

	json_open_object(j, key);
	json_string(j, "what", what_names[a->what]);
	json_unsigned(j, "task", a->task);
	json_unsigned(j, "step", a->step);
	put_step(j, "happens", a->happens);
	json_string(j, "point", a->site ? kt_site_name(a->site, name, sizeof name) : "");
	json_string(j, "file", a->site ? kt_site_file(a->site) : "");
	json_unsigned(j, "line", a->site ? kt_site_line(a->site) : 0);
	json_bool(j, "waited", a->waited);
	json_string(j, "object", a->object);
	json_string(j, "locks", a->locks);
	json_close_object(j);
}

static void put_fault(struct json *j, const struct cause_fault *f)
{
	char name[KT_SITE_NAME_MAX];

	json_open_object(j, NULL);
	json_string(j, "kind", fault_names[f->kind]);
	json_unsigned(j, "task", f->task);
	json_unsigned(j, "step", f->step);
	json_string(j, "role", f->kind == CAUSE_FAULT_ALLOC ? kt_role_name(f->role) : "");
	json_unsigned(j, "nth", f->nth);
	json_string(j, "point", f->site ? kt_site_name(f->site, name, sizeof name) : "");
	json_close_object(j);
}

const char *why_id(char id[SIGNATURE_ID_MAX], const struct cause *c, const struct verdict *v)
{
	return signature_id(id, v->failure, c->identity[0] ? c->identity : v->signature);
}

void why_put(struct json *j, const char *key, const struct cause *c, const struct verdict *v)
{
	char id[SIGNATURE_ID_MAX];

	json_open_object(j, key);
	json_string(j, "kind", cause_kind_name(c->kind));
	json_string(j, "sentence", c->sentence);
	json_string(j, "identity", c->identity);
	json_string(j, "id", why_id(id, c, v));
	json_open_array(j, "orders");
	for (uint32_t i = 0; i < c->orders_count; i++) {
		json_open_object(j, NULL);
		put_access(j, "first", &c->order[i].first);
		put_access(j, "second", &c->order[i].second);
		json_bool(j, "same_object", c->order[i].same_object);
		json_bool(j, "turned_passes", c->order[i].turned_passes);
		json_close_object(j);
	}
	json_close_array(j);
	json_open_array(j, "faults");
	for (uint32_t i = 0; i < c->faults_count; i++)
		put_fault(j, &c->fault[i]);
	json_close_array(j);
	json_bool(j, "sufficient", c->sufficient);
	json_unsigned(j, "executions", c->executions);
	json_unsigned(j, "pairs", c->pairs);
	if (c->has_passing)
		json_unsigned(j, "parts_at", c->parts_at);
	else
		json_null(j, "parts_at");
	json_close_object(j);
}

/* ---- the command ----------------------------------------------------------------- */

static int cause_of(const struct options *o, const char *file)
{
	static struct plan p;
	const struct cause *c;
	struct verdict v;
	struct json j;

	if (case_read(file, &p) != 0)
		return EXIT_USAGE;
	if (!run_as_written(&p, &v)) {
		fprintf(stderr, "kthrash: %s\n", v.message);
		return isolate_status();
	}
	if (v.failure == KT_PASS) {
		fprintf(stderr, "kthrash: %s: expected a plan that fails, but it passes\n", file);
		return EXIT_USAGE;
	}
	c = why(&p, &v);
	if (!o->json) {
		printf("%s: %s: %s\n", file, kt_failure_name(v.failure), c->sentence);
		return EXIT_CLEAN;
	}
	json_begin(&j, stdout);
	json_string(&j, "file", file);
	json_string(&j, "failure", kt_failure_name(v.failure));
	json_string(&j, "message", v.message);
	why_put(&j, "cause", c, &v);
	json_end(&j);
	return EXIT_CLEAN;
}

int command_cause(const struct options *o)
{
	int status = EXIT_CLEAN;

	if (!o->json)
		build_show("cause");
	for (unsigned i = 0; i < o->files_count; i++) {
		int one = cause_of(o, o->files[i]);

		if (one > status)
			status = one;
	}
	return status;
}
