/* SPDX-License-Identifier: GPL-2.0-only */
/* The file of a litmus test: all but the bodies of the threads, which parse_code.c reads. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress/litmus/parse.h"

/* ---- types, variables, values ------------------------------------------------------- */

static const struct {
	const char *word;
	uint8_t size;		/* 0: it says no more than that a type begins */
	enum global_kind kind;
} type_words[] = {
	{ "const", 0, GLOBAL_NUMBER }, { "volatile", 0, GLOBAL_NUMBER },
	{ "unsigned", 0, GLOBAL_NUMBER }, { "signed", 0, GLOBAL_NUMBER },
	{ "struct", 0, GLOBAL_NUMBER }, { "void", 0, GLOBAL_NUMBER },
	{ "char", 1, GLOBAL_NUMBER }, { "short", 2, GLOBAL_NUMBER }, { "int", 4, GLOBAL_NUMBER },
	{ "long", 8, GLOBAL_NUMBER }, { "bool", 1, GLOBAL_NUMBER },
	{ "u8", 1, GLOBAL_NUMBER }, { "u16", 2, GLOBAL_NUMBER }, { "u32", 4, GLOBAL_NUMBER },
	{ "u64", 8, GLOBAL_NUMBER }, { "s8", 1, GLOBAL_NUMBER }, { "s16", 2, GLOBAL_NUMBER },
	{ "s32", 4, GLOBAL_NUMBER }, { "s64", 8, GLOBAL_NUMBER },
	{ "int8_t", 1, GLOBAL_NUMBER }, { "int16_t", 2, GLOBAL_NUMBER },
	{ "int32_t", 4, GLOBAL_NUMBER }, { "int64_t", 8, GLOBAL_NUMBER },
	{ "uint8_t", 1, GLOBAL_NUMBER }, { "uint16_t", 2, GLOBAL_NUMBER },
	{ "uint32_t", 4, GLOBAL_NUMBER }, { "uint64_t", 8, GLOBAL_NUMBER },
	{ "size_t", 8, GLOBAL_NUMBER }, { "uintptr_t", 8, GLOBAL_NUMBER },
	{ "intptr_t", 8, GLOBAL_NUMBER },
	{ "atomic_t", 4, GLOBAL_NUMBER }, { "atomic64_t", 8, GLOBAL_NUMBER },
	{ "atomic_long_t", 8, GLOBAL_NUMBER },
	{ "spinlock_t", 4, GLOBAL_LOCK }, { "raw_spinlock_t", 4, GLOBAL_LOCK },
};

static int type_word(const struct lexer *l)
{
	if (l->kind != TOKEN_NAME)
		return -1;
	for (size_t i = 0; i < sizeof type_words / sizeof type_words[0]; i++)
		if (strcmp(type_words[i].word, l->name) == 0)
			return (int)i;
	return -1;
}

bool parse_is_type(const struct lexer *l)
{
	return type_word(l) >= 0;
}

void parse_type(struct parse *p, struct type *type)
{
	bool any = false;

	*type = (struct type){ GLOBAL_NUMBER, 4, 0 };
	for (int i; (i = type_word(&p->l)) >= 0; any = true) {
		if (strcmp(type_words[i].word, "struct") == 0)
			lex_fail(&p->l, "structs are not there, expected a number, a pointer, "
				 "an atomic or a spinlock_t");
		if (type_words[i].size) {
			type->size = type_words[i].size;
			type->kind = type_words[i].kind;
		}
		lex_next(&p->l);
	}
	if (!any)
		lex_fail(&p->l, "expected a type, such as int or spinlock_t");
	for (; lex_take(&p->l, '*'); type->stars++)
		while (lex_take_word(&p->l, "const") || lex_take_word(&p->l, "volatile"))
			;
}

static int find_global(const struct parse *p, const char *name)
{
	for (unsigned i = 0; i < p->t->globals; i++)
		if (strcmp(p->t->global[i].name, name) == 0)
			return (int)i;
	return -1;
}

unsigned parse_global(struct parse *p, const char *name)
{
	struct test *t = p->t;
	int i = find_global(p, name);

	if (i >= 0)
		return (unsigned)i;
	if (t->globals == TEST_GLOBALS_MAX)
		lex_fail(&p->l, "more than %d variables", TEST_GLOBALS_MAX);
	t->global[t->globals] = (struct test_global){ .kind = GLOBAL_NUMBER, .size = 4 };
	memcpy(t->global[t->globals].name, name, strlen(name) + 1);
	return t->globals++;
}

static void set_type(struct parse *p, unsigned global, const struct type *type)
{
	struct test_global *g = &p->t->global[global];
	enum global_kind kind = type->stars ? GLOBAL_POINTER : type->kind;
	uint8_t size = type->stars ? 8 : type->size;

	if (g->typed && (g->kind != kind || g->size != size))
		lex_fail(&p->l, "'%s' before this has two types", g->name);
	if (g->address && size != 8)
		lex_fail(&p->l, "'%s' before this holds an address, expected a pointer", g->name);
	g->typed = true;
	g->kind = kind;
	g->size = size;
}

int parse_register(const struct parse *p, unsigned thread, const char *name)
{
	const struct test_thread *t = &p->t->thread[thread];

	for (unsigned i = 0; i < t->registers; i++)
		if (strcmp(t->reg[i], name) == 0)
			return (int)i;
	return -1;
}

int64_t parse_value(struct parse *p, bool *address)
{
	struct lexer *l = &p->l;
	bool minus = lex_take(l, '-');
	int64_t value;

	*address = false;
	if (!minus && (l->kind == TOKEN_NAME || l->kind == '&')) {
		lex_take(l, '&');
		if (lex_take_word(l, "NULL"))
			return 0;
		if (lex_is_word(l, "ATOMIC_INIT") || lex_is_word(l, "ATOMIC64_INIT")) {
			lex_next(l);
			lex_need(l, '(', "'('");
			value = parse_value(p, address);
			lex_need(l, ')', "')'");
			return value;
		}
		if (l->kind != TOKEN_NAME)
			lex_need(l, TOKEN_NAME, "a variable's name");
		*address = true;
		value = parse_global(p, l->name);
		lex_next(l);
		return value;
	}
	value = l->number;
	lex_need(l, TOKEN_NUMBER, "a number or a variable");
	return minus ? -value : value;
}

/* "N:" or "PN:", before the name of a register. */
static int thread_number(struct parse *p)
{
	struct lexer *l = &p->l;
	const char *digits = l->name + 1;
	int64_t n = l->number;

	if (l->kind == TOKEN_NAME && l->name[0] == 'P' && isdigit((unsigned char)*digits) &&
	    *l->at == ':')
		n = strtol(digits, NULL, 10);
	else if (l->kind != TOKEN_NUMBER)
		return -1;
	if (n < 0 || n >= TEST_THREADS_MAX)
		lex_fail(l, "thread %lld, expected 0 to %d", (long long)n, TEST_THREADS_MAX - 1);
	lex_next(l);
	lex_need(l, ':', "':' and a register");
	if (l->kind != TOKEN_NAME)
		lex_need(l, TOKEN_NAME, "the name of a register");
	return (int)n;
}

/* ---- first values ------------------------------------------------------------------- */

static void first_of_register(struct parse *p, unsigned thread)
{
	struct test_thread *t = &p->t->thread[thread];
	unsigned reg = t->registers;

	if (reg == TEST_REGISTERS_MAX)
		lex_fail(&p->l, "more than %d registers", TEST_REGISTERS_MAX);
	memcpy(t->reg[reg], p->l.name, strlen(p->l.name) + 1);
	t->registers++;
	lex_next(&p->l);
	lex_need(&p->l, '=', "'='");
	t->given[reg] = true;
	t->first[reg] = parse_value(p, &t->address[reg]);
}

static void first_of_global(struct parse *p)
{
	struct lexer *l = &p->l;
	bool typed = parse_is_type(l), bracket, address = false;
	struct type type;
	unsigned global;

	if (typed)
		parse_type(p, &type);
	bracket = lex_take(l, '[');
	if (l->kind != TOKEN_NAME)
		lex_need(l, TOKEN_NAME, "a variable, or '}'");
	global = parse_global(p, l->name);
	lex_next(l);
	if (bracket)
		lex_need(l, ']', "']'");
	else if (l->kind == '[')
		lex_fail(l, "arrays are not there, expected variables");
	if (typed)
		set_type(p, global, &type);
	if (lex_take(l, '=')) {
		int64_t value = parse_value(p, &address);

		p->t->global[global].first = value;
		p->t->global[global].address = address;
	}
	if (address && typed && type.stars == 0)
		lex_fail(l, "an address before this, expected a number");
	if (address && !typed) {
		p->t->global[global].kind = GLOBAL_POINTER;
		p->t->global[global].size = 8;
	}
}

static void first_values(struct parse *p)
{
	struct lexer *l = &p->l;

	lex_need(l, '{', "'{'");
	while (l->kind != '}') {
		int thread;

		if (lex_take(l, ';'))
			continue;
		thread = thread_number(p);
		if (thread >= 0)
			first_of_register(p, (unsigned)thread);
		else
			first_of_global(p);
		if (l->kind != '}')
			lex_need(l, ';', "';' or '}'");
	}
	lex_next(l);
}

/* ---- threads -------------------------------------------------------------------------- */

static bool is_thread(const struct lexer *l)
{
	return l->kind == TOKEN_NAME && l->name[0] == 'P' && isdigit((unsigned char)l->name[1]);
}

static void parameters(struct parse *p)
{
	struct lexer *l = &p->l;

	memset(p->visible, 0, sizeof p->visible);
	lex_need(l, '(', "'('");
	if (lex_is_word(l, "void"))
		lex_next(l);
	while (l->kind != ')') {
		struct type type;
		unsigned global;

		parse_type(p, &type);
		if (l->kind != TOKEN_NAME)
			lex_need(l, TOKEN_NAME, "a variable's name");
		if (!type.stars)
			lex_fail(l, "'%s' is no pointer, expected the address of a variable",
				 l->name);
		type.stars--;
		global = parse_global(p, l->name);
		lex_next(l);
		set_type(p, global, &type);
		p->visible[global] = true;
		if (l->kind != ')')
			lex_need(l, ',', "',' or ')'");
	}
	l->code = true;
	lex_next(l);
}

static void threads(struct parse *p)
{
	struct lexer *l = &p->l;

	if (!is_thread(l))
		lex_need(l, TOKEN_END, "P0");
	while (is_thread(l)) {
		if (p->t->threads == TEST_THREADS_MAX)
			lex_fail(l, "more than %d threads", TEST_THREADS_MAX);
		if (strtoul(l->name + 1, NULL, 10) != p->t->threads)
			lex_fail(l, "'%s', expected P%u", l->name, p->t->threads);
		p->thread = p->t->threads++;
		lex_next(l);
		parameters(p);
		parse_body(p);
	}
}

/* ---- what is shown, and the condition ------------------------------------------------------ */

static unsigned item(struct parse *p)
{
	struct lexer *l = &p->l;
	struct test *t = p->t;
	int thread = thread_number(p), index;
	bool bracket = thread < 0 && lex_take(l, '[');

	if (thread < 0 && !bracket)
		lex_take(l, '*');
	if (l->kind != TOKEN_NAME)
		lex_need(l, TOKEN_NAME, "a variable or THREAD:REGISTER");
	if (thread >= (int)t->threads)
		lex_fail(l, "there is no P%d", thread);
	index = thread < 0 ? find_global(p, l->name) : parse_register(p, (unsigned)thread, l->name);
	if (index < 0 && thread < 0)
		lex_fail(l, "there is no variable '%s'", l->name);
	if (index < 0)
		lex_fail(l, "P%d has no register '%s'", thread, l->name);
	lex_next(l);
	if (bracket)
		lex_need(l, ']', "']'");
	for (unsigned i = 0; i < t->items; i++)
		if (t->item[i].thread == thread && t->item[i].index == (unsigned)index)
			return i;
	if (t->items == TEST_ITEMS_MAX)
		lex_fail(l, "more than %d registers and variables are shown", TEST_ITEMS_MAX);
	t->item[t->items] = (struct test_item){ thread, (unsigned)index };
	return t->items++;
}

static struct cond *new_cond(struct parse *p, enum cond_kind kind, struct cond *a, struct cond *b)
{
	struct cond *c;

	if (p->t->conds == TEST_CONDS_MAX)
		lex_fail(&p->l, "a condition of more than %d parts", TEST_CONDS_MAX);
	c = &p->t->cond_node[p->t->conds++];
	*c = (struct cond){ .kind = kind, .a = a, .b = b };
	return c;
}

static struct cond *any_of(struct parse *p, unsigned depth);

static struct cond *one(struct parse *p, unsigned depth)
{
	struct lexer *l = &p->l;
	struct cond *c;
	bool unequal;

	if (depth > 64)
		lex_fail(l, "more than 64 conditions in each other");
	if (lex_take(l, '~') || lex_take_word(l, "not"))
		return new_cond(p, COND_NOT, one(p, depth + 1), NULL);
	if (lex_take(l, '(')) {
		c = any_of(p, depth + 1);
		lex_need(l, ')', "')'");
		return c;
	}
	if (lex_take_word(l, "true"))
		return new_cond(p, COND_TRUE, NULL, NULL);
	if (lex_take_word(l, "false"))
		return new_cond(p, COND_FALSE, NULL, NULL);
	c = new_cond(p, COND_EQUAL, NULL, NULL);
	c->item = item(p);
	unequal = lex_take(l, TOKEN_UNEQUAL);
	if (!unequal && !lex_take(l, TOKEN_EQUAL))
		lex_need(l, '=', "'='");
	c->value = parse_value(p, &c->address);
	return unequal ? new_cond(p, COND_NOT, c, NULL) : c;
}

static struct cond *all_of(struct parse *p, unsigned depth)
{
	struct cond *c = one(p, depth);

	while (lex_take(&p->l, TOKEN_BOTH))
		c = new_cond(p, COND_AND, c, one(p, depth));
	return c;
}

static struct cond *any_of(struct parse *p, unsigned depth)
{
	struct cond *c = all_of(p, depth);

	while (lex_take(&p->l, TOKEN_EITHER))
		c = new_cond(p, COND_OR, c, all_of(p, depth));
	if (lex_take(&p->l, TOKEN_IMPLIES))
		c = new_cond(p, COND_IMPLIES, c, any_of(p, depth + 1));
	return c;
}

/* Take the condition's text without comments, and with one blank where blanks are. */
static void keep_text(struct test *t, const char *from, const char *to)
{
	unsigned n = 0, depth = 0;

	for (const char *c = from; c < to && n + 2 < sizeof t->cond_text; c++) {
		depth += c[0] == '(' && c[1] == '*';
		if (!depth && isspace((unsigned char)*c)) {
			if (n && t->cond_text[n - 1] != ' ')
				t->cond_text[n++] = ' ';
		} else if (!depth) {
			t->cond_text[n++] = *c;
		}
		if (depth && c[0] == '*' && c[1] == ')') {
			depth--;
			c++;
		}
	}
	while (n && t->cond_text[n - 1] == ' ')
		n--;
	t->cond_text[n] = '\0';
}

static void question(struct parse *p)
{
	struct lexer *l = &p->l;
	struct test *t = p->t;
	const char *from = l->start;

	if (lex_take(l, '~')) {
		if (!lex_take_word(l, "exists"))
			lex_need(l, TOKEN_END, "'~exists'");
		t->quantifier = QUANTIFIER_NOT_EXISTS;
	} else if (lex_take_word(l, "exists")) {
		t->quantifier = QUANTIFIER_EXISTS;
	} else if (lex_take_word(l, "forall")) {
		t->quantifier = QUANTIFIER_FORALL;
	} else {
		lex_need(l, TOKEN_END + 1000, "'exists', '~exists', 'forall', 'filter' or "
			 "'locations'");
	}
	t->cond = any_of(p, 0);
	keep_text(t, from, l->start);
	if (l->kind != TOKEN_END)
		lex_need(l, TOKEN_END, "the end of the file");
}

static void after_threads(struct parse *p)
{
	struct lexer *l = &p->l;

	for (;;) {
		if (lex_take_word(l, "locations")) {
			lex_need(l, '[', "'['");
			while (!lex_take(l, ']')) {
				item(p);
				if (l->kind != ']')
					lex_need(l, ';', "';' or ']'");
			}
		} else if (lex_take_word(l, "filter")) {
			p->t->filter = any_of(p, 0);
		} else {
			break;
		}
	}
	question(p);
}

/* ---- the file ------------------------------------------------------------------------------ */

/* The word after "Result:" in the comment at the file's beginning. */
static void find_result(struct test *t, const char *text)
{
	const char *at = strstr(text, "Result:");
	size_t n = 0;

	if (!at)
		return;
	at += strlen("Result:");
	at += strspn(at, " \t");
	while (isalpha((unsigned char)at[n]) && n + 1 < sizeof t->result)
		n++;
	memcpy(t->result, at, n);
	t->result[n] = '\0';
}

static int by_place(const void *left, const void *right)
{
	const struct test_item *a = left, *b = right;
	int x = a->thread < 0 ? TEST_THREADS_MAX : a->thread;
	int y = b->thread < 0 ? TEST_THREADS_MAX : b->thread;

	if (x != y)
		return x - y;
	return (int)a->index - (int)b->index;
}

/* States show the registers of P0 first, and the variables last. */
static void sort_items(struct test *t)
{
	struct test_item old[TEST_ITEMS_MAX];

	memcpy(old, t->item, sizeof old);
	qsort(t->item, t->items, sizeof t->item[0], by_place);
	for (unsigned i = 0; i < t->conds; i++) {
		unsigned to = 0;

		if (t->cond_node[i].kind != COND_EQUAL)
			continue;
		while (by_place(&t->item[to], &old[t->cond_node[i].item]) != 0)
			to++;
		t->cond_node[i].item = to;
	}
}

bool test_parse(struct test *t, const char *file, const char *text)
{
	static struct parse p;

	memset(t, 0, sizeof *t);
	memset(&p, 0, sizeof p);
	t->file = file;
	p.t = t;
	lex_begin(&p.l, file, text);
	if (setjmp(p.l.bad))
		return false;
	lex_next(&p.l);
	if (!lex_is_word(&p.l, "C"))
		lex_fail(&p.l, "expected 'C' and the test's name: no other language is there");
	lex_next_word(&p.l);
	memcpy(t->name, p.l.name, strlen(p.l.name) + 1);
	find_result(t, text);
	lex_skip_to(&p.l, '{');
	first_values(&p);
	threads(&p);
	after_threads(&p);
	sort_items(t);
	return true;
}

const char *test_item_name(const struct test *t, unsigned i, char *buf, unsigned size)
{
	const struct test_item *m = &t->item[i];

	if (m->thread < 0)
		snprintf(buf, size, "%s", t->global[m->index].name);
	else
		snprintf(buf, size, "%d:%s", m->thread, t->thread[m->thread].reg[m->index]);
	return buf;
}
