/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the parser's files share the grammar. If there is an error, a function leaves by
 * lex_fail().
 */
#ifndef STRESS_PLAN_PARSE_H
#define STRESS_PLAN_PARSE_H

#include "stress/plan/lex.h"

/* What follows the word "task". */
void parse_task(struct parser *x);

/* What follows the word "on": an inner task. */
void parse_on(struct parser *x);

/* Find the tasks that operations kill, when all tasks are known. */
void parse_victims(struct parser *x);

/* What follows a directive's word. */
void parse_directive(struct parser *x, enum plan_directive_kind kind);

#endif
