/* SPDX-License-Identifier: GPL-2.0-only */
/* The two forms of an explanation. `r` is the record of the execution that gave *v. */
#ifndef STRESS_EXPLAIN_FORMATS_H
#define STRESS_EXPLAIN_FORMATS_H

#include "platform/sim/sim_trace.h"
#include "stress/run/world.h"

/* A column per task if they fit side by side, else each step behind its task's name. */
void print_as_text(const struct sim_record *r, const struct verdict *v);

/* Everything, for tools. r is NULL: this world keeps no record; then the lists are empty. */
void print_as_json(const char *file, const struct sim_record *r, const struct verdict *v);

#endif
