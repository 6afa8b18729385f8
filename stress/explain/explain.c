/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `explain`: says what happened in the execution of one plan. The text has the few rows that
 * tell why it failed, or with --all every step; the JSON has both. A world that keeps no record
 * has no interleaving to show, so there the text has the plan, the verdict and a sanitizer's
 * report.
 */
#include "stress/explain/explain.h"

#include <stdio.h>
#include <string.h>

#include "stress/explain/formats.h"
#include "stress/hunt/build.h"
#include "stress/hunt/files.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/shared.h"
#include "stress/hunt/why.h"
#include "stress/run/subject.h"

/* What an explanation is of. */
struct explained {
	struct verdict v;
	struct told told;
	const struct cause *cause;	/* NULL: not looked for */
};

/*
 * Run *p, look for the cause unless it is *known, and get ready to tell of it. False if the run
 * gave no verdict.
 */
static bool run(const struct plan *p, bool wants_cause, const struct cause *known,
		struct explained *e)
{
	bool ran = run_as_written(p, &e->v);

	e->cause = known;
	if (ran && !known && wants_cause && e->v.failure != KT_PASS && world_can(WORLD_REPEATS))
		e->cause = why(p, &e->v);	/* before the record is read: it runs executions */
	if (ran && world_record()) {
		world_note_details(true);
		ran = run_as_written(p, &e->v);
		world_note_details(false);
	}
	e->told = (struct told){
		.p = p, .r = world_record(), .d = world_details(),
		.results = subject->results ? &shared->results : NULL,
	};
	return ran;
}

static bool print(const struct plan *p, bool all, const struct cause *known)
{
	struct explained e;
	bool ran = run(p, !all, known, &e);

	if (ran && e.told.r && all) {
		print_all_as_text(&e.told, &e.v);
	} else if (ran && e.told.r) {
		print_as_text(&e.told, &e.v, e.cause);
	} else if (ran) {
		print_plan(p);
		printf("%s%s%s\n%s", kt_failure_name(e.v.failure), e.v.message[0] ? ": " : "",
		       e.v.message, isolate_report());
	}
	return ran;
}

bool explain_text(const struct plan *p, const struct cause *c)
{
	return print(p, false, c);
}

int command_explain(const struct options *o)
{
	static struct plan p;
	struct explained e;

	if (case_read(o->files[0], &p) != 0)
		return EXIT_USAGE;
	if (strcmp(o->format, "text") == 0) {
		build_show("explain");
		return print(&p, o->all, NULL) ? EXIT_CLEAN : EXIT_ENVIRONMENT;
	}
	if (!run(&p, true, NULL, &e)) {
		fprintf(stderr, "kthrash: %s\n", e.v.message);
		return EXIT_ENVIRONMENT;
	}
	print_as_json(o->files[0], &e.told, &e.v, e.cause);
	return EXIT_CLEAN;
}
