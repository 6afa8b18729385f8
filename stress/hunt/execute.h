/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One execution of a hunt, in the child that runs it (isolate.h). Hunting at random (random.h)
 * and enumerating (enumerate.h) both use this. All functions act on `shared`.
 */
#ifndef STRESS_HUNT_EXECUTE_H
#define STRESS_HUNT_EXECUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "stress/hunt/options.h"
#include "stress/run/world.h"

struct hunt {	/* one process's part of a hunt */
	const struct options *o;
	unsigned job;		/* number of this process, below o->jobs */
	uint64_t first;		/* the execution that the next child begins with */
};

/* Load case `number`. False if it can't be read. */
bool execute_load(const struct hunt *h, uint64_t number);

/* Is execution i still to be run? */
bool execute_goes_on(const struct hunt *h, uint64_t i);

/*
 * Run the loaded case once. False if that gave a finding. `thorough` matters with --twice
 * only: the case then runs again with its memory in every other place, and not in just one.
 */
bool execute(const struct hunt *h, const struct world_options *w, bool thorough);

/*
 * Run the execution that ran last, and was clean, once more. If the second run differs, the
 * process ends after a sentence on stderr, because then no result of this hunt means anything.
 */
void execute_again(const struct world_options *w);

/*
 * Measure how long an execution of the loaded case is. That execution is not counted. False if
 * it gave a finding.
 */
struct length {
	uint32_t steps, allocations;
};
bool execute_to_measure(const struct hunt *h, struct length *out);

/* Count execution i, whose verdict is shared->verdict. */
void execute_count(const struct hunt *h, uint64_t i);

/* How many tasks a fault may kill. */
uint32_t execute_victims(void);

#endif
