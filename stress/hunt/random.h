/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes an execution from its number: its case, strategy, seed and faults.
 *
 * Execution i is a function of the hunt's seed and i alone. So a range of numbers may be cut
 * and handed to processes in any way. RUNS_PER_PLAN executions in a row have the same case,
 * which is loaded and measured once for all of them. Of N processes each runs every N-th case.
 * With --strategy=adaptive and --mutate an execution also depends on the new pairs of the
 * executions before it.
 */
#ifndef STRESS_HUNT_RANDOM_H
#define STRESS_HUNT_RANDOM_H

#include <stdint.h>

enum { RUNS_PER_PLAN = 16 };

/*
 * In a child: run this process's executions from h->first on, until one gives a finding or the
 * hunt is over. `hunt` is a struct hunt (execute.h).
 */
void random_child(void *hunt);

#endif
