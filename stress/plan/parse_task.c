/* SPDX-License-Identifier: GPL-2.0-only */
/* The line of a task: its operations, and the threads that they make. */
#include <stdio.h>
#include <string.h>

#include "stress/plan/parse.h"

/* A thread's name in quotes: printable, without blanks and without escapes. */
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

/*
 * Put the name with that number into buf. Returns its length. A name that is bad or taken is
 * an error.
 */
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

static const char *body_word(unsigned i)
{
	return plan_body_name((enum plan_body)i);
}

static enum plan_body body(struct parser *x)
{
	struct token t = lex_token(x);

	for (int b = 0; b < PLAN_BODIES; b++)
		if (lex_is(t, plan_body_name((enum plan_body)b)))
			return (enum plan_body)b;
	lex_unexpected_of(x, t, "", body_word, PLAN_BODIES);
}

/* What follows a thread's name: its number, its body, its node or CPU. */
static void thread_function(struct parser *x, struct plan_thread *t, const char *where)
{
	t->has_number = number_follows(x);
	if (t->has_number)
		t->number = lex_signed_number(x, lex_token(x), "a number");
	thread_name(x, t, where);
	t->body = body(x);
	if (!plan_body_has(t->body, PLAN_NO_RESULT))
		t->result = lex_signed_number(x, lex_token(x), "the function's result");
	t->freezable = t->body == PLAN_WORKER && lex_word_follows(x, "freezable");
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
	struct plan_thread t = { .node = -1,
				 .cpu = -1,
				 .task = (uint8_t)(plan_all_tasks(x->p) - 1) };
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

/* -1 stands for no CPU, in the one operation that takes it. */
static int8_t cpu(struct parser *x, bool may_be_none)
{
	struct token t = lex_token(x);

	if (may_be_none && lex_is(t, "-1"))
		return -1;
	return (int8_t)lex_unsigned_number(x, t, 0, PLAN_CPUS - 1, "a CPU");
}

/* Row i of the list of operations: those that make a thread come first. */
static const char *op_form(unsigned i)
{
	static char form[32];

	if (i >= PLAN_OPS)
		return plan_op_has(i - PLAN_OPS, PLAN_MAKES) ? NULL : plan_op_name(i - PLAN_OPS);
	if (!plan_op_has(i, PLAN_MAKES))
		return NULL;
	snprintf(form, sizeof form, "V = %s", plan_op_name(i));
	return form;
}

__attribute__((noreturn))
static void no_operation(struct parser *x, struct token t)
{
	lex_unexpected_of(x, t, "an operation: ", op_form, 2 * PLAN_OPS);
}

/* The operation of that word that makes no thread, or PLAN_OPS. */
static enum plan_op_kind find_op(struct token t)
{
	for (enum plan_op_kind k = 0; k < PLAN_OPS; k++)
		if (!plan_op_has(k, PLAN_MAKES) && lex_is(t, plan_op_name(k)))
			return k;
	return PLAN_OPS;
}

/* The operation of that word that makes a thread. */
static enum plan_op_kind making(struct parser *x, struct token t)
{
	for (enum plan_op_kind k = 0; k < PLAN_OPS; k++)
		if (plan_op_has(k, PLAN_MAKES) && lex_is(t, plan_op_name(k)))
			return k;
	lex_unexpected_of(x, t, "", plan_making_word, PLAN_OPS);
}

/* The task of that name may come later, so parse_victims() finds it. */
static void victim(struct parser *x)
{
	struct token t = lex_token(x);

	if (!lex_is_name(t))
		lex_unexpected(x, t, "the name of a task");
	x->victim[x->p->ops_count] = lex_intern(x, t);
}

static void operands(struct parser *x, struct plan_op *op)
{
	/*
	 * check_handle.c has a rule against an unpark by another task, and check_inner.c has those
	 * of inner tasks. A plan may break them.
	 */
	if (!plan_op_has(op->kind, PLAN_NO_HANDLE))
		op->thread = lex_handle(x, lex_token(x), plan_op_has(op->kind, PLAN_BY_OTHERS) ||
							 op->kind == PLAN_UNPARK ||
							 x->p->inners_count);
	if (plan_op_has(op->kind, PLAN_HAS_VICTIM))
		victim(x);
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
	if (op.kind == PLAN_OPS) {
		if (!lex_is_name(t) || !lex_is(lex_token(x), "="))
			no_operation(x, t);
		creation(x, t, making(x, lex_token(x)), &op);
	} else {
		operands(x, &op);
	}
	expectation(x, &op);
	x->p->ops[x->p->ops_count++] = op;
	x->p->tasks[plan_all_tasks(x->p) - 1].ops_count++;
}

/* A word before the colon. */
static struct token head(struct parser *x)
{
	struct token t;

	lex_skip_blanks(x);
	t.s = x->at;
	while (x->at < x->line_end && !lex_is_blank(*x->at) && *x->at != ':')
		x->at++;
	t.len = (size_t)(x->at - t.s);
	return t;
}

/* The colon, and the operations of the task that was added last. */
static void operations(struct parser *x)
{
	struct token t;

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

void parse_task(struct parser *x)
{
	struct plan *p = x->p;
	struct plan_task *task;
	struct token t;

	if (plan_is_program(p))
		lex_fail(x, x->line, "a plan with a 'program' line has no task");
	if (p->inners_count)
		lex_fail(x, x->line, "a 'task' line after an 'on' line, expected before it");
	t = head(x);
	if (!lex_is_name(t))
		lex_unexpected(x, t, "a task's name: a letter or '_', then letters, digits, '_', "
			   "'.', '-', at most 31 bytes");
	if (p->tasks_count == PLAN_TASKS_MAX)
		lex_fail(x, t.s, "more than %d tasks", PLAN_TASKS_MAX);
	task = &p->tasks[p->tasks_count];
	task->name = lex_intern(x, t);
	if (plan_knows_name(p, plan_string(p, task->name)))
		lex_fail(x, t.s, "the name '%s' is taken; names of tasks and threads differ",
			 lex_shown(t));
	task->ops_first = p->ops_count;
	p->tasks_count++;
	operations(x);
}

/* The thread or worker that a task made, by its handle. */
static uint8_t host(struct parser *x)
{
	struct token t = head(x);
	const struct plan *p = x->p;

	for (unsigned i = 0; i < p->threads_count; i++) {
		if (!lex_is(t, plan_string(p, p->threads[i].var)))
			continue;
		if (p->threads[i].task >= p->tasks_count)
			lex_fail(x, t.s, "'%s' is a handle of an 'on' line, expected one of a task",
				 lex_shown(t));
		if (plan_inner_of(p, i) >= 0)
			lex_fail(x, t.s, "a second 'on' line of '%s', expected at most one",
				 lex_shown(t));
		return (uint8_t)i;
	}
	lex_unexpected(x, t, "a handle that a task above has made");
}

void parse_on(struct parser *x)
{
	struct plan *p = x->p;
	struct plan_task *task;

	if (plan_all_tasks(p) == PLAN_TASKS_MAX)
		lex_fail(x, x->line, "more than %d tasks and 'on' lines", PLAN_TASKS_MAX);
	task = &p->tasks[plan_all_tasks(p)];
	task->host = host(x);
	if (p->threads[task->host].body == PLAN_WORKER)
		task->work = (uint8_t)lex_unsigned_number(x, head(x), 0, PLAN_WORKS - 1,
							  "the number of a work");
	task->ops_first = p->ops_count;
	p->inners_count++;
	operations(x);
}

void parse_victims(struct parser *x)
{
	struct plan *p = x->p;

	for (unsigned i = 0; i < p->ops_count; i++) {
		struct plan_op *op = &p->ops[i];
		const char *name = plan_string(p, x->victim[i]);
		int task;

		if (!plan_op_has(op->kind, PLAN_HAS_VICTIM))
			continue;
		task = plan_find_task(p, name);
		if (task < 0)
			lex_fail_at(x, x->op_at[i],
				    "no task is called '%s', expected one to kill", name);
		op->victim = (uint8_t)task;
	}
}
