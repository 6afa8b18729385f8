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
 * Before the first child. A copy of each goes to `folder`, if not NULL, for other hunts.
 * False, with a sentence on stderr, if there is no memory or no such folder.
 */
bool kept_map(const char *folder);

/* Keep *p. If there is no room, it takes the place of a plan that `seed` draws. */
void kept_add(const struct plan *p, uint64_t seed);

/* Make *p from a kept plan, as `seed` says. False if a plan is to be generated instead. */
bool kept_mutate(struct plan *p, uint64_t seed);

#endif
