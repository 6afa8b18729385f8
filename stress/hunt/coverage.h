/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Schedule coverage of a hunt: seen by its children, kept by the parent, and as a
 * file that several hunts share.
 *
 * The file is text: "kthrash-coverage 1", then a line for each pair, sorted:
 *
 *	order FIRST SECOND		accesses next to each other, in that order
 *	reads-from STORE LOAD		STORE is "-" if nobody has stored before
 *
 * A site is "function:operation(object)", after "waited:" if the access had to wait.
 */
#ifndef STRESS_COVERAGE_H
#define STRESS_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>

/* Before the first of `jobs` processes. False, with a sentence on stderr: no memory. */
bool coverage_map(unsigned jobs);

/* In process number `job`, or before it is forked: its own part. At first that of 0. */
void coverage_job(unsigned job);

/* In a child: does what runs from now on count? Nothing is done without a map. */
void coverage_watch(bool on);

/* In the child: how many pairs were new since this was called last; 0 without a map. */
uint32_t coverage_fresh(void);

/* How many have been seen by all jobs together; 0 without a map. */
uint32_t coverage_pairs(void);

/*
 * Add what was seen to what `path` has, which is whole at any time. Returns an exit
 * status: EXIT_USAGE if it is no such file, EXIT_ENVIRONMENT if it can't be written;
 * then there is a sentence on stderr.
 */
int coverage_save(const char *path);

#endif
