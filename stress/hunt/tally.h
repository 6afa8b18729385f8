/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counts the executions and findings of a hunt, over all its processes. They may still be
 * running, and any of them may die at any moment.
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
		uint64_t plans;		/* cases that these executions ran */
		uint64_t plan_end;	/* 1 + the number of the last case */
		uint64_t schedules;	/* distinct trace hashes */
		uint64_t digest;	/* of all traces; their order does not matter */
		uint64_t counted;	/* all executions below this number are counted */
	} counts[2];
	unsigned now;			/* index of the valid counts; new counts go into the
					 * other element */

	uint64_t findings, taken;	/* findings of executions below `taken` are counted */
	unsigned found_count;
	struct found {			/* a finding's file, and the first execution that gave it */
		uint64_t number;
		char id[SIGNATURE_ID_MAX];
		int error;		/* errno: why the file is not there, but printed */
	} found[FOUND_MAX];
	uint64_t unsaved;		/* findings that are not in the folder, but printed */
	int unsaved_error;		/* errno: why the last of them is not there */
	int output_error;		/* errno: why this process could not print */
};

/*
 * Map the memory in which `jobs` processes note which schedules they have seen. Call it before
 * the first child starts. False after a sentence on stderr.
 */
bool tally_map(unsigned jobs);

/*
 * Count execution `number`, of case `plan`, which process `job` has run with verdict *v. It counts
 * once, even if it runs again because its process died before it could go on.
 */
void tally_execution(struct tally *t, unsigned job, uint64_t number, uint64_t plan,
		     const struct verdict *v);

/* The valid counts, also while another process writes the next ones. */
static inline const struct counts *tally_counts(const struct tally *t)
{
	return &t->counts[__atomic_load_n(&t->now, __ATOMIC_ACQUIRE)];
}

/*
 * Count the finding *v of execution `number`. It is saved, or `error` (errno) says why it is not
 * saved but printed.
 */
void tally_finding(struct tally *t, uint64_t number, const struct verdict *v, int error);

/* The sums over all processes. A schedule that two of them have seen counts twice. */
struct totals {
	uint64_t executions, plans, points, schedules, digest, findings, unsaved;
	int unsaved_error, output_error;	/* of some process; 0: none */
};

struct jobs;
struct totals tally_total(const struct jobs *j);

/* How many schedules were seen, by any process. */
uint64_t tally_distinct_schedules(void);

/*
 * Put each finding's file into `out`, in the order of the executions that first gave them.
 * Returns how many there are, at most FOUND_MAX.
 */
unsigned tally_found(const struct jobs *j, struct found *out);

/* The lowest number of an execution that gave a finding so far; UINT64_MAX if none did. */
uint64_t tally_first_found(const struct jobs *j);

#endif
