/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `identify`: which bug does a sanitizer's report show? The report may come from a program other
 * than this driver, such as a fuzz target. This driver makes the id of every bug, so a bug has
 * the same id in both programs.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stress/hunt/hunt.h"
#include "stress/hunt/json.h"
#include "stress/hunt/report.h"

enum { BYTES_MAX = 1 << 20 };	/* of a longer report the rest is not read */

static int identify(const char *file)
{
	static char report[BYTES_MAX];
	char id[SIGNATURE_ID_MAX];
	struct verdict v = { 0 };
	FILE *f = fopen(file, "r");
	struct json j;
	size_t size;

	if (!f) {
		fprintf(stderr, "kthrash: %s: %s\n", file, strerror(errno));
		return EXIT_USAGE;
	}
	size = fread(report, 1, sizeof report - 1, f);
	report[size] = '\0';
	fclose(f);
	if (!report_classify(report, &v)) {
		fprintf(stderr, "kthrash: %s: expected a sanitizer's report\n", file);
		return EXIT_USAGE;
	}
	json_begin(&j, stdout);
	json_string(&j, "file", file);
	json_string(&j, "kind", kt_failure_name(v.failure));
	json_string(&j, "signature", v.signature);
	json_string(&j, "message", v.message);
	json_string(&j, "id", signature_id(id, v.failure, v.signature));
	json_end(&j);
	return EXIT_CLEAN;
}

int command_identify(const struct options *o)
{
	int status = EXIT_CLEAN;

	for (unsigned i = 0; i < o->files_count; i++)
		if (identify(o->files[i]) != EXIT_CLEAN)
			status = EXIT_USAGE;
	return status;
}
