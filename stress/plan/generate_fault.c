/* SPDX-License-Identifier: GPL-2.0-only */
/* Directives that kill a task at a named point, or make an allocation fail. */
#include <string.h>

#include "stress/plan/generate.h"
#include "stress/plan/points.h"

static const struct named_point points[] = {
#define X(side, name) { side, name },
	NAMED_POINTS(X)
#undef X
};

static plan_str thread_name(struct generator *g, unsigned i)
{
	const struct plan_thread *t = &g->p->threads[i];
	char buf[PLAN_NAME_MAX + 16];

	return gen_intern(g->p,
			  plan_thread_name(g->p, t, kt_rng_below(&g->rng, plan_names(t)), buf));
}

/* Some task's name, or a thread's, as the point's side says. */
static plan_str name_of(struct generator *g, enum point_side side)
{
	struct plan *p = g->p;

	if (side == POINT_DAEMON)
		return gen_intern(p, "kthreadd");
	if (side == POINT_TIMERS)
		return gen_intern(p, "ktimers");
	if (side == POINT_THREAD && p->threads_count)
		return thread_name(g, kt_rng_below(&g->rng, p->threads_count));
	return p->tasks[kt_rng_below(&g->rng, p->tasks_count)].name;
}

static struct plan_directive *new_directive(struct plan *p, enum plan_directive_kind kind)
{
	struct plan_directive *d = &p->directives[p->directives_count++];

	memset(d, 0, sizeof *d);
	d->kind = kind;
	return d;
}

void gen_fault(struct generator *g)
{
	struct plan *p = g->p;
	const struct named_point *point =
		&points[kt_rng_below(&g->rng, sizeof points / sizeof points[0])];
	plan_str victim = p->tasks[kt_rng_below(&g->rng, p->tasks_count)].name;
	struct plan_directive *d;

	switch (kt_rng_below(&g->rng, 4)) {
	case 0:
		d = new_directive(p, PLAN_D_FAIL);
		d->role = (enum kt_role)kt_rng_below(&g->rng, KT_ROLE_TEST);
		d->nth = 1 + kt_rng_below(&g->rng, 3);
		break;
	case 1:
		d = new_directive(p, PLAN_D_OOM);
		d->role = gen_one_in(g, 2) ? KT_ROLE_TASK : KT_ROLE_KTHREAD;
		d->nth = 1 + kt_rng_below(&g->rng, 2);
		d->target = victim;
		break;
	default:
		d = new_directive(p, PLAN_D_KILL);
		d->task = name_of(g, point->side);
		d->point = gen_intern(p, point->name);
		d->nth = 1 + kt_rng_below(&g->rng, 2);
		d->target = victim;
		break;
	}
}
