/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Schedule coverage of a hunt. The hunt's children note the pairs that they see, and its
 * parent reads them. Several hunts can share them in a file.
 *
 * The file is text: "kthrash-coverage 1", then a line for each pair, sorted:
 *
 *	order FIRST SECOND		accesses next to each other, in that order
 *	reads-from STORE LOAD		STORE is "-" if there was no store before
 *
 * A site is "function:operation(object)". If the access had to wait, "waited:" stands before the
 * site.
 */
#ifndef STRESS_HUNT_COVERAGE_H
#define STRESS_HUNT_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Map the memory for the pairs of `jobs` processes. Call it before the first of them starts.
 * False, after a sentence on stderr, if there is no memory.
 */
bool coverage_map(unsigned jobs);

/*
 * From now on the pairs of this process go to the part of job number `job`. Before the first
 * call they go to job 0's.
 */
void coverage_job(unsigned job);

/* In a child: from now on note the pairs, or note none. Without a map none are noted. */
void coverage_watch(bool on);

/* In the child: how many pairs were new since the last call; 0 without a map. */
uint32_t coverage_fresh(void);

/* How many pairs all jobs together have seen; 0 without a map. */
uint32_t coverage_pairs(void);

/*
 * Add the pairs to the file `path`. The file is never half written. Returns an exit status:
 * EXIT_USAGE if the file is no coverage file, EXIT_ENVIRONMENT if it can't be written, each after
 * a sentence on stderr.
 */
int coverage_save(const char *path);

#endif
