/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which case is number n of a hunt: of the files that were given, in turn; or made by the
 * subject, as the hunt's seed and n say. A function of the options and n alone, but for
 * --mutate, which also changes plans that the hunt has kept (kept.h).
 */
#ifndef STRESS_HUNT_CASES_H
#define STRESS_HUNT_CASES_H

#include <stdbool.h>
#include <stdint.h>

#include "stress/hunt/options.h"

/*
 * Find the plans that *o names, and see that all of them can be run as *o says. An exit
 * status, after a sentence on stderr if it is not EXIT_CLEAN. *o stays as it is.
 */
int cases_open(const struct options *o);

/* How many there are; 0: the subject makes them without end. */
unsigned cases_count(void);

/* Make *p case `number`. False, after a sentence on stderr, if a file can't be read. */
bool cases_make(struct plan *p, uint64_t number);

/* The case that was made last breaks a rule on purpose: that failure may follow. */
bool cases_allow(enum kt_failure failure);

#endif
