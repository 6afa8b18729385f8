/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "stress/run/subject.h"

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

/*
 * Read the whole file. A file that is too large is read only until `text` is full. Returns the
 * number of bytes, or -errno.
 */
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

int case_read(const char *path, struct plan *p)
{
	int err = plan_read(path, p);

	if (err || !subject->accepts || subject->accepts(p)) {
		const char *remark = !err && subject->remark ? subject->remark(p) : NULL;

		if (remark)
			fprintf(stderr, "kthrash: %s: %s\n", path, remark);
		return err;
	}
	if (plan_is_program(p))
		fprintf(stderr, "kthrash: %s: a plan of the program \"%s\", which this driver "
			"does not run\n", path, plan_string(p, p->args[0]));
	else
		fprintf(stderr, "kthrash: %s: a plan of operations on core/, which the subject "
			"'%s' does not run\n", path, subject->name);
	return -EINVAL;
}

int folder_lock(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0 && flock(fd, LOCK_EX) != 0) {
		int err = errno;

		if (err == EINTR)
			continue;
		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

void folder_unlock(int fd)
{
	if (fd < 0)
		return;
	flock(fd, LOCK_UN);	/* close() alone would not unlock it while a child has it open */
	close(fd);
}
