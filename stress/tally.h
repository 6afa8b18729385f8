/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a hunt has counted and found, over all its processes. They may be at it.
 */
#ifndef STRESS_TALLY_H
#define STRESS_TALLY_H

#include "stress/jobs.h"

/* Execution `number` gave *v, which is saved. */
void tally_finding(struct tally *t, uint64_t number, const struct verdict *v);

/* The sums; schedules that two have seen count twice. found_count is 0. */
struct tally tally_total(const struct jobs *j);

/* Of each file the first execution, in their order; returns how many, FOUND_MAX at most. */
unsigned tally_found(const struct jobs *j, struct found *out);

/* The first of all executions that found something, as far as is known; or UINT64_MAX. */
uint64_t tally_first_found(const struct jobs *j);

#endif
