/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/finding.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/completion.h"
#include "platform/point.h"
#include "platform/sanitizer.h"

/* ---- what this binary is ------------------------------------------------ */

#if KT_WITH_ASAN
#define SANITIZER_NAME "asan"
#elif KT_WITH_TSAN
#define SANITIZER_NAME "tsan"
#else
#define SANITIZER_NAME "none"
#endif
#if defined(__clang__)
#define COMPILER_NAME "clang"
#define COMPILER_MAJOR __clang_major__
#else
#define COMPILER_NAME "gcc"
#define COMPILER_MAJOR __GNUC__
#endif
#if defined(__OPTIMIZE__)
#define OPTIMIZED "optimized"
#else
#define OPTIMIZED "-O0"
#endif

static const char platform_name[] = KT_OS_NAME "+" KT_LOCK_NAME "+" KT_COMPLETION_NAME "+"
				    KT_QUEUE_NAME "+" KT_RCU_NAME;

/* What tools/kthrash builds for --os=sim and --os=posix. */
static const char *const default_platforms[] = {
	"sim+modelled+modelled+list+modelled",
	"posix+mutex+park+list+memb",
};

const char *build_name(void)
{
	static char name[160];

	snprintf(name, sizeof name, "%s, " COMPILER_NAME " %d %s, sanitizer " SANITIZER_NAME,
		 platform_name, COMPILER_MAJOR, OPTIMIZED);
	return name;
}

__attribute__((weak)) const char *bug_name(void)
{
	return NULL;
}

void replay_options(char *buf, size_t size)
{
	bool sim = strcmp(world_os, "sim") == 0, plain = strcmp(SANITIZER_NAME, "none") == 0;
	bool usual = strcmp(platform_name, default_platforms[!sim]) == 0;

	if (bug_name())
		snprintf(buf, size, " --bug=%s", bug_name());
	else
		snprintf(buf, size, "%s%s%s%s",
			 !usual ? " --platform=" : sim ? "" : " --os=posix",
			 usual ? "" : platform_name,
			 plain && sim ? "" : " --sanitizer=", plain && sim ? "" : SANITIZER_NAME);
}

void replay_command(char *buf, size_t size, const char *path)
{
	char options[256];

	replay_options(options, sizeof options);
	snprintf(buf, size, "tools/kthrash replay%s %s", options, path);
}

/* ---- files -------------------------------------------------------------- */

static int write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, text, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		text += n;
		size -= (size_t)n;
	}
	return 0;
}

int file_write(const char *path, const char *text, size_t size)
{
	char temporary[4096];
	int fd, err;

	if ((size_t)snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid()) >=
	    sizeof temporary)
		return -ENAMETOOLONG;
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	err = write_all(fd, text, size);
	if (err == 0 && fsync(fd) != 0 && errno != EINVAL)
		err = -errno;
	if (close(fd) != 0 && err == 0)
		err = -errno;
	if (err == 0 && rename(temporary, path) != 0)
		err = -errno;
	if (err)
		unlink(temporary);
	return err;
}

static char text[PLAN_BYTES_MAX * 4];

int plan_write(const char *path, const struct plan *p)
{
	size_t size = plan_print(p, text, sizeof text);

	return size < sizeof text ? file_write(path, text, size) : -EFBIG;
}

/* All of the file, or as much as shows that it is too large. */
static ssize_t read_all(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 0;

	if (fd < 0)
		return -errno;
	while (size < sizeof text) {
		ssize_t n = read(fd, text + size, sizeof text - size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int err = -errno;

			close(fd);
			return err;
		}
		if (n == 0)
			break;
		size += (size_t)n;
	}
	close(fd);
	return (ssize_t)size;
}

int plan_read(const char *path, struct plan *p)
{
	struct plan_error e;
	ssize_t size = read_all(path);

	if (size < 0) {
		fprintf(stderr, "kthrash: %s: %s\n", path, strerror((int)-size));
		return (int)size;
	}
	if (plan_parse(p, text, (size_t)size, &e) == 0)
		return 0;
	fprintf(stderr, "%s:%u:%u: %s\n", path, e.line, e.column, e.message);
	return -EINVAL;
}

/* ---- findings ----------------------------------------------------------- */

void finding_path(char *buf, size_t size, const char *dir, enum kt_failure failure,
		  uint32_t signature)
{
	snprintf(buf, size, "%s/%s-%08x.plan", dir, kt_failure_name(failure), signature);
}

/* Notes are lines of printable ASCII: a message may hold anything. */
static void make_printable(char *s)
{
	for (; *s; s++)
		if ((*s < ' ' && *s != '\n') || *s > '~')
			*s = '?';
}

void finding_annotate(struct plan *p, const struct verdict *v, const char *found_by)
{
	p->has_expect = true;
	p->expect = v->failure;
	p->has_trace = world_is_deterministic && v->failure != KT_NONDETERMINISM;
	p->trace = v->hash;
	snprintf(p->note, sizeof p->note, "%s\n%s\nfound by %s on %s", v->signature, v->message,
		 found_by, build_name());
	make_printable(p->note);
}

const char *json_escape(char *buf, size_t size, const char *s)
{
	size_t used = 0;

	for (; *s && used + 7 < size; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\') {
			buf[used++] = '\\';
			buf[used++] = (char)c;
		} else if (c < ' ' || c > '~') {
			used += (size_t)snprintf(buf + used, size - used, "\\u%04x", c);
		} else {
			buf[used++] = (char)c;
		}
	}
	buf[used] = '\0';
	return buf;
}
