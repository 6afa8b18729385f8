/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `shrink`: the smallest plan with the same finding.
 *
 * Delta debugging over the pieces of a plan (plan_pieces()): remove runs of
 * pieces, halving the run, as long as the signature stays (Zeller, Hildebrandt:
 * "Simplifying and Isolating Failure-Inducing Input", TSE 2002). As a removed
 * operation shifts what remains of the schedule, each smaller program is also
 * tried with a schedule of its own: a few hundred random ones, the finding
 * being captured anew as directives.
 */
#include <stdio.h>
#include <string.h>

#include "platform/rng.h"
#include "stress/hunt/finding.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/twice.h"
#include "stress/run/subject.h"

enum {
	SEARCH_RUNS = 400,	/* random schedules tried for a smaller program */
	LIVELOCK_STEPS = 300,
};

static struct {
	struct plan best, candidate;
	struct verdict verdict;		/* of best */
	unsigned runs;
	double deadline;
	bool blames_schedule;		/* without it the plan passes */
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
 * Does the candidate, as written, still fail in the same way? What an operation is
 * expected to give follows from those before it. Without one of them it may be wrong
 * under any schedule, at the same place in the same words: another finding.
 */
static bool still_fails(struct verdict *v)
{
	job.runs++;
	return run_as_written(&job.candidate, v) && same_finding(v) &&
	       (!job.blames_schedule || passes_without_schedule(&job.candidate));
}

/*
 * All but the first steps go round in circles, in which other strategies switch more
 * often than there are directives.
 */
static void search_livelock(struct world_options *w)
{
	w->strategy = PLAN_DELAY_BOUNDED;
	w->steps_estimate = LIVELOCK_STEPS;
}

/*
 * Random schedules of shared->plan until one fails in the same way and takes
 * fewer directives than shared->cursor[0]; it is left in shared->plan.
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
		    found.directives_count < shared->cursor[0]) {
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
	shared->cursor[0] = limit;
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
	if (!world_is_deterministic || subject->size(&job.candidate) >= subject->size(&job.best))
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

	/* From the end: operations and tasks take directives along. */
	for (unsigned end = subject->pieces(&job.best); end > 0 && !out_of_time(); ) {
		unsigned first = end > size ? end - size : 0;

		if (try_without(first, end - first)) {
			unsigned left = subject->pieces(&job.best);

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
	for (unsigned size = subject->pieces(&job.best); size >= 1 && !out_of_time(); ) {
		bool any = pass(size);

		if (size == 1 && !any)
			break;
		size = size > 1 ? size / 2 : 1;
	}
}

/* Is the schedule a strategy's, and not of directives alone? There were too many. */
static bool has_strategy(void)
{
	return job.best.strategy != PLAN_BLOCK;
}

/* The same program under a schedule that is simpler to begin with. */
static bool reschedule(void)
{
	struct verdict v;

	if (!world_is_deterministic)
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
	job.blames_schedule = v->failure == KT_EXPECT && world_is_deterministic &&
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

int command_shrink(const struct options *o)
{
	static struct plan p, original;
	struct verdict v;
	unsigned runs;
	int err;

	if (o->files_count != 1 || !o->output) {
		fprintf(stderr, "kthrash: usage: kthrash shrink FILE -o OUT\n");
		return EXIT_USAGE;
	}
	if (plan_read(o->files[0], &p) != 0)
		return EXIT_USAGE;
	if (!run_as_written(&p, &v)) {
		fprintf(stderr, "kthrash: %s\n", v.message);
		return EXIT_ENVIRONMENT;
	}
	if (v.failure == KT_PASS) {
		fprintf(stderr, "kthrash: %s: does not fail here, nothing to shrink\n",
			o->files[0]);
		return EXIT_USAGE;
	}
	original = p;
	runs = shrink_plan(&p, &v, o->seconds > 0 ? o->seconds : 60);
	finding_annotate(&p, &v, "shrinking");
	err = plan_write(o->output, &p);
	if (err) {
		fprintf(stderr, "kthrash: %s: %s\n", o->output, strerror(-err));
		return EXIT_ENVIRONMENT;
	}
	if (o->json)
		printf("{\"file\":\"%s\",\"kind\":\"%s\",\"executions\":%u,\"tasks\":%u,"
		       "\"operations\":%u,\"directives\":%u,\"hash\":\"%016llx\"}\n", o->output,
		       kt_failure_name(v.failure), runs, p.tasks_count, p.ops_count,
		       p.directives_count, (unsigned long long)v.hash);
	else
		printf("%s: %s in %u executions: tasks %u -> %u, operations %u -> %u, "
		       "directives %u -> %u\n", o->output,
		       is_smaller(&p, &original) ? "smaller" : "as small as it gets", runs,
		       original.tasks_count, p.tasks_count, original.ops_count, p.ops_count,
		       original.directives_count, p.directives_count);
	return EXIT_CLEAN;
}
