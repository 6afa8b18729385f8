/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Takes the program over before its main().
 *
 * A program calls __libc_start_main() of this library, which calls the C library's with
 * another main(). So the constructors have run when that main() begins. It takes the
 * snapshot to which each execution is reset, and then calls the driver. Without
 * KTHRASH_DRIVER it calls the program's own main().
 *
 * Address randomization is turned off, once, by starting the program again. Then addresses
 * are the same in every process. Where that is forbidden (some containers) the program runs
 * with random addresses: what is compared between processes does not contain any.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/hosted/backbone.h"
#include "platform/hosted/hosted.h"

#define DRIVER_VARIABLE     "KTHRASH_DRIVER"
#define SYMBOLIZER_VARIABLE "KTHRASH_SYMBOLIZER"
#define AGAIN_VARIABLE      "KTHRASH_AGAIN"	/* set in a program that was started again */

enum { WORDS_MAX = 4096, EXIT_ENVIRONMENT = 3 };

static struct {
	int (*main)(int, char **, char **);
	int argc;
	char **argv, **envp;
	char file[4096];
	const char *symbolizer;
} program;

int (*hosted_driver)(int argc, char **argv) __attribute__((weak));

int hosted_argc(void)
{
	return program.argc;
}

char **hosted_argv(void)
{
	return program.argv;
}

const char *hosted_file(void)
{
	return program.file;
}

const char *hosted_symbolizer(void)
{
	return program.symbolizer;
}

void hosted_call_main(void)
{
	hosted_models_main(program.main, program.argc, program.argv, program.envp);
}

void hosted_give_up(const char *fmt, ...)
{
	static char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line - 1, fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof line - 1)
		n = sizeof line - 2;
	line[n] = '\n';
	HOSTED_RAW_3(SYS_write, STDERR_FILENO, "kthrash: ", 9);
	HOSTED_RAW_3(SYS_write, STDERR_FILENO, line, n + 1);
	HOSTED_RAW_1(SYS_exit_group, EXIT_ENVIRONMENT);
	__builtin_unreachable();
}

/* ---- is there a driver? -------------------------------------------------- */

/*
 * The first caller is malloc(), before the C library knows its environment. So the kernel is
 * asked.
 */
static bool is_in_environment(const char *name)
{
	char buf[4096] = "";
	size_t len = strlen(name), match = 0;
	bool skip = false, found = false;
	long n, fd = hosted_raw(SYS_open, (long)"/proc/self/environ", O_RDONLY | O_CLOEXEC, 0, 0, 0,
				0);

	if (fd < 0)
		return false;
	while (!found && (n = HOSTED_RAW_3(SYS_read, fd, buf, sizeof buf)) > 0)
		for (long i = 0; i < n && !found; i++) {
			if (!buf[i]) {
				match = 0;
				skip = false;
			} else if (!skip && match == len && buf[i] == '=') {
				found = true;
			} else if (!skip && match < len && buf[i] == name[match]) {
				match++;
			} else {
				skip = true;
			}
		}
	HOSTED_RAW_1(SYS_close, fd);
	return found;
}

bool hosted_is_driven(void)
{
	static enum { UNKNOWN, NO, YES } known;

	if (unlikely(known == UNKNOWN))
		known = is_in_environment(DRIVER_VARIABLE) ? YES : NO;
	return known == YES;
}

static char **find_variable(char **envp, const char *name)
{
	size_t len = strlen(name);

	for (char **e = envp; e && *e; e++)
		if (strncmp(*e, name, len) == 0 && (*e)[len] == '=')
			return e;
	return NULL;
}

/* Take the variable out of the environment, so that the program does not see it. */
static char *take_variable(char **envp, const char *name)
{
	char **e = find_variable(envp, name), *value = e ? strchr(*e, '=') + 1 : NULL;

	for (; e && *e; e++)
		e[0] = e[1];
	return value;
}

const char *hosted_variable(const char *name)
{
	char **e = find_variable(program.envp, name);

	return e ? strchr(*e, '=') + 1 : NULL;
}

/* ---- the same addresses in each process ------------------------------------ */

static void start_again_without_randomization(char **argv, char **envp)
{
	static char mark[] = AGAIN_VARIABLE "=1";
	char *again[4096];
	size_t n = 0;
	int now = personality(0xffffffff);

	if (now < 0 || (now & ADDR_NO_RANDOMIZE) || take_variable(envp, AGAIN_VARIABLE))
		return;
	if (personality((unsigned long)now | ADDR_NO_RANDOMIZE) < 0)
		return;
	while (envp[n] && n < sizeof again / sizeof again[0] - 2) {
		again[n] = envp[n];
		n++;
	}
	again[n++] = mark;
	again[n] = NULL;
	execve("/proc/self/exe", argv, again);
	/* It can't be started again, for instance without /proc: it goes on as it is. */
}

/* ---- main() ---------------------------------------------------------------- */

static int drive(char *words)
{
	static char *argv[WORDS_MAX + 1];
	int argc = 0;

	for (char *w = words; w && argc < WORDS_MAX; argc++) {
		argv[argc] = w;
		w = strchr(w, '\x1f');
		if (w)
			*w++ = '\0';
	}
	if (!hosted_driver)
		hosted_give_up("this libkthrash has no driver");
	return hosted_driver(argc, argv);
}

/* The driver's words, in memory that is not put back. */
static char *copied(const char *words)
{
	size_t size = strlen(words) + 1;

	return memcpy(hosted_map(size), words, size);
}

static void find_file(void)
{
	ssize_t n = readlink("/proc/self/exe", program.file, sizeof program.file - 1);

	program.file[n > 0 ? n : 0] = '\0';
}

static int start_main(int argc, char **argv, char **envp)
{
	char *words;

	program.argc = argc;
	program.argv = argv;
	program.envp = envp;
	if (!hosted_is_driven())
		return program.main(argc, argv, envp);
	take_variable(envp, AGAIN_VARIABLE);
	words = copied(take_variable(envp, DRIVER_VARIABLE));
	program.symbolizer = take_variable(envp, SYMBOLIZER_VARIABLE);
	find_file();
	hosted_arguments_keep(argv, envp);
	hosted_init();
	return drive(words);
}

/* Nobody has told where the symbolizer is: Debian's newest, else the one in PATH. */
static const char *find_symbolizer(void)
{
	static char found[256];
	const char *path = hosted_variable("PATH"), *given = hosted_variable(SYMBOLIZER_VARIABLE);

	if (given)
		return given;
	for (int version = 29; version > 10; version--) {
		snprintf(found, sizeof found, "/usr/lib/llvm-%d/bin/llvm-symbolizer", version);
		if (access(found, X_OK) == 0)
			return found;
	}
	while (path && *path) {
		size_t len = strcspn(path, ":");

		snprintf(found, sizeof found, "%.*s/llvm-symbolizer", (int)len, path);
		if (access(found, X_OK) == 0)
			return found;
		path += len + (path[len] == ':');
	}
	return NULL;
}

void hosted_start_undriven(void)
{
	find_file();
	program.symbolizer = find_symbolizer();
	hosted_init_undriven();
}

/*
 * The C library's own prototype. Its caller is the program's start-up code, compiled without
 * hooks.
 */
HOSTED_EXPORT int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv,
				    void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
				    void *stack_end)
{
	if (hosted_is_driven())
		start_again_without_randomization(argv, argv + argc + 1);
	program.main = main;
	return HOSTED_REAL(__libc_start_main)(start_main, argc, argv, init, fini, rtld_fini,
					      stack_end);
}
