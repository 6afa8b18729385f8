/* SPDX-License-Identifier: GPL-2.0-only */
/* Do two failures show one bug? The shrinker asks this of each plan that it tries. */
#ifndef STRESS_HUNT_SAME_BUG_H
#define STRESS_HUNT_SAME_BUG_H

#include <stdbool.h>

#include "stress/run/world.h"

/*
 * Is *now the bug of *found? It is if their signatures are equal. The signature of a deadlock has
 * the places of all tasks that wait, also of those that only happened to wait. So a deadlock is
 * also the same if *now has fewer of these places, no other, and still a task that is stuck there.
 */
bool same_bug(const struct verdict *found, const struct verdict *now);

#endif
