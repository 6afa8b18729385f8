/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stress/hunt/options.h"

static struct {
	unsigned failures;
	int error;		/* of the first failure; 0: none */
	bool findings_are_kept;
	int lock_fd;
} output = { .lock_fd = -1 };

void output_begin(void)
{
	/* A file that grows beyond its limit: then a write fails, as on a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	/* A descriptor that is open for reading only: each write fails with EBADF. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDONLY) != fd)
			return;		/* there is no /dev/null */
	/* Record locks belong to a process, so a child does not share them. */
	output.lock_fd = memfd_create("output lock", MFD_CLOEXEC);
}

void output_note(int error)
{
	if (!error)
		return;
	output.failures++;
	if (!output.error)
		output.error = error;
}

bool output_flush(void)
{
	/* If stdio wrote part of it earlier and failed, nothing says why. */
	int error = ferror(stdout) ? EIO : 0;

	if (fflush(stdout) != 0)
		error = errno;
	if (!error)
		return true;
	output_note(error);
	__fpurge(stdout);	/* so that a child does not write it once more when it exits */
	clearerr(stdout);
	return false;
}

bool output_failed(void)
{
	return output.error != 0;
}

unsigned output_failures(void)
{
	return output.failures;
}

int output_error(void)
{
	return output.error;
}

int output_bytes(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		bytes += n;
		size -= (size_t)n;
	}
	return 0;
}

static void set_lock(short type)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET };

	while (output.lock_fd >= 0 && fcntl(output.lock_fd, F_SETLKW, &l) != 0 && errno == EINTR)
		;
}

void output_lock(void)
{
	set_lock(F_WRLCK);
}

void output_unlock(void)
{
	set_lock(F_UNLCK);
}

void output_findings_are_kept(void)
{
	output.findings_are_kept = true;
}

/* Some file systems report a full disk or a quota only when a descriptor is closed. */
static void close_copy(int fd)
{
	int copy = dup(fd);

	if (copy >= 0 && close(copy) != 0 && errno != EINTR)
		output_note(errno);
}

static const char *reason(int error)
{
	return error == EBADF ? "it is closed" : strerror(error);
}

int output_end(int status)
{
	output_flush();
	close_copy(STDOUT_FILENO);
	if (output.error)
		fprintf(stderr, "kthrash: standard output can't be written: %s\n",
			reason(output.error));
	if (!output.error && !ferror(stderr))
		return status;
	if (status == EXIT_FINDINGS && output.findings_are_kept)
		return status;
	if (output.error == EPIPE && signal(SIGPIPE, SIG_DFL) != SIG_IGN)
		raise(SIGPIPE);	/* it was only held back while a finding was printed */
	return status == EXIT_USAGE ? status : EXIT_ENVIRONMENT;
}
