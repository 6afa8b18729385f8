/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parent's part of a hunt. A child runs one execution after another (random.h,
 * enumerate.h). When the child dies or has a finding, the parent reads the execution from
 * shared memory and saves it as a plan. With --keep-going it then goes on from the next
 * execution. With --jobs=N there are N such parents, the jobs, each with every N-th case.
 */
#ifndef STRESS_HUNT_ENGINE_H
#define STRESS_HUNT_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "stress/hunt/options.h"
#include "stress/hunt/tally.h"

/*
 * Map the memory that the hunt's processes share. False after a sentence on stderr. *o must
 * stay until the hunt has ended.
 */
bool engine_begin(const struct options *o);

/*
 * Hunt until all executions have run, the budget (budget.h) is spent, or, without
 * --keep-going, there is a finding. Returns an exit status.
 */
int engine_hunt(void);

/* Has the hunt run each execution that --executions or --exhaustive asks for? */
bool engine_has_tried_all(void);

/* What the hunt has counted so far. Call it in the process that called engine_begin(). */
struct totals engine_totals(void);

#endif
