/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes a plan from its text. This is a recursive-descent parser, which works on one line at a
 * time. The first error ends it, with line, column and what was expected. Nothing is repaired.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stress/plan/check.h"
#include "stress/plan/parse.h"

/* ---- lines of one kind each -------------------------------------------------------- */

static const char *strategy_word(unsigned i)
{
	return plan_strategy_name((enum plan_strategy_kind)i);
}

static const char *memory_word(unsigned i)
{
	return plan_memory_name((enum plan_memory)i);
}

/* The first one, "pass", is no failure. */
static const char *failure_word(unsigned i)
{
	return kt_failure_name((enum kt_failure)(i + 1));
}

static void strategy_line(struct parser *x)
{
	struct token t = lex_word(x);
	enum plan_strategy_kind k = PLAN_BLOCK;

	while (k < PLAN_STRATEGIES && !lex_is(t, plan_strategy_name(k)))
		k++;
	if (k == PLAN_STRATEGIES)
		lex_unexpected_of(x, t, "", strategy_word, PLAN_STRATEGIES);
	x->p->strategy = k;
	if (k == PLAN_BLOCK)
		return;
	if (plan_strategy_has_depth(k))
		x->p->depth = (uint32_t)lex_unsigned_number(x, lex_word(x), 1, PLAN_DEPTH_MAX,
							    "a depth");
	lex_expect_word(x, "seed");
	x->p->seed = lex_unsigned_number(x, lex_word(x), 0, UINT64_MAX, "a seed");
	if (plan_strategy_has_depth(k) && lex_word_follows(x, "steps"))
		x->p->steps_estimate = (uint32_t)lex_unsigned_number(x, lex_word(x), 1,
								     PLAN_STEPS_MAX, "steps");
	if (lex_word_follows(x, "variant"))
		x->p->variant = (uint32_t)lex_unsigned_number(x, lex_word(x), 1, PLAN_VARIANT_MAX,
							      "a variant");
}

static void memory_line(struct parser *x)
{
	struct token t = lex_word(x);
	enum plan_memory m = PLAN_SC;

	while (m < PLAN_MEMORIES && !lex_is(t, plan_memory_name(m)))
		m++;
	if (m == PLAN_MEMORIES)
		lex_unexpected_of(x, t, "", memory_word, PLAN_MEMORIES);
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
	lex_unexpected_of(x, t, "pass or a failure: ", failure_word, KT_FAILURES - 1);
}

static void signature_line(struct parser *x)
{
	x->p->signature = lex_quoted(x, "a signature", false);
}

static void cause_line(struct parser *x)
{
	x->p->cause = lex_quoted(x, "a cause", false);
}

static void identity_line(struct parser *x)
{
	x->p->identity = lex_quoted(x, "an identity", false);
}

static void origin_line(struct parser *x)
{
	struct plan_origin *o = &x->p->origin;

	lex_expect_word(x, "by");
	o->by = lex_quoted(x, "a strategy or command", false);
	o->numbered = lex_word_follows(x, "seed");
	if (o->numbered) {
		o->seed = lex_unsigned_number(x, lex_word(x), 0, UINT64_MAX, "a seed");
		lex_expect_word(x, "execution");
		o->execution = lex_unsigned_number(x, lex_word(x), 0, UINT64_MAX,
						   "the number of an execution");
	}
	if (!lex_word_follows(x, "on"))
		lex_unexpected(x, lex_word(x), o->numbered ? "'on'" : "'seed' or 'on'");
	o->build = lex_quoted(x, "a build", false);
}

static void program_line(struct parser *x)
{
	struct plan *p = x->p;

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

static void binary_line(struct parser *x)
{
	x->p->binary = lex_quoted(x, "the build of a program", false);
}

static void allows_line(struct parser *x)
{
	struct token t = lex_word(x);

	for (;;) {
		if (lex_is(t, "early-timeouts"))
			x->p->early_timeouts = true;
		else if (lex_is(t, "failing-trylocks"))
			x->p->failing_trylocks = true;
		else if (lex_is(t, "volatile-races"))
			x->p->volatile_races = true;
		else if (lex_is(t, "volatile-orders"))
			x->p->volatile_orders = true;
		else
			lex_unexpected(x, t, "early-timeouts, failing-trylocks, volatile-races or "
				       "volatile-orders");
		if (lex_at_end(x))
			return;
		t = lex_word(x);
	}
}

static void boot_line(struct parser *x)
{
	if (plan_is_program(x->p))
		lex_fail(x, x->line, "a plan with a 'program' line boots no kthreadd");
	lex_expect_word(x, "concurrent");
	x->p->boot_concurrent = true;
}

static void handles_line(struct parser *x)
{
	lex_expect_word(x, "bare");
	x->p->handles_bare = true;
}

/*
 * A plan that a person wrote to show a use of memory that is gone: its tasks use each other's
 * handles as clients without references would. A finding has a trace, and says itself whether its
 * handles are bare.
 */
static void expects_memory(struct plan *p)
{
	if (!p->has_expect || p->expect != KT_MEMORY || p->has_trace || p->origin.by)
		return;
	for (unsigned i = 0; i < p->ops_count; i++)
		p->handles_bare |= check_is_stray(p, i);
}

/* ---- the whole ---------------------------------------------------------- */

static void (*const parse_line[])(struct parser *x) = {
	[PLAN_LINE_TASK] = parse_task,
	[PLAN_LINE_ON] = parse_on,
	[PLAN_LINE_SIGNATURE] = signature_line,
	[PLAN_LINE_CAUSE] = cause_line,
	[PLAN_LINE_IDENTITY] = identity_line,
	[PLAN_LINE_FOUND] = origin_line,
	[PLAN_LINE_PROGRAM] = program_line,
	[PLAN_LINE_BINARY] = binary_line,
	[PLAN_LINE_ALLOWS] = allows_line,
	[PLAN_LINE_BOOT] = boot_line,
	[PLAN_LINE_HANDLES] = handles_line,
	[PLAN_LINE_MEMORY] = memory_line,
	[PLAN_LINE_STRATEGY] = strategy_line,
	[PLAN_LINE_EXPECT] = expect_line,
};
_Static_assert(sizeof parse_line / sizeof parse_line[0] == PLAN_LINE_KINDS,
	       "each LINE of words.def has its function");

/* Tasks and directives first: most lines are one of them. */
static const char *line_word(unsigned i)
{
	if (i == 0)
		return plan_line_name(PLAN_LINE_TASK);
	if (i <= PLAN_DIRECTIVES)
		return plan_directive_name((enum plan_directive_kind)(i - 1));
	i -= PLAN_DIRECTIVES + 1;
	return i == PLAN_LINE_TASK ? NULL : plan_line_name((enum plan_line)i);
}

static void content_line(struct parser *x)
{
	struct token t = lex_word(x);
	enum plan_directive_kind d = 0;
	enum plan_line k = 0;

	while (k < PLAN_LINE_KINDS && !lex_is(t, plan_line_name(k)))
		k++;
	while (d < PLAN_DIRECTIVES && !lex_is(t, plan_directive_name(d)))
		d++;
	if (d < PLAN_DIRECTIVES) {
		parse_directive(x, d);
	} else if (k < PLAN_LINE_KINDS) {
		if (x->seen[k] && k != PLAN_LINE_TASK && k != PLAN_LINE_ON)
			lex_fail(x, x->line, "a second '%s' line, expected at most one",
				 plan_line_name(k));
		x->seen[k] = true;
		parse_line[k](x);
	} else {
		lex_unexpected_of(x, t, "", line_word, 1 + PLAN_DIRECTIVES + PLAN_LINE_KINDS);
	}
	lex_expect_end(x);
}

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
	parse_victims(x);
}

/* Place an error of plan_check(): at the operation or directive, or at the end of the text. */
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
	expects_memory(p);
	if (plan_check(p, err) == 0)
		return 0;
	place_error(&x);
	return -EINVAL;
}
