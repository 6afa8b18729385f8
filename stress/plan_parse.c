/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text to plan. A recursive-descent parser over one line at a time; the first
 * error ends it, with line, column and what was expected. Nothing is repaired.
 *
 * A token is a run of bytes that are not blank and none of ; = " # or ':' at
 * the end of a task's name; "==" and "=" are tokens; names in directives, which
 * may hold anything printable, end at a blank.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stress/plan_internal.h"

struct parser {
	struct plan *p;
	struct plan_error *err;
	const char *text, *end;		/* all of it */
	const char *line, *line_end, *at;
	unsigned line_number;
	bool strategy_seen, boot_seen, expect_seen;
	/* Where each stands, for errors found when all is read. */
	struct place {
		unsigned line, column;
	} op_at[PLAN_OPS_MAX], directive_at[PLAN_DIRECTIVES_MAX];
	jmp_buf failed;
};

struct token {
	const char *s;
	size_t len;
};

/* ---- errors ------------------------------------------------------------- */

__attribute__((noreturn, format(printf, 3, 4)))
static void fail(struct parser *x, const char *where, const char *fmt, ...)
{
	va_list ap;

	x->err->line = x->line_number;
	x->err->column = (unsigned)(where - x->line) + 1;
	va_start(ap, fmt);
	vsnprintf(x->err->message, sizeof x->err->message, fmt, ap);
	va_end(ap);
	longjmp(x->failed, 1);
}

static struct place here(const struct parser *x, const char *where)
{
	return (struct place){ x->line_number, (unsigned)(where - x->line) + 1 };
}

/* A token as it may be shown: printable, cut. */
static const char *shown(struct token t)
{
	static char buf[64];
	size_t used = 0;

	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.s[i];

		if (used + 8 > sizeof buf) {
			memcpy(buf + used, "...", 4);
			return buf;
		}
		if (c >= ' ' && c <= '~')
			buf[used++] = (char)c;
		else
			used += (size_t)snprintf(buf + used, sizeof buf - used, "\\x%02x", c);
	}
	buf[used] = '\0';
	return buf;
}

__attribute__((noreturn))
static void unexpected(struct parser *x, struct token t, const char *expected)
{
	if (t.len == 0)
		fail(x, t.s, "the line ends here, expected %s", expected);
	fail(x, t.s, "unexpected '%s', expected %s", shown(t), expected);
}

/* ---- tokens ------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct parser *x)
{
	while (x->at < x->line_end && is_blank(*x->at))
		x->at++;
}

static bool at_end(struct parser *x)
{
	skip_blanks(x);
	return x->at == x->line_end || *x->at == '#';
}

/* To the next blank: names in directives. */
static struct token word(struct parser *x)
{
	struct token t;

	skip_blanks(x);
	t.s = x->at;
	while (x->at < x->line_end && !is_blank(*x->at))
		x->at++;
	t.len = (size_t)(x->at - t.s);
	if (t.len && *t.s == '#')
		t.len = 0;
	return t;
}

/* In operations: punctuation separates too. */
static struct token token(struct parser *x)
{
	struct token t;

	skip_blanks(x);
	t.s = x->at;
	if (x->at < x->line_end && (*x->at == ';' || *x->at == '=')) {
		x->at++;
		if (t.s[0] == '=' && x->at < x->line_end && *x->at == '=')
			x->at++;
	} else {
		while (x->at < x->line_end && !is_blank(*x->at) && !strchr(";=\"#", *x->at))
			x->at++;
	}
	t.len = (size_t)(x->at - t.s);
	return t;
}

static bool is(struct token t, const char *s)
{
	return strlen(s) == t.len && memcmp(t.s, s, t.len) == 0;
}

static void expect_word(struct parser *x, const char *s)
{
	struct token t = word(x);
	char expected[32];

	snprintf(expected, sizeof expected, "'%s'", s);
	if (!is(t, s))
		unexpected(x, t, expected);
}

static void expect_end(struct parser *x)
{
	if (!at_end(x))
		unexpected(x, word(x), "the end of the line");
}

static plan_str intern(struct parser *x, struct token t)
{
	plan_str s = plan_intern(x->p, t.s, t.len);

	if (t.len && !s)
		fail(x, t.s, "the names of this plan are longer than %d bytes together",
		     PLAN_STRINGS_MAX);
	return s;
}

/* ---- numbers ------------------------------------------------------------ */

static uint64_t unsigned_number(struct parser *x, struct token t, uint64_t min, uint64_t max,
				const char *what)
{
	uint64_t n = 0;

	if (t.len == 0 || *t.s < '0' || *t.s > '9')
		unexpected(x, t, what);
	for (size_t i = 0; i < t.len; i++) {
		unsigned digit = (unsigned)(t.s[i] - '0');

		if (digit > 9)
			unexpected(x, t, what);
		if (n > (UINT64_MAX - digit) / 10)
			goto range;
		n = n * 10 + digit;
	}
	if (n >= min && n <= max)
		return n;
range:
	fail(x, t.s, "%s is out of range, expected %s from %llu to %llu", shown(t), what,
	     (unsigned long long)min, (unsigned long long)max);
}

static int32_t signed_number(struct parser *x, struct token t, const char *what)
{
	bool negative = t.len && *t.s == '-';
	struct token digits = { t.s + negative, t.len - negative };
	int32_t named;

	if (plan_errno_find(t.s, t.len, &named))
		return named;
	if (negative && (digits.len == 0 || *digits.s < '0' || *digits.s > '9'))
		unexpected(x, t, what);
	named = (int32_t)unsigned_number(x, digits, 0, INT32_MAX, what);
	return negative ? -named : named;
}

static uint32_t nth(struct parser *x)
{
	struct token t;

	skip_blanks(x);
	t.s = x->at;
	while (x->at < x->line_end && !is_blank(*x->at))
		x->at++;
	t.len = (size_t)(x->at - t.s);
	if (t.len < 2 || *t.s != '#')
		unexpected(x, t, "#N");
	t.s++;
	t.len--;
	return (uint32_t)unsigned_number(x, t, 1, PLAN_NTH_MAX, "a number");
}

/* ---- names -------------------------------------------------------------- */

static bool is_name(struct token t)
{
	if (t.len == 0 || t.len >= PLAN_TASK_NAME_MAX)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		char c = t.s[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '.' || c == '-')))
			return false;
	}
	return true;
}

static plan_str name(struct parser *x, struct token t, const char *what)
{
	if (!is_name(t))
		unexpected(x, t, what);
	return intern(x, t);
}

static bool is_printable_word(struct token t, size_t max)
{
	if (t.len == 0 || t.len >= max)
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (t.s[i] <= ' ' || t.s[i] > '~' || t.s[i] == '"')
			return false;
	return t.s[0] != '#';
}

static plan_str directive_name(struct parser *x, const char *what)
{
	struct token t = word(x);

	if (!is_printable_word(t, PLAN_NAME_MAX))
		unexpected(x, t, what);
	return intern(x, t);
}

/* The handle's thread, made earlier by the same task. */
static uint8_t handle(struct parser *x, struct token t)
{
	unsigned task = x->p->tasks_count - 1u;

	for (unsigned i = 0; i < x->p->threads_count; i++)
		if (is(t, plan_string(x->p, x->p->threads[i].var))) {
			if (x->p->threads[i].task != task)
				fail(x, t.s, "'%s' is a handle of task %s; a handle stays in its "
				     "task", shown(t), plan_string(x->p,
				     x->p->tasks[x->p->threads[i].task].name));
			return (uint8_t)i;
		}
	unexpected(x, t, "a handle that an earlier create or run of this task gave");
}

/* ---- operations --------------------------------------------------------- */

/* "..." without escapes; printable, no blanks: it becomes a thread's name. */
static plan_str format_string(struct parser *x)
{
	struct token t;

	skip_blanks(x);
	t.s = x->at;
	t.len = 0;
	if (x->at == x->line_end || *x->at != '"')
		unexpected(x, token(x), "the thread's name in double quotes");
	for (t.s = ++x->at; x->at < x->line_end && *x->at != '"'; x->at++)
		if (*x->at <= ' ' || *x->at > '~' || *x->at == '#')
			fail(x, x->at, "a thread's name is printable, without blanks or '#'");
	if (x->at == x->line_end)
		fail(x, x->at, "the line ends inside a name, expected '\"'");
	t.len = (size_t)(x->at++ - t.s);
	if (t.len == 0 || t.len >= PLAN_NAME_MAX)
		fail(x, t.s, "a thread's name has 1 to %d bytes", PLAN_NAME_MAX - 1);
	return intern(x, t);
}

static bool number_follows(struct parser *x)
{
	skip_blanks(x);
	return x->at < x->line_end && ((*x->at >= '0' && *x->at <= '9') || *x->at == '-');
}

static void thread_name(struct parser *x, struct plan_thread *t, const char *where)
{
	const char *format = plan_string(x->p, t->format);
	char buf[PLAN_NAME_MAX + 16];
	size_t len;

	if (!plan_format_name(format, t->has_number, t->number, buf, sizeof buf))
		fail(x, where, "'%s' takes %s, expected at most one %%u or %%d and its number "
		     "after the name", format, t->has_number ? "no number" : "a number");
	len = strlen(buf);
	if (len >= PLAN_NAME_MAX)
		fail(x, where, "the thread's name '%s' is longer than %d bytes", buf,
		     PLAN_NAME_MAX - 1);
	if (plan_knows_name(x->p, buf))
		fail(x, where, "the name '%s' is taken; names of tasks and threads differ", buf);
	t->name = intern(x, (struct token){ buf, len });
}

static enum plan_body body(struct parser *x)
{
	struct token t = token(x);

	for (int b = PLAN_RETURN; b <= PLAN_UNTIL_STOP_HARD; b++)
		if (is(t, plan_body_name((enum plan_body)b)))
			return (enum plan_body)b;
	unexpected(x, t, "return, until-stop or until-stop-hard");
}

static void creation(struct parser *x, struct token var, enum plan_op_kind kind,
		     struct plan_op *op)
{
	struct plan_thread t = { .node = -1, .task = (uint8_t)(x->p->tasks_count - 1) };
	const char *where;

	for (unsigned i = 0; i < x->p->threads_count; i++)
		if (is(var, plan_string(x->p, x->p->threads[i].var)))
			fail(x, var.s, "the handle '%s' is taken", shown(var));
	if (x->p->threads_count == PLAN_THREADS_MAX)
		fail(x, var.s, "more than %d threads", PLAN_THREADS_MAX);
	t.var = name(x, var, "a handle");
	skip_blanks(x);
	where = x->at;
	t.format = format_string(x);
	t.has_number = number_follows(x);
	if (t.has_number)
		t.number = signed_number(x, token(x), "a number");
	thread_name(x, &t, where);
	t.body = body(x);
	t.result = signed_number(x, token(x), "the function's result");
	skip_blanks(x);
	if (x->line_end - x->at >= 5 && memcmp(x->at, "node ", 5) == 0) {
		token(x);
		t.node = (int16_t)unsigned_number(x, token(x), 0, 1023, "a memory node");
	}
	op->kind = kind;
	op->thread = (uint8_t)x->p->threads_count;
	x->p->threads[x->p->threads_count++] = t;
}

static void expectation(struct parser *x, struct plan_op *op)
{
	struct token t;

	skip_blanks(x);
	if (x->at == x->line_end || *x->at != '=')
		return;
	t = token(x);
	if (!is(t, "=="))
		unexpected(x, t, "'=='");
	if (op->kind == PLAN_GET || op->kind == PLAN_PUT || op->kind == PLAN_KILL)
		fail(x, t.s, "%s has no result to expect", plan_op_name(op->kind));
	op->has_expect = true;
	t = token(x);
	op->expect_ok = is(t, "ok") && plan_op_makes_thread(op->kind);
	if (!op->expect_ok)
		op->expect = signed_number(x, t, plan_op_makes_thread(op->kind) ?
					   "ok, a number or an errno" : "a number or an errno");
}

#define OPERATIONS "an operation: V = create, V = run, wake, stop, get, put or kill"

static void operation(struct parser *x)
{
	struct token t = token(x);
	struct plan_op op = { 0 };

	if (x->p->ops_count == PLAN_OPS_MAX)
		fail(x, t.s, "more than %d operations", PLAN_OPS_MAX);
	x->op_at[x->p->ops_count] = here(x, t.s);
	for (op.kind = PLAN_WAKE; op.kind <= PLAN_KILL; op.kind++)
		if (is(t, plan_op_name(op.kind)))
			break;
	if (op.kind == PLAN_KILL) {
		t = token(x);
		/* Resolved when all tasks are known. */
		op.victim = 0;
		if (!is_name(t))
			unexpected(x, t, "the name of a task");
		op.expect = intern(x, t);
		x->p->ops[x->p->ops_count] = op;
	} else if (op.kind < PLAN_KILL) {
		op.thread = handle(x, token(x));
	} else {
		struct token equals, verb;

		if (!is_name(t))
			unexpected(x, t, OPERATIONS);
		equals = token(x);
		if (!is(equals, "="))
			unexpected(x, t, OPERATIONS);
		verb = token(x);
		if (!is(verb, "create") && !is(verb, "run"))
			unexpected(x, verb, "create or run");
		creation(x, t, is(verb, "run") ? PLAN_RUN : PLAN_CREATE, &op);
	}
	if (op.kind != PLAN_KILL)
		expectation(x, &op);
	x->p->ops[x->p->ops_count++] = op;
	x->p->tasks[x->p->tasks_count - 1].ops_count++;
}

static void task_line(struct parser *x)
{
	struct plan *p = x->p;
	struct plan_task *task;
	struct token t;

	skip_blanks(x);
	t.s = x->at;
	while (x->at < x->line_end && !is_blank(*x->at) && *x->at != ':')
		x->at++;
	t.len = (size_t)(x->at - t.s);
	if (!is_name(t))
		unexpected(x, t, "a task's name: a letter, then letters, digits, '.', '-', at "
			   "most 31 bytes");
	if (p->tasks_count == PLAN_TASKS_MAX)
		fail(x, t.s, "more than %d tasks", PLAN_TASKS_MAX);
	task = &p->tasks[p->tasks_count];
	task->name = intern(x, t);
	if (plan_knows_name(p, plan_string(p, task->name)))
		fail(x, t.s, "the name '%s' is taken; names of tasks and threads differ",
		     shown(t));
	task->ops_first = p->ops_count;
	p->tasks_count++;
	skip_blanks(x);
	if (x->at == x->line_end || *x->at != ':')
		unexpected(x, token(x), "':'");
	x->at++;
	if (at_end(x))
		return;
	for (;;) {
		operation(x);
		if (at_end(x))
			return;
		t = token(x);
		if (!is(t, ";"))
			unexpected(x, t.len ? t : word(x), "';' or the end of the line");
		if (at_end(x))
			unexpected(x, (struct token){ x->at, 0 }, OPERATIONS);
	}
}

/* ---- other lines -------------------------------------------------------- */

static struct plan_directive *directive(struct parser *x, enum plan_directive_kind kind)
{
	struct plan_directive *d = &x->p->directives[x->p->directives_count];

	if (x->p->directives_count == PLAN_DIRECTIVES_MAX)
		fail(x, x->line, "more than %d directives", PLAN_DIRECTIVES_MAX);
	x->directive_at[x->p->directives_count++] = here(x, x->line);
	memset(d, 0, sizeof *d);
	d->kind = kind;
	return d;
}

static void point_and_nth(struct parser *x, struct plan_directive *d)
{
	struct token t = word(x);

	if (!is_printable_word(t, PLAN_POINT_MAX))
		unexpected(x, t, "the name of a point");
	d->point = intern(x, t);
	d->nth = nth(x);
}

static void kill_line(struct parser *x)
{
	struct plan_directive *d = directive(x, PLAN_D_KILL);

	d->target = directive_name(x, "the task to kill");
	expect_word(x, "at");
	d->task = directive_name(x, "the task at the point");
	point_and_nth(x, d);
}

static void switch_line(struct parser *x)
{
	struct plan_directive *d = directive(x, PLAN_D_SWITCH);

	d->task = directive_name(x, "the task at the point");
	expect_word(x, "at");
	point_and_nth(x, d);
	expect_word(x, "to");
	d->target = directive_name(x, "the task that goes on");
}

static void spurious_line(struct parser *x)
{
	struct plan_directive *d = directive(x, PLAN_D_SPURIOUS);

	d->task = directive_name(x, "the task that wakes up");
	expect_word(x, "at");
	point_and_nth(x, d);
}

static enum kt_role role(struct parser *x)
{
	struct token t = word(x);
	char buf[32];

	if (is(t, "any"))
		return PLAN_ROLE_ANY;
	if (t.len && t.len < sizeof buf) {
		enum kt_role r;

		memcpy(buf, t.s, t.len);
		buf[t.len] = '\0';
		r = kt_role_find(buf);
		if (r != KT_ROLE_COUNT)
			return r;
	}
	unexpected(x, t, "a role: create_info, name, task, kthread, stack or any");
}

static void fail_line(struct parser *x)
{
	struct plan_directive *d = directive(x, PLAN_D_FAIL);

	d->role = role(x);
	d->nth = nth(x);
}

static void oom_line(struct parser *x)
{
	struct plan_directive *d = directive(x, PLAN_D_OOM);

	d->role = role(x);
	d->nth = nth(x);
	expect_word(x, "kills");
	d->target = directive_name(x, "the task to kill");
}

static void once(struct parser *x, bool *seen, const char *what)
{
	if (*seen)
		fail(x, x->line, "a second '%s' line, expected at most one", what);
	*seen = true;
}

static void strategy_line(struct parser *x)
{
	struct token t = word(x);

	once(x, &x->strategy_seen, "strategy");
	if (is(t, "block"))
		return;
	if (is(t, "pct")) {
		x->p->strategy = PLAN_PCT;
		x->p->depth = (uint32_t)unsigned_number(x, word(x), 1, PLAN_DEPTH_MAX, "a depth");
	} else if (is(t, "random")) {
		x->p->strategy = PLAN_RANDOM;
	} else {
		unexpected(x, t, "block, random or pct");
	}
	expect_word(x, "seed");
	x->p->seed = unsigned_number(x, word(x), 0, UINT64_MAX, "a seed");
}

static uint64_t trace_hash(struct parser *x)
{
	struct token t = word(x);
	uint64_t n = 0;

	for (size_t i = 0; i < t.len; i++) {
		const char *digits = "0123456789abcdef", *d = strchr(digits, t.s[i]);

		if (!d || !t.s[i])
			unexpected(x, t, "16 hexadecimal digits");
		n = n << 4 | (uint64_t)(d - digits);
	}
	if (t.len != 16)
		unexpected(x, t, "16 hexadecimal digits");
	return n;
}

static void expect_line(struct parser *x)
{
	struct token t = word(x);

	once(x, &x->expect_seen, "expect");
	x->p->has_expect = true;
	for (int f = KT_PASS; f < KT_FAILURES; f++)
		if (is(t, kt_failure_name((enum kt_failure)f))) {
			x->p->expect = (enum kt_failure)f;
			if (at_end(x))
				return;
			expect_word(x, "trace");
			x->p->has_trace = true;
			x->p->trace = trace_hash(x);
			return;
		}
	unexpected(x, t, "pass or a failure: assertion, deadlock, livelock, memory, leak, model, "
		   "discipline, race, undefined, hang or expect");
}

static void boot_line(struct parser *x)
{
	once(x, &x->boot_seen, "boot");
	expect_word(x, "concurrent");
	x->p->boot_concurrent = true;
}

static void content_line(struct parser *x)
{
	static const struct {
		const char *word;
		void (*parse)(struct parser *x);
	} lines[] = {
		{ "task", task_line }, { "kill", kill_line }, { "fail", fail_line },
		{ "oom", oom_line }, { "switch", switch_line }, { "spurious", spurious_line },
		{ "strategy", strategy_line }, { "boot", boot_line }, { "expect", expect_line },
	};
	struct token t = word(x);

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (is(t, lines[i].word)) {
			lines[i].parse(x);
			expect_end(x);
			return;
		}
	unexpected(x, t, "task, kill, fail, oom, switch, spurious, strategy, boot or expect");
}

/* ---- the whole ---------------------------------------------------------- */

static void check_bytes(struct parser *x)
{
	for (const char *c = x->line; c < x->line_end; c++)
		if ((*c < ' ' && *c != '\t') || *c > '~')
			fail(x, c, "byte \\x%02x, expected printable ASCII, blanks and newlines",
			     (unsigned char)*c);
}

static bool next_line(struct parser *x)
{
	const char *newline;

	if (x->line_number == 0)
		x->line = x->text;
	else
		x->line = x->line_end < x->end ? x->line_end + 1 : x->end;
	if (x->line >= x->end)
		return false;
	newline = memchr(x->line, '\n', (size_t)(x->end - x->line));
	x->line_end = newline ? newline : x->end;
	x->at = x->line;
	x->line_number++;
	check_bytes(x);
	return true;
}

static void note_line(struct parser *x, size_t *used)
{
	const char *s = x->at + 1;
	size_t len;

	if (s < x->line_end && *s == ' ')
		s++;
	len = (size_t)(x->line_end - s);
	if (*used + len + 2 > PLAN_NOTE_MAX)
		fail(x, x->line, "the comment at the top is longer than %d bytes",
		     PLAN_NOTE_MAX - 2);
	memcpy(x->p->note + *used, s, len);
	*used += len;
	x->p->note[(*used)++] = '\n';
	x->p->note[*used] = '\0';
}

static void first_line(struct parser *x)
{
	if (!next_line(x)) {
		x->line = x->at = x->line_end = x->end;
		x->line_number = 1;
		fail(x, x->line, "an empty file, expected 'kthrash-plan 1'");
	}
	expect_word(x, "kthrash-plan");
	expect_word(x, "1");
	expect_end(x);
}

/* `kill T` in an operation: T may be declared after its use. */
static void resolve_victims(struct parser *x)
{
	struct plan *p = x->p;

	for (unsigned i = 0; i < p->ops_count; i++) {
		struct plan_op *op = &p->ops[i];
		const char *victim;
		int task;

		if (op->kind != PLAN_KILL)
			continue;
		victim = plan_string(p, (plan_str)op->expect);
		task = plan_find_task(p, victim);
		op->expect = 0;
		if (task < 0) {
			snprintf(x->err->message, sizeof x->err->message,
				 "no task is called '%s', expected one to kill", victim);
			x->err->line = x->op_at[i].line;
			x->err->column = x->op_at[i].column;
			longjmp(x->failed, 1);
		}
		op->victim = (uint8_t)task;
	}
}

static void parse(struct parser *x)
{
	bool in_note = true;
	size_t note_used = 0;

	first_line(x);
	while (next_line(x)) {
		skip_blanks(x);
		if (x->at < x->line_end && *x->at == '#' && in_note)
			note_line(x, &note_used);
		else
			in_note = false;
		if (!at_end(x))
			content_line(x);
	}
	if (note_used)		/* '\n' between lines, not after the last */
		x->p->note[note_used - 1] = '\0';
	x->line = x->end;
	resolve_victims(x);
}

/* Where plan_check() objects: the piece, or the end of the text. */
static void place_error(struct parser *x)
{
	struct place at = { x->line_number, 1 };

	if (x->err->op >= 0)
		at = x->op_at[x->err->op];
	else if (x->err->directive >= 0)
		at = x->directive_at[x->err->directive];
	x->err->line = at.line;
	x->err->column = at.column;
}

int plan_parse(struct plan *p, const char *text, size_t size, struct plan_error *err)
{
	struct parser x = { .p = p, .err = err, .text = text, .end = text + size };

	memset(err, 0, sizeof *err);
	plan_init(p);
	if (size > PLAN_BYTES_MAX) {
		err->line = err->column = 1;
		snprintf(err->message, sizeof err->message,
			 "the plan is larger than %d bytes", PLAN_BYTES_MAX);
		return -EINVAL;
	}
	if (setjmp(x.failed))
		return -EINVAL;
	parse(&x);
	if (plan_check(p, err) == 0)
		return 0;
	place_error(&x);
	return -EINVAL;
}
