/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hunt as its parent sees it. A child runs one execution after another (random.h,
 * enumerate.h). When it dies or finds something, the parent takes the execution from shared
 * memory, saves it as a plan first, and goes on from the next one if it is told to. With
 * --jobs=N there are N such parents, the jobs, each with every N-th case.
 */
#ifndef STRESS_HUNT_ENGINE_H
#define STRESS_HUNT_ENGINE_H

#include <stdint.h>

#include "stress/hunt/options.h"
#include "stress/hunt/tally.h"

/* Map the memory that its processes share. False after a complaint. The caller keeps *o. */
bool engine_begin(const struct options *o);

/* Hunt until the budget (budget.h) is spent. An exit status. */
int engine_hunt(void);

/* What it has counted so far. In the process that called engine_begin(). */
struct totals engine_totals(void);

#endif
