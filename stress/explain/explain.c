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

/* Run *p and get ready to tell of it. False if the run gave no verdict. */
static bool run(const struct plan *p, struct verdict *v, struct told *t)
{
	bool ran;

	world_note_details(true);
	ran = run_as_written(p, v);
	*t = (struct told){ .p = p, .r = world_record(), .d = world_details() };
	return ran;
}

static bool print(const struct plan *p, bool all)
{
	struct verdict v;
	struct told t;
	bool ran = run(p, &v, &t);

	if (ran && t.r && all) {
		print_all_as_text(&t, &v);
	} else if (ran && t.r) {
		print_as_text(&t, &v, NULL);
	} else if (ran) {
		print_plan(p);
		printf("%s%s%s\n%s", kt_failure_name(v.failure), v.message[0] ? ": " : "",
		       v.message, isolate_report());
	}
	world_note_details(false);
	return ran;
}

bool explain_text(const struct plan *p)
{
	return print(p, false);
}

int command_explain(const struct options *o)
{
	static struct plan p;
	struct verdict v;
	struct told t;

	if (case_read(o->files[0], &p) != 0)
		return EXIT_USAGE;
	if (strcmp(o->format, "text") == 0) {
		build_show("explain");
		return print(&p, o->all) ? EXIT_CLEAN : EXIT_ENVIRONMENT;
	}
	if (!run(&p, &v, &t)) {
		fprintf(stderr, "kthrash: %s\n", v.message);
		return EXIT_ENVIRONMENT;
	}
	print_as_json(o->files[0], &t, &v, NULL);
	return EXIT_CLEAN;
}
