/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two halves of the parser share. */
#ifndef STRESS_LITMUS_PARSE_H
#define STRESS_LITMUS_PARSE_H

#include "stress/litmus/lex.h"
#include "stress/litmus/test.h"

struct parse {
	struct lexer l;
	struct test *t;
	unsigned thread;	/* whose body is read */
	bool visible[TEST_GLOBALS_MAX];	/* the thread's parameters name it */
};

/* A type, such as "volatile int **": what it is, its size, and how many stars it has. */
struct type {
	enum global_kind kind;	/* without the stars */
	uint8_t size;
	unsigned stars;
};

/* Is the token the beginning of a type? */
bool parse_is_type(const struct lexer *l);
void parse_type(struct parse *p, struct type *type);

/* The variable's number. It is made if it is not there. */
unsigned parse_global(struct parse *p, const char *name);
/* The register's number, or -1. */
int parse_register(const struct parse *p, unsigned thread, const char *name);

/* A number with an optional sign; or NAME or &NAME, an address. Sets *address. */
int64_t parse_value(struct parse *p, bool *address);

/* The token is the '{' of a thread's body. Afterwards it is what follows the '}'. */
void parse_body(struct parse *p);

#endif
