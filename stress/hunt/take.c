/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/take.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/check.h"
#include "stress/hunt/build.h"
#include "stress/hunt/files.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/json.h"
#include "stress/hunt/output.h"
#include "stress/hunt/unsaved.h"
#include "stress/hunt/why.h"

enum {
	SHRINK_SECONDS = 10,
	PATH_BYTES = 4096,
	NAME_BYTES = SIGNATURE_ID_MAX + 32,	/* "ID.report.txt" and the like, and a slash */
};

/* Set by take_explains_with(). */
static bool (*explain)(const struct plan *p, const struct cause *c);

static bool shrinks = true;	/* o->no_shrink says otherwise */

void take_explains_with(bool (*function)(const struct plan *p, const struct cause *c))
{
	explain = function;
}

static int make_folder(const char *path)
{
	char part[PATH_BYTES];

	if (strlen(path) + NAME_BYTES > sizeof part)
		return -ENAMETOOLONG;
	for (size_t i = 1; i <= strlen(path) && i < sizeof part; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* Make and remove a file in the folder. A full disk is no error here: it may have room later. */
static int try_folder(const char *path)
{
	char file[4096];
	struct stat st;
	int fd;

	if (stat(path, &st) != 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	if ((size_t)snprintf(file, sizeof file, "%s/.tried-%ld", path, (long)getpid()) >=
	    sizeof file)
		return -ENAMETOOLONG;
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == ENOSPC || errno == EDQUOT || errno == EEXIST ? 0 : -errno;
	close(fd);
	unlink(file);
	return 0;
}

bool make_findings_folder(const struct options *o)
{
	int err = make_folder(o->findings);

	if (!err)
		err = try_folder(o->findings);
	if (err)
		fprintf(stderr,
			"kthrash: --findings=%s: expected a folder that can be written: "
			"%s\n",
			o->findings, strerror(-err));
	return !err;
}

/* Does the plan, as saved, give the same finding? */
static bool replays(const struct plan *p, const struct verdict *v)
{
	uint64_t executions = shared->executions;
	struct verdict again;
	bool same = run_as_written(p, &again) && again.failure == v->failure &&
		    strcmp(again.signature, v->signature) == 0;

	shared->executions = executions;	/* it counts the hunt's executions only */
	return same;
}

static void announce(const char *path, const struct verdict *v, const struct taken *t)
{
	char id[SIGNATURE_ID_MAX], options[256];
	struct json j;

	replay_options(options, sizeof options);
	json_begin(&j, stdout);
	json_string(&j, "type", "finding");
	json_string(&j, "file", path);
	json_string(&j, "kind", kt_failure_name(v->failure));
	json_string(&j, "signature", v->signature);
	json_string(&j, "message", v->message);
	json_unsigned(&j, "executions", t->executions);
	json_string(&j, "strategy", t->strategy);
	json_string(&j, "options", options);
	json_string(&j, "id", signature_id(id, v->failure, v->signature));
	json_end(&j);
}

/*
 * Save, beside the plan, what the child wrote when it died. It may be a sanitizer's report, and
 * real threads may never give that report again.
 */
static void keep_report(const char *plan)
{
	const char *report = isolate_report();
	char path[4096 + 16];
	int err;

	if (report[0] == '\0')
		return;
	snprintf(path, sizeof path, "%.*s.report.txt", (int)(strlen(plan) - strlen(".plan")), plan);
	err = file_write(path, report, strlen(report));
	if (err)
		fprintf(stderr, "kthrash: can't save %s: %s; this is the report:\n%s\n", path,
			strerror(-err), report);
}

/*
 * Shrink the finding, and save it beside `path`, which becomes its new path. *c becomes the cause,
 * which stays valid until the next search for one.
 */
static struct shrunk shrink_and_save(struct plan *p, struct verdict *v, char *path, size_t size,
				     const struct cause **c)
{
	uint64_t executions = shared->executions;
	struct shrunk how = shrink_plan(p, v, SHRINK_SECONDS);
	char smaller[4096];
	int err;

	finding_shrunk_path(smaller, sizeof smaller, path);
	finding_annotate(p, v);
	*c = why(p, v);
	finding_set_cause(p, *c);
	err = plan_write(smaller, p);
	if (err)
		fprintf(stderr, "kthrash: can't save %s: %s; %s has the plan as it was found\n",
			smaller, strerror(-err), path);
	else
		snprintf(path, size, "%s", smaller);
	shared->executions = executions;	/* it counts the hunt's executions only */
	return how;
}

static void shrink_and_explain(struct plan *p, struct verdict *v, char *path, size_t size)
{
	uint64_t executions = shared->executions;
	const struct cause *c;
	struct shrunk how = shrink_and_save(p, v, path, size, &c);
	const char *end = how.minimal ? "" : "; not minimal: budget";

	printf("shrunk in %u execution%s to ", how.runs, kt_plural(how.runs));
	if (!plan_is_program(p))
		printf("%u operation%s and ", p->ops_count, kt_plural(p->ops_count));
	printf("%u directive%s%s\n\n", p->directives_count, kt_plural(p->directives_count), end);
	if (explain)
		explain(p, c);
	shared->executions = executions;	/* it counts the hunt's executions only */
}

/* Shrink the finding, explain it, and print the command that repeats it. */
static void present(struct plan *p, struct verdict *v, const char *saved, uint64_t executions)
{
	char path[4096], command[4 * sizeof path + 400];	/* four characters for each byte */

	snprintf(path, sizeof path, "%s", saved);
	if (!explain || !world_can(WORLD_REPEATS))	/* else the explanation says it */
		printf("\nFAIL %s: %s", kt_failure_name(v->failure), v->message);
	printf("\nfound %s after %llu execution%s; saved as %s\n", kt_failure_name(v->failure),
	       (unsigned long long)executions, kt_plural(executions), path);
	if (world_can(WORLD_REPEATS) && shrinks)
		shrink_and_explain(p, v, path, sizeof path);
	else if (world_can(WORLD_REPEATS) && explain)
		explain(p, NULL);
	else
		printf("%s\n", isolate_report());
	replay_command(command, sizeof command, path);
	printf("\nreplay: %s\n", command);
}

bool show_finding(const char *path, uint64_t executions)
{
	static struct plan p;
	struct verdict v;

	if (plan_read(path, &p) != 0)
		return false;
	if (run_as_written(&p, &v) && v.failure != KT_PASS)
		present(&p, &v, path, executions);
	else
		fprintf(stderr, "kthrash: %s does not replay\n", path);
	return true;
}

void shrink_finding(const char *saved)
{
	static struct plan p;
	const struct cause *c;
	struct verdict v;
	char path[4096];

	snprintf(path, sizeof path, "%s", saved);
	if (world_can(WORLD_REPEATS) && plan_read(path, &p) == 0 && run_as_written(&p, &v) &&
	    v.failure != KT_PASS)
		shrink_and_save(&p, &v, path, sizeof path, &c);
}

/*
 * Has this hunt shown the finding already? Then it is not shrunk again, which takes seconds. Of
 * more findings than there is room for, some may be shown twice.
 */
static bool was_shown(const char *id)
{
	enum { SHOWN_MAX = 256 };
	static char shown[SHOWN_MAX][SIGNATURE_ID_MAX];
	static unsigned count;

	for (unsigned i = 0; i < count && i < SHOWN_MAX; i++)
		if (strcmp(shown[i], id) == 0)
			return true;
	snprintf(shown[count++ % SHOWN_MAX], sizeof shown[0], "%s", id);
	return false;
}

static void show(const struct options *o, struct plan *p, struct verdict *v, const char *path,
		 const struct taken *t)
{
	char id[SIGNATURE_ID_MAX];

	shrinks = !o->no_shrink;
	if (was_shown(signature_id(id, v->failure, v->signature)))
		printf("\nFAIL again after %llu execution%s: %s, as in %s\n",
		       (unsigned long long)t->executions, kt_plural(t->executions),
		       kt_failure_name(v->failure), path);
	else
		present(p, v, path, t->executions);
}

/* The finding is in no file, so print it whole. False if that failed. */
static bool print_unsaved(const struct options *o, const struct taken *t, const char *path,
			  const struct plan *p, const struct verdict *v)
{
	char command[4400];
	const struct unsaved u = {
		.path = path,
		.error = t->error,
		.report = isolate_report(),
		.v = v,
		.executions = t->executions,
		.strategy = t->strategy,
		.command = command,
		.json = o->json,
	};

	replay_command(command, sizeof command, path);
	if (!o->json)
		printf("\nFAIL %s: %s\nafter %llu execution%s; ", kt_failure_name(v->failure),
		       v->message, (unsigned long long)t->executions, kt_plural(t->executions));
	return unsaved_print(&u, p);
}

/*
 * An execution that taught the subject something fails differently when it is run again: a
 * livelock goes round more places. What the plan does once nothing is left to learn counts.
 */
static void settle(const struct plan *p, struct verdict *v)
{
	uint64_t executions = shared->executions;
	struct verdict again;

	if (subject->learned && world_can(WORLD_REPEATS) && run_as_written(p, &again) &&
	    again.failure == v->failure)
		*v = again;
	shared->executions = executions;
}

bool take_finding(const struct options *o, struct taken *t, struct verdict *v)
{
	static struct plan captured;
	char path[4096], id[SIGNATURE_ID_MAX];
	int err, lock;
	bool fits = world_capture(&shared->plan, &shared->options, &captured);

	settle(&captured, v);
	finding_annotate(&captured, v);
	finding_set_origin(&captured, &t->origin);
	finding_path(path, sizeof path, o->findings,
		     signature_id(id, v->failure, v->signature));
	lock = folder_lock(o->findings);	/* if it can't be locked, save without a lock */
	err = finding_save(path, &captured);
	if (err > 0)
		keep_report(path);
	folder_unlock(lock);
	t->error = err < 0 ? -err : 0;
	if (err < 0)
		return print_unsaved(o, t, path, &captured, v);
	if (o->json) {
		output_lock();
		announce(path, v, t);
		output_unlock();
	}
	if (world_can(WORLD_REPEATS) && !replays(&captured, v))
		fprintf(stderr, "kthrash: %s does not replay: %s\n", path, fits ?
			"something in this build is not deterministic" :
			"its schedule has more switches than a plan holds; the hunt finds it again "
			"by the seed and the number in that file");
	if (!o->json && !t->quietly)
		show(o, &captured, v, path, t);
	return true;
}
