/* SPDX-License-Identifier: GPL-2.0-only */
/* What `stress` prints about a hunt: its options, its progress, its result. */
#ifndef STRESS_HUNT_SUMMARY_H
#define STRESS_HUNT_SUMMARY_H

#include "stress/hunt/options.h"

void show_options(const struct options *o);

/* A line if *o asks for them and it is time for one (budget.h). */
void show_progress(const struct options *o);

/* The hunt has ended with that exit status. */
void show_summary(const struct options *o, int status);

#endif
