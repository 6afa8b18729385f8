/* SPDX-License-Identifier: GPL-2.0-only */
/* What `stress` prints about a hunt: what it does, how far it is, what came of it. */
#ifndef STRESS_HUNT_SUMMARY_H
#define STRESS_HUNT_SUMMARY_H

#include "stress/hunt/options.h"

void show_options(const struct options *o);

/* If it is time for that (budget.h), and *o asks for it. */
void show_progress(const struct options *o);

/* The hunt has ended with that exit status. */
void show_summary(const struct options *o, int status);

#endif
