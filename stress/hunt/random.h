/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes an execution from its number: its case, strategy, seed and faults.
 *
 * Execution i is a function of the hunt's seed and i alone. So a range of numbers may be cut
 * and handed to processes in any way. A fixed number of executions in a row, a row of the
 * hunt, have the same case, which is loaded and measured once for all of them. Of N processes
 * each runs every N-th row. A subject that learns (subject_knowledge) begins anew with each row.
 * With --strategy=adaptive and --mutate an execution also depends on the new pairs of the
 * executions before it.
 */
#ifndef STRESS_HUNT_RANDOM_H
#define STRESS_HUNT_RANDOM_H

#include <stdint.h>

/* The number of the case that execution i has. */
uint64_t random_case_of(uint64_t i);

/*
 * In a child: run this process's executions from h->first on, until one gives a finding or the
 * hunt is over. `hunt` is a struct hunt (execute.h).
 */
void random_child(void *hunt);

#endif
