/* SPDX-License-Identifier: GPL-2.0-only */
/* The words of a litmus test's file, and how an error in it is said. */
#ifndef STRESS_LITMUS_LEX_H
#define STRESS_LITMUS_LEX_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

/* A token of one character is that character. */
enum token_kind {
	TOKEN_END = 256,
	TOKEN_NAME,
	TOKEN_NUMBER,
	TOKEN_STRING,
	TOKEN_AND,		/* && */
	TOKEN_OR,		/* || */
	TOKEN_EQUAL,		/* == */
	TOKEN_UNEQUAL,		/* != */
	TOKEN_LESS_EQUAL,
	TOKEN_MORE_EQUAL,
	TOKEN_SHIFT_LEFT,
	TOKEN_SHIFT_RIGHT,
	TOKEN_BOTH,		/* a condition's and: /\ */
	TOKEN_EITHER,		/* a condition's or: \/ */
	TOKEN_IMPLIES,		/* => */
};

enum { LEX_NAME_MAX = 128 };

struct lexer {
	const char *file, *text, *at;	/* at: what comes after the token */
	unsigned line;			/* of `at` */
	bool code;			/* "(*" begins no comment */
	/* The token. */
	int kind;
	const char *start;
	unsigned start_line;
	char name[LEX_NAME_MAX];
	int64_t number;
	jmp_buf bad;
};

/* The caller then calls setjmp(l->bad), and lex_next() for the first token. */
void lex_begin(struct lexer *l, const char *file, const char *text);
void lex_next(struct lexer *l);

/* Skip to the next `c` that is in no comment; then that is the token. */
void lex_skip_to(struct lexer *l, char c);
/* The token becomes all that stands up to the next blank. */
void lex_next_word(struct lexer *l);

/* If the token is of that kind, go to the next one and return true. */
bool lex_take(struct lexer *l, int kind);
/* The same for a name with that text. */
bool lex_take_word(struct lexer *l, const char *word);
bool lex_is_word(const struct lexer *l, const char *word);
/* It must be of that kind; `what` says which, for the error. */
void lex_need(struct lexer *l, int kind, const char *what);

/* Say what is wrong at the token, and go to l->bad. */
__attribute__((noreturn, format(printf, 2, 3)))
void lex_fail(struct lexer *l, const char *format, ...);

#endif
