/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/take.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stress/hunt/finding.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/isolate.h"

static bool (*explain)(const struct plan *p);	/* take_explains_with() */

void take_explains_with(bool (*function)(const struct plan *p))
{
	explain = function;
}

static int make_folder(const char *path)
{
	char part[4096];

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

bool make_findings_folder(const struct options *o)
{
	int err = make_folder(o->findings);

	if (err)
		fprintf(stderr, "kthrash: %s: %s\n", o->findings, strerror(-err));
	return !err;
}

/* Does the plan, as saved, give the same finding? On real threads: unknown. */
static bool replays(const struct plan *p, const struct verdict *v)
{
	uint64_t executions = shared->executions;
	struct verdict again;
	bool same = run_as_written(p, &again) && again.failure == v->failure &&
		    strcmp(again.signature, v->signature) == 0;

	shared->executions = executions;	/* the hunt's own */
	return same;
}

static void announce(const char *path, const struct verdict *v, const struct taken *t)
{
	char message[VERDICT_MESSAGE_MAX * 2], signature[SIGNATURE_MAX * 2], options[256];

	replay_options(options, sizeof options);
	printf("{\"type\":\"finding\",\"file\":\"%s\",\"kind\":\"%s\",\"signature\":\"%s\","
	       "\"message\":\"%s\",\"executions\":%llu,\"strategy\":\"%s\",\"options\":\"%s\"}\n",
	       path, kt_failure_name(v->failure),
	       json_escape(signature, sizeof signature, v->signature),
	       json_escape(message, sizeof message, v->message),
	       (unsigned long long)t->number, t->strategy, options);
	fflush(stdout);
}

/*
 * There is no room for the finding: it goes to whoever reads our output, whole, and who
 * may find some.
 */
static void announce_unsaved(const char *path, const struct plan *p)
{
	static char text[PLAN_BYTES_MAX * 4];
	size_t size = plan_print(p, text, sizeof text);
	char piece[256], escaped[sizeof piece * 6];

	printf("{\"type\":\"unsaved\",\"file\":\"%s\",\"plan\":\"", path);
	for (size_t at = 0; at < size && size < sizeof text; at += sizeof piece - 1) {
		snprintf(piece, sizeof piece, "%s", text + at);
		fputs(json_escape(escaped, sizeof escaped, piece), stdout);
	}
	printf("\"}\n");
	fflush(stdout);
}

/*
 * What the child said as it died, beside the plan: a sanitizer's report, of which
 * real threads may never give another.
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
		fprintf(stderr, "kthrash: can't save %s: %s\n", path, strerror(-err));
}

/* Shrink, explain, and say how to repeat: what a developer wants to see. */
static void present(struct plan *p, struct verdict *v, const char *path, uint64_t number)
{
	uint64_t executions = shared->executions;
	char smaller[4096], command[4200];
	unsigned runs;

	printf("\nFAIL %s: %s\n", kt_failure_name(v->failure), v->message);
	printf("after %llu executions; saved as %s\n", (unsigned long long)number, path);
	if (world_is_deterministic) {
		runs = shrink_plan(p, v, 10);
		snprintf(smaller, sizeof smaller, "%.*s.min.plan", (int)strlen(path) - 5, path);
		finding_annotate(p, v, "shrinking");
		if (plan_write(smaller, p) == 0)
			path = smaller;
		printf("shrunk in %u executions to %u operations and %u directives\n\n", runs,
		       p->ops_count, p->directives_count);
		if (explain)
			explain(p);
		shared->executions = executions;	/* the hunt's own */
	} else {
		printf("%s\n", isolate_report());
	}
	replay_command(command, sizeof command, path);
	printf("\nreplay: %s\n", command);
}

bool show_finding(const char *path, uint64_t number)
{
	static struct plan p;
	struct verdict v;

	if (plan_read(path, &p) != 0)
		return false;
	if (run_as_written(&p, &v) && v.failure != KT_PASS)
		present(&p, &v, path, number);
	else
		fprintf(stderr, "kthrash: %s does not replay\n", path);
	return true;
}

/* ---- which is kept ------------------------------------------------------ */

/* Nobody else looks or writes meanwhile. -1: that can't be had, and we go on. */
static int lock_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0 && flock(fd, LOCK_EX) != 0 && errno == EINTR)
		;
	return fd;
}

static void unlock_folder(int fd)
{
	if (fd < 0)
		return;
	flock(fd, LOCK_UN);	/* also for a child that has it open */
	close(fd);
}

/* As hunt.c writes it. */
struct origin {
	unsigned long long seed, number;
	char build[128];
};

static bool origin_of(const struct plan *p, struct origin *out)
{
	const char *line = strstr(p->note, "\nfound by ");

	return line && sscanf(line, "\nfound by %*[^,], seed %llu, execution %llu on %127[^\n]",
			      &out->seed, &out->number, out->build) == 3;
}

/* Is `found` of the same hunt as what is saved there, but earlier? */
static bool is_earlier(const struct plan *found, const char *path)
{
	static struct plan saved;
	struct origin a, b;

	return plan_read(path, &saved) == 0 && origin_of(found, &a) && origin_of(&saved, &b) &&
	       a.seed == b.seed && strcmp(a.build, b.build) == 0 && a.number < b.number;
}

bool take_finding(const struct options *o, const struct taken *t, struct verdict *v)
{
	static struct plan captured;
	char path[4096];
	int err = 0, lock;

	world_capture(&shared->plan, &shared->options, &captured);
	finding_annotate(&captured, v, t->found_by);
	finding_path(path, sizeof path, o->findings, v->failure, kt_name_hash(v->signature));
	lock = lock_folder(o->findings);
	if (access(path, F_OK) != 0 || is_earlier(&captured, path)) {
		err = plan_write(path, &captured);
		if (!err)
			keep_report(path);
	}
	if (!err && o->json)
		announce(path, v, t);
	unlock_folder(lock);
	if (err) {
		fprintf(stderr, "kthrash: can't save %s: %s\n", path, strerror(-err));
		if (o->json)
			announce_unsaved(path, &captured);
		return false;
	}
	if (world_is_deterministic && !replays(&captured, v))
		fprintf(stderr, "kthrash: %s does not replay: something in this build is not "
			"deterministic\n", path);
	if (!o->json && !t->quietly)
		present(&captured, v, path, t->number);
	return true;
}
