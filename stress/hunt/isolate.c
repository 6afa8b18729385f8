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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REPORT_MAX (256 * 1024)

struct shared *shared;
static char report[REPORT_MAX];
static int report_fd = -1;

void isolate_init(void)
{
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	report_fd = memfd_create("report", MFD_CLOEXEC);
	if (shared == MAP_FAILED || report_fd < 0) {
		perror("kthrash: no shared memory");
		exit(3);
	}
	world_init(&shared->verdict);
}

void isolate_apart(struct shared *own)
{
	shared = own;
	close(report_fd);
	report_fd = memfd_create("report", MFD_CLOEXEC);
	if (report_fd < 0) {
		perror("kthrash: no file for reports");
		exit(3);
	}
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

/* ---- what a report says ------------------------------------------------- */

static const struct {
	const char *mark;
	enum kt_failure failure;
} marks[] = {
	{ "ERROR: LeakSanitizer", KT_LEAK },
	{ "ERROR: AddressSanitizer", KT_MEMORY },
	{ "WARNING: ThreadSanitizer: data race", KT_RACE },
	{ "WARNING: ThreadSanitizer: heap-use-after-free", KT_MEMORY },
	{ "WARNING: ThreadSanitizer", KT_RACE },
	{ "ERROR: ThreadSanitizer", KT_MEMORY },
	{ ": runtime error: ", KT_UNDEFINED },
};

/* "core/kthread.c" in a stack frame's "path:line:column", or NULL. */
static const char *own_file(const char *line, const char *end)
{
	static const char *const folders[] = { "/core/", "/platform/", "/stress/", " core/",
					       " platform/", " stress/" };

	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		const char *p = memmem(line, (size_t)(end - line), folders[i],
				       strlen(folders[i]));

		if (p)
			return p + 1;
	}
	return NULL;
}

/* The function name of a frame "    #1 0x12 in func file:line" or "#1 func file". */
static int frame_function(const char *line, const char *end, const char **name)
{
	const char *p = memchr(line, '#', (size_t)(end - line));
	const char *in;

	if (!p)
		return 0;
	while (p < end && *p != ' ')
		p++;
	while (p < end && *p == ' ')
		p++;
	in = memmem(p, (size_t)(end - p), " in ", 4);
	if (in)
		p = in + 4;
	*name = p;
	while (p < end && *p != ' ' && *p != '(')
		p++;
	return (int)(p - *name);
}

/*
 * Up to three of our own frames of the first stack, and of each further stack
 * the top one, sorted: the two sides of a race come in either order.
 */
static void sign_report(struct verdict *v)
{
	char top[4][64], first[160] = "";
	unsigned stacks = 0, frames = 0;
	bool in_stack = false;
	int n;

	for (const char *line = report; *line && stacks < 4; ) {
		const char *end = strchr(line, '\n'), *name = "";
		const char *p = line;

		if (!end)
			end = line + strlen(line);
		while (*p == ' ')
			p++;
		if (*p != '#') {
			in_stack = false;
		} else if (own_file(line, end)) {
			int len = frame_function(line, end, &name);

			if (!in_stack && len > 0)
				snprintf(top[stacks++], sizeof top[0], "%.*s", len, name);
			if (stacks == 1 && frames++ < 3 && len > 0) {
				size_t used = strlen(first);

				snprintf(first + used, sizeof first - used, "%s%.*s",
					 used ? " < " : "", len, name);
			}
			in_stack = true;
		}
		line = *end ? end + 1 : end;
	}
	if (v->failure == KT_RACE && stacks >= 2) {
		bool swap = strcmp(top[0], top[1]) > 0;

		n = snprintf(v->signature, sizeof v->signature, "race: %s | %s", top[swap],
			     top[!swap]);
	} else {
		n = snprintf(v->signature, sizeof v->signature, "%s: %s",
			     kt_failure_name(v->failure), first);
	}
	(void)n;
}

/* One line, without the folder that a sandboxed compiler believed to be in. */
static void copy_line(char *buf, size_t size, const char *p)
{
	static const char sandbox[] = "/proc/self/cwd/";
	size_t used = 0;

	while (*p && *p != '\n' && used < size - 1) {
		if (strncmp(p, sandbox, sizeof sandbox - 1) == 0)
			p += sizeof sandbox - 1;
		else
			buf[used++] = *p++;
	}
	buf[used] = '\0';
}

/* The report's summary without process numbers and addresses. */
static bool classify_report(struct verdict *v)
{
	const char *summary = strstr(report, "SUMMARY: ");

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		const char *p = strstr(report, marks[i].mark);

		if (!p)
			continue;
		v->failure = marks[i].failure;
		sign_report(v);
		/* A summary without a source line names this machine's files. */
		if (summary && !memmem(summary, strcspn(summary, "\n"), " (/", 3))
			copy_line(v->message, sizeof v->message, summary + strlen("SUMMARY: "));
		else
			snprintf(v->message, sizeof v->message, "%s in %s", marks[i].mark,
				 v->signature);
		return true;
	}
	return false;
}

static bool classify(int status, struct verdict *v)
{
	if (shared->verdict.failure != KT_PASS) {
		*v = shared->verdict;
		return true;
	}
	memset(v, 0, sizeof *v);
	world_post_mortem(v);
	if (classify_report(v))
		return true;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS ||
				    WTERMSIG(status) == SIGFPE || WTERMSIG(status) == SIGILL)) {
		v->failure = KT_MEMORY;
		snprintf(v->message, sizeof v->message, "signal %d: wild access",
			 WTERMSIG(status));
		snprintf(v->signature, sizeof v->signature, "memory: signal %d",
			 WTERMSIG(status));
		return true;
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
	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* no orphan hunts on */
	if (getppid() != parent)
		_exit(3);
	if (dup2(report_fd, STDERR_FILENO) < 0)
		_exit(3);
	signal(SIGINT, SIG_IGN);	/* the parent asks us to stop */
	signal(SIGTERM, SIG_DFL);
	signal(SIGUSR1, on_dump);
	child(arg);
	fflush(stderr);
	/* Not _exit: LeakSanitizer looks at exit. Nothing is buffered on stdout. */
	exit(0);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
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
	snprintf(v->signature, sizeof v->signature, "hang");
	return status;
}

bool isolate_run(void (*child)(void *), bool (*tick)(void *), void *arg, unsigned silence_s,
		 struct verdict *v)
{
	uint64_t beat = __atomic_load_n(&shared->executions, __ATOMIC_RELAXED);
	uint64_t moved = now_ms();
	unsigned wait_ms = 1;
	pid_t parent = getpid(), pid;
	int status;

	if (ftruncate(report_fd, 0) != 0 || lseek(report_fd, 0, SEEK_SET) != 0)
		return false;
	memset(&shared->verdict, 0, sizeof shared->verdict);
	shared->stop = false;
	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		snprintf(v->message, sizeof v->message, "fork: %s", strerror(errno));
		return false;
	}
	if (pid == 0)
		child_main(child, arg, parent);
	for (;;) {
		uint64_t beat_now;

		if (waitpid(pid, &status, WNOHANG) == pid)
			break;
		poll(NULL, 0, (int)wait_ms);	/* short at first: most children are */
		if (wait_ms < 50)
			wait_ms *= 2;
		if (tick && !tick(arg))
			__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
		beat_now = __atomic_load_n(&shared->executions, __ATOMIC_RELAXED);
		if (beat_now != beat) {
			beat = beat_now;
			moved = now_ms();
		} else if (now_ms() - moved > silence_s * 1000ull) {
			end_hung(pid, v);
			return true;
		}
	}
	read_report();
	return classify(status, v);
}
