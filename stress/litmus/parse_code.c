/* SPDX-License-Identifier: GPL-2.0-only */
/* The bodies of threads: declarations, statements, expressions. */
#include <stdio.h>
#include <string.h>

#include "stress/litmus/calls.h"
#include "stress/litmus/parse.h"

enum { DEPTH_MAX = 64 };

static struct expr *expression(struct parse *p, unsigned depth);

static struct expr *new_expr(struct parse *p, enum expr_kind kind)
{
	struct test *t = p->t;
	struct expr *e;

	if (t->exprs == TEST_EXPRS_MAX)
		lex_fail(&p->l, "more than %d expressions", TEST_EXPRS_MAX);
	e = &t->expr[t->exprs++];
	memset(e, 0, sizeof *e);
	e->kind = kind;
	e->line = p->l.start_line;
	return e;
}

static struct stmt *new_stmt(struct parse *p, enum stmt_kind kind)
{
	struct test *t = p->t;
	struct stmt *s;

	if (t->stmts == TEST_STMTS_MAX)
		lex_fail(&p->l, "more than %d statements", TEST_STMTS_MAX);
	s = &t->stmt[t->stmts++];
	memset(s, 0, sizeof *s);
	s->kind = kind;
	return s;
}

/* ---- expressions -------------------------------------------------------------- */

/* The address that an lvalue names. */
static struct expr *address_of(struct parse *p, struct expr *e)
{
	if (e->kind != EXPR_DEREF)
		lex_fail(&p->l, "the argument before this is no shared variable, expected "
			 "*POINTER");
	return e->arg[0];
}

static void arguments(struct parse *p, struct expr *e, enum call_shape shape, int64_t implied,
		      unsigned depth)
{
	unsigned pointer = shape == CALL_VALUE_POINTER, count = 1;

	if (shape == CALL_LVALUE_VALUE || shape == CALL_POINTER_VALUE ||
	    shape == CALL_VALUE_POINTER)
		count = 2;
	else if (shape == CALL_POINTER_TWO)
		count = 3;
	else if (shape == CALL_NOTHING)
		count = 0;
	lex_need(&p->l, '(', "'('");
	for (unsigned i = 0; i < count; i++) {
		struct expr *a;

		if (i)
			lex_need(&p->l, ',', "',' and another argument");
		a = expression(p, depth);
		if (i == pointer && (shape == CALL_LVALUE || shape == CALL_LVALUE_VALUE))
			a = address_of(p, a);
		e->arg[i == pointer ? 0 : pointer ? 1 : i] = a;
	}
	lex_need(&p->l, ')', "')'");
	if (shape == CALL_POINTER && (e->fn == FN_UPDATE || e->fn == FN_ADD_UNLESS)) {
		e->arg[1] = new_expr(p, EXPR_NUMBER);
		e->arg[1]->number = implied;
		e->arg[2] = new_expr(p, EXPR_NUMBER);
	}
}

static struct expr *call(struct parse *p, const char *name, unsigned depth)
{
	struct expr *e = new_expr(p, EXPR_CALL);
	enum call_shape shape;
	int64_t implied;

	if (!call_find(name, e, &shape, &implied)) {
		if (strstr(name, "srcu"))
			lex_fail(&p->l, "'%s': SRCU is not there, expected RCU", name);
		lex_fail(&p->l, "'%s' is no function of a litmus test", name);
	}
	arguments(p, e, shape, implied, depth);
	if (e->fn == FN_STORE || e->fn == FN_LOCK || e->fn == FN_UNLOCK)
		p->t->stores++;
	if (e->fn == FN_IS_LOCKED)
		p->t->asks_locked = true;
	return e;
}

static struct expr *name(struct parse *p, unsigned depth)
{
	char said[LEX_NAME_MAX];
	struct expr *e;
	int reg;

	memcpy(said, p->l.name, sizeof said);
	reg = parse_register(p, p->thread, said);
	if (reg >= 0) {
		e = new_expr(p, EXPR_REGISTER);
		e->number = reg;
		lex_next(&p->l);
		return e;
	}
	for (unsigned i = 0; i < p->t->globals; i++)
		if (p->visible[i] && strcmp(p->t->global[i].name, said) == 0) {
			e = new_expr(p, EXPR_ADDRESS);
			e->number = i;
			lex_next(&p->l);
			return e;
		}
	if (strcmp(said, "NULL") == 0) {
		lex_next(&p->l);
		return new_expr(p, EXPR_NUMBER);
	}
	if (strspn(p->l.at, " \t") == strcspn(p->l.at, "(")) {
		lex_next(&p->l);
		return call(p, said, depth);
	}
	lex_fail(&p->l, "'%s' is no register and no parameter of P%u", said, p->thread);
}

static struct expr *unary(struct parse *p, unsigned depth)
{
	struct lexer *l = &p->l;
	struct expr *e;
	int op = l->kind;

	if (depth > DEPTH_MAX)
		lex_fail(l, "more than %d expressions in each other", DEPTH_MAX);
	switch (op) {
	case TOKEN_NUMBER:
		e = new_expr(p, EXPR_NUMBER);
		e->number = l->number;
		lex_next(l);
		return e;
	case TOKEN_NAME:
		return name(p, depth + 1);
	case '(':
		lex_next(l);
		if (parse_is_type(l)) {		/* a cast changes nothing */
			struct type type;

			parse_type(p, &type);
			lex_need(l, ')', "')'");
			return unary(p, depth + 1);
		}
		e = expression(p, depth + 1);
		lex_need(l, ')', "')'");
		return e;
	case '*':
		lex_next(l);
		e = new_expr(p, EXPR_DEREF);
		e->arg[0] = unary(p, depth + 1);
		return e;
	case '&':
		lex_next(l);
		return address_of(p, unary(p, depth + 1));
	case '!':
	case '~':
	case '-':
	case '+':
		lex_next(l);
		e = new_expr(p, EXPR_UNARY);
		e->op = op;
		e->arg[0] = unary(p, depth + 1);
		return e;
	default:
		lex_need(l, TOKEN_NAME, "an expression");
		return NULL;
	}
}

static unsigned precedence(int op)
{
	switch (op) {
	case '*': case '/': case '%': return 10;
	case '+': case '-': return 9;
	case TOKEN_SHIFT_LEFT: case TOKEN_SHIFT_RIGHT: return 8;
	case '<': case '>': case TOKEN_LESS_EQUAL: case TOKEN_MORE_EQUAL: return 7;
	case TOKEN_EQUAL: case TOKEN_UNEQUAL: return 6;
	case '&': return 5;
	case '^': return 4;
	case '|': return 3;
	case TOKEN_AND: return 2;
	case TOKEN_OR: return 1;
	default: return 0;
	}
}

static struct expr *binary(struct parse *p, unsigned least, unsigned depth)
{
	struct expr *e = unary(p, depth);

	while (precedence(p->l.kind) >= least) {
		struct expr *b = new_expr(p, EXPR_BINARY);

		b->op = p->l.kind;
		lex_next(&p->l);
		b->arg[0] = e;
		b->arg[1] = binary(p, precedence(b->op) + 1, depth + 1);
		e = b;
	}
	return e;
}

static struct expr *expression(struct parse *p, unsigned depth)
{
	return binary(p, 1, depth + 1);
}

/* ---- statements ----------------------------------------------------------------- */

static struct stmt *statement(struct parse *p, unsigned depth);

static unsigned new_register(struct parse *p, const char *said)
{
	struct test_thread *t = &p->t->thread[p->thread];
	int reg = parse_register(p, p->thread, said);

	if (reg >= 0)
		return (unsigned)reg;	/* it has a first value, or is declared twice */
	if (t->registers == TEST_REGISTERS_MAX)
		lex_fail(&p->l, "more than %d registers in P%u", TEST_REGISTERS_MAX, p->thread);
	memcpy(t->reg[t->registers], said, strlen(said) + 1);
	return t->registers++;
}

/* "int r0 = 1, *r1": a list of the assignments. */
static struct stmt *declaration(struct parse *p)
{
	struct stmt *block = new_stmt(p, STMT_BLOCK), **end = &block->body;
	struct type type;

	parse_type(p, &type);
	do {
		unsigned reg;

		while (lex_take(&p->l, '*'))
			;
		if (p->l.kind != TOKEN_NAME)
			lex_need(&p->l, TOKEN_NAME, "the name of a register");
		for (unsigned i = 0; i < p->t->globals; i++)
			if (p->visible[i] && strcmp(p->t->global[i].name, p->l.name) == 0)
				lex_fail(&p->l, "'%s' is a parameter of P%u, too", p->l.name,
					 p->thread);
		reg = new_register(p, p->l.name);
		lex_next(&p->l);
		if (!lex_take(&p->l, '='))
			continue;
		*end = new_stmt(p, STMT_SET);
		(*end)->reg = reg;
		(*end)->e = expression(p, 0);
		end = &(*end)->next;
	} while (lex_take(&p->l, ','));
	lex_need(&p->l, ';', "';'");
	return block;
}

static void need_value(struct parse *p, const struct expr *e)
{
	if (e->kind == EXPR_CALL && !e->worth)
		lex_fail(&p->l, "what is called before this has no value");
}

static struct stmt *assignment(struct parse *p)
{
	struct expr *to = expression(p, 0);
	struct stmt *s;

	if (!lex_take(&p->l, '=')) {
		s = new_stmt(p, STMT_EXPR);
		s->e = to;
		return s;
	}
	if (to->kind == EXPR_REGISTER) {
		s = new_stmt(p, STMT_SET);
		s->reg = (unsigned)to->number;
	} else {
		s = new_stmt(p, STMT_STORE);
		s->to = address_of(p, to);
		p->t->stores++;
	}
	s->e = expression(p, 0);
	need_value(p, s->e);
	return s;
}

static struct expr *condition(struct parse *p)
{
	struct expr *e;

	lex_need(&p->l, '(', "'('");
	e = expression(p, 0);
	need_value(p, e);
	lex_need(&p->l, ')', "')'");
	return e;
}

static struct stmt *block(struct parse *p, unsigned depth)
{
	struct stmt *s = new_stmt(p, STMT_BLOCK), **end = &s->body;

	lex_need(&p->l, '{', "'{'");
	while (p->l.kind != '}') {
		if (p->l.kind == TOKEN_END)
			lex_need(&p->l, '}', "'}'");
		*end = statement(p, depth + 1);
		end = &(*end)->next;
	}
	if (depth == 0)
		p->l.code = false;	/* the thread's body ends */
	lex_next(&p->l);
	return s;
}

static struct stmt *statement(struct parse *p, unsigned depth)
{
	struct lexer *l = &p->l;
	struct stmt *s;

	if (depth > DEPTH_MAX)
		lex_fail(l, "more than %d statements in each other", DEPTH_MAX);
	if (l->kind == '{')
		return block(p, depth);
	if (lex_take(l, ';'))
		return new_stmt(p, STMT_BLOCK);
	if (lex_take_word(l, "if")) {
		s = new_stmt(p, STMT_IF);
		s->e = condition(p);
		s->body = statement(p, depth + 1);
		if (lex_take_word(l, "else"))
			s->other = statement(p, depth + 1);
		return s;
	}
	if (lex_take_word(l, "while")) {
		s = new_stmt(p, STMT_WHILE);
		s->e = condition(p);
		s->body = statement(p, depth + 1);
		return s;
	}
	if (lex_take_word(l, "do")) {
		s = new_stmt(p, STMT_DO);
		s->body = statement(p, depth + 1);
		if (!lex_take_word(l, "while"))
			lex_need(l, TOKEN_END, "'while'");
		s->e = condition(p);
	} else if (parse_is_type(l)) {
		return declaration(p);
	} else {
		s = assignment(p);
	}
	lex_need(l, ';', "';'");
	return s;
}

void parse_body(struct parse *p)
{
	p->t->thread[p->thread].body = block(p, 0);
}
