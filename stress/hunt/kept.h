/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Plans that had new coverage, to be changed instead of generating a plan from
 * nothing. In shared memory: they outlive the child that found them.
 */
#ifndef STRESS_KEPT_H
#define STRESS_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "stress/plan/plan.h"

/*
 * Before the first child. A copy of each goes to `folder`, if not NULL, for other hunts.
 * False, with a sentence on stderr: no memory, no folder.
 */
bool kept_map(const char *folder);

/* Keep *p, in the place of one drawn by `seed` if there is no room. */
void kept_add(const struct plan *p, uint64_t seed);

/* Make *p from a kept plan, as `seed` says. False if a plan is to be generated instead. */
bool kept_mutate(struct plan *p, uint64_t seed);

#endif
