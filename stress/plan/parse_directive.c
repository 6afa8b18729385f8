/* SPDX-License-Identifier: GPL-2.0-only */
/* The line of a directive, by the form that words.def has for it. */
#include <stdio.h>
#include <string.h>

#include "stress/plan/parse.h"

/*
 * Is the word "FILE:LINE", as in queue.c:42? Then it is the first word of a site's name. Of code
 * in no file it is ":0".
 */
static bool is_place(struct token t)
{
	size_t digits = 0;

	while (digits < t.len && t.s[t.len - 1 - digits] >= '0' && t.s[t.len - 1 - digits] <= '9')
		digits++;
	return digits > 0 && digits < t.len && t.s[t.len - 1 - digits] == ':';
}

/* "push:store(q->tail)", or "queue.c:42 push:store(q->tail)" in a program. */
static plan_str site(struct parser *x, const char *what)
{
	struct token t = lex_word(x), rest;
	char both[PLAN_POINT_MAX];

	if (!lex_is_printable_word(t, PLAN_POINT_MAX))
		lex_unexpected(x, t, what);
	if (!is_place(t))
		return lex_intern(x, t);
	rest = lex_word(x);
	if (!lex_is_printable_word(rest, PLAN_POINT_MAX - t.len - 1))
		lex_unexpected(x, rest, "the name of a point after its file and line");
	snprintf(both, sizeof both, "%.*s %.*s", (int)t.len, t.s, (int)rest.len, rest.s);
	return lex_intern(x, (struct token){ both, t.len + 1 + rest.len });
}

static const char *role_word(unsigned i)
{
	return i == PLAN_ROLE_ANY ? "any" : kt_role_name((enum kt_role)i);
}

static enum kt_role role(struct parser *x)
{
	struct token t = lex_word(x);

	for (unsigned i = 0; i <= PLAN_ROLE_ANY; i++)
		if (lex_is(t, role_word(i)))
			return (enum kt_role)i;
	lex_unexpected_of(x, t, "a role: ", role_word, PLAN_ROLE_ANY + 1);
}

static uint8_t older(struct parser *x)
{
	if (!lex_word_follows(x, "after"))
		return 0;
	return (uint8_t)lex_unsigned_number(x, lex_word(x), 1, PLAN_OLDER_MAX, "older stores");
}

static void part(struct parser *x, struct plan_directive *d, const struct plan_form_part *part)
{
	switch (part->kind) {
	case PLAN_FORM_TASK:
		d->task = lex_directive_name(x, plan_directive_task(d->kind));
		break;
	case PLAN_FORM_TARGET:
		d->target = lex_directive_name(x, plan_directive_target(d->kind));
		break;
	case PLAN_FORM_POINT:
		d->point = site(x, "the name of a point");
		break;
	case PLAN_FORM_STORE:
		d->store = site(x, "the name of a store");
		break;
	case PLAN_FORM_ROLE:
		d->role = role(x);
		break;
	case PLAN_FORM_NTH:
		d->nth = lex_nth(x);
		break;
	case PLAN_FORM_AFTER:
		d->older = older(x);
		break;
	case PLAN_FORM_OLDER:
		d->older = (uint8_t)lex_unsigned_number(x, lex_word(x), 1, PLAN_OLDER_MAX,
							"older stores");
		break;
	case PLAN_FORM_WORD:
		lex_expect_word(x, part->word);
		break;
	}
}

void parse_directive(struct parser *x, enum plan_directive_kind kind)
{
	struct plan_directive *d = &x->p->directives[x->p->directives_count];
	const char *form = plan_directive_form(kind);
	struct plan_form_part p;

	if (x->p->directives_count == PLAN_DIRECTIVES_MAX)
		lex_fail(x, x->line, "more than %d directives", PLAN_DIRECTIVES_MAX);
	x->directive_at[x->p->directives_count++] = lex_here(x, x->line);
	memset(d, 0, sizeof *d);
	d->kind = kind;
	while (plan_form_next(&form, &p))
		part(x, d, &p);
}
