/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `shrink`: the smallest plan with the same finding.
 *
 * Delta debugging over the pieces of a plan (subject.h): remove runs of pieces,
 * halving the run, as long as the signature stays (Zeller, Hildebrandt:
 * "Simplifying and Isolating Failure-Inducing Input", TSE 2002). Without an
 * operation the rest of the schedule happens at other visits. So each smaller
 * program is also tried with a few hundred random schedules, and the finding
 * is captured anew as directives.
 */
#include <stdio.h>
#include <string.h>

#include "stress/hunt/budget.h"
#include "stress/hunt/files.h"
#include "stress/hunt/finding.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/json.h"
#include "stress/hunt/twice.h"
#include "stress/run/subject.h"

enum {
	SEARCH_RUNS = 400,	/* random schedules tried for a smaller program */
	LIVELOCK_STEPS = 300,
	SECONDS_USUAL = 60,
};

static struct {
	struct plan best, candidate;
	struct verdict verdict;		/* of best */
	unsigned runs;
	double deadline;
	bool needs_schedule;		/* without one the plan passes */
} job;

static bool same_finding(const struct verdict *v)
{
	return v->failure == job.verdict.failure &&
	       strcmp(v->signature, job.verdict.signature) == 0;
}

static bool passes_without_schedule(const struct plan *p)
{
	static struct plan program;
	struct verdict v;

	program = *p;
	program.strategy = PLAN_BLOCK;
	plan_drop_schedule(&program);
	job.runs++;
	return run_as_written(&program, &v) && v.failure == KT_PASS;
}

/*
 * Does the candidate, as written, still fail in the same way? The result that an operation
 * is expected to give follows from the operations before it. Without one of those the
 * expectation may fail under any schedule, at the same place with the same words. That is
 * another finding.
 */
static bool still_fails(struct verdict *v)
{
	job.runs++;
	return run_as_written(&job.candidate, v) && same_finding(v) &&
	       (!job.needs_schedule || passes_without_schedule(&job.candidate));
}

/*
 * A livelock's steps, but for the first ones, go round in circles. Other strategies switch
 * tasks there more often than a plan has room for directives.
 */
static void search_livelock(struct world_options *w)
{
	w->strategy = PLAN_DELAY_BOUNDED;
	w->steps_estimate = LIVELOCK_STEPS;
}

/*
 * Random schedules of shared->plan until one fails in the same way and takes fewer
 * directives than shared->directives_below. It is left in shared->plan.
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
			.seed = i, .steps_estimate = job.verdict.steps,
		};

		if (job.verdict.failure == KT_LIVELOCK)
			search_livelock(&w);

		if (i == 0)
			w.strategy = PLAN_BLOCK;
		shared->options = w;
		if (job.verdict.failure == KT_NONDETERMINISM)
			run_twice(&w, true, v);
		else
			world_run(&w, v);
		__atomic_store_n(&shared->executions, shared->executions + 1, __ATOMIC_RELAXED);
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
 * A schedule, with the candidate's directives but no decisions, that fails and
 * takes fewer than `limit` directives.
 */
static bool finds_schedule(struct verdict *v, unsigned limit)
{
	struct plan *c = &job.candidate;

	plan_drop_schedule(c);
	shared->plan = *c;
	shared->directives_below = limit;
	job.runs += SEARCH_RUNS;
	if (!isolate_run(search_child, NULL, NULL, SILENCE_S, v) || !same_finding(v))
		return false;
	*c = shared->plan;
	return still_fails(v);
}

static void accept(const struct verdict *v)
{
	job.best = job.candidate;
	job.verdict = *v;
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

/* Try without pieces first..first+count-1. */
static bool try_without(unsigned first, unsigned count)
{
	struct verdict v;

	if (!subject->without(&job.candidate, &job.best, first, count))
		return false;
	job.candidate.has_trace = false;
	if (still_fails(&v)) {
		accept(&v);
		return true;
	}
	/* A schedule is worth a search only if the program became smaller. */
	if (!world_can(WORLD_REPEATS) || size(&job.candidate) >= size(&job.best))
		return false;
	if (!finds_schedule(&v, PLAN_DIRECTIVES_MAX))
		return false;
	accept(&v);
	return true;
}

static bool out_of_time(void)
{
	return now_s() >= job.deadline;
}

/* One pass with runs of `size` pieces; true if anything went. */
static bool pass(unsigned size)
{
	bool any = false;

	/* From the end: an operation or a task takes directives along. */
	for (unsigned end = pieces(&job.best); end > 0 && !out_of_time(); ) {
		unsigned first = end > size ? end - size : 0;

		if (try_without(first, end - first)) {
			unsigned left = pieces(&job.best);

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
	for (unsigned size = pieces(&job.best); size >= 1 && !out_of_time(); ) {
		bool any = pass(size);

		if (size == 1 && !any)
			break;
		size = size > 1 ? size / 2 : 1;
	}
}

/* Does a strategy decide, because the schedule took too many directives? */
static bool has_strategy(void)
{
	return job.best.strategy != PLAN_BLOCK;
}

/* The same program under a simpler schedule, found anew. */
static bool reschedule(void)
{
	struct verdict v;

	if (!world_can(WORLD_REPEATS))
		return false;
	job.candidate = job.best;
	if (!finds_schedule(&v, has_strategy() ? PLAN_DIRECTIVES_MAX : job.best.directives_count))
		return false;
	accept(&v);
	return true;
}

unsigned shrink_plan(struct plan *p, struct verdict *v, double seconds)
{
	job.best = *p;
	job.best.has_trace = false;
	job.verdict = *v;
	job.runs = 0;
	job.deadline = now_s() + seconds;
	job.needs_schedule = v->failure == KT_EXPECT && world_can(WORLD_REPEATS) &&
			     passes_without_schedule(p);
	if (has_strategy())
		reschedule();
	do
		remove_pieces();
	while (!out_of_time() && reschedule());
	*p = job.best;
	*v = job.verdict;
	return job.runs;
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

/* Read the plan and run it. An exit status; EXIT_CLEAN: it fails, with *v. */
static int read_failing(const char *file, struct plan *p, struct verdict *v)
{
	if (case_read(file, p) != 0)
		return EXIT_USAGE;
	if (!run_as_written(p, v)) {
		fprintf(stderr, "kthrash: %s\n", v->message);
		return EXIT_ENVIRONMENT;
	}
	if (v->failure != KT_PASS)
		return EXIT_CLEAN;
	fprintf(stderr, "kthrash: %s: does not fail here, nothing to shrink\n", file);
	return EXIT_USAGE;
}

int command_shrink(const struct options *o)
{
	static struct plan p, original;
	struct verdict v;
	unsigned runs;
	int status, err;

	if (o->files_count != 1 || !o->output) {
		fprintf(stderr, "kthrash: usage: kthrash shrink FILE -o OUT\n");
		return EXIT_USAGE;
	}
	status = read_failing(o->files[0], &p, &v);
	if (status != EXIT_CLEAN)
		return status;
	original = p;
	runs = shrink_plan(&p, &v, o->seconds > 0 ? o->seconds : SECONDS_USUAL);
	finding_annotate(&p, &v);
	if (!p.origin.by)
		finding_set_origin(&p, &(struct finding_origin){ .by = "shrink" });
	err = plan_write(o->output, &p);
	if (err) {
		fprintf(stderr, "kthrash: %s: %s\n", o->output, strerror(-err));
		return EXIT_ENVIRONMENT;
	}
	if (o->json)
		print_json(o->output, &p, &v, runs);
	else
		print_text(o->output, &original, &p, runs);
	return EXIT_CLEAN;
}
