/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A job is one of several processes of one hunt. It is a hunt of its own, with children and
 * a struct shared (shared.h) of its own, but it runs only every N-th case. The process that
 * started the jobs reads their `shared`: what each is at, counted, and found. Jobs write
 * nothing in common but the folder of findings.
 */
#ifndef STRESS_HUNT_JOBS_H
#define STRESS_HUNT_JOBS_H

#include <stdbool.h>

#include "stress/hunt/isolate.h"

struct jobs {
	unsigned count;
	struct shared *shared;		/* one each */

	/* In process number `job`, with `shared` its own. Begins with execution
	 * shared->next, also in the place of a process that died. Returns an exit status. */
	int (*work)(unsigned job);

	/* In the process that called jobs_run(), many times a second: */
	bool (*is_over)(unsigned job);	/* is that one to end in order? */
	void (*tick)(void);
};

/* Map j->shared, all zero. False after a complaint. */
bool jobs_map(struct jobs *j);

/*
 * Run them until all have ended. If one dies, or can't go on, that is reported and another
 * takes its place. If three in a row came no further, the rest of that job's share is not
 * done, which is reported, and the result is EXIT_ENVIRONMENT. Else it is EXIT_FINDINGS if
 * some process had findings, else EXIT_CLEAN.
 */
int jobs_run(const struct jobs *j);

#endif
