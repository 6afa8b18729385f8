/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/isolate.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress/hunt/budget.h"
#include "stress/hunt/memory.h"
#include "stress/hunt/options.h"
#include "stress/hunt/output.h"
#include "stress/hunt/report.h"

#define REPORT_MAX (256 * 1024)

struct shared *shared;
static char report[REPORT_MAX];
static int report_fd = -1;

static void open_report(void)
{
	report_fd = memfd_create("report", MFD_CLOEXEC);
	if (report_fd < 0) {
		perror("kthrash: no file for reports");
		exit(EXIT_ENVIRONMENT);
	}
}

void isolate_init(void)
{
	shared = memory_map(sizeof *shared);
	if (!shared)
		exit(EXIT_ENVIRONMENT);
	open_report();
	world_init(&shared->verdict);
}

void isolate_apart(struct shared *own)
{
	shared = own;
	close(report_fd);
	open_report();
	world_apart(&shared->verdict);
}

const char *isolate_report(void)
{
	return report;
}

static void read_report(void)
{
	ssize_t n = pread(report_fd, report, sizeof report - 1, 0);

	report[n > 0 ? n : 0] = '\0';
}

/* ---- what a child died of ------------------------------------------------- */

static bool refused;	/* the last child's subject could not be run */

int isolate_status(void)
{
	return refused ? EXIT_USAGE : EXIT_ENVIRONMENT;
}

/* The length of the text without the newline at its end. */
static int without_newline(const char *text)
{
	size_t len = strlen(text);

	return (int)(len && text[len - 1] == '\n' ? len - 1 : len);
}

static bool is_fault(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL;
}

static bool classify(int status, struct verdict *v)
{
	if (shared->verdict.failure != KT_PASS) {
		*v = shared->verdict;
		return true;
	}
	memset(v, 0, sizeof *v);
	world_post_mortem(v);
	if (report_classify(report, v))
		return true;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	/* A subject that catches its program's faults itself does not die of them. */
	if (!subject->execute && WIFSIGNALED(status) && is_fault(WTERMSIG(status))) {
		v->failure = KT_MEMORY;
		snprintf(v->message, sizeof v->message, "signal %d: wild access",
			 WTERMSIG(status));
		signature_of_signal(v->signature, WTERMSIG(status));
		return true;
	}
	refused = WIFEXITED(status) && WEXITSTATUS(status) == SUBJECT_REFUSES;
	if (WIFEXITED(status) && report[0] &&
	    (refused || WEXITSTATUS(status) == EXIT_ENVIRONMENT)) {
		snprintf(v->message, sizeof v->message, "%.*s", without_newline(report), report);
		return false;
	}
	snprintf(v->message, sizeof v->message, "the child process %s %d; it said: %.400s",
		 WIFSIGNALED(status) ? "was ended by signal" : "ended with status",
		 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), report);
	return false;
}

/* ---- the child ---------------------------------------------------------- */

static void on_dump(int sig)
{
	(void)sig;
	/* NOLINTNEXTLINE(bugprone-signal-handler): it only reads and write()s */
	world_dump_waits(STDERR_FILENO);
	_exit(0);
}

static void child_main(void (*child)(void *), void *arg, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* an orphan must not go on */
	if (getppid() != parent)
		_exit(EXIT_ENVIRONMENT);
	if (dup2(report_fd, STDERR_FILENO) < 0)
		_exit(EXIT_ENVIRONMENT);
	signal(SIGINT, SIG_IGN);	/* the parent sets shared->stop instead */
	signal(SIGTERM, SIG_DFL);
	signal(SIGUSR1, on_dump);
	child(arg);
	fflush(stderr);
	/*
	 * Do not use _exit(), because LeakSanitizer looks at exit. Nothing is buffered on
	 * stdout, so exit() prints nothing twice.
	 */
	exit(0);
}

/* The child hangs: let it say where its threads wait, then end it. */
static int end_hung(pid_t pid, struct verdict *v)
{
	int status = 0;

	kill(pid, SIGUSR1);
	for (int i = 0; i < 20; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			goto ended;
		poll(NULL, 0, 100);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
ended:
	read_report();
	memset(v, 0, sizeof *v);
	world_post_mortem(v);
	v->failure = KT_HANG;
	snprintf(v->message, sizeof v->message, "no progress: %.900s", report);
	for (char *p = v->message; *p; p++)
		if (*p == '\n')
			*p = p[1] ? ';' : '\0';
	signature_of_hang(v->signature);
	return status;
}

/* Wait at most `ms` milliseconds for the child's end. An old kernel has no such descriptors. */
static void wait_for(int pidfd, unsigned ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	poll(&p, pidfd >= 0, (int)ms);
}

bool isolate_run(void (*child)(void *), bool (*tick)(void *), void *arg, unsigned silence_s,
		 struct verdict *v)
{
	uint64_t beat = __atomic_load_n(&shared->executions, __ATOMIC_RELAXED);
	double moved = now_s();
	unsigned wait_ms = 1;
	pid_t parent = getpid(), pid;
	int status, pidfd;

	if (ftruncate(report_fd, 0) != 0 || lseek(report_fd, 0, SEEK_SET) != 0)
		return false;
	memset(&shared->verdict, 0, sizeof shared->verdict);
	shared->stop = false;
	output_flush();
	pid = fork();
	if (pid < 0) {
		snprintf(v->message, sizeof v->message, "fork: %s", strerror(errno));
		return false;
	}
	if (pid == 0)
		child_main(child, arg, parent);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	for (;;) {
		uint64_t beat_now;

		if (waitpid(pid, &status, WNOHANG) == pid)
			break;
		wait_for(pidfd, wait_ms);	/* short at first: most children end soon */
		if (wait_ms < 50)
			wait_ms *= 2;
		if (tick && !tick(arg))
			__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
		beat_now = __atomic_load_n(&shared->executions, __ATOMIC_RELAXED);
		if (beat_now != beat) {
			beat = beat_now;
			moved = now_s();
		} else if (now_s() - moved > silence_s) {
			end_hung(pid, v);
			close(pidfd);
			return true;
		}
	}
	close(pidfd);
	read_report();
	return classify(status, v);
}
