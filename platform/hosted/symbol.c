/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The names of addresses. llvm-symbolizer, a process of its own, reads the debug information;
 * it is started at the first question of each process, and asked by two pipes. Without it
 * the name of a function is that of its symbol.
 *
 * All this may happen in an execution, where the C library's state is the program's. So
 * there are only system calls, buffers of our own, and functions of the C library that have
 * no state.
 */
#include "platform/hosted/symbol.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/hosted/backbone.h"
#include "platform/hosted/elf.h"

enum {
	ANSWER_MAX = 1 << 16,
	DESCRIPTORS_FROM = 512, /* so that the program's descriptors keep their numbers */
};

static struct {
	int to, from; /* pipes; -1: there is none */
	char answer[ANSWER_MAX];
} symbolizer;

/* ---- the process ---------------------------------------------------------------- */

static int moved_up(int fd)
{
	long up = HOSTED_RAW_3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, DESCRIPTORS_FROM);

	if (up < 0)
		return fd;
	HOSTED_RAW_1(SYS_close, fd);
	return (int)up;
}

__attribute__((noreturn)) static void become_symbolizer(const char *path, int in, int out)
{
	char *argv[] = { (char *)path, (char *)"--functions=short", (char *)"--inlining",
			 (char *)"--demangle", NULL };
	char *envp[] = { NULL };
	long null = HOSTED_RAW_3(SYS_open, "/dev/null", O_WRONLY, 0);
	uint64_t no_signals = 0;

	HOSTED_RAW_2(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
	HOSTED_RAW_3(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC);
	hosted_raw(SYS_rt_sigprocmask, SIG_SETMASK, (long)&no_signals, 0, sizeof no_signals, 0, 0);
	HOSTED_RAW_3(SYS_dup3, in, 0, 0);
	HOSTED_RAW_3(SYS_dup3, out, 1, 0);
	HOSTED_RAW_3(SYS_dup3, null, 2, 0);
	HOSTED_RAW_3(SYS_execve, path, argv, envp);
	HOSTED_RAW_1(SYS_exit_group, 127);
	__builtin_unreachable();
}

static void start(void)
{
	const char *path = hosted_symbolizer();
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };
	long pid;

	symbolizer.to = symbolizer.from = -1;
	if (!path || !path[0] || HOSTED_RAW_2(SYS_pipe2, in, O_CLOEXEC) < 0)
		return;
	if (HOSTED_RAW_2(SYS_pipe2, out, O_CLOEXEC) < 0) {
		HOSTED_RAW_1(SYS_close, in[0]);
		HOSTED_RAW_1(SYS_close, in[1]);
		return;
	}
	pid = HOSTED_RAW_1(SYS_fork, 0);
	if (pid == 0)
		become_symbolizer(path, in[0], out[1]);
	HOSTED_RAW_1(SYS_close, in[0]);
	HOSTED_RAW_1(SYS_close, out[1]);
	if (pid < 0) {
		HOSTED_RAW_1(SYS_close, in[1]);
		HOSTED_RAW_1(SYS_close, out[0]);
		return;
	}
	symbolizer.to = moved_up(in[1]);
	symbolizer.from = moved_up(out[0]);
}

static void stop(void)
{
	HOSTED_RAW_1(SYS_close, symbolizer.to);
	HOSTED_RAW_1(SYS_close, symbolizer.from);
	symbolizer.to = symbolizer.from = -1;
}

/* The answer ends with an empty line. NULL: there is none. */
static char *ask(const char *kind, const struct hosted_module *m, uintptr_t addr)
{
	char question[SYMBOL_PATH_MAX + 64];
	long n;
	size_t used = 0;
	int size;

	if (!hosted_process->symbolizer) {
		hosted_process->symbolizer = true;
		start();
	}
	if (symbolizer.to < 0)
		return NULL;
	size = snprintf(question, sizeof question, "%s \"%s\" 0x%lx\n", kind, m->path,
			(unsigned long)(addr - m->base));
	if (size >= (int)sizeof question ||
	    HOSTED_RAW_3(SYS_write, symbolizer.to, question, size) != size) {
		stop();
		return NULL;
	}
	for (;;) {
		n = HOSTED_RAW_3(SYS_read, symbolizer.from, symbolizer.answer + used,
				 ANSWER_MAX - 1 - used);
		if (n == -4 /* EINTR */)
			continue;
		if (n <= 0) {
			stop();
			return NULL;
		}
		used += (size_t)n;
		symbolizer.answer[used] = '\0';
		if (used >= 2 && strcmp(symbolizer.answer + used - 2, "\n\n") == 0)
			return symbolizer.answer;
	}
}

/* ---- answers ---------------------------------------------------------------------- */

/* Cut the next line off *text. NULL: no more. */
static char *next_line(char **text)
{
	char *line = *text, *end = line ? strchr(line, '\n') : NULL;

	if (!end || end == line)
		return NULL;
	*end = '\0';
	*text = end + 1;
	return line;
}

/* The number behind the last ':' of s, which is cut off. */
static uint32_t cut_number(char *s)
{
	char *colon = strrchr(s, ':');
	uint32_t value = 0;

	if (!colon)
		return 0;
	for (const char *d = colon + 1; *d >= '0' && *d <= '9'; d++)
		value = value * 10 + (uint32_t)(*d - '0');
	*colon = '\0';
	return value;
}

/*
 * "push<int>(int) [clone .cold]" is push. A lambda, which has no name of its own, is called
 * lambda, and so is its operator().
 */
static void short_name(const char *name, char *out, size_t size)
{
	size_t used = 0;
	int depth = 0;

	if (strncmp(name, "operator()", 10) == 0 || strcmp(name, "~") == 0) {
		snprintf(out, size, "lambda");
		return;
	}
	for (const char *s = name; *s && used + 1 < size; s++) {
		bool is_operator = used >= 8 && memcmp(out + used - 8, "operator", 8) == 0;

		if (*s == '(' && depth == 0 && used > 0)
			break;
		if (*s == '<' && !is_operator && (used == 0 || out[used - 1] != '<'))
			depth++;
		else if (*s == '>' && depth > 0)
			depth--;
		else if (depth == 0 && *s != ' ' && *s != '(' && *s != ')')
			out[used++] = *s;
	}
	out[used] = '\0';
	if (!used || strstr(out, "lambda"))
		snprintf(out, size, strstr(name, "lambda") ? "lambda" : "function");
}

static bool is_system(const char *path)
{
	return strncmp(path, "/usr/include/", 13) == 0 || strncmp(path, "/usr/lib/", 9) == 0 ||
	       strncmp(path, "/usr/local/include/", 19) == 0 || strcmp(path, "??") == 0 ||
	       strstr(path, "/core/driver/include/") != NULL ||
	       path[0] == '\0';
}

/* Frames come innermost first. Take the first that is in the program's own text. */
static bool read_frames(char *text, struct hosted_symbol *out)
{
	char *func, *place;
	bool found = false;

	while ((func = next_line(&text)) && (place = next_line(&text))) {
		uint32_t column = cut_number(place), line = cut_number(place);
		const char *file;

		if (strcmp(func, "??") == 0 || (found && is_system(place)))
			continue;
		found = true;
		file = strrchr(place, '/');
		short_name(func, out->func, sizeof out->func);
		snprintf(out->path, sizeof out->path, "%s", place);
		snprintf(out->file, sizeof out->file, "%s", file ? file + 1 : place);
		if (strcmp(place, "??") == 0)
			out->file[0] = '\0';
		out->line = line;
		out->column = column;
		out->is_library = is_system(place);
		if (!out->is_library)
			break;
	}
	return found;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void by_symbol(const struct hosted_module *m, uintptr_t addr, struct hosted_symbol *out)
{
	struct elf_symbol s;

	if (elf_find(m, addr, true, &s))
		snprintf(out->func, sizeof out->func, "%.200s+%lu", s.name,
			 (unsigned long)s.offset);
	else
		snprintf(out->func, sizeof out->func, "code+%lu", (unsigned long)(addr - m->base));
	snprintf(out->file, sizeof out->file, "%s", last_part(m->path));
	out->is_library = !m->program;
}

/* The global that the access at the site is to, if it is to one. */
static void find_object(uintptr_t addr, size_t size, enum hosted_op op, struct hosted_symbol *out)
{
	const struct hosted_module *m = hosted_module_of(addr);
	struct elf_symbol s;
	bool is_global = m && elf_find(m, addr, false, &s);

	hosted_source_object(out->path, out->line, out->column, op, is_global ? s.name : "",
			     is_global && s.size == size, out->object, sizeof out->object);
}

void hosted_symbol_find(uintptr_t pc, enum hosted_op op, uintptr_t addr, size_t size,
			struct hosted_symbol *out)
{
	const struct hosted_module *m = hosted_module_of(pc);
	char *answer;

	memset(out, 0, sizeof *out);
	if (!m) {
		snprintf(out->func, sizeof out->func, "code");
		return;
	}
	answer = ask("CODE", m, pc - 1); /* pc may already belong to the next line */
	if (!answer || !read_frames(answer, out))
		by_symbol(m, pc - 1, out);
	else if (op != HOSTED_OPS_COUNT)
		find_object(addr, size, op, out);
	out->is_library |= m->ours;
}

bool hosted_symbol_data(uintptr_t addr, char *buf, size_t size)
{
	const struct hosted_module *m = hosted_module_of(addr);
	struct elf_symbol s;
	const char *name;
	char *answer;

	if (!m || m->ours || !elf_find(m, addr, false, &s))
		return false;
	name = s.name;
	if (strncmp(name, "_Z", 2) == 0) {
		answer = ask("DATA", m, addr);
		answer = answer ? next_line(&answer) : NULL;
		if (answer && strcmp(answer, "??") != 0)
			name = answer;
	}
	if (s.offset)
		snprintf(buf, size, "%.200s+%lu", name, (unsigned long)s.offset);
	else
		snprintf(buf, size, "%.200s", name);
	return true;
}
