/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A job is one of several processes of one hunt. It is a hunt of its own, with children and a
 * struct shared (shared.h) of its own, but it runs only every N-th case. The process that
 * started the jobs reads in their `shared` how far each is, and what it has counted and found.
 * The only thing that several jobs write is the folder of findings.
 */
#ifndef STRESS_HUNT_JOBS_H
#define STRESS_HUNT_JOBS_H

#include <stdbool.h>

#include "stress/hunt/isolate.h"

struct jobs {
	unsigned count;
	struct shared *shared;		/* one for each job */

	/*
	 * Called in process number `job`, which has a `shared` of its own. It begins with
	 * execution shared->next, also if it replaces a process that died. Returns an exit
	 * status.
	 */
	int (*work)(unsigned job);

	/* Called many times a second in the process that called jobs_run(): */
	bool (*is_over)(unsigned job);	/* should that job end? */
	void (*tick)(void);
};

/* Map j->shared, all zero. False after a sentence on stderr. */
bool jobs_map(struct jobs *j);

/*
 * Run the jobs until all have ended. If a process dies or can't go on, a sentence on stderr says
 * so, and another process takes its place. If this happens to three processes in a row at one
 * execution, the rest of the job's share is not done. A sentence says so, and the result is
 * EXIT_ENVIRONMENT. Otherwise the result is EXIT_FINDINGS if some job had findings, else
 * EXIT_CLEAN.
 */
int jobs_run(const struct jobs *j);

#endif
