/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a hunt has counted and found, over all its processes. They may be at it, and
 * may die at any moment.
 */
#ifndef STRESS_TALLY_H
#define STRESS_TALLY_H

#include "stress/hunt/jobs.h"

/*
 * Execution `number`, whose verdict is *v, is over. Once for each: one that is begun
 * again, because its process died meanwhile, is not counted again.
 */
void tally_execution(struct tally *t, uint64_t number, const struct verdict *v, bool is_new);

static inline const struct counts *tally_counts(const struct tally *t)
{
	return &t->counts[__atomic_load_n(&t->now, __ATOMIC_ACQUIRE)];
}

/* Execution `number` gave *v, which is saved. */
void tally_finding(struct tally *t, uint64_t number, const struct verdict *v);

/* The sums; schedules that two have seen count twice. */
struct totals {
	uint64_t executions, points, schedules, digest, findings;
};

struct totals tally_total(const struct jobs *j);

/* Of each file the first execution, in their order; returns how many, FOUND_MAX at most. */
unsigned tally_found(const struct jobs *j, struct found *out);

/* The first of all executions that found something, as far as is known; or UINT64_MAX. */
uint64_t tally_first_found(const struct jobs *j);

#endif
