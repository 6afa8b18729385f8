/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text to plan. A recursive-descent parser over one line at a time; the first
 * error ends it, with line, column and what was expected. Nothing is repaired.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stress/plan/lex.h"

/* ---- operations --------------------------------------------------------- */

/* "..." without escapes; printable, no blanks: it becomes a thread's name. */
static plan_str format_string(struct parser *x)
{
	struct token t;

	lex_skip_blanks(x);
	t.s = x->at;
	t.len = 0;
	if (x->at == x->line_end || *x->at != '"')
		lex_unexpected(x, lex_token(x), "the thread's name in double quotes");
	for (t.s = ++x->at; x->at < x->line_end && *x->at != '"'; x->at++)
		if (*x->at <= ' ' || *x->at > '~' || *x->at == '#')
			lex_fail(x, x->at, "a thread's name is printable, without blanks or '#'");
	if (x->at == x->line_end)
		lex_fail(x, x->at, "the line ends inside a name, expected '\"'");
	t.len = (size_t)(x->at++ - t.s);
	if (t.len == 0 || t.len >= PLAN_NAME_MAX)
		lex_fail(x, t.s, "a thread's name has 1 to %d bytes", PLAN_NAME_MAX - 1);
	return lex_intern(x, t);
}

static bool number_follows(struct parser *x)
{
	lex_skip_blanks(x);
	return x->at < x->line_end && ((*x->at >= '0' && *x->at <= '9') || *x->at == '-');
}

/* Into buf. That it is good and free, unless it fails; its length. */
static size_t one_name(struct parser *x, const struct plan_thread *t, int32_t number,
		       const char *where, char buf[PLAN_NAME_MAX + 16])
{
	const char *format = plan_string(x->p, t->format);
	size_t len;

	if (!plan_format_name(format, t->has_number, number, buf, PLAN_NAME_MAX + 16)) {
		if (t->body == PLAN_PERCPU)
			lex_fail(x, where, "'%s' takes no number, expected one %%u for the CPU",
				 format);
		lex_fail(x, where, "'%s' takes %s, expected at most one %%u or %%d and its number "
		     "after the name", format, t->has_number ? "no number" : "a number");
	}
	len = strlen(buf);
	if (len >= PLAN_NAME_MAX)
		lex_fail(x, where, "the thread's name '%s' is longer than %d bytes", buf,
		     PLAN_NAME_MAX - 1);
	if (plan_knows_name(x->p, buf))
		lex_fail(x, where, "the name '%s' is taken; names of tasks and threads differ",
			 buf);
	return len;
}

static void thread_name(struct parser *x, struct plan_thread *t, const char *where)
{
	char buf[PLAN_NAME_MAX + 16];

	for (unsigned n = plan_names(t) - 1; n > 0; n--)
		one_name(x, t, (int32_t)n, where, buf);
	t->name = lex_intern(x, (struct token){ buf, one_name(x, t, t->number, where, buf) });
}

static enum plan_body body(struct parser *x)
{
	struct token t = lex_token(x);

	for (int b = PLAN_RETURN; b < PLAN_BODIES; b++)
		if (lex_is(t, plan_body_name((enum plan_body)b)))
			return (enum plan_body)b;
	lex_unexpected(x, t, "return, until-stop, until-stop-hard, parkable, parkable-hard, "
		   "exit, complete-exit, freezable or worker");
}

/* Then it is taken. */
static bool word_follows(struct parser *x, const char *word)
{
	const char *before = x->at;

	if (lex_at_end(x) || !lex_is(lex_token(x), word)) {
		x->at = before;
		return false;
	}
	return true;
}

/* What follows a thread's name: its number, what it does, where. */
static void thread_function(struct parser *x, struct plan_thread *t, const char *where)
{
	t->has_number = number_follows(x);
	if (t->has_number)
		t->number = lex_signed_number(x, lex_token(x), "a number");
	thread_name(x, t, where);
	t->body = body(x);
	if (t->body != PLAN_WORKER)
		t->result = lex_signed_number(x, lex_token(x), "the function's result");
	t->freezable = t->body == PLAN_WORKER && word_follows(x, "freezable");
	lex_skip_blanks(x);
	if (x->line_end - x->at >= 5 && memcmp(x->at, "node ", 5) == 0) {
		lex_token(x);
		t->node = (int16_t)lex_unsigned_number(x, lex_token(x), 0, 1023, "a memory node");
	}
	lex_skip_blanks(x);
	if (x->line_end - x->at >= 4 && memcmp(x->at, "cpu ", 4) == 0) {
		const char *word = x->at;

		lex_token(x);
		t->cpu = (int16_t)lex_unsigned_number(x, lex_token(x), 0, PLAN_CPUS - 1, "a CPU");
		if (!t->has_number || t->number != t->cpu || t->node >= 0)
			lex_fail(x, word, "a thread made on a CPU has that CPU as the number in "
				 "its name, and no node");
	}
}

static void creation(struct parser *x, struct token var, enum plan_op_kind kind,
		     struct plan_op *op)
{
	struct plan_thread t = { .node = -1, .cpu = -1, .task = (uint8_t)(x->p->tasks_count - 1) };
	const char *where;

	for (unsigned i = 0; i < x->p->threads_count; i++)
		if (lex_is(var, plan_string(x->p, x->p->threads[i].var)))
			lex_fail(x, var.s, "the handle '%s' is taken", lex_shown(var));
	if (x->p->threads_count == PLAN_THREADS_MAX)
		lex_fail(x, var.s, "more than %d threads", PLAN_THREADS_MAX);
	t.var = lex_name(x, var, "a handle");
	lex_skip_blanks(x);
	where = x->at;
	t.format = format_string(x);
	if (kind == PLAN_REGISTER) {
		t.body = PLAN_PERCPU;
		t.has_number = true;
		thread_name(x, &t, where);
	} else {
		thread_function(x, &t, where);
	}
	op->kind = kind;
	op->thread = (uint8_t)x->p->threads_count;
	x->p->threads[x->p->threads_count++] = t;
}

static void expectation(struct parser *x, struct plan_op *op)
{
	struct token t;

	lex_skip_blanks(x);
	if (x->at == x->line_end || *x->at != '=')
		return;
	t = lex_token(x);
	if (!lex_is(t, "=="))
		lex_unexpected(x, t, "'=='");
	if (!plan_op_has(op->kind, PLAN_HAS_RESULT))
		lex_fail(x, t.s, "%s has no result to expect", plan_op_name(op->kind));
	op->has_expect = true;
	t = lex_token(x);
	op->expect_ok = lex_is(t, "ok") && plan_op_has(op->kind, PLAN_MAKES);
	if (!op->expect_ok)
		op->expect = lex_signed_number(x, t, plan_op_has(op->kind, PLAN_MAKES) ?
					   "ok, a number or an errno" : "a number or an errno");
}

/* -1, "none", only where that means something. */
static int8_t cpu(struct parser *x, bool may_be_none)
{
	struct token t = lex_token(x);

	if (may_be_none && lex_is(t, "-1"))
		return -1;
	return (int8_t)lex_unsigned_number(x, t, 0, PLAN_CPUS - 1, "a CPU");
}

__attribute__((noreturn))
static void no_operation(struct parser *x, struct token t)
{
	char expected[500] = "an operation: V = create, V = run, V = percpu";
	size_t used = strlen(expected);

	for (enum plan_op_kind k = 0; k < PLAN_OPS; k++)
		if (!plan_op_has(k, PLAN_MAKES) && used < sizeof expected)
			used += (size_t)snprintf(expected + used, sizeof expected - used, "%s%s",
						 k + 1 == PLAN_OPS ? " or " : ", ",
						 plan_op_name(k));
	lex_unexpected(x, t, expected);
}

/* The operation of that word that makes no thread, or PLAN_OPS. */
static enum plan_op_kind find_op(struct token t)
{
	for (enum plan_op_kind k = 0; k < PLAN_OPS; k++)
		if (!plan_op_has(k, PLAN_MAKES) && lex_is(t, plan_op_name(k)))
			return k;
	return PLAN_OPS;
}

/* The operation of that word that makes something. */
static enum plan_op_kind making(struct parser *x, struct token t)
{
	for (enum plan_op_kind k = 0; k < PLAN_OPS; k++)
		if (plan_op_has(k, PLAN_MAKES) && lex_is(t, plan_op_name(k)))
			return k;
	lex_unexpected(x, t, "create, run or percpu");
}

static void operands(struct parser *x, struct plan_op *op)
{
	if (!plan_op_has(op->kind, PLAN_NO_HANDLE))
		op->thread = lex_handle(x, lex_token(x), plan_op_has(op->kind, PLAN_BY_OTHERS));
	if (plan_op_has(op->kind, PLAN_HAS_WORK))
		op->work = (uint8_t)lex_unsigned_number(x, lex_token(x), 0, PLAN_WORKS - 1,
							"the number of a work");
	if (plan_op_has(op->kind, PLAN_HAS_DELAY))
		op->delay_us = (uint32_t)lex_unsigned_number(x, lex_token(x), 0, PLAN_DELAY_MAX,
							     "microseconds");
	if (plan_op_has(op->kind, PLAN_HAS_CPU))
		op->cpu = cpu(x, op->kind == PLAN_PER_CPU);
}

static void operation(struct parser *x)
{
	struct token t = lex_token(x);
	struct plan_op op = { 0 };

	if (x->p->ops_count == PLAN_OPS_MAX)
		lex_fail(x, t.s, "more than %d operations", PLAN_OPS_MAX);
	x->op_at[x->p->ops_count] = lex_here(x, t.s);
	op.kind = find_op(t);
	if (op.kind == PLAN_KILL) {
		t = lex_token(x);
		/* Resolved when all tasks are known. */
		op.victim = 0;
		if (!lex_is_name(t))
			lex_unexpected(x, t, "the name of a task");
		op.expect = lex_intern(x, t);
		x->p->ops[x->p->ops_count] = op;
	} else if (op.kind != PLAN_OPS) {
		operands(x, &op);
	} else {
		struct token equals, verb;

		if (!lex_is_name(t))
			no_operation(x, t);
		equals = lex_token(x);
		if (!lex_is(equals, "="))
			no_operation(x, t);
		verb = lex_token(x);
		creation(x, t, making(x, verb), &op);
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

	if (plan_is_program(p))
		lex_fail(x, x->line, "a plan with a 'program' line has no task");
	lex_skip_blanks(x);
	t.s = x->at;
	while (x->at < x->line_end && !lex_is_blank(*x->at) && *x->at != ':')
		x->at++;
	t.len = (size_t)(x->at - t.s);
	if (!lex_is_name(t))
		lex_unexpected(x, t, "a task's name: a letter, then letters, digits, '.', '-', at "
			   "most 31 bytes");
	if (p->tasks_count == PLAN_TASKS_MAX)
		lex_fail(x, t.s, "more than %d tasks", PLAN_TASKS_MAX);
	task = &p->tasks[p->tasks_count];
	task->name = lex_intern(x, t);
	if (plan_knows_name(p, plan_string(p, task->name)))
		lex_fail(x, t.s, "the name '%s' is taken; names of tasks and threads differ",
		     lex_shown(t));
	task->ops_first = p->ops_count;
	p->tasks_count++;
	lex_skip_blanks(x);
	if (x->at == x->line_end || *x->at != ':')
		lex_unexpected(x, lex_token(x), "':'");
	x->at++;
	if (lex_at_end(x))
		return;
	for (;;) {
		operation(x);
		if (lex_at_end(x))
			return;
		t = lex_token(x);
		if (!lex_is(t, ";"))
			lex_unexpected(x, t.len ? t : lex_word(x), "';' or the end of the line");
		if (lex_at_end(x))
			no_operation(x, (struct token){ x->at, 0 });
	}
}

/* ---- other lines -------------------------------------------------------- */

static struct plan_directive *directive(struct parser *x, enum plan_directive_kind kind)
{
	struct plan_directive *d = &x->p->directives[x->p->directives_count];

	if (x->p->directives_count == PLAN_DIRECTIVES_MAX)
		lex_fail(x, x->line, "more than %d directives", PLAN_DIRECTIVES_MAX);
	x->directive_at[x->p->directives_count++] = lex_here(x, x->line);
	memset(d, 0, sizeof *d);
	d->kind = kind;
	return d;
}

static void point_and_nth(struct parser *x, struct plan_directive *d)
{
	struct token t = lex_word(x);

	if (!lex_is_printable_word(t, PLAN_POINT_MAX))
		lex_unexpected(x, t, "the name of a point");
	d->point = lex_intern(x, t);
	d->nth = lex_nth(x);
}

static void kill_line(struct parser *x)
{
	struct plan_directive *d = directive(x, PLAN_D_KILL);

	d->target = lex_directive_name(x, "the task to kill");
	lex_expect_word(x, "at");
	d->task = lex_directive_name(x, "the task at the point");
	point_and_nth(x, d);
}

static void switch_line(struct parser *x)
{
	struct plan_directive *d = directive(x, PLAN_D_SWITCH);

	d->task = lex_directive_name(x, "the task at the point");
	lex_expect_word(x, "at");
	point_and_nth(x, d);
	lex_expect_word(x, "to");
	d->target = lex_directive_name(x, "the task that goes on");
}

static void spurious_line(struct parser *x)
{
	struct plan_directive *d = directive(x, PLAN_D_SPURIOUS);

	d->task = lex_directive_name(x, "the task that wakes up");
	lex_expect_word(x, "at");
	point_and_nth(x, d);
}

static void visible_line(struct parser *x)
{
	struct plan_directive *d = directive(x, PLAN_D_VISIBLE);
	struct token t;

	d->target = lex_directive_name(x, "the task whose store becomes visible");
	t = lex_word(x);
	if (!lex_is_printable_word(t, PLAN_POINT_MAX))
		lex_unexpected(x, t, "the name of a store");
	d->store = lex_intern(x, t);
	if (word_follows(x, "after"))
		d->older = (uint8_t)lex_unsigned_number(x, lex_word(x), 1, PLAN_OLDER_MAX,
							"older stores");
	lex_expect_word(x, "at");
	d->task = lex_directive_name(x, "the task at the point");
	point_and_nth(x, d);
}

static enum kt_role role(struct parser *x)
{
	struct token t = lex_word(x);
	char buf[32];

	if (lex_is(t, "any"))
		return PLAN_ROLE_ANY;
	if (t.len && t.len < sizeof buf) {
		enum kt_role r;

		memcpy(buf, t.s, t.len);
		buf[t.len] = '\0';
		r = kt_role_find(buf);
		if (r != KT_ROLE_COUNT)
			return r;
	}
	lex_unexpected(x, t, "a role: create_info, name, task, kthread, stack or any");
}

static void fail_line(struct parser *x)
{
	struct plan_directive *d = directive(x, PLAN_D_FAIL);

	d->role = role(x);
	d->nth = lex_nth(x);
}

static void oom_line(struct parser *x)
{
	struct plan_directive *d = directive(x, PLAN_D_OOM);

	d->role = role(x);
	d->nth = lex_nth(x);
	lex_expect_word(x, "kills");
	d->target = lex_directive_name(x, "the task to kill");
}

static void once(struct parser *x, bool *seen, const char *what)
{
	if (*seen)
		lex_fail(x, x->line, "a second '%s' line, expected at most one", what);
	*seen = true;
}

static void strategy_line(struct parser *x)
{
	struct token t = lex_word(x);
	enum plan_strategy_kind k = PLAN_BLOCK;

	once(x, &x->strategy_seen, "strategy");
	while (k < PLAN_STRATEGIES && !lex_is(t, plan_strategy_name(k)))
		k++;
	if (k == PLAN_STRATEGIES)
		lex_unexpected(x, t, "block, random, pct, delay, pos or surw");
	x->p->strategy = k;
	if (k == PLAN_BLOCK)
		return;
	if (plan_strategy_has_depth(k))
		x->p->depth = (uint32_t)lex_unsigned_number(x, lex_word(x), 1, PLAN_DEPTH_MAX,
							    "a depth");
	lex_expect_word(x, "seed");
	x->p->seed = lex_unsigned_number(x, lex_word(x), 0, UINT64_MAX, "a seed");
	if (plan_strategy_has_depth(k) && word_follows(x, "steps"))
		x->p->steps_estimate = (uint32_t)lex_unsigned_number(x, lex_word(x), 1,
								     PLAN_STEPS_MAX, "steps");
}

static void memory_line(struct parser *x)
{
	struct token t = lex_word(x);
	enum plan_memory m = PLAN_SC;

	once(x, &x->memory_seen, "memory");
	while (m < PLAN_MEMORIES && !lex_is(t, plan_memory_name(m)))
		m++;
	if (m == PLAN_MEMORIES)
		lex_unexpected(x, t, "sc, tso or pso");
	x->p->memory = m;
}

static uint64_t trace_hash(struct parser *x)
{
	struct token t = lex_word(x);
	uint64_t n = 0;

	for (size_t i = 0; i < t.len; i++) {
		const char *digits = "0123456789abcdef", *d = strchr(digits, t.s[i]);

		if (!d || !t.s[i])
			lex_unexpected(x, t, "16 hexadecimal digits");
		n = n << 4 | (uint64_t)(d - digits);
	}
	if (t.len != 16)
		lex_unexpected(x, t, "16 hexadecimal digits");
	return n;
}

static void expect_line(struct parser *x)
{
	struct token t = lex_word(x);

	once(x, &x->expect_seen, "expect");
	x->p->has_expect = true;
	for (int f = KT_PASS; f < KT_FAILURES; f++)
		if (lex_is(t, kt_failure_name((enum kt_failure)f))) {
			x->p->expect = (enum kt_failure)f;
			if (lex_at_end(x))
				return;
			lex_expect_word(x, "trace");
			x->p->has_trace = true;
			x->p->trace = trace_hash(x);
			return;
		}
	lex_unexpected(x, t,
		   "pass or a failure: assertion, deadlock, livelock, memory, leak, model, "
		   "discipline, race, undefined, hang or expect");
}

static void signature_line(struct parser *x)
{
	once(x, &x->signature_seen, "signature");
	x->p->signature = lex_quoted(x, "a signature", false);
}

static void origin_line(struct parser *x)
{
	struct plan_origin *o = &x->p->origin;

	once(x, &x->origin_seen, "found");
	lex_expect_word(x, "by");
	o->by = lex_quoted(x, "a strategy or command", false);
	o->numbered = word_follows(x, "seed");
	if (o->numbered) {
		o->seed = lex_unsigned_number(x, lex_word(x), 0, UINT64_MAX, "a seed");
		lex_expect_word(x, "execution");
		o->execution = lex_unsigned_number(x, lex_word(x), 0, UINT64_MAX,
						   "the number of an execution");
	}
	if (!word_follows(x, "on"))
		lex_unexpected(x, lex_word(x), o->numbered ? "'on'" : "'seed' or 'on'");
	o->build = lex_quoted(x, "a build", false);
}

static void program_line(struct parser *x)
{
	struct plan *p = x->p;

	once(x, &x->program_seen, "program");
	if (p->tasks_count || p->boot_concurrent)
		lex_fail(x, x->line, "a plan with a '%s' line has no program",
			 p->tasks_count ? "task" : "boot");
	p->args[p->args_count++] = lex_quoted(x, "a program", false);
	while (!lex_at_end(x)) {
		if (p->args_count == PLAN_ARGS_MAX)
			lex_fail(x, x->at, "more than %d words of a program", PLAN_ARGS_MAX);
		p->args[p->args_count++] = lex_quoted(x, "a program's argument", true);
	}
}

static void boot_line(struct parser *x)
{
	once(x, &x->boot_seen, "boot");
	if (plan_is_program(x->p))
		lex_fail(x, x->line, "a plan with a 'program' line boots no kthreadd");
	lex_expect_word(x, "concurrent");
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
		{ "visible", visible_line }, { "strategy", strategy_line },
		{ "memory", memory_line }, { "boot", boot_line }, { "expect", expect_line },
		{ "program", program_line }, { "signature", signature_line },
		{ "found", origin_line },
	};
	struct token t = lex_word(x);

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (lex_is(t, lines[i].word)) {
			lines[i].parse(x);
			lex_expect_end(x);
			return;
		}
	lex_unexpected(x, t, "task, kill, fail, oom, switch, spurious, visible, strategy, memory, "
		       "boot, expect, program, signature or found");
}

/* ---- the whole ---------------------------------------------------------- */

static void check_bytes(struct parser *x)
{
	for (const char *c = x->line; c < x->line_end; c++)
		if ((*c < ' ' && *c != '\t') || *c > '~')
			lex_fail(x, c,
				 "byte \\x%02x, expected printable ASCII, blanks and newlines",
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
		lex_fail(x, x->line, "the comment at the top is longer than %d bytes",
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
		lex_fail(x, x->line, "an empty file, expected 'kthrash-plan 1'");
	}
	lex_expect_word(x, "kthrash-plan");
	lex_expect_word(x, "1");
	lex_expect_end(x);
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
		lex_skip_blanks(x);
		if (x->at < x->line_end && *x->at == '#' && in_note)
			note_line(x, &note_used);
		else
			in_note = false;
		if (!lex_at_end(x))
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
