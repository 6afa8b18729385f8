/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "stress/hunt/output.h"
#include "stress/hunt/target.h"
#include "stress/run/subject.h"

enum { SUFFIX_MAX = 32 };	/* ".PROCESS.tmp" */

/* A device, a FIFO or a descriptor. */
static int write_directly(const struct target *t, const char *text, size_t size)
{
	int fd, err;

	if (t->fd == STDOUT_FILENO)
		output_flush();		/* what was printed before comes first */
	fd = t->fd >= 0 ? dup(t->fd) : open(t->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	err = output_bytes(fd, text, size);
	if (close(fd) != 0 && err == 0)
		err = -errno;
	return err;
}

/* The new file has the owner and the permissions of the old one, as far as this user may. */
static void keep_owner_and_mode(int fd, const struct stat *before)
{
	struct stat now;

	if (fstat(fd, &now) == 0 && (now.st_uid != before->st_uid || now.st_gid != before->st_gid))
		(void)!fchown(fd, before->st_uid, before->st_gid);
	(void)fchmod(fd, before->st_mode & 0777);	/* some file systems know no modes */
}

static int write_temporary(const struct target *t, const char *temporary, const char *text,
			   size_t size)
{
	int fd, err;

	unlink(temporary);	/* a killed process with the same number may have left it */
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	if (t->exists)
		keep_owner_and_mode(fd, &t->before);
	err = output_bytes(fd, text, size);
	if (err == 0 && fsync(fd) != 0 && errno != EINVAL)
		err = -errno;
	if (close(fd) != 0 && err == 0)
		err = -errno;
	return err;
}

int file_write(const char *path, const char *text, size_t size)
{
	char temporary[TARGET_PATH_MAX + SUFFIX_MAX];
	struct target t;
	int err = target_find(path, &t), folder;

	if (err)
		return err;
	if (t.direct)
		return write_directly(&t, text, size);
	if (t.exists && access(t.path, W_OK) != 0)
		return -errno;
	/* The name may be as long as a name can be, so the temporary file's has less of it. */
	folder = (int)(strrchr(t.path, '/') - t.path) + 1;
	snprintf(temporary, sizeof temporary, "%.*s%.*s.%ld.tmp", folder, t.path,
		 NAME_MAX - SUFFIX_MAX, t.path + folder, (long)getpid());
	err = write_temporary(&t, temporary, text, size);
	if (err == 0 && rename(temporary, t.path) != 0)
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

	if (!err && subject->refuses && subject->refuses(p)) {
		fprintf(stderr, "kthrash: %s: %s\n", path, subject->refuses(p));
		return -EINVAL;
	}
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
