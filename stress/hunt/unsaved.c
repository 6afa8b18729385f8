/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/unsaved.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stress/hunt/build.h"
#include "stress/hunt/json.h"
#include "stress/hunt/output.h"

static void print_json(const struct unsaved *u, const char *text)
{
	char options[256], id[SIGNATURE_ID_MAX];
	struct json j;

	replay_options(options, sizeof options);
	/* The program that reads this output may be able to save the plan. */
	json_begin(&j, stdout);
	json_string(&j, "type", "unsaved");
	json_string(&j, "file", u->path);
	json_string(&j, "reason", strerror(u->error));
	json_string(&j, "kind", kt_failure_name(u->v->failure));
	json_string(&j, "signature", u->v->signature);
	json_string(&j, "message", u->v->message);
	json_unsigned(&j, "executions", u->executions);
	json_string(&j, "strategy", u->strategy);
	json_string(&j, "options", options);
	json_string(&j, "id", signature_id(id, u->v->failure, u->v->signature));
	json_string(&j, "plan", text);
	json_string(&j, "report", u->report);
	json_end(&j);
}

static void print_text(const struct unsaved *u, const char *text)
{
	printf("not saved as %s: %s; this is the plan:\n\n%s\n%s", u->path, strerror(u->error),
	       text, u->report);
	if (u->command)
		printf("replay, after the plan is saved there: %s\n", u->command);
}

static bool print_on_stdout(const struct unsaved *u, const char *text)
{
	unsigned earlier = output_failures();

	if (u->json)
		print_json(u, text);
	else
		print_text(u, text);
	output_flush();
	return output_failures() == earlier;
}

static bool print_on_stderr(const struct unsaved *u, const char *text)
{
	return output_bytes(STDERR_FILENO, text, strlen(text)) == 0 &&
	       output_bytes(STDERR_FILENO, u->report, strlen(u->report)) == 0;
}

bool unsaved_print(const struct unsaved *u, const struct plan *p)
{
	static char text[PLAN_BYTES_MAX * 4];
	/* A closed pipe must not end this process before it has tried standard error. */
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	bool kept;

	plan_print(p, text, sizeof text);
	output_lock();
	kept = print_on_stdout(u, text);
	fprintf(stderr, "kthrash: can't save %s: %s; %s\n", u->path, strerror(u->error),
		kept ? "standard output has the plan" : "this is the plan:");
	if (!kept)
		kept = print_on_stderr(u, text);
	output_unlock();
	signal(SIGPIPE, before);
	return kept;
}
