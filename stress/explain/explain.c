/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `explain`: prints the interleaving of one plan. The text has the steps that carry meaning;
 * the JSON has everything. A world that keeps no record has no interleaving to show, so there
 * the text has only the verdict and a sanitizer's report.
 */
#include "stress/explain/explain.h"

#include <stdio.h>
#include <string.h>

#include "stress/explain/formats.h"
#include "stress/hunt/build.h"
#include "stress/hunt/files.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/why.h"

bool explain_text(const struct plan *p)
{
	const struct cause *c = NULL;
	struct verdict v;

	if (!run_as_written(p, &v))
		return false;
	if (v.failure != KT_PASS && world_can(WORLD_REPEATS))
		c = why(p, &v);		/* before the record is read: it runs executions */
	if (world_record())
		print_as_text(world_record(), &v);
	else
		printf("%s%s%s\n%s", kt_failure_name(v.failure), v.message[0] ? ": " : "",
		       v.message, isolate_report());
	if (c)
		printf("cause: %s\n", c->sentence);
	return true;
}

int command_explain(const struct options *o)
{
	static struct plan p;
	const struct cause *c = NULL;
	struct verdict v;

	if (case_read(o->files[0], &p) != 0)
		return EXIT_USAGE;
	if (strcmp(o->format, "text") == 0) {
		build_show("explain");
		return explain_text(&p) ? EXIT_CLEAN : EXIT_ENVIRONMENT;
	}
	world_note_wakes(true);
	if (!run_as_written(&p, &v)) {
		fprintf(stderr, "kthrash: %s\n", v.message);
		return EXIT_ENVIRONMENT;
	}
	if (v.failure != KT_PASS && world_can(WORLD_REPEATS))
		c = why(&p, &v);
	print_as_json(o->files[0], world_record(), &v, c);
	return EXIT_CLEAN;
}
