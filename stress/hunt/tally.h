/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a hunt has counted and found, over all its processes. They may still be running, and
 * any of them may die at any moment.
 */
#ifndef STRESS_HUNT_TALLY_H
#define STRESS_HUNT_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "stress/run/world.h"

enum { FOUND_MAX = 256 };

struct tally {	/* of one process */
	struct counts {
		uint64_t executions, points;
		uint64_t schedules;	/* distinct trace hashes */
		uint64_t digest;	/* of all traces, in any order */
		uint64_t counted;	/* executions below this number are in the above */
	} counts[2];
	unsigned now;			/* which holds; the other is written, then this */

	uint64_t findings, taken;	/* findings of executions below `taken` are in it */
	unsigned found_count;
	struct found {			/* a file of findings, and the first execution for it */
		uint64_t number;
		char id[SIGNATURE_ID_MAX];
	} found[FOUND_MAX];
};

/*
 * Map the memory in which `jobs` processes note which schedules they have seen. Before the
 * first child. False after a complaint.
 */
bool tally_map(unsigned jobs);

/*
 * Execution `number`, by process `job`, is over; its verdict is *v. It is counted once,
 * even if it is run again because its process died before it could go on.
 */
void tally_execution(struct tally *t, unsigned job, uint64_t number, const struct verdict *v);

static inline const struct counts *tally_counts(const struct tally *t)
{
	return &t->counts[__atomic_load_n(&t->now, __ATOMIC_ACQUIRE)];
}

/* Execution `number` gave *v, which is saved. */
void tally_finding(struct tally *t, uint64_t number, const struct verdict *v);

/* The sums. A schedule that two processes have seen counts twice. */
struct totals {
	uint64_t executions, points, schedules, digest, findings;
};

struct jobs;
struct totals tally_total(const struct jobs *j);

/* How many schedules were seen, by any process. */
uint64_t tally_distinct_schedules(void);

/* Of each file the first execution, in their order; returns how many, FOUND_MAX at most. */
unsigned tally_found(const struct jobs *j, struct found *out);

/* The first of all executions that are known to be findings; UINT64_MAX: there is none. */
uint64_t tally_first_found(const struct jobs *j);

#endif
