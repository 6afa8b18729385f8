/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel keeps for the process, and what an execution leaves of it.
 *
 *	descriptors that it opened	closed
 *	standard input, output, error	put back, if it closed or replaced them; and the offset
 *					of an input that is a file
 *	the working directory, umask	put back
 *	mappings that it made		unmapped (maps.c)
 *	contents of files		stay as they are
 *	libraries that it loaded, limits, memory shared with others: can't be put back. The
 *					driver then goes on with a process for each execution
 *
 * The driver keeps no descriptor between two executions that it has opened between them.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/hosted/backbone.h"
#include "platform/hosted/hosted.h"
#include "platform/hosted/site.h"

enum {
	STANDARD = 3,      /* input, output, error */
	KEPT_FROM = 600,   /* copies of them have numbers from here */
	PROGRAM_END = 512, /* descriptors of the program are below */
	FREE_MAX = 32,
	CLOSE_ALL_EVERY = 64, /* executions */
};

static struct {
	uint32_t executions;
	int kept[STANDARD];
	int directory;
	struct {
		int first, last;
	} free[FREE_MAX]; /* numbers that the program may use */
	int frees;
	long input_offset; /* -1: the input can't be put back */
	bool touched, moved;
	mode_t mask;
	bool mask_changed;
	int output; /* while it is silent: the standard output of the program */
} files;

/* ---- what can't be put back --------------------------------------------------------- */

void hosted_cannot_reset(const char *what)
{
	if (hosted_on() && !sites->not_reset)
		sites->not_reset = what;
}

const char *hosted_not_reset(void)
{
	return sites->not_reset;
}

/* ---- before and after an execution ----------------------------------------------------- */

static int copy_of(int fd)
{
	return (int)HOSTED_RAW_3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, KEPT_FROM);
}

static void find_free(void)
{
	bool was_free = false;

	files.frees = 0;
	for (int fd = STANDARD; fd < PROGRAM_END; fd++) {
		bool is_free = HOSTED_RAW_2(SYS_fcntl, fd, F_GETFD) < 0;

		if (is_free && !was_free) {
			if (files.frees == FREE_MAX)
				return; /* the program's are below */
			files.free[files.frees++].first = fd;
		}
		was_free = is_free;
		if (is_free)
			files.free[files.frees - 1].last = fd;
	}
}

void hosted_files_look(void)
{
	struct stat st = { 0 };

	if (hosted_process->files)
		return;
	hosted_process->files = true;
	if (!hosted_is_driven()) {	/* descriptors are the engine's, too */
		files.frees = 1;
		files.free[0].first = STANDARD;
		files.free[0].last = INT_MAX;
		files.input_offset = -1;
		return;
	}
	for (int fd = 0; fd < STANDARD; fd++)
		files.kept[fd] = copy_of(fd);
	files.directory = (int)HOSTED_RAW_3(SYS_open, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (files.directory >= 0) {
		int up = copy_of(files.directory);

		HOSTED_RAW_1(SYS_close, files.directory);
		files.directory = up;
	}
	find_free();
	files.input_offset = -1;
	if (HOSTED_RAW_2(SYS_fstat, 0, &st) == 0 && S_ISREG(st.st_mode))
		files.input_offset = HOSTED_RAW_3(SYS_lseek, 0, 0, SEEK_CUR);
}

HOSTED_AT_BEGIN(hosted_files_look);

void hosted_input_back(void)
{
	if (files.input_offset >= 0)
		HOSTED_RAW_3(SYS_lseek, 0, files.input_offset, SEEK_SET);
}

/*
 * Is the lowest descriptor that was free in use? It may be free although one is open, if the
 * program opened two and closed the first. So all are closed now and then in any case: to close
 * them each time costs as much as a small execution.
 */
static bool has_opened(void)
{
	return HOSTED_RAW_2(SYS_fcntl, files.free[0].first, F_GETFD) >= 0;
}

static void end(void)
{
	if (!hosted_is_driven())
		return;
	if (has_opened() || ++files.executions % CLOSE_ALL_EVERY == 0)
		for (int i = 0; i < files.frees; i++)
			HOSTED_RAW_3(SYS_close_range, files.free[i].first, files.free[i].last, 0);
	if (files.touched)
		for (int fd = 0; fd < STANDARD; fd++)
			if (files.kept[fd] >= 0)
				HOSTED_RAW_3(SYS_dup2, files.kept[fd], fd, 0);
	if (files.moved && files.directory >= 0)
		HOSTED_RAW_1(SYS_fchdir, files.directory);
	if (files.mask_changed)
		HOSTED_RAW_1(SYS_umask, files.mask);
	hosted_input_back();
	files.touched = files.moved = files.mask_changed = false;
}
HOSTED_AT_END(end);

static bool is_silent;

bool hosted_shows_output(void)
{
	return !is_silent;
}

void hosted_set_silent(bool silent)
{
	long null;

	if (silent == is_silent)
		return;
	is_silent = silent;
	if (!silent) {
		HOSTED_RAW_3(SYS_dup3, files.output, STDOUT_FILENO, 0);
		HOSTED_RAW_1(SYS_close, files.output);
	} else {
		files.output = copy_of(STDOUT_FILENO);
		null = HOSTED_RAW_3(SYS_open, "/dev/null", O_WRONLY | O_CLOEXEC, 0);
		HOSTED_RAW_3(SYS_dup3, null, STDOUT_FILENO, 0);
		HOSTED_RAW_1(SYS_close, null);
	}
	hosted_process->files = false; /* look again */
}

/* ---- the program's calls ------------------------------------------------------------------ */

/* The C library's convention for a system call's result. */
static int result_of(long result)
{
	if (result >= 0)
		return (int)result;
	errno = (int)-result;
	return -1;
}

/* Is it a descriptor of the driver, which the program can't know? */
static bool is_hidden(int fd)
{
	if (fd < STANDARD)
		return false;
	for (int i = 0; i < files.frees; i++)
		if (fd >= files.free[i].first && fd <= files.free[i].last)
			return false;
	return true;
}

HOSTED_EXPORT int close(int fd)
{
	if (!hosted_on())
		return result_of(HOSTED_RAW_1(SYS_close, fd));
	if (is_hidden(fd))
		return result_of(-EBADF);
	files.touched |= fd < STANDARD;
	return result_of(HOSTED_RAW_1(SYS_close, fd));
}

static int duplicate(int from, int to, int flags)
{
	if (hosted_on() && (is_hidden(from) || is_hidden(to)))
		return result_of(-EBADF);
	files.touched |= hosted_on() && to < STANDARD;
	return result_of(HOSTED_RAW_3(SYS_dup3, from, to, flags));
}

HOSTED_EXPORT int dup2(int from, int to)
{
	if (from == to)
		return result_of(HOSTED_RAW_2(SYS_dup2, from, to));
	return duplicate(from, to, 0);
}

HOSTED_EXPORT int dup3(int from, int to, int flags)
{
	return from == to ? result_of(-EINVAL) : duplicate(from, to, flags);
}

/* Of the driver's descriptors none is closed. */
HOSTED_EXPORT int close_range(unsigned first, unsigned last, int flags)
{
	if (!hosted_on())
		return result_of(HOSTED_RAW_3(SYS_close_range, first, last, flags));
	for (unsigned fd = first; fd < PROGRAM_END && fd <= last; fd++)
		if (!is_hidden((int)fd))
			close((int)fd);
	return 0;
}

HOSTED_EXPORT void closefrom(int first)
{
	close_range(first < 0 ? 0 : (unsigned)first, ~0u, 0);
}

HOSTED_EXPORT int chdir(const char *path)
{
	files.moved |= hosted_on();
	return result_of(HOSTED_RAW_1(SYS_chdir, path));
}

HOSTED_EXPORT int fchdir(int fd)
{
	files.moved |= hosted_on();
	return result_of(HOSTED_RAW_1(SYS_fchdir, fd));
}

HOSTED_EXPORT mode_t umask(mode_t mask)
{
	mode_t before = (mode_t)HOSTED_RAW_1(SYS_umask, mask);

	if (hosted_on() && !files.mask_changed) {
		files.mask_changed = true;
		files.mask = before;
	}
	return before;
}

HOSTED_EXPORT int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	hosted_cannot_reset("it changed a limit by setrlimit()");
	return result_of(HOSTED_RAW_2(SYS_setrlimit, resource, limit));
}

HOSTED_EXPORT void *dlopen(const char *file, int mode)
{
	if (file)
		hosted_cannot_reset("it loaded a library by dlopen()");
	return HOSTED_REAL(dlopen)(file, mode);
}
