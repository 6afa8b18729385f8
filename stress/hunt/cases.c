/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/cases.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "platform/check.h"
#include "platform/rng.h"
#include "stress/hunt/files.h"
#include "stress/hunt/kept.h"
#include "stress/run/subject.h"

enum {
	FILES_MAX = 1 << 16,
	KEPT_STREAM = 0x4e47,	/* keeps these draws independent of other draws from the seed */
};

static struct {
	const struct options *o;
	char *file[FILES_MAX];
	unsigned count;
	unsigned allowed;	/* bit per enum kt_failure */
} cases;

/* ---- the files that were given ---------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_plan(const char *name)
{
	size_t len = strlen(name), suffix = strlen(".plan");

	return len >= suffix && strcmp(name + len - suffix, ".plan") == 0;
}

/*
 * The file system gives the files of a folder in any order. They are sorted, so that they have
 * the same order everywhere.
 */
static int list_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		if (!is_plan(e->d_name))
			continue;
		if (cases.count == FILES_MAX) {
			fprintf(stderr,
				"kthrash: %s: more than %d plans, expected several "
				"folders\n",
				path, FILES_MAX);
			closedir(dir);
			return EXIT_USAGE;
		}
		if (asprintf(&cases.file[cases.count], "%s/%s", path, e->d_name) < 0)
			return EXIT_ENVIRONMENT;
		cases.count++;
	}
	if (dir)
		closedir(dir);
	qsort(cases.file, cases.count, sizeof cases.file[0], by_name);
	if (cases.count)
		return EXIT_CLEAN;
	fprintf(stderr, "kthrash: %s: no *.plan in it\n", path);
	return EXIT_USAGE;
}

/* A folder may have plans that executions of this build can't have: they are left out. */
static int leave_out_refused(const char *path)
{
	static struct plan p;
	unsigned kept = 0;
	const char *why = NULL;

	if (!subject->refuses)
		return EXIT_CLEAN;
	for (unsigned i = 0; i < cases.count; i++) {
		if (plan_read(cases.file[i], &p) != 0)
			return EXIT_USAGE;
		if (!subject->refuses(&p)) {
			cases.file[kept++] = cases.file[i];
			continue;
		}
		why = subject->refuses(&p);
		free(cases.file[i]);
	}
	if (why)
		fprintf(stderr, "kthrash: %s: %u of %u plan%s %s left out: %s\n", path,
			cases.count - kept, cases.count, kt_plural(cases.count),
			cases.count - kept == 1 ? "is" : "are", why);
	cases.count = kept;
	return kept ? EXIT_CLEAN : EXIT_USAGE;
}

static int list(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		fprintf(stderr, "kthrash: %s: %s\n", path, strerror(errno));
		return EXIT_USAGE;
	}
	if (S_ISDIR(st.st_mode)) {
		int status = list_folder(path);

		return status ? status : leave_out_refused(path);
	}
	cases.file[cases.count++] = strdup(path);
	return EXIT_CLEAN;
}

static int check_files(void)
{
	static struct plan p;
	struct plan_error err;

	for (unsigned i = 0; i < cases.count; i++) {
		if (case_read(cases.file[i], &p) != 0)
			return EXIT_USAGE;
		if (!cases.o->has_memory)
			continue;
		p.memory = cases.o->memory;
		if (plan_check(&p, &err) != 0) {
			fprintf(stderr, "kthrash: %s: %s\n", cases.file[i], err.message);
			return EXIT_USAGE;
		}
	}
	return EXIT_CLEAN;
}

/* No file was given: can the subject make the cases? */
static int check_subject(void)
{
	const struct options *o = cases.o;
	const char *lacks = !subject->generate ? "makes no plans, give --plan=FILE" :
			    o->illegal && !subject->generate_illegal ?
			    "makes no illegal plans, omit --illegal" :
			    o->mutate && !subject->mutate ?
			    "can't change plans, omit --mutate" : NULL;

	if (!lacks)
		return EXIT_CLEAN;
	fprintf(stderr, "kthrash: the subject '%s' %s\n", subject->name, lacks);
	return EXIT_USAGE;
}

int cases_open(const struct options *o)
{
	int status;

	cases.o = o;
	cases.count = 0;
	if (!o->plan)
		return check_subject();
	status = list(o->plan);
	return status == EXIT_CLEAN ? check_files() : status;
}

unsigned cases_count(void)
{
	return cases.count;
}

/* ---- number n --------------------------------------------------------------- */

bool cases_make(struct plan *p, uint64_t number)
{
	const struct options *o = cases.o;

	cases.allowed = 0;
	if (o->illegal)
		cases.allowed = subject->generate_illegal(p, kt_rng_derive(o->seed, number));
	else if (cases.count && plan_read(cases.file[number % cases.count], p) != 0)
		return false;
	else if (!cases.count && !kept_mutate(p, kt_rng_derive(o->seed ^ KEPT_STREAM, number)))
		subject->generate(p, kt_rng_derive(o->seed, number), o->faults);
	if (o->has_memory)
		p->memory = o->memory;
	return true;
}

bool cases_allow(enum kt_failure failure)
{
	return cases.allowed >> failure & 1;
}
