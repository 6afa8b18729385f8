/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/plan/lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- errors ------------------------------------------------------------- */

__attribute__((format(printf, 3, 0)))
static void set_error(struct parser *x, struct place at, const char *fmt, va_list ap)
{
	x->err->line = at.line;
	x->err->column = at.column;
	vsnprintf(x->err->message, sizeof x->err->message, fmt, ap);
}

void lex_fail(struct parser *x, const char *where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_error(x, lex_here(x, where), fmt, ap);
	va_end(ap);
	longjmp(x->failed, 1);
}

void lex_fail_at(struct parser *x, struct place at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_error(x, at, fmt, ap);
	va_end(ap);
	longjmp(x->failed, 1);
}

struct place lex_here(const struct parser *x, const char *where)
{
	return (struct place){ x->line_number, (unsigned)(where - x->line) + 1 };
}

const char *lex_shown(struct token t)
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

void lex_unexpected(struct parser *x, struct token t, const char *expected)
{
	if (t.len == 0)
		lex_fail(x, t.s, "the line ends here, expected %s", expected);
	lex_fail(x, t.s, "unexpected '%s', expected %s", lex_shown(t), expected);
}

void lex_unexpected_of(struct parser *x, struct token t, const char *what,
		       const char *(*word)(unsigned i), unsigned count)
{
	char expected[sizeof x->err->message];
	size_t used = (size_t)snprintf(expected, sizeof expected, "%s", what);

	plan_one_of(expected + used, sizeof expected - used, word, count);
	lex_unexpected(x, t, expected);
}

/* ---- tokens ------------------------------------------------------------- */

bool lex_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

void lex_skip_blanks(struct parser *x)
{
	while (x->at < x->line_end && lex_is_blank(*x->at))
		x->at++;
}

bool lex_at_end(struct parser *x)
{
	lex_skip_blanks(x);
	return x->at == x->line_end || *x->at == '#';
}

static struct token up_to_blank(struct parser *x)
{
	struct token t;

	lex_skip_blanks(x);
	t.s = x->at;
	while (x->at < x->line_end && !lex_is_blank(*x->at))
		x->at++;
	t.len = (size_t)(x->at - t.s);
	return t;
}

struct token lex_word(struct parser *x)
{
	struct token t = up_to_blank(x);

	if (t.len && *t.s == '#')
		t.len = 0;
	return t;
}

struct token lex_token(struct parser *x)
{
	struct token t;

	lex_skip_blanks(x);
	t.s = x->at;
	if (x->at < x->line_end && (*x->at == ';' || *x->at == '=')) {
		x->at++;
		if (t.s[0] == '=' && x->at < x->line_end && *x->at == '=')
			x->at++;
	} else {
		while (x->at < x->line_end && !lex_is_blank(*x->at) && !strchr(";=\"#", *x->at))
			x->at++;
	}
	t.len = (size_t)(x->at - t.s);
	return t;
}

bool lex_is(struct token t, const char *s)
{
	return strlen(s) == t.len && memcmp(t.s, s, t.len) == 0;
}

bool lex_word_follows(struct parser *x, const char *word)
{
	const char *before = x->at;

	if (!lex_at_end(x) && lex_is(lex_token(x), word))
		return true;
	x->at = before;
	return false;
}

void lex_expect_word(struct parser *x, const char *s)
{
	struct token t = lex_word(x);
	char expected[32];

	snprintf(expected, sizeof expected, "'%s'", s);
	if (!lex_is(t, s))
		lex_unexpected(x, t, expected);
}

void lex_expect_end(struct parser *x)
{
	if (!lex_at_end(x))
		lex_unexpected(x, lex_word(x), "the end of the line");
}

plan_str lex_intern(struct parser *x, struct token t)
{
	plan_str s = plan_intern(x->p, t.s, t.len);

	if (t.len && !s)
		lex_fail(x, t.s, "the names of this plan are longer than %d bytes together",
			 PLAN_STRINGS_MAX);
	return s;
}

/* ---- numbers ------------------------------------------------------------ */

uint64_t lex_unsigned_number(struct parser *x, struct token t, uint64_t min, uint64_t max,
			     const char *what)
{
	uint64_t n = 0;

	if (t.len == 0 || *t.s < '0' || *t.s > '9')
		lex_unexpected(x, t, what);
	for (size_t i = 0; i < t.len; i++) {
		unsigned digit = (unsigned)(t.s[i] - '0');

		if (digit > 9)
			lex_unexpected(x, t, what);
		if (n > (UINT64_MAX - digit) / 10)
			goto range;
		n = n * 10 + digit;
	}
	if (n >= min && n <= max)
		return n;
range:
	lex_fail(x, t.s, "%s is out of range, expected %s from %llu to %llu", lex_shown(t), what,
		 (unsigned long long)min, (unsigned long long)max);
}

int32_t lex_signed_number(struct parser *x, struct token t, const char *what)
{
	bool negative = t.len && *t.s == '-';
	struct token digits = { t.s + negative, t.len - negative };
	int32_t named;

	if (plan_errno_find(t.s, t.len, &named))
		return named;
	if (negative && (digits.len == 0 || *digits.s < '0' || *digits.s > '9'))
		lex_unexpected(x, t, what);
	named = (int32_t)lex_unsigned_number(x, digits, 0, INT32_MAX, what);
	return negative ? -named : named;
}

uint32_t lex_nth(struct parser *x)
{
	struct token t = up_to_blank(x);

	if (t.len < 2 || *t.s != '#')
		lex_unexpected(x, t, "#N");
	t.s++;
	t.len--;
	return (uint32_t)lex_unsigned_number(x, t, 1, PLAN_NTH_MAX, "a number");
}

/* ---- names -------------------------------------------------------------- */

bool lex_is_name(struct token t)
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

plan_str lex_name(struct parser *x, struct token t, const char *what)
{
	if (!lex_is_name(t))
		lex_unexpected(x, t, what);
	return lex_intern(x, t);
}

bool lex_is_printable_word(struct token t, size_t max)
{
	if (t.len == 0 || t.len >= max)
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (t.s[i] <= ' ' || t.s[i] > '~' || t.s[i] == '"')
			return false;
	return t.s[0] != '#';
}

plan_str lex_quoted(struct parser *x, const char *what, bool may_be_empty)
{
	struct token t;

	lex_skip_blanks(x);
	if (x->at == x->line_end || *x->at != '"') {
		char expected[64];

		snprintf(expected, sizeof expected, "%s in double quotes", what);
		lex_unexpected(x, lex_word(x), expected);
	}
	for (t.s = ++x->at; x->at < x->line_end && plan_may_quote(*x->at); x->at++)
		;
	if (x->at < x->line_end && *x->at != '"')
		lex_fail(x, x->at, "%s holds printable characters and blanks only", what);
	if (x->at == x->line_end)
		lex_fail(x, x->at, "the line ends inside %s, expected '\"'", what);
	t.len = (size_t)(x->at++ - t.s);
	if ((t.len == 0 && !may_be_empty) || t.len >= PLAN_QUOTED_MAX)
		lex_fail(x, t.s, "%s has %d to %d bytes", what, !may_be_empty,
			 PLAN_QUOTED_MAX - 1);
	return lex_intern(x, t);
}

plan_str lex_directive_name(struct parser *x, const char *what)
{
	struct token t = lex_word(x);

	if (!lex_is_printable_word(t, PLAN_NAME_MAX))
		lex_unexpected(x, t, what);
	return lex_intern(x, t);
}

uint8_t lex_handle(struct parser *x, struct token t, bool foreign)
{
	unsigned task = plan_all_tasks(x->p) - 1u;
	char makers[64], expected[128];

	for (unsigned i = 0; i < x->p->threads_count; i++)
		if (lex_is(t, plan_string(x->p, x->p->threads[i].var))) {
			if (x->p->threads[i].task != task && !foreign)
				lex_fail(x, t.s, "'%s' is a handle of task %s; another task can "
					 "only wake it, or use a worker or a percpu", lex_shown(t),
					 plan_string(x->p,
					 x->p->tasks[x->p->threads[i].task].name));
			return (uint8_t)i;
		}
	plan_one_of(makers, sizeof makers, plan_making_word, PLAN_OPS);
	snprintf(expected, sizeof expected, "a handle that an earlier %s of this task gave",
		 makers);
	lex_unexpected(x, t, expected);
}
