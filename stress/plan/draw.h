/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Draws that the generator and the mutator share. They are a format, like the generator's own
 * draws (generate.c): a change must not add, drop or reorder one.
 */
#ifndef STRESS_PLAN_DRAW_H
#define STRESS_PLAN_DRAW_H

#include "platform/rng.h"
#include "stress/plan/internal.h"
#include "stress/plan/points.h"

/* One of the named points. */
const struct named_point *draw_point(struct kt_rng *rng);

/* One of the names that thread i of the plan has. */
plan_str draw_thread_name(struct plan *p, struct kt_rng *rng, unsigned i);

/* The name of a task or thread that may reach the points of that side. */
plan_str draw_name(struct plan *p, struct kt_rng *rng, enum point_side side);

#endif
