/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/capture.h"

#include <stdio.h>
#include <string.h>

#define VISITS_SLOTS 8192	/* power of two */

/* How often a task has been at a site: open addressing, cleared per capture. */
static struct visits {
	uint64_t key;
	uint32_t count;
} visits[VISITS_SLOTS];

static uint32_t visit(const struct sim_step *t)
{
	uint64_t key = (uint64_t)kt_site_hash(t->site) << 16 | (uint64_t)t->task << 8 |
		       (t->why == SIM_BLOCKED ? 2 : 1);
	uint32_t slot = (uint32_t)((key * 0x9e3779b97f4a7c15ull) >> 40) % VISITS_SLOTS;

	while (visits[slot].key && visits[slot].key != key)
		slot = (slot + 1) % VISITS_SLOTS;
	visits[slot].key = key;
	return ++visits[slot].count;
}

static struct plan_directive *add(struct plan *out)
{
	struct plan_directive *d;

	if (out->directives_count == PLAN_DIRECTIVES_MAX)
		return NULL;
	d = &out->directives[out->directives_count++];
	memset(d, 0, sizeof *d);
	return d;
}

static plan_str intern(struct plan *out, const char *s)
{
	return plan_intern(out, s, strlen(s));
}

/* A directive at trace step t, the nth visit there. */
static bool add_at(struct plan *out, enum plan_directive_kind kind, const struct sim_record *r,
		   const struct sim_step *t, uint32_t nth, uint32_t target)
{
	struct plan_directive *d = add(out);
	char name[KT_SITE_NAME_MAX], point[KT_SITE_NAME_MAX + 16];

	if (!d)
		return false;
	kt_site_name(t->site, name, sizeof name);
	snprintf(point, sizeof point, "%s%s", t->why == SIM_BLOCKED ? "blocked:" : "", name);
	d->kind = kind;
	d->nth = nth;
	d->task = intern(out, r->task[t->task].name);
	d->point = intern(out, point);
	if (kind != PLAN_D_SPURIOUS)
		d->target = intern(out, r->task[target].name);
	return d->task && d->point;
}

static bool add_fail(struct plan *out, const struct sim_event *e)
{
	struct plan_directive *d = add(out);

	if (!d)
		return false;
	d->kind = PLAN_D_FAIL;
	d->role = (enum kt_role)e->role;
	d->nth = e->nth;
	return true;
}

/* Directives for what happened at step i. */
static bool capture_step(struct plan *out, const struct sim_record *r, uint32_t i,
			 uint32_t *event)
{
	const struct sim_step *t = &r->trace[i];
	uint32_t nth = visit(t);
	bool fits = true;

	for (; *event < r->events && r->event[*event].step <= i; ++*event) {
		const struct sim_event *e = &r->event[*event];

		if (e->kind == SIM_EVENT_KILL)
			fits &= add_at(out, PLAN_D_KILL, r, t, nth, e->task);
		else if (e->kind == SIM_EVENT_SPURIOUS)
			fits &= add_at(out, PLAN_D_SPURIOUS, r, t, nth, e->task);
		else
			fits &= add_fail(out, e);
	}
	/* The last step of a failed execution may have no decision. */
	if (t->runnable && t->next != sim_default_next(t->runnable, t->timed, t->task, t->why))
		fits &= add_at(out, PLAN_D_SWITCH, r, t, nth, t->next);
	return fits;
}

static void without_directives(const struct plan *p, struct plan *out)
{
	uint16_t kept = 0;

	*out = *p;
	for (unsigned i = 0; i < p->directives_count; i++)
		if (p->directives[i].kind == PLAN_D_OOM)
			out->directives[kept++] = p->directives[i];
	out->directives_count = kept;
	out->strategy = PLAN_BLOCK;
	out->depth = 0;
	out->seed = 0;
}

bool capture(const struct plan *p, const struct sim_record *r, struct plan *out)
{
	uint32_t event = 0;

	memset(visits, 0, sizeof visits);
	without_directives(p, out);
	if (r->steps >= VISITS_SLOTS)	/* a livelock: its seed says it better */
		return false;
	for (uint32_t i = 0; i < r->steps; i++)
		if (!capture_step(out, r, i, &event))
			return false;
	return true;
}
