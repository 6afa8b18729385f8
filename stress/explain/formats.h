/* SPDX-License-Identifier: GPL-2.0-only */
/* The forms of an explanation, of the execution that gave *v. */
#ifndef STRESS_EXPLAIN_FORMATS_H
#define STRESS_EXPLAIN_FORMATS_H

#include "platform/sim/sim_trace.h"
#include "stress/cause/cause.h"
#include "stress/explain/happening.h"
#include "stress/run/world.h"

/* The plan, the story, how it ends, the cause (NULL: not known). */
void print_as_text(const struct told *t, const struct verdict *v, const struct cause *c);

/* The plan and every step. */
void print_all_as_text(const struct told *t, const struct verdict *v);

/* "plan" and "with" lines. */
void print_plan(const struct plan *p);

/* Print all, for tools. In a world that keeps no record t->r is NULL, and the lists are empty. */
void print_as_json(const char *file, const struct told *t, const struct verdict *v,
		   const struct cause *c);

#endif
