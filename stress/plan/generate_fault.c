/* SPDX-License-Identifier: GPL-2.0-only */
/* Directives that kill a task at a named point, or make an allocation fail. */
#include <string.h>

#include "stress/plan/draw.h"
#include "stress/plan/generate.h"

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
	const struct named_point *point = draw_point(&g->rng);
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
		d->task = draw_name(p, &g->rng, point->side);
		d->point = plan_intern_text(p, point->name);
		d->nth = 1 + kt_rng_below(&g->rng, 2);
		d->target = victim;
		break;
	}
}
