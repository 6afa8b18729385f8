/* SPDX-License-Identifier: GPL-2.0-only */
/* The subject that is a user's program, on platform/hosted/. */
#ifndef STRESS_RUN_SUBJECT_PROGRAM_H
#define STRESS_RUN_SUBJECT_PROGRAM_H

#include <stdbool.h>

#include "stress/run/subject.h"

extern const struct subject subject_program;

/* What the user asks for, for all executions. A plan that expects a race or a leak asks, too. */
struct subject_program_options {
	bool races;		/* look for data races */
	bool leaks;		/* a block that is not freed at the end is a finding */
	bool forks;		/* each execution in a process of its own */
};
void subject_program_ask(const struct subject_program_options *o);

#endif
