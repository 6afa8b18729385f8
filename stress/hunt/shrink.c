/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `shrink`: looks for the smallest plan with the same finding.
 *
 * Delta debugging over the pieces of a plan (subject.h): remove ranges of pieces, first long
 * ones and then ever shorter ones, and keep each removal that leaves the signature as it is
 * (Zeller, Hildebrandt: "Simplifying and Isolating Failure-Inducing Input", TSE 2002). If an
 * operation is missing, the directives of the schedule name the wrong visits. So the shrinker
 * also tries each smaller program with a few hundred random schedules, and captures the
 * finding anew as directives.
 */
#include <stdio.h>
#include <string.h>

#include "stress/hunt/budget.h"
#include "stress/hunt/build.h"
#include "stress/hunt/files.h"
#include "stress/hunt/finding.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/json.h"
#include "stress/hunt/target.h"
#include "stress/hunt/twice.h"
#include "stress/hunt/unsaved.h"
#include "stress/hunt/why.h"
#include "stress/run/subject.h"

enum {
	SEARCH_RUNS = 400,	/* random schedules tried for a smaller program */
	LIVELOCK_STEPS = 300,
	SECONDS_USUAL = 60,
};

static struct {
	struct plan best, candidate;
	struct verdict verdict;		/* what `best` ends with */
	unsigned runs;
	double deadline;
	bool needs_schedule;		/* the original plan passes without its schedule */
} shrinking;

static bool same_finding(const struct verdict *v)
{
	return v->failure == shrinking.verdict.failure &&
	       strcmp(v->signature, shrinking.verdict.signature) == 0;
}

static bool passes_without_schedule(const struct plan *p)
{
	static struct plan program;
	struct verdict v;

	program = *p;
	program.strategy = PLAN_BLOCK;
	plan_drop_schedule(&program);
	shrinking.runs++;
	return run_as_written(&program, &v) && v.failure == KT_PASS;
}

/*
 * Does the candidate, as written, still fail in the same way? The result that an operation is
 * expected to give follows from the operations before it. If one of those is missing, the
 * expectation may fail under any schedule, at the same place with the same message. That is
 * another finding.
 */
static bool still_fails(struct verdict *v)
{
	shrinking.runs++;
	return run_as_written(&shrinking.candidate, v) && same_finding(v) &&
	       (!shrinking.needs_schedule || passes_without_schedule(&shrinking.candidate));
}

/*
 * After its first steps a livelock repeats the same steps for ever. There all strategies but this
 * one switch tasks so often that the directives do not fit into a plan.
 */
static void search_livelock(struct world_options *w)
{
	w->strategy = PLAN_DELAY_BOUNDED;
	w->steps_estimate = LIVELOCK_STEPS;
}

/*
 * Run random schedules of shared->plan until one fails in the same way and takes fewer
 * directives than shared->directives_below. The plan with that schedule is left in
 * shared->plan.
 */
static void search_child(void *unused)
{
	static struct plan program, found;

	(void)unused;
	program = shared->plan;
	world_load(&program);
	for (unsigned i = 0; i < SEARCH_RUNS; i++) {
		struct verdict *v = &shared->verdict;
		struct world_options w = {
			.strategy = i & 1 ? PLAN_PCT : PLAN_RANDOM, .depth = 2 + i / 2 % 2,
			.seed = i, .steps_estimate = shrinking.verdict.steps,
		};

		if (shrinking.verdict.failure == KT_LIVELOCK)
			search_livelock(&w);

		if (i == 0)
			w.strategy = PLAN_BLOCK;
		shared->options = w;
		if (shrinking.verdict.failure == KT_NONDETERMINISM)
			run_twice(&w, true, v);
		else
			world_run(&w, v);
		shared_beat();
		if (v->failure == KT_PASS)
			continue;
		if (same_finding(v) && world_capture(&program, &w, &found) &&
		    found.directives_count < shared->directives_below) {
			shared->plan = found;
			return;
		}
		v->failure = KT_PASS;
	}
}

/*
 * Look for a schedule of the candidate that fails in the same way with fewer than `limit`
 * directives. The candidate's faults stay, its switches do not.
 */
static bool finds_schedule(struct verdict *v, unsigned limit)
{
	struct plan *c = &shrinking.candidate;

	plan_drop_schedule(c);
	shared->plan = *c;
	shared->directives_below = limit;
	shrinking.runs += SEARCH_RUNS;
	if (!isolate_run(search_child, NULL, NULL, SILENCE_S, v) || !same_finding(v))
		return false;
	*c = shared->plan;
	return still_fails(v);
}

static void accept(const struct verdict *v)
{
	shrinking.best = shrinking.candidate;
	shrinking.verdict = *v;
}

static unsigned size(const struct plan *p)
{
	return subject->size ? subject->size(p) : 0;
}

/* Without pieces only the schedule of a case can become smaller. */
static unsigned pieces(const struct plan *p)
{
	return subject->pieces ? subject->pieces(p) : 0;
}

/* Try the best plan without its pieces first..first+count-1. */
static bool try_without(unsigned first, unsigned count)
{
	struct verdict v;

	if (!subject->without(&shrinking.candidate, &shrinking.best, first, count))
		return false;
	shrinking.candidate.has_trace = false;
	if (still_fails(&v)) {
		accept(&v);
		return true;
	}
	/* A schedule is worth a search only if the program became smaller. */
	if (!world_can(WORLD_REPEATS) || size(&shrinking.candidate) >= size(&shrinking.best))
		return false;
	if (!finds_schedule(&v, PLAN_DIRECTIVES_MAX))
		return false;
	accept(&v);
	return true;
}

static bool out_of_time(void)
{
	return now_s() >= shrinking.deadline;
}

/* Try each range of `size` pieces once. True if one of them could be removed. */
static bool pass(unsigned size)
{
	bool any = false;

	/*
	 * Begin at the end, where tasks and operations are, because their removal also removes
	 * directives.
	 */
	for (unsigned end = pieces(&shrinking.best); end > 0 && !out_of_time(); ) {
		unsigned first = end > size ? end - size : 0;

		if (try_without(first, end - first)) {
			unsigned left = pieces(&shrinking.best);

			any = true;
			end = first < left ? first : left;
		} else {
			end = first;
		}
	}
	return any;
}

static void remove_pieces(void)
{
	for (unsigned size = pieces(&shrinking.best); size >= 1 && !out_of_time(); ) {
		bool any = pass(size);

		if (size == 1 && !any)
			break;
		size = size > 1 ? size / 2 : 1;
	}
}

/* Does the plan still need a strategy, because its schedule took too many directives? */
static bool has_strategy(void)
{
	return shrinking.best.strategy != PLAN_BLOCK;
}

/* Look for a simpler schedule of the same program. */
static bool reschedule(void)
{
	struct verdict v;

	if (!world_can(WORLD_REPEATS))
		return false;
	shrinking.candidate = shrinking.best;
	if (!finds_schedule(&v, has_strategy() ? PLAN_DIRECTIVES_MAX :
						 shrinking.best.directives_count))
		return false;
	accept(&v);
	return true;
}

unsigned shrink_plan(struct plan *p, struct verdict *v, double seconds)
{
	shrinking.best = *p;
	shrinking.best.has_trace = false;
	shrinking.verdict = *v;
	shrinking.runs = 0;
	shrinking.deadline = now_s() + seconds;
	shrinking.needs_schedule = v->failure == KT_EXPECT && world_can(WORLD_REPEATS) &&
				   passes_without_schedule(p);
	if (has_strategy())
		reschedule();
	do
		remove_pieces();
	while (!out_of_time() && reschedule());
	*p = shrinking.best;
	*v = shrinking.verdict;
	return shrinking.runs;
}

static bool is_smaller(const struct plan *a, const struct plan *b)
{
	return a->ops_count < b->ops_count || a->directives_count < b->directives_count ||
	       a->tasks_count < b->tasks_count;
}

static void print_json(const char *file, const struct plan *p, const struct verdict *v,
		       unsigned runs)
{
	char id[SIGNATURE_ID_MAX];
	struct json j;

	json_begin(&j, stdout);
	json_string(&j, "file", file);
	build_put(&j);
	json_string(&j, "kind", kt_failure_name(v->failure));
	json_unsigned(&j, "executions", runs);
	json_unsigned(&j, "tasks", p->tasks_count);
	json_unsigned(&j, "operations", p->ops_count);
	json_unsigned(&j, "directives", p->directives_count);
	json_hash(&j, "hash", v->hash);
	json_string(&j, "id", signature_id(id, v->failure, v->signature));
	json_end(&j);
}

static void print_text(const char *file, const struct plan *original, const struct plan *p,
		       unsigned runs)
{
	printf("%s: %s in %u executions: tasks %u -> %u, operations %u -> %u, "
	       "directives %u -> %u\n", file,
	       is_smaller(p, original) ? "smaller" : "as small as it gets", runs,
	       original->tasks_count, p->tasks_count, original->ops_count, p->ops_count,
	       original->directives_count, p->directives_count);
}

/*
 * Read the plan and run it. Returns EXIT_CLEAN if it fails, with *v; if not, another exit
 * status after a sentence on stderr.
 */
static int read_failing(const char *file, struct plan *p, struct verdict *v)
{
	if (case_read(file, p) != 0)
		return EXIT_USAGE;
	if (!run_as_written(p, v)) {
		fprintf(stderr, "kthrash: %s\n", v->message);
		return isolate_status();
	}
	if (v->failure != KT_PASS)
		return EXIT_CLEAN;
	fprintf(stderr, "kthrash: %s: does not fail here, nothing to shrink\n", file);
	return EXIT_USAGE;
}

int command_shrink(const struct options *o)
{
	static struct plan p, original;
	const char *refused;
	struct verdict v;
	struct unsaved unsaved = { .path = o->output, .report = "", .v = &v, .strategy = "" };
	unsigned runs;
	int status, err;

	if (!o->output) {
		fprintf(stderr, "kthrash: shrink needs a file for the smaller plan: -o FILE\n");
		return EXIT_USAGE;
	}
	refused = target_refusal(o->output);
	if (refused) {
		fprintf(stderr, "kthrash: %s: %s\n", o->output, refused);
		return EXIT_USAGE;
	}
	status = read_failing(o->files[0], &p, &v);
	if (status != EXIT_CLEAN)
		return status;
	unsaved.json = o->json;
	original = p;
	if (!o->json)
		build_show("shrink");
	runs = shrink_plan(&p, &v, o->seconds > 0 ? o->seconds : SECONDS_USUAL);
	finding_annotate(&p, &v);
	if (world_can(WORLD_REPEATS))
		finding_set_cause(&p, why(&p, &v));
	if (!p.origin.by)
		finding_set_origin(&p, &(struct finding_origin){ .by = "shrink" });
	err = plan_write(o->output, &p);
	if (err) {
		unsaved.error = -err;
		unsaved.executions = runs;
		unsaved_print(&unsaved, &p);
		return EXIT_ENVIRONMENT;
	}
	if (o->json)
		print_json(o->output, &p, &v, runs);
	else
		print_text(o->output, &original, &p, runs);
	return EXIT_CLEAN;
}
