/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/litmus/lex.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lex_begin(struct lexer *l, const char *file, const char *text)
{
	memset(l, 0, sizeof *l);
	l->file = file;
	l->text = l->at = l->start = text;
	l->line = l->start_line = 1;
}

static unsigned column_of(const struct lexer *l)
{
	const char *p = l->start;

	while (p > l->text && p[-1] != '\n')
		p--;
	return (unsigned)(l->start - p) + 1;
}

void lex_fail(struct lexer *l, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%u:%u: ", l->file, l->start_line, column_of(l));
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	longjmp(l->bad, 1);
}

static void advance(struct lexer *l)
{
	if (*l->at == '\n')
		l->line++;
	l->at++;
}

/* Herd's comments nest. */
static void skip_nested(struct lexer *l)
{
	unsigned depth = 0;

	do {
		if (*l->at == '\0')
			lex_fail(l, "the comment does not end, expected '*)'");
		if (l->at[0] == '(' && l->at[1] == '*') {
			depth++;
			l->at += 2;
		} else if (l->at[0] == '*' && l->at[1] == ')') {
			depth--;
			l->at += 2;
		} else {
			advance(l);
		}
	} while (depth);
}

static void skip_blanks(struct lexer *l)
{
	for (;;) {
		l->start = l->at;
		l->start_line = l->line;
		if (isspace((unsigned char)*l->at)) {
			advance(l);
		} else if (l->at[0] == '/' && l->at[1] == '/') {
			while (*l->at && *l->at != '\n')
				l->at++;
		} else if (l->at[0] == '/' && l->at[1] == '*') {
			l->at += 2;
			while (!(l->at[0] == '*' && l->at[1] == '/')) {
				if (*l->at == '\0')
					lex_fail(l, "the comment does not end, expected '*/'");
				advance(l);
			}
			l->at += 2;
		} else if (!l->code && l->at[0] == '(' && l->at[1] == '*') {
			skip_nested(l);
		} else {
			return;
		}
	}
}

static void word(struct lexer *l)
{
	size_t n = 0;

	while (isalnum((unsigned char)l->at[n]) || l->at[n] == '_')
		n++;
	if (n >= sizeof l->name)
		lex_fail(l, "a name of %zu characters, expected at most %zu", n,
			 sizeof l->name - 1);
	memcpy(l->name, l->at, n);
	l->name[n] = '\0';
	l->at += n;
}

static void number(struct lexer *l)
{
	char *end;

	l->kind = TOKEN_NUMBER;
	l->number = (int64_t)strtoull(l->at, &end, 0);
	while (*end == 'U' || *end == 'u' || *end == 'L' || *end == 'l')
		end++;
	if (isalnum((unsigned char)*end) || *end == '_')
		lex_fail(l, "this is no number");
	l->at = end;
}

static void string(struct lexer *l)
{
	l->kind = TOKEN_STRING;
	for (advance(l); *l->at != '"'; advance(l))
		if (*l->at == '\0')
			lex_fail(l, "the string does not end, expected '\"'");
	advance(l);
}

void lex_skip_to(struct lexer *l, char c)
{
	for (skip_blanks(l); *l->at != c; skip_blanks(l)) {
		if (*l->at == '\0')
			lex_fail(l, "the file ends here, expected '%c'", c);
		advance(l);
	}
	l->kind = (unsigned char)*l->at++;
}

void lex_next_word(struct lexer *l)
{
	size_t n;

	skip_blanks(l);
	n = strcspn(l->at, " \t\r\n");
	if (n == 0 || n >= sizeof l->name)
		lex_fail(l, "expected a name of 1 to %zu characters", sizeof l->name - 1);
	memcpy(l->name, l->at, n);
	l->name[n] = '\0';
	l->at += n;
	l->kind = TOKEN_NAME;
}

void lex_next(struct lexer *l)
{
	static const struct { char text[3]; int kind; } pairs[] = {
		{ "&&", TOKEN_AND }, { "||", TOKEN_OR }, { "==", TOKEN_EQUAL },
		{ "!=", TOKEN_UNEQUAL }, { "<=", TOKEN_LESS_EQUAL }, { ">=", TOKEN_MORE_EQUAL },
		{ "<<", TOKEN_SHIFT_LEFT }, { ">>", TOKEN_SHIFT_RIGHT },
		{ "/\\", TOKEN_BOTH }, { "\\/", TOKEN_EITHER }, { "=>", TOKEN_IMPLIES },
	};

	skip_blanks(l);
	if (*l->at == '\0') {
		l->kind = TOKEN_END;
		return;
	}
	if (isalpha((unsigned char)*l->at) || *l->at == '_') {
		l->kind = TOKEN_NAME;
		word(l);
		return;
	}
	if (isdigit((unsigned char)*l->at)) {
		number(l);
		return;
	}
	if (*l->at == '"') {
		string(l);
		return;
	}
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		if (strncmp(l->at, pairs[i].text, 2) == 0) {
			l->kind = pairs[i].kind;
			l->at += 2;
			return;
		}
	l->kind = (unsigned char)*l->at++;
}

bool lex_take(struct lexer *l, int kind)
{
	if (l->kind != kind)
		return false;
	lex_next(l);
	return true;
}

bool lex_is_word(const struct lexer *l, const char *text)
{
	return l->kind == TOKEN_NAME && strcmp(l->name, text) == 0;
}

bool lex_take_word(struct lexer *l, const char *text)
{
	if (!lex_is_word(l, text))
		return false;
	lex_next(l);
	return true;
}

void lex_need(struct lexer *l, int kind, const char *what)
{
	int shown = (int)(l->at - l->start);

	if (l->kind == TOKEN_END)
		lex_fail(l, "the file ends here, expected %s", what);
	if (l->kind != kind)
		lex_fail(l, "'%.*s', expected %s", shown > 40 ? 40 : shown, l->start, what);
	lex_next(l);
}
