/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/plan/draw.h"

static const struct named_point points[] = {
#define X(side, name) { side, name },
	NAMED_POINTS(X)
#undef X
};

const struct named_point *draw_point(struct kt_rng *rng)
{
	return &points[kt_rng_below(rng, sizeof points / sizeof points[0])];
}

plan_str draw_thread_name(struct plan *p, struct kt_rng *rng, unsigned i)
{
	const struct plan_thread *t = &p->threads[i];
	char buf[PLAN_NAME_MAX + 16];

	return plan_intern_text(p, plan_thread_name(p, t, kt_rng_below(rng, plan_names(t)), buf));
}

plan_str draw_name(struct plan *p, struct kt_rng *rng, enum point_side side)
{
	if (side == POINT_DAEMON)
		return plan_intern_text(p, "kthreadd");
	if (side == POINT_TIMERS)
		return plan_intern_text(p, "ktimers");
	if (side == POINT_THREAD && p->threads_count)
		return draw_thread_name(p, rng, kt_rng_below(rng, p->threads_count));
	return p->tasks[kt_rng_below(rng, p->tasks_count)].name;
}
