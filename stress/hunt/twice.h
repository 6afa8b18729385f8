/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is an execution a function of its plan and options alone? Run it again and see.
 */
#ifndef STRESS_HUNT_TWICE_H
#define STRESS_HUNT_TWICE_H

#include "stress/run/world.h"

/*
 * world_run(), and at once again with the memory of os_alloc() in another place. If
 * `thorough`, again in so many places that each address bit that can differ differs, and
 * once in a process of its own. In the child of isolate_run(), in a world that
 * WORLD_RUNS_TWICE. *v is of the first run, or KT_NONDETERMINISM with the first step at
 * which another run differs.
 *
 * So it finds executions that depend on a clock, on what ran before, on the address of a
 * block, or, if thorough, on the number of their process. The address of a variable or of a
 * stack is the same in all these runs. Only another process can show that it matters.
 */
void run_twice(const struct world_options *w, bool thorough, struct verdict *v);

#endif
