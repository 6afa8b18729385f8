/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is an execution a function of its plan and options alone? Run it again and see.
 */
#ifndef STRESS_HUNT_TWICE_H
#define STRESS_HUNT_TWICE_H

#include "stress/run/world.h"

/*
 * Call world_run(), and at once again with the memory of os_alloc() in another place. If
 * `thorough`, run again once for each bit of addresses, with that bit changed, and once in a new
 * process. Call it in the child of isolate_run(), in a world with WORLD_RUNS_TWICE. *v becomes
 * the first run's verdict. If another run differs, *v becomes KT_NONDETERMINISM with the first
 * step that differs.
 *
 * So it finds executions that depend on a clock, on what ran before, on the address of a
 * block, or, if `thorough`, on the number of their process. The address of a variable or of a
 * stack is the same in all these runs. Only another process can show that it matters.
 */
void run_twice(const struct world_options *w, bool thorough, struct verdict *v);

#endif
