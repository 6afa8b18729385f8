/* SPDX-License-Identifier: GPL-2.0-only */
/* A plan that could not be saved in its file is printed instead, so that it is not lost. */
#ifndef STRESS_HUNT_UNSAVED_H
#define STRESS_HUNT_UNSAVED_H

#include <stdbool.h>

#include "stress/plan/plan.h"
#include "stress/run/world.h"

struct unsaved {
	const char *path;	/* where the plan should be */
	int error;		/* errno: why it is not there */
	const char *report;	/* the sanitizer's report that belongs to it; "" if there is none */
	const struct verdict *v;	/* of the plan */
	uint64_t executions;	/* how many were run to find or to shrink it */
	const char *strategy;	/* that found it; "" if it was shrunk */
	const char *command;	/* replays the plan after it is saved; NULL: not to be printed */
	bool json;
};

/*
 * Print the whole plan *p on standard output or, if that can't be written, on standard error. A
 * sentence on standard error says why, and where the plan is. False if neither can be written.
 */
bool unsaved_print(const struct unsaved *u, const struct plan *p);

#endif
