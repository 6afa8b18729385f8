/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/engine.h"

#include <stdio.h>

#include "stress/hunt/budget.h"
#include "stress/hunt/cases.h"
#include "stress/hunt/coverage.h"
#include "stress/hunt/enumerate.h"
#include "stress/hunt/execute.h"
#include "stress/hunt/finding.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/jobs.h"
#include "stress/hunt/output.h"
#include "stress/hunt/random.h"
#include "stress/hunt/summary.h"
#include "stress/hunt/take.h"

static struct {
	struct hunt hunt;	/* this process's part */
	struct jobs jobs;	/* without --jobs this process is the only job */
} engine;

/* ---- one process ------------------------------------------------------------ */

/*
 * The hunt ends if its time is up, if it was interrupted, or if its output can't be written: no
 * reader would learn what else it finds.
 */
static bool is_over_for_all(void)
{
	return budget_is_spent() || output_failed();
}

/* Called while a child runs. If there are several jobs, their parent prints the progress. */
static bool tick(void *unused)
{
	(void)unused;
	if (engine.hunt.o->jobs == 1)
		show_progress(engine.hunt.o);
	return !is_over_for_all();
}

static const char *strategy_words(const struct world_options *w, char *buf, size_t size)
{
	const char *name = plan_strategy_name(w->strategy);

	if (plan_strategy_has_depth(w->strategy))
		snprintf(buf, size, "%s:%u", name, w->depth);
	else
		snprintf(buf, size, "%s", name);
	return buf;
}

/* The execution in `shared` gave *v. False if it could be neither saved nor printed. */
static bool take(struct verdict *v)
{
	const struct hunt *h = &engine.hunt;
	char strategy[32];
	struct taken t = {
		.executions = shared->next - h->o->first + 1, .quietly = h->o->jobs > 1,
		.strategy = strategy_words(&shared->options, strategy, sizeof strategy),
		.origin = {
			.by = strategy, .numbered = true, .seed = h->o->seed,
			.execution = shared->next,
		},
	};

	tally_execution(&shared->tally, h->job, shared->next, shared->number, v);
	if (!take_finding(h->o, &t, v))
		return false;
	tally_finding(&shared->tally, shared->next, v, t.error);
	return true;
}

/*
 * Did a sanitizer end the child because of the rule that the illegal plan breaks? That is no
 * finding, so the hunt goes on with the next execution.
 */
static bool is_allowed(const struct verdict *v)
{
	struct hunt *h = &engine.hunt;

	cases_make(&shared->plan, random_case_of(shared->next));
	if (!cases_allow(v->failure) || is_over_for_all())
		return false;
	tally_execution(&shared->tally, h->job, shared->next, shared->number, v);
	h->first = shared->next + 1;
	return true;
}

static int hunt_alone(void)
{
	struct hunt *h = &engine.hunt;
	void (*child)(void *) = h->o->exhaustive ? enumerate_child : random_child;

	for (;;) {
		struct verdict v;

		if (!isolate_run(child, tick, h, SILENCE_S, &v)) {
			if (budget_was_interrupted())
				break;
			fprintf(stderr, "kthrash: %s\n", v.message);
			return isolate_status();
		}
		if (v.failure == KT_PASS)
			break;
		if (h->o->illegal && is_allowed(&v))
			continue;
		if (!take(&v))
			return EXIT_ENVIRONMENT;
		/* If one finding can't be saved, the next ones can't either. */
		if (!h->o->keep_going || is_over_for_all() || shared->tally.unsaved)
			break;
		h->first = shared->next + 1;
	}
	return shared->tally.findings ? EXIT_FINDINGS : EXIT_CLEAN;
}

/* ---- several processes -------------------------------------------------------- */

static int work(unsigned job)
{
	int status;

	engine.hunt.job = job;
	engine.hunt.first = shared->next;
	coverage_job(job);
	status = hunt_alone();
	output_flush();
	shared->tally.output_error = output_error();	/* the parent acts on it */
	return status;
}

/*
 * Should the job end? Without --keep-going the hunt needs only the finding with the lowest number.
 * A job that has passed that number can't find a lower one.
 */
static bool is_over(unsigned job)
{
	return budget_was_interrupted() != 0 || output_failed() ||
	       (!engine.hunt.o->keep_going &&
		engine.jobs.shared[job].next > tally_first_found(&engine.jobs));
}

static void on_tick(void)
{
	show_progress(engine.hunt.o);
}

static void show_found(void)
{
	const struct options *o = engine.hunt.o;
	static struct found found[FOUND_MAX];
	unsigned n = tally_found(&engine.jobs, found);

	for (unsigned i = 0; i < n && (i == 0 || o->keep_going); i++) {
		char path[4096];

		if (found[i].error)
			continue;	/* the job has printed it */
		finding_path(path, sizeof path, o->findings, found[i].id);
		show_finding(path, found[i].number - o->first + 1);
	}
}

static int hunt_together(void)
{
	int status;

	engine.jobs.work = work;
	engine.jobs.is_over = is_over;
	engine.jobs.tick = on_tick;
	for (unsigned i = 0; i < engine.jobs.count; i++)
		engine.jobs.shared[i].next = engine.hunt.o->first;
	status = jobs_run(&engine.jobs);
	output_note(engine_totals().output_error);
	if (!engine.hunt.o->json)
		show_found();
	return status;
}

/* ---- the hunt ------------------------------------------------------------------ */

bool engine_begin(const struct options *o)
{
	engine.hunt = (struct hunt){ .o = o, .first = o->first };
	engine.jobs = (struct jobs){ .count = (unsigned)o->jobs, .shared = shared };
	return tally_map(engine.jobs.count) && (o->jobs == 1 || jobs_map(&engine.jobs));
}

int engine_hunt(void)
{
	return engine.hunt.o->jobs > 1 ? hunt_together() : hunt_alone();
}

bool engine_has_tried_all(void)
{
	const struct options *o = engine.hunt.o;

	if (o->exhaustive && enumerate_is_done(&shared->enumeration))
		return true;
	return o->executions && engine_totals().executions >= o->executions;
}

bool engine_first_found(struct found *out)
{
	static struct found found[FOUND_MAX];

	if (tally_found(&engine.jobs, found) == 0)
		return false;
	*out = found[0];
	return true;
}

struct totals engine_totals(void)
{
	return tally_total(&engine.jobs);
}
