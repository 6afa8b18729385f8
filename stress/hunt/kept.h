/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Plans that had new coverage. --mutate changes one of them instead of generating a plan.
 * They are in shared memory, so they outlive the child that found them.
 */
#ifndef STRESS_HUNT_KEPT_H
#define STRESS_HUNT_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "stress/plan/plan.h"

/*
 * Map the memory for the plans. Call it before the first child starts. Unless `folder` is
 * NULL, a copy of each plan goes there, for other hunts. Returns an exit status, after
 * a sentence on stderr if there is no memory or if the folder can't be written.
 */
int kept_map(const char *folder);

/* Keep *p. If there is no room, it takes the place of a plan that `seed` draws. */
void kept_add(const struct plan *p, uint64_t seed);

/* errno: why a copy could not be written; 0: all could. The hunt goes on without the copy. */
int kept_error(void);

/*
 * Make *p from a kept plan; `seed` chooses which, and the change. False if the caller should
 * generate a plan instead.
 */
bool kept_mutate(struct plan *p, uint64_t seed);

#endif
