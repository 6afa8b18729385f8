/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is an execution a function of its plan and options alone? Run it again and see.
 */
#ifndef STRESS_TWICE_H
#define STRESS_TWICE_H

#include "stress/run/world.h"

/*
 * world_run(), and at once again with the memory of os_alloc() in another place. If
 * `thorough`, in so many places that each of the address bits that may differ does, and
 * once in a process of its own. In the child of isolate_run(), simulator only. *v is of
 * the first run, or KT_NONDETERMINISM with the first step at which another differs.
 *
 * So it shows what an execution takes from a clock, from what ran before, from the
 * address of a block, and, if thorough, from the number of its process. The address of
 * a variable or a stack is the same in all these runs: for that start another process.
 */
void run_twice(const struct world_options *w, bool thorough, struct verdict *v);

#endif
