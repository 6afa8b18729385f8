/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds case number n of a hunt. If files were given, they take turns. If not, the
 * subject makes a case from the hunt's seed and n. It is a function of the options and n
 * alone, except with --mutate, which also changes plans that the hunt has kept (kept.h).
 */
#ifndef STRESS_HUNT_CASES_H
#define STRESS_HUNT_CASES_H

#include <stdbool.h>
#include <stdint.h>

#include "stress/hunt/options.h"

/*
 * Find the plans that *o names, and check that all of them can be run as *o says. Returns an
 * exit status, after a sentence on stderr if it is not EXIT_CLEAN. *o must stay until the hunt
 * has ended.
 */
int cases_open(const struct options *o);

/* How many files there are; 0: the subject makes cases without end. */
unsigned cases_count(void);

/* Make *p case `number`. False, after a sentence on stderr, if a file can't be read. */
bool cases_make(struct plan *p, uint64_t number);

/* Does the case that was made last break a rule on purpose, so that this failure may follow? */
bool cases_allow(enum kt_failure failure);

#endif
