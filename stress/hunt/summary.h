/* SPDX-License-Identifier: GPL-2.0-only */
/* What `stress` prints about a hunt: its options, its progress, its result. */
#ifndef STRESS_HUNT_SUMMARY_H
#define STRESS_HUNT_SUMMARY_H

#include "stress/hunt/options.h"

/* Print the options with which the hunt begins. */
void show_options(const struct options *o);

/* Print a line of progress if *o asks for progress and it is time for a line (budget.h). */
void show_progress(const struct options *o);

/* Print the result of a hunt that has ended with exit status `status`. */
void show_summary(const struct options *o, int status);

#endif
