/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Several processes at one hunt. Each has a struct shared of its own, in memory that
 * the process which started them reads: what it is at, what it counted, what it found.
 * They write nothing in common but the folder of findings.
 */
#ifndef STRESS_JOBS_H
#define STRESS_JOBS_H

#include <stdbool.h>

#include "stress/hunt/isolate.h"

struct jobs {
	unsigned count;
	struct shared *shared;		/* one each */

	/* In process number `job`, with `shared` its own. Begins, again if the last one
	 * died, with execution shared->next. Returns an exit status. */
	int (*work)(unsigned job);

	/* In the process that called jobs_run(), many times a second: */
	bool (*is_over)(unsigned job);	/* that one is to end in order */
	void (*tick)(void);
};

/* Map j->shared, all zero. False after a complaint. */
bool jobs_map(struct jobs *j);

/*
 * Run them until all have ended. One that dies, or can't go on, is reported and another
 * takes its place, unless three in a row came no further: then what is left of its share
 * is not done, which is said, and the result is EXIT_ENVIRONMENT; else EXIT_FINDINGS if
 * some process said so, else EXIT_CLEAN.
 */
int jobs_run(const struct jobs *j);

#endif
