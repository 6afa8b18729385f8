/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the number of an execution to the execution: its case, strategy, seed and faults.
 *
 * Execution i is a function of the hunt's seed and i alone. So a range of numbers may be cut
 * and handed to processes in any way. RUNS_PER_PLAN executions in a row have the same case,
 * which is loaded and measured once for all of them; of N processes each has every N-th
 * case. With --strategy=adaptive and --mutate an execution also depends on what the ones
 * before it have shown.
 */
#ifndef STRESS_HUNT_RANDOM_H
#define STRESS_HUNT_RANDOM_H

#include <stdint.h>

enum { RUNS_PER_PLAN = 16 };

/*
 * In a child: the executions from h->first on that are this process's, until one is a
 * finding or the hunt is over. `hunt` is a struct hunt (execute.h).
 */
void random_child(void *hunt);

#endif
