/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes are refused: an execution is one process, which runs many more executions. Outside
 * of an execution the C library's functions are called.
 */
#include <pty.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/hosted/models.h"

HOSTED_REFUSED(pid_t, fork, (void), ())
HOSTED_REFUSED(pid_t, _Fork, (void), ())
HOSTED_REFUSED(int, execv, (const char *path, char *const argv[]), (path, argv))
HOSTED_REFUSED(int, execve, (const char *path, char *const argv[], char *const envp[]),
	(path, argv, envp))
HOSTED_REFUSED(int, execvp, (const char *file, char *const argv[]), (file, argv))
HOSTED_REFUSED(int, execvpe, (const char *file, char *const argv[], char *const envp[]),
	(file, argv, envp))
HOSTED_REFUSED(int, fexecve, (int fd, char *const argv[], char *const envp[]), (fd, argv, envp))
HOSTED_REFUSED(int, system, (const char *command), (command))
HOSTED_REFUSED(FILE *, popen, (const char *command, const char *modes), (command, modes))
HOSTED_REFUSED(pid_t, wait, (int *status), (status))
HOSTED_REFUSED(pid_t, waitpid, (pid_t pid, int *status, int options), (pid, status, options))
HOSTED_REFUSED(int, waitid, (idtype_t type, id_t id, siginfo_t *info, int options),
	(type, id, info, options))
HOSTED_REFUSED(pid_t, wait3, (int *status, int options, struct rusage *usage),
	(status, options, usage))
HOSTED_REFUSED(pid_t, wait4, (pid_t pid, int *status, int options, struct rusage *usage),
	(pid, status, options, usage))
HOSTED_REFUSED(int, forkpty, (int *fd, char *name, const struct termios *t,
		const struct winsize *size),
	(fd, name, t, size))
HOSTED_REFUSED(int, execveat, (int fd, const char *path, char *const argv[], char *const envp[],
		int flags),
	(fd, path, argv, envp, flags))
HOSTED_REFUSED(int, daemon, (int nochdir, int noclose), (nochdir, noclose))
HOSTED_REFUSED(int, unshare, (int flags), (flags))

HOSTED_EXPORT int posix_spawn(pid_t *restrict pid, const char *restrict path,
			      const posix_spawn_file_actions_t *restrict actions,
			      const posix_spawnattr_t *restrict attr, char *const argv[restrict],
			      char *const envp[restrict])
{
	if (hosted_on())
		hosted_refuse("posix_spawn()", HOSTED_CALLER);
	return HOSTED_REAL_OF(posix_spawn, "GLIBC_2.15")(pid, path, actions, attr, argv, envp);
}

HOSTED_EXPORT int posix_spawnp(pid_t *pid, const char *file,
			       const posix_spawn_file_actions_t *actions,
			       const posix_spawnattr_t *attr, char *const argv[],
			       char *const envp[])
{
	if (hosted_on())
		hosted_refuse("posix_spawnp()", HOSTED_CALLER);
	return HOSTED_REAL_OF(posix_spawnp, "GLIBC_2.15")(pid, file, actions, attr, argv, envp);
}

/* The C library's vfork() can't be called from a function: the child would leave its frame. */
HOSTED_EXPORT pid_t vfork(void)
{
	if (hosted_on())
		hosted_refuse("vfork()", HOSTED_CALLER);
	return HOSTED_REAL(fork)();
}

HOSTED_EXPORT int clone(int (*fn)(void *), void *stack, int flags, void *arg, ...)
{
	va_list ap;
	void *parent, *tls, *child;

	if (hosted_on())
		hosted_refuse("clone()", HOSTED_CALLER);
	va_start(ap, arg);
	parent = va_arg(ap, void *);
	tls = va_arg(ap, void *);
	child = va_arg(ap, void *);
	va_end(ap);
	return HOSTED_REAL(clone)(fn, stack, flags, arg, parent, tls, child);
}

/* ---- execl() and its kin ---------------------------------------------- */

enum { WORDS_MAX = 1024 };

/* The words of a call, with the NULL that ends them. */
static void collect(char **words, const char *first, va_list ap)
{
	size_t n = 0;

	words[n] = (char *)(uintptr_t)first;
	while (n < WORDS_MAX - 1 && words[n])
		words[++n] = va_arg(ap, char *);
	words[n] = NULL;
}

HOSTED_EXPORT int execl(const char *path, const char *arg, ...)
{
	char *words[WORDS_MAX];
	va_list ap;

	if (hosted_on())
		hosted_refuse("execl()", HOSTED_CALLER);
	va_start(ap, arg);
	collect(words, arg, ap);
	va_end(ap);
	return HOSTED_REAL(execv)(path, words);
}

HOSTED_EXPORT int execlp(const char *file, const char *arg, ...)
{
	char *words[WORDS_MAX];
	va_list ap;

	if (hosted_on())
		hosted_refuse("execlp()", HOSTED_CALLER);
	va_start(ap, arg);
	collect(words, arg, ap);
	va_end(ap);
	return HOSTED_REAL(execvp)(file, words);
}

HOSTED_EXPORT int execle(const char *path, const char *arg, ...)
{
	char *words[WORDS_MAX], **envp;
	va_list ap;

	if (hosted_on())
		hosted_refuse("execle()", HOSTED_CALLER);
	va_start(ap, arg);
	collect(words, arg, ap);
	envp = va_arg(ap, char **);
	va_end(ap);
	return HOSTED_REAL(execve)(path, words, envp);
}
