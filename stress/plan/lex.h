/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tokens, numbers and names of a plan's text, and errors with their place: the pieces
 * of which the grammar in parse*.c is made.
 *
 * A token is a run of bytes of which none is a blank or one of ; = " #, or it is one of
 * ";", "=" and "==". A word ends only at a blank: names in directives are words, because
 * they may hold anything printable. An error leaves by longjmp() to parser.failed.
 */
#ifndef STRESS_PLAN_LEX_H
#define STRESS_PLAN_LEX_H

#include <setjmp.h>
#include <stdbool.h>

#include "stress/plan/internal.h"

struct parser {
	struct plan *p;
	struct plan_error *err;
	const char *text, *end;		/* the whole text */
	const char *line, *line_end, *at;
	unsigned line_number;
	bool seen[PLAN_LINE_KINDS];	/* has the text had such a line? */
	/*
	 * Where each operation and directive is, for errors that are found only when the whole
	 * text is read.
	 */
	struct place {
		unsigned line, column;
	} op_at[PLAN_OPS_MAX], directive_at[PLAN_DIRECTIVES_MAX];
	plan_str victim[PLAN_OPS_MAX];	/* name of the task that an operation kills */
	jmp_buf failed;
};

struct token {
	const char *s;
	size_t len;
};

/* The error is at `where`, in the current line. */
__attribute__((noreturn, format(printf, 3, 4)))
void lex_fail(struct parser *x, const char *where, const char *fmt, ...);
/* The error is at `at`. */
__attribute__((noreturn, format(printf, 3, 4)))
void lex_fail_at(struct parser *x, struct place at, const char *fmt, ...);
/* The place of `where`, for errors that are found later. */
struct place lex_here(const struct parser *x, const char *where);
/* A token as an error message can show it: printable and cut. The next call overwrites it. */
const char *lex_shown(struct token t);
/* The message says "unexpected 't', expected ...", or that the line ends too early. */
__attribute__((noreturn))
void lex_unexpected(struct parser *x, struct token t, const char *expected);
/* Like lex_unexpected(). The message names `what` and lists the words: plan_one_of(). */
__attribute__((noreturn))
void lex_unexpected_of(struct parser *x, struct token t, const char *what,
		       const char *(*word)(unsigned i), unsigned count);
bool lex_is_blank(char c);
void lex_skip_blanks(struct parser *x);
/* Does nothing follow but blanks or a comment? */
bool lex_at_end(struct parser *x);
/* The word that ends at the next blank. */
struct token lex_word(struct parser *x);
/* The token that ends at the next blank or punctuation. */
struct token lex_token(struct parser *x);
bool lex_is(struct token t, const char *s);
/* If `word` is the next word, go past it and return true. */
bool lex_word_follows(struct parser *x, const char *word);
void lex_expect_word(struct parser *x, const char *s);
void lex_expect_end(struct parser *x);
plan_str lex_intern(struct parser *x, struct token t);
/* If the token is no such number, the error message names `what` and the range. */
uint64_t lex_unsigned_number(struct parser *x, struct token t, uint64_t min, uint64_t max,
			     const char *what);
int32_t lex_signed_number(struct parser *x, struct token t, const char *what);
/* #N */
uint32_t lex_nth(struct parser *x);
bool lex_is_name(struct token t);
/* A task or handle: [A-Za-z_][A-Za-z0-9_.-]*. */
plan_str lex_name(struct parser *x, struct token t, const char *what);
/* A text in double quotes, without the quotes. `what`: "a signature". */
plan_str lex_quoted(struct parser *x, const char *what, bool may_be_empty);
bool lex_is_printable_word(struct token t, size_t max);
/* The name of any task or thread. */
plan_str lex_directive_name(struct parser *x, const char *what);
/*
 * The thread of a handle that the current task made before. If `foreign`, another task may have
 * made it.
 */
uint8_t lex_handle(struct parser *x, struct token t, bool foreign);

#endif
