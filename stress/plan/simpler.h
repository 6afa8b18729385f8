/* SPDX-License-Identifier: GPL-2.0-only */
/* The kinds of simpler plans that plan_simpler() makes. Shared by simpler*.c. */
#ifndef STRESS_PLAN_SIMPLER_H
#define STRESS_PLAN_SIMPLER_H

#include "stress/plan/internal.h"

/*
 * apply(p, n) makes the n-th change of its kind, n < count(p). False if there is nothing to
 * change. The result may break plan_check(). Each change makes the plan simpler by an order
 * without end, so that a sequence of changes ends.
 */
struct simpler {
	unsigned (*count)(const struct plan *p);
	bool (*apply)(struct plan *p, unsigned n);
};

extern const struct simpler simpler_program[], simpler_schedule[];
extern const unsigned simpler_program_kinds, simpler_schedule_kinds;

/*
 * The smaller numbers that are tried in place of `value`, from 0 to ever nearer ones: number
 * `n` of them, n < SIMPLER_NUMBERS. False if it was tried already, or is no smaller one.
 */
enum { SIMPLER_NUMBERS = 21 };
bool simpler_number(uint32_t value, unsigned n, uint32_t *smaller);

/* Write `to` in place of the name `from` in every directive. */
void simpler_rename(struct plan *p, const char *from, const char *to);

#endif
