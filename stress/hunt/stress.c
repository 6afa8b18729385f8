/* SPDX-License-Identifier: GPL-2.0-only */
/* `stress`: run cases under many schedules until something breaks. */
#include <stdio.h>
#include <string.h>

#include "stress/hunt/budget.h"
#include "stress/hunt/cases.h"
#include "stress/hunt/coverage.h"
#include "stress/hunt/engine.h"
#include "stress/hunt/finding.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/kept.h"
#include "stress/hunt/output.h"
#include "stress/hunt/summary.h"
#include "stress/hunt/take.h"

enum { SECONDS_USUAL = 60 };

bool world_allows(enum world_ability ability, const char *option)
{
	if (world_can(ability))
		return true;
	fprintf(stderr, "kthrash: %s %s\n", option, world_lacks(ability));
	return false;
}

/* Can this world do all that the options ask for? */
static bool can_do(const struct options *o)
{
	char memory[32];
	const struct {
		bool asked;
		enum world_ability ability;
		const char *option;
	} needs[] = {
		{ o->exhaustive, WORLD_NUMBERS_FAULTS, "--exhaustive" },
		{ o->twice, WORLD_RUNS_TWICE, "--twice" },
		{ o->has_memory, WORLD_HAS_WEAK_MEMORY, memory },
		{ options_given(o, "strategy") && !o->adaptive, WORLD_REPEATS, "--strategy" },
		{ o->illegal, WORLD_ENDS_MISUSE, "--illegal" },
		{ o->coverage, WORLD_COVERS, "--coverage" },
		{ o->mutate, WORLD_COVERS, "--mutate" },
		{ o->adaptive, WORLD_COVERS, "--strategy=adaptive" },
	};

	snprintf(memory, sizeof memory, "--memory=%s", plan_memory_name(o->memory));
	for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
		if (needs[i].asked && !world_allows(needs[i].ability, needs[i].option))
			return false;
	return true;
}

/* The reason for which these options exclude each other, or NULL. */
static const char *contradiction(const struct options *o)
{
	if (o->illegal && (o->plan || o->exhaustive))
		return "--illegal makes its own plans, without --plan and --exhaustive";
	if (o->kept && !o->mutate)
		return "--kept needs --mutate";
	if (o->mutate && (o->plan || o->illegal || o->jobs > 1))
		return "--mutate makes its own plans in one process, without --plan, --illegal "
		       "and --jobs";
	if (o->exhaustive && (o->jobs > 1 || o->first))
		return "--exhaustive runs all of its plans in one process, without --jobs and "
		       "--first";
	if (o->exhaustive && (o->mutate || o->adaptive))
		return "--exhaustive chooses faults in turn, without --mutate and "
		       "--strategy=adaptive";
	if (o->exhaustive && o->plan && options_given(o, "faults"))
		return "--exhaustive tries each fault of its kind, without --faults";
	if (options_given(o, "coverage-every") && (!o->coverage || o->mutate || o->adaptive))
		return "--coverage-every needs --coverage, without --mutate and "
		       "--strategy=adaptive, which look at every plan";
	if (o->executions > UINT64_MAX - o->first)
		return "--first and --executions: the last number is beyond 2^64 - 1";
	return NULL;
}

static int check(const struct options *o)
{
	const char *wrong = contradiction(o);

	if (!can_do(o))
		return EXIT_USAGE;
	if (wrong) {
		fprintf(stderr, "kthrash: %s\n", wrong);
		return EXIT_USAGE;
	}
	return cases_open(o);
}

/* Prepare a hunt that writes coverage to a file, or that coverage steers. */
static int prepare_coverage(const struct options *o)
{
	int status = EXIT_CLEAN;

	if (!o->coverage && !o->adaptive && !o->mutate)
		return EXIT_CLEAN;
	if (!coverage_map((unsigned)o->jobs))
		return EXIT_ENVIRONMENT;
	if (o->mutate)
		status = kept_map(o->kept);
	if (status != EXIT_CLEAN)
		return status;
	/* Save the file now, so that the user learns before the hunt if it can't be written. */
	return o->coverage ? coverage_save(o->coverage) : EXIT_CLEAN;
}

/* Write what a hunt leaves beside findings. False after a sentence on stderr if that failed. */
static bool save_rest(const struct options *o)
{
	bool saved = !o->coverage || coverage_save(o->coverage) == EXIT_CLEAN;

	if (!kept_error())
		return saved;
	fprintf(stderr, "kthrash: --kept=%s: a plan is missing there: %s\n", o->kept,
		strerror(kept_error()));
	return false;
}

/* No execution was run, so the result is not "clean". */
static int nothing_run(const struct options *o)
{
	if (budget_was_interrupted())
		fprintf(stderr, "kthrash: interrupted before the first execution had ended\n");
	else if (budget_ran_out())
		fprintf(stderr, "kthrash: --seconds=%g passed before the first execution had "
			"ended\n", o->seconds);
	else
		fprintf(stderr, "kthrash: these options leave no execution to be run\n");
	return budget_was_interrupted() ? EXIT_CLEAN : EXIT_USAGE;
}

/* The exit status of a hunt that a signal may have ended before it had done its work. */
static int after_signal(int status)
{
	if (status != EXIT_CLEAN || !budget_was_interrupted() || engine_has_tried_all())
		return status;
	return EXIT_SIGNAL + budget_was_interrupted();
}

/*
 * A program that reads the JSON of `run` wants the short schedule in the last object. Without
 * --json the finding was shrunk when it was shown.
 */
static void shrink_first_finding(const struct options *o)
{
	struct found found;
	char path[4096];

	if (!engine_first_found(&found))
		return;
	finding_path(path, sizeof path, o->findings, found.id);
	shrink_finding(path);
}

int command_stress(const struct options *given)
{
	static struct options o;	/* static, because the hunt keeps a pointer to it */
	int status;

	o = *given;
	if (!o.executions && !(o.seconds > 0) && !o.exhaustive)
		o.seconds = SECONDS_USUAL;
	if (!o.jobs)
		o.jobs = world_jobs();
	status = check(&o);
	if (status != EXIT_CLEAN)
		return status;
	if (!make_findings_folder(&o))
		return EXIT_USAGE;
	if (!engine_begin(&o))
		return EXIT_ENVIRONMENT;
	status = prepare_coverage(&o);
	if (status != EXIT_CLEAN)
		return status;
	budget_begin(o.seconds);
	show_options(&o);
	output_flush();
	if (output_failed())
		return EXIT_ENVIRONMENT;	/* no reader would learn what the hunt finds */
	status = engine_hunt();
	if (engine_totals().findings)
		output_findings_are_kept();
	if (!save_rest(&o) && status == EXIT_CLEAN)
		status = EXIT_ENVIRONMENT;
	if (status == EXIT_CLEAN && engine_totals().executions == 0 && !output_failed())
		status = nothing_run(&o);
	status = after_signal(status);
	if (o.program_faults && o.json && !o.no_shrink)
		shrink_first_finding(&o);
	/* If nothing has run, a sentence has said why. */
	if (o.json || status != EXIT_USAGE || engine_totals().executions)
		show_summary(&o, status);
	return status;
}
