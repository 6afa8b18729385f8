/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/coverage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress/hunt/files.h"
#include "stress/hunt/memory.h"
#include "stress/hunt/options.h"
#include "stress/hunt/target.h"
#include "stress/run/world.h"

static const char head[] = "kthrash-coverage 1";

static struct {
	unsigned jobs;		/* 0: no map */
	char *all;		/* world_coverage_bytes for each job */
	void *mine;
} map;

bool coverage_map(unsigned jobs)
{
	map.all = memory_map(jobs * world_coverage_bytes);
	if (!map.all)
		return false;
	map.jobs = jobs;
	coverage_job(0);
	return true;
}

void coverage_job(unsigned job)
{
	if (map.jobs)
		map.mine = map.all + job * world_coverage_bytes;
}

void coverage_watch(bool on)
{
	if (map.jobs)
		world_cover(on ? map.mine : NULL);
}

uint32_t coverage_fresh(void)
{
	return map.jobs ? world_cover_fresh() : 0;
}

uint32_t coverage_pairs(void)
{
	return world_pairs_of_all(map.all, map.jobs);
}

/* ---- the file -------------------------------------------------------------- */

struct lines {
	char **line;		/* each from strdup() */
	size_t count, room;
};

static bool add_line(struct lines *l, const char *text)
{
	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 1024;
		char **more = realloc(l->line, room * sizeof *more);

		if (!more)
			return false;
		l->line = more;
		l->room = room;
	}
	l->line[l->count] = strdup(text);
	if (!l->line[l->count])
		return false;
	l->count++;
	return true;
}

static void drop_lines(struct lines *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->line[i]);
	free(l->line);
}

static int complain(int status, const char *path, const char *what)
{
	fprintf(stderr, "kthrash: %s: %s\n", path, what);
	return status;
}

/* A file that does not exist counts as a file without lines. */
static int read_lines(const char *path, struct lines *l)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;
	ssize_t n;
	int status = EXIT_CLEAN;
	bool first = true;

	if (!f)
		return errno == ENOENT ? EXIT_CLEAN :
		       complain(EXIT_ENVIRONMENT, path, strerror(errno));
	while (status == EXIT_CLEAN && (n = getline(&text, &room, f)) > 0) {
		if (text[n - 1] == '\n')
			text[n - 1] = '\0';
		if (first && strcmp(text, head) != 0)
			status = complain(EXIT_USAGE, path,
					  "expected 'kthrash-coverage 1' in its first line");
		else if (!first && !add_line(l, text))
			status = complain(EXIT_ENVIRONMENT, path, strerror(ENOMEM));
		first = false;
	}
	if (status == EXIT_CLEAN && ferror(f))
		status = complain(EXIT_ENVIRONMENT, path, strerror(errno));
	free(text);
	fclose(f);
	return status;
}

static bool add_seen(struct lines *l)
{
	char text[WORLD_PAIR_MAX];

	for (unsigned job = 0; job < map.jobs; job++) {
		const void *part = map.all + job * world_coverage_bytes;

		for (uint32_t i = 0; i < world_pairs(part); i++)
			if (!add_line(l, world_pair(part, i, text, sizeof text)))
				return false;
	}
	return true;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int write_lines(const char *path, const struct lines *l)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int err;

	if (!f)
		return complain(EXIT_ENVIRONMENT, path, strerror(errno));
	fprintf(f, "%s\n", head);
	for (size_t i = 0; i < l->count; i++)
		if (i == 0 || strcmp(l->line[i], l->line[i - 1]) != 0)
			fprintf(f, "%s\n", l->line[i]);
	err = fclose(f) == 0 ? file_write(path, text, size) : -errno;
	free(text);
	return err ? complain(EXIT_ENVIRONMENT, path, strerror(-err)) : EXIT_CLEAN;
}

/*
 * Lock the file's folder, so that no other process reads or writes the file. Returns what
 * folder_lock() returns.
 */
static int lock_folder_of(const char *path)
{
	char folder[4096];
	const char *slash = strrchr(path, '/');
	int fd;

	snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1,
		 slash ? path : ".");
	fd = folder_lock(folder);
	if (fd < 0)
		complain(0, folder, strerror(errno));
	return fd;
}

int coverage_save(const char *path)
{
	const char *refused = target_refusal(path);
	struct lines l = { 0 };
	struct target t;
	int status, fd;

	if (refused)
		return complain(EXIT_USAGE, path, refused);
	/* The file is read, too, and a FIFO or a terminal might never end. */
	if (target_find(path, &t) == 0 && t.direct)
		return complain(EXIT_USAGE, path, "expected a regular file");
	fd = lock_folder_of(path);
	if (fd < 0)
		return EXIT_ENVIRONMENT;
	status = read_lines(path, &l);
	if (status == EXIT_CLEAN && !add_seen(&l))
		status = complain(EXIT_ENVIRONMENT, path, strerror(ENOMEM));
	if (l.count)
		qsort(l.line, l.count, sizeof l.line[0], by_text);
	if (status == EXIT_CLEAN)
		status = write_lines(path, &l);
	drop_lines(&l);
	folder_unlock(fd);
	return status;
}
