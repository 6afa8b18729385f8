/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Schedule coverage of a hunt. Its children note the pairs, the parent has them, and several
 * hunts can share them in a file.
 *
 * The file is text: "kthrash-coverage 1", then a line for each pair, sorted:
 *
 *	order FIRST SECOND		accesses next to each other, in that order
 *	reads-from STORE LOAD		STORE is "-" if there was no store before
 *
 * A site is "function:operation(object)", after "waited:" if the access had to wait.
 */
#ifndef STRESS_HUNT_COVERAGE_H
#define STRESS_HUNT_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>

/* Before the first of `jobs` processes. False, with a sentence on stderr: no memory. */
bool coverage_map(unsigned jobs);

/* Pairs of this process go to the part of job number `job` from now on. At first: of 0. */
void coverage_job(unsigned job);

/* In a child: are pairs of the next executions noted? Without a map they never are. */
void coverage_watch(bool on);

/* In the child: how many pairs were new since the last call; 0 without a map. */
uint32_t coverage_fresh(void);

/* How many have been seen by all jobs together; 0 without a map. */
uint32_t coverage_pairs(void);

/*
 * Add the pairs to the file `path`, which is whole at any time. Returns an exit status:
 * EXIT_USAGE if it is no such file, EXIT_ENVIRONMENT if it can't be written, each after
 * a sentence on stderr.
 */
int coverage_save(const char *path);

#endif
