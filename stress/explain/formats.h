/* SPDX-License-Identifier: GPL-2.0-only */
/* The two forms of an explanation. `r` is the record of the execution that gave *v. */
#ifndef STRESS_EXPLAIN_FORMATS_H
#define STRESS_EXPLAIN_FORMATS_H

#include "platform/sim/sim_trace.h"
#include "stress/cause/cause.h"
#include "stress/run/world.h"

/* Each task has a column if all columns fit side by side. If not, each line has its task's name. */
void print_as_text(const struct sim_record *r, const struct verdict *v);

/*
 * Print all, for tools. In a world that keeps no record r is NULL, and the lists are empty. c: the
 * cause of the failure, or NULL.
 */
void print_as_json(const char *file, const struct sim_record *r, const struct verdict *v,
		   const struct cause *c);

#endif
