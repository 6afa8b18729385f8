/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/run/capture.h"

#include <stdio.h>
#include <string.h>

#include "stress/run/subject.h"

#define VISITS_SLOTS (1 << 17)	/* power of two */

/* How often a task has been at a site: open addressing. */
static struct visits {
	uint64_t key;
	uint32_t count;
	uint32_t capture;	/* in which it was noted; the notes of others do not count */
} visits[VISITS_SLOTS];
static uint32_t visits_used, captures;

/*
 * Add `more` visits of the task to the site. Returns the visits so far; 0 if the table is full.
 */
static uint32_t visit(const struct sim_step *t, uint32_t more)
{
	uint64_t key = (uint64_t)kt_site_hash(t->site) << 16 | (uint64_t)t->task << 8 |
		       (t->why == SIM_BLOCKED ? 2 : 1);
	uint32_t slot = (uint32_t)((key * 0x9e3779b97f4a7c15ull) >> 40) % VISITS_SLOTS;

	while (visits[slot].capture == captures && visits[slot].key != key)
		slot = (slot + 1) % VISITS_SLOTS;
	if (visits[slot].capture == captures)
		return visits[slot].count += more;
	if (++visits_used > VISITS_SLOTS / 4 * 3)
		return 0;
	visits[slot] = (struct visits){ .key = key, .count = more, .capture = captures };
	return more;
}

/*
 * Which visit to its site step i is. A subject counts visits that are no steps, too; it counts
 * neither sleeps nor ends, which are always steps.
 */
static uint32_t nth_visit(const struct sim_record *r, uint32_t i, uint32_t more)
{
	uint32_t seen = visit(&r->trace[i], more), nth = subject->visit ? subject->visit(i) : 0;

	return nth && r->trace[i].why != SIM_BLOCKED ? nth : seen;
}

static struct plan_directive *add_directive(struct plan *out)
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

/* Add a directive at trace step t, the nth visit there. */
static bool add_at(struct plan *out, enum plan_directive_kind kind, const struct sim_record *r,
		   const struct sim_step *t, uint32_t nth, uint32_t target)
{
	struct plan_directive *d = add_directive(out);
	char name[KT_SITE_NAME_MAX], point[KT_SITE_NAME_MAX + 16];

	if (!d)
		return false;
	kt_site_name(t->site, name, sizeof name);
	snprintf(point, sizeof point, "%s%s", t->why == SIM_BLOCKED ? "blocked:" : "", name);
	d->kind = kind;
	d->nth = nth;
	d->task = intern(out, r->task[t->task].name);
	d->point = intern(out, point);
	if (kind != PLAN_D_SPURIOUS && kind != PLAN_D_STALE)
		d->target = intern(out, r->task[target].name);
	return d->task && d->point;
}

static bool add_visible(struct plan *out, const struct sim_record *r, const struct sim_step *t,
			uint32_t nth, const struct sim_event *e)
{
	char name[KT_SITE_NAME_MAX];

	if (!add_at(out, PLAN_D_VISIBLE, r, t, nth, e->task))
		return false;
	out->directives[out->directives_count - 1].older = e->older;
	out->directives[out->directives_count - 1].store =
		intern(out, kt_site_name(e->site, name, sizeof name));
	return true;
}

/*
 * The load may be done long after the task was at its site, but it is what the task does next, so
 * the task has not visited the site again.
 */
static bool add_stale(struct plan *out, const struct sim_record *r, const struct sim_event *e)
{
	if (!add_at(out, PLAN_D_STALE, r, &r->trace[e->nth], nth_visit(r, e->nth, 0), e->task))
		return false;
	out->directives[out->directives_count - 1].older = e->older;
	return true;
}

static bool add_fail(struct plan *out, const struct sim_event *e)
{
	struct plan_directive *d = add_directive(out);

	if (!d)
		return false;
	d->kind = PLAN_D_FAIL;
	d->role = (enum kt_role)e->role;
	d->nth = e->nth;
	return true;
}

/* Is no switch needed at step i? The last step of a failed execution may have no decision. */
static bool is_usual(const struct sim_record *r, uint32_t i)
{
	const struct sim_step *t = &r->trace[i];

	return !sim_step_decides(r, i) || i >= r->fair_from || t->next == sim_default_next_at(r, i);
}

/*
 * A store that became visible at step i needs no directive if its `shown` is at least the value
 * that this function returns. A directive takes effect before the usual stores become visible. So
 * if one store at this step was chosen, each of them needs a directive.
 */
static enum sim_shown shown_by_itself(const struct sim_record *r, uint32_t i, uint32_t event)
{
	if (!is_usual(r, i))
		return SIM_SHOWN_FORCED;
	for (; event < r->events && r->event[event].step <= i; event++)
		if (r->event[event].kind == SIM_EVENT_VISIBLE &&
		    r->event[event].shown == SIM_SHOWN_CHOSEN)
			return SIM_SHOWN_FORCED;
	return SIM_SHOWN_USUAL;
}

/* Add a directive for each fault that was injected at step i, the nth visit there. */
static bool add_events(struct plan *out, const struct sim_record *r, uint32_t i, uint32_t nth,
		       unsigned kinds, uint32_t *event)
{
	const struct sim_step *t = &r->trace[i];
	enum sim_shown by_itself = kinds & 1 << PLAN_D_VISIBLE ?
				   shown_by_itself(r, i, *event) : SIM_SHOWN_CHOSEN;
	bool fits = true;

	for (; *event < r->events && r->event[*event].step <= i; ++*event) {
		const struct sim_event *e = &r->event[*event];

		if (e->kind == SIM_EVENT_KILL)
			fits &= add_at(out, PLAN_D_KILL, r, t, nth, e->task);
		else if (e->kind == SIM_EVENT_SPURIOUS)
			fits &= add_at(out, PLAN_D_SPURIOUS, r, t, nth, e->task);
		else if (e->kind == SIM_EVENT_VISIBLE)
			fits &= e->shown >= by_itself || add_visible(out, r, t, nth, e);
		else if (e->kind == SIM_EVENT_STALE)
			fits &= !(kinds & 1 << PLAN_D_STALE) || add_stale(out, r, e);
		else
			fits &= add_fail(out, e);
	}
	return fits;
}

static bool add_switch(struct plan *out, const struct sim_record *r, uint32_t i, uint32_t nth)
{
	const struct sim_step *t = &r->trace[i];

	return is_usual(r, i) || add_at(out, PLAN_D_SWITCH, r, t, nth, t->next);
}

/* *out becomes *p without the directives of the kinds whose bits are set in `kinds`. */
static void without_directives(const struct plan *p, unsigned kinds, struct plan *out)
{
	uint16_t kept = 0;

	*out = *p;
	for (unsigned i = 0; i < p->directives_count; i++)
		if (!(kinds >> p->directives[i].kind & 1))
			out->directives[kept++] = p->directives[i];
	out->directives_count = kept;
}

enum {
	EVENTS = 1 << PLAN_D_KILL | 1 << PLAN_D_SPURIOUS | 1 << PLAN_D_FAIL,
	DECISIONS = 1 << PLAN_D_SWITCH | 1 << PLAN_D_VISIBLE | 1 << PLAN_D_STALE,
};

static bool capture_kinds(const struct plan *p, const struct sim_record *r, unsigned kinds,
			  struct plan *out)
{
	uint32_t event = 0;

	if (++captures == 0) {	/* the number overflowed, so numbers come again */
		memset(visits, 0, sizeof visits);
		captures = 1;
	}
	visits_used = 0;
	if (r->events_lost)
		return false;
	without_directives(p, kinds, out);
	for (uint32_t i = 0; i < r->steps; i++) {
		uint32_t nth = nth_visit(r, i, 1);

		if (!nth || !add_events(out, r, i, nth, kinds, &event))
			return false;
		if ((kinds & DECISIONS) && !add_switch(out, r, i, nth))
			return false;
	}
	/* Allocations behind the last step, as of a program that has no second thread yet. */
	for (; event < r->events; event++)
		if (r->event[event].kind == SIM_EVENT_ALLOC_FAIL &&
		    !add_fail(out, &r->event[event]))
			return false;
	return true;
}

bool capture(const struct plan *p, const struct sim_record *r, struct plan *out)
{
	if (!capture_kinds(p, r, EVENTS | DECISIONS, out))
		return false;
	out->strategy = PLAN_BLOCK;
	out->depth = out->steps_estimate = out->variant = 0;
	out->seed = 0;
	return true;
}

bool capture_events(const struct plan *p, const struct sim_record *r, struct plan *out)
{
	return capture_kinds(p, r, EVENTS, out);
}
