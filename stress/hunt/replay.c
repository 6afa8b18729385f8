/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `replay`: run plans exactly as written and compare with what they expect.
 *
 * If this world repeats executions, one run is enough. --times asks for more runs. --twice runs
 * each execution again, and requires the same trace (twice.h). If this world does not repeat
 * executions, a plan runs until it fails, at most --times times. It passes if it does not fail in
 * that many runs.
 */
#include <stdio.h>
#include <string.h>

#include "platform/check.h"
#include "stress/hunt/build.h"
#include "stress/hunt/files.h"
#include "stress/hunt/finding.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/json.h"
#include "stress/hunt/output.h"
#include "stress/hunt/twice.h"
#include "stress/plan/words.h"

enum { TIMES_USUAL = 200 };	/* if this world does not repeat executions */

static struct {
	uint64_t times;
	bool twice;
} request;

/* For the parent, which can't see what the execution has left in this process. */
static void keep_results(void)
{
	const char *known = subject->known ? subject->known(shared->verdict.failure) : NULL;

	if (subject->results)
		shared->results = *subject->results();
	snprintf(shared->known, sizeof shared->known, "%s", known ? known : "");
}

static void replay_child(void *unused)
{
	struct world_options w = world_options_of(&shared->plan);

	(void)unused;
	world_load(&shared->plan);
	for (uint64_t i = 0; i < request.times; i++) {
		shared->options = w;
		if (request.twice)
			run_twice(&w, true, &shared->verdict);
		else
			world_run(&w, &shared->verdict);
		keep_results();
		shared_beat();
		if (shared->verdict.failure != KT_PASS)
			return;
		w.seed += !world_can(WORLD_REPEATS);	/* the next run has other delays */
	}
}

/* A plan that expects nondeterminism is run twice in any case. */
static bool run_times(const struct plan *p, uint64_t times, bool twice, struct verdict *v)
{
	shared->plan = *p;
	request.times = times;
	request.twice = twice || (p->has_expect && p->expect == KT_NONDETERMINISM);
	memset(v, 0, sizeof *v);
	memset(&shared->results, 0, sizeof shared->results);
	shared->known[0] = '\0';
	if (!isolate_run(replay_child, NULL, NULL, SILENCE_S, v))
		return false;
	if (v->failure == KT_PASS) {
		v->hash = shared->verdict.hash;
		v->steps = shared->verdict.steps;
	}
	return true;
}

bool run_as_written(const struct plan *p, struct verdict *v)
{
	return run_times(p, world_can(WORLD_REPEATS) ? 1 : TIMES_USUAL, false, v);
}

static enum kt_failure expected(const struct plan *p)
{
	return p->has_expect ? p->expect : KT_PASS;
}

static bool is_as_expected(const struct plan *p, const struct verdict *v)
{
	if (v->failure != expected(p))
		return false;
	return !p->has_trace || !world_can(WORLD_REPEATS) || v->hash == p->trace;
}

/* What each operation returned, by task, in the plan's order. */
static void put_results(struct json *j, const struct plan *p)
{
	const struct subject_results *r = &shared->results;

	json_open_array(j, "results");
	for (unsigned t = 0; t < plan_all_tasks(p); t++) {
		const struct plan_task *task = &p->tasks[t];

		for (unsigned i = task->ops_first; i < task->ops_first + task->ops_count; i++) {
			json_open_object(j, NULL);
			json_string(j, "task", plan_string(p, task->name ? task->name :
							   p->threads[task->host].name));
			json_string(j, "op", plan_op_name(p->ops[i].kind));
			if (!plan_op_has(p->ops[i].kind, PLAN_NO_HANDLE))
				json_string(j, "handle", plan_string(
					p, p->threads[p->ops[i].thread].var));
			if (r->returned[i])
				json_double(j, "returned", r->value[i], 0);
			json_close_object(j);
		}
	}
	json_close_array(j);
}

/* Run number `nth` of the file. */
static void print_json(const char *file, const struct plan *p, const struct verdict *v,
		       bool ok, uint64_t nth)
{
	char options[256], id[SIGNATURE_ID_MAX] = "";
	struct json j;

	replay_options(options, sizeof options);
	if (v->failure != KT_PASS)
		signature_id(id, v->failure, v->signature);
	json_begin(&j, stdout);
	json_string(&j, "file", file);
	json_unsigned(&j, "run", nth);
	json_bool(&j, "ok", ok);
	json_string(&j, "kind", kt_failure_name(v->failure));
	json_hash(&j, "hash", v->hash);
	json_unsigned(&j, "steps", v->steps);
	json_string(&j, "signature", v->signature);
	json_string(&j, "message", v->message);
	json_string(&j, "options", options);
	build_put(&j);
	json_string(&j, "id", id);
	if (p->signature)
		json_bool(&j, "same_signature", finding_has_signature(p, v->signature));
	else
		json_null(&j, "same_signature");
	json_string(&j, "known", shared->known);
	if (subject->results)
		put_results(&j, p);
	json_end(&j);
}

static void print_text(const char *file, const struct plan *p, const struct verdict *v, bool ok)
{
	printf("%s %s: %s", ok ? "as expected" : "NOT AS EXPECTED", file,
	       kt_failure_name(v->failure));
	if (world_can(WORLD_REPEATS))
		printf(", trace %016llx, %u step%s", (unsigned long long)v->hash, v->steps,
		       kt_plural(v->steps));
	printf("%s%s\n", v->message[0] ? "\n  " : "", v->message);
	if (!ok && p->has_trace && p->expect == v->failure)
		printf("  the plan says trace %016llx: it was made with other code\n",
		       (unsigned long long)p->trace);
	else if (!ok)
		printf("  the plan says %s\n", kt_failure_name(expected(p)));
}

static int replay_file(const struct options *o, const char *file)
{
	static struct plan p;
	struct verdict v;
	bool repeats = world_can(WORLD_REPEATS);
	uint64_t rounds = repeats && o->times ? o->times : 1;
	uint64_t times = repeats ? 1 : o->times ? o->times : TIMES_USUAL;
	int status = EXIT_CLEAN;

	if (case_read(file, &p) != 0)
		return EXIT_USAGE;
	for (uint64_t i = 1; i <= rounds; i++) {
		bool ok;

		if (!run_times(&p, times, o->twice, &v)) {
			fprintf(stderr, "kthrash: %s\n", v.message);
			return isolate_status();
		}
		ok = is_as_expected(&p, &v);
		if (!ok)
			status = EXIT_FINDINGS;
		if (o->json)
			print_json(file, &p, &v, ok, i);
		else
			print_text(file, &p, &v, ok);
	}
	return status;
}

int command_replay(const struct options *o)
{
	int status = EXIT_CLEAN;

	if (o->twice && !world_allows(WORLD_RUNS_TWICE, "--twice"))
		return EXIT_USAGE;
	if (!o->json)
		build_show("replay");
	for (unsigned i = 0; i < o->files_count; i++) {
		int one = replay_file(o, o->files[i]);

		if (one > status)
			status = one;
		output_flush();
		if (output_failed())
			return EXIT_ENVIRONMENT;	/* no reader learns the rest */
	}
	return status;
}
