/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands. Each returns an exit status (options.h).
 */
#ifndef STRESS_HUNT_H
#define STRESS_HUNT_H

#include "stress/hunt/options.h"
#include "stress/run/world.h"

int command_stress(const struct options *o);
int command_verify(const struct options *o);
int command_replay(const struct options *o);
int command_shrink(const struct options *o);

/* ---- shared between them ------------------------------------------------ */

/* Seconds without any progress after which a child is taken to hang. */
enum { SILENCE_S = 20 };

/*
 * Run *p as written, in a child: once, or on real threads until it fails.
 * False if no verdict could be had (the message says why).
 */
bool run_as_written(const struct plan *p, struct verdict *v);

/*
 * Make *p smaller as long as it has the same signature. At most `seconds`.
 * Returns the number of executions it took; *v is of the result.
 */
unsigned shrink_plan(struct plan *p, struct verdict *v, double seconds);

/* Seconds since some point in the past. */
double now_s(void);

#endif
