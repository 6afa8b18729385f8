/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reduction for an exploration that knows states: source sets and sleep sets. At each node a set
 * of procs is `chosen`, and what each of them can do next is tried. After "Source Sets: A
 * Foundation for Optimal Dynamic Partial Order Reduction", Abdulla, Aronis, Jonsson, Sagonas,
 * JACM 2017, and "Efficient Stateful Dynamic Partial Order Reduction", Yang, Chen,
 * Gopalakrishnan, Kirby, SPIN 2008.
 *
 * The claim. A sequence of events avoids a set Z of procs if none of them has an event in it before
 * an event that depends on what that proc would do next. Let the state s be explored while the
 * procs in Z are asleep. Then each sequence from s that avoids Z is the beginning of a path that
 * was explored from s, up to the order of independent events. At the start Z is empty, so each
 * event that can happen is explored.
 *
 * The proof is by induction over what can follow s, which has no circles. Let w be a sequence that
 * avoids Z. If some chosen t is possible first in w, or is independent of all of w, then take
 * the first such t that was tried: the rest of w avoids what is asleep after t. Else take the
 * chosen q for which the longest beginning w' of w is independent of q. The next event x of w
 * depends on q. w'.x avoids what is asleep after q, so a path with q and w'.x was explored, and
 * there q and x are a race. Either both are in an execution that was run, and find_races()
 * (dpor_order.c) finds it. Or that execution was cut before x at a state that was explored, and
 * x is a deed in that state's future, and dpor_persist_cut() finds it. Either way a proc is chosen
 * at s whose next event has nothing of w'.x before it. So it is possible first in w, and w was no
 * such sequence.
 *
 * A proc is *certain* if its next event surely is such a one. One certain proc is enough. Without
 * one, each proc that may be such a one is chosen. If a certain proc is asleep at the node, no
 * sequence that avoids it is missed.
 *
 * A state that was explored while Z was asleep is explored again if a proc in Z is awake now, with
 * those procs asleep that are asleep both times (dpor_state_look()).
 */
#include <string.h>

#include "platform/sim/dpor.h"

static bool covers(const uint16_t *clock, uint32_t i)
{
	return clock[dpor.event[i].proc] >= dpor.event[i].index;
}

static uint64_t bit(uint32_t proc)
{
	return 1ull << proc;
}

static bool depends(uint32_t set, uint32_t touch)
{
	const uint32_t *t;
	uint32_t count = dpor_set_touches(set, &t);

	for (uint32_t i = 0; i < count; i++)
		if (dpor_touches_depend(t[i], touch))
			return true;
	return false;
}

/* Is it the next event of its proc that does this? */
static bool is_next(const struct dpor_node *n, const struct dpor_deed *d)
{
	return n->there & bit(d->proc) && n->pending[d->proc] == d->touch;
}

/* ---- nodes ------------------------------------------------------------------------ */

/* What the task's next event touches in any case; 0: not known. */
static uint32_t next_touch(uint32_t id)
{
	const struct dpor_task *t = &dpor.task[id];

	if (sim.record->task[id].state == SIM_FINISHED)
		return 0;
	switch (t->pending) {
	case DPOR_TOUCH:
	case DPOR_ACQUIRE:
	case DPOR_VALUE: return t->touch;
	case DPOR_PERMIT:
	case DPOR_WOKEN: return dpor_touch(dpor_thing(SIM_SLEEP, id), SIM_WRITE);
	case DPOR_EXIT: return dpor_touch(dpor_thing(SIM_EXIT, t->other), SIM_READ);
	default: return 0;
	}
}

void dpor_persist_node(struct dpor_node *n, uint64_t enabled)
{
	n->enabled = n->killable = n->chosen = 0;
	for (uint32_t id = 0; id < sim.record->tasks; id++)
		if (enabled >> id & 1)
			n->enabled |= bit(dpor_proc[id]);
		else if (dpor_sleeps(&dpor.task[id]) && dpor_may_be_killed(id, n))
			n->killable |= bit(dpor_proc[id]);
	n->there = dpor.there;
	for (uint32_t id = 0; id < sim.record->tasks; id++)
		n->pending[dpor_proc[id]] = next_touch(id);
}

/* Procs that could still be chosen at the node. */
static uint64_t not_chosen(const struct dpor_node *n)
{
	return (n->enabled | n->killable) & ~n->chosen & ~n->slept;
}

static void choose(struct dpor_node *n, uint64_t procs)
{
	for (; procs; procs &= procs - 1) {
		uint32_t proc = (uint32_t)__builtin_ctzll(procs);
		struct dpor_label label = { proc, n->enabled >> proc & 1 ? 0 : 1 };

		dpor_branch_append(&n->branches, dpor_branch_new(label, dpor_set(NULL, 0)));
	}
}

static void choose_new(struct dpor_node *n, uint64_t procs)
{
	procs &= not_chosen(n);
	n->chosen |= procs;
	choose(n, procs);
}

/* One of these procs is to be chosen. */
static void choose_one(struct dpor_node *n, uint64_t procs, uint32_t best)
{
	if (procs & (n->chosen | n->slept))
		return;
	choose_new(n, procs >> best & 1 ? bit(best) : procs & -procs);
}

/* ---- races in an execution that was run ---------------------------------------------- */

/* Can the proc of event k be next at the node with this event? */
static bool can_be_next(const struct dpor_node *n, uint32_t k)
{
	const struct dpor_event *e = &dpor.event[k];

	return (n->enabled & bit(e->proc)) || ((n->killable & bit(e->proc)) && (e->mask & 1));
}

/*
 * Procs whose next event at node i is certain: an event after event i that is covered by `direct`,
 * and before which only events from event i on come that don't. *any: there is such an event.
 */
static uint64_t certain_procs(uint32_t i, uint32_t end, const uint16_t *direct, bool *any)
{
	static uint32_t w[DPOR_EVENTS_MAX];
	uint64_t seen = bit(dpor.event[i].proc), certain = 0;
	uint32_t count = 0;

	for (uint32_t k = i + 1; k < end; k++) {
		bool is_first = !(seen & bit(dpor.event[k].proc));

		seen |= bit(dpor.event[k].proc);
		if (!covers(direct, k) || dpor_before(i, k))
			continue;
		for (uint32_t x = 0; is_first && x < count; x++)
			is_first = !dpor_before(w[x], k);
		if (is_first && can_be_next(&dpor.node[i], k))
			certain |= bit(dpor.event[k].proc);
		w[count++] = k;
	}
	*any = count;
	return certain;
}

void dpor_persist_race(uint32_t i, uint32_t j, const uint16_t *direct)
{
	struct dpor_node *n = &dpor.node[i];
	uint64_t certain;
	bool any;

	if (!not_chosen(n))
		return;
	certain = certain_procs(i, j < dpor.events ? j : dpor.events, direct, &any);
	if (!any && can_be_next(n, j))
		certain = bit(dpor.event[j].proc);
	if (certain)
		choose_one(n, certain, dpor.event[j].proc);
	else
		choose_new(n, not_chosen(n));
}

/* ---- races with what follows a state that was explored ------------------------------- */

enum { ACTS = 0 };	/* as a touch: the proc does something. No object has the number 0 */

struct cut {
	const uint64_t *word;
	uint32_t words;
	uint64_t procs;			/* that do something in the future */
	uint32_t first;			/* the first node at which a proc could still be chosen */
	uint64_t has_next;		/* procs whose clocks are in next[] */
	uint16_t next[DPOR_PROCS_MAX][DPOR_PROCS_MAX];
};

/* Does some deed of the future by a proc other than `not_by` wake the sleeper? */
static bool future_wakes(const struct cut *c, uint32_t sleep, uint32_t not_by)
{
	for (uint32_t w = 0; w < c->words; w++)
		for (uint64_t left = c->word[w]; left; left &= left - 1) {
			const struct dpor_deed *d =
				dpor_deed(w * 64 + (uint32_t)__builtin_ctzll(left));

			if (d->proc != not_by && d->touch == dpor_touch(sleep, SIM_WAKE))
				return true;
		}
	return false;
}

/* The deed is the end of a wait. Could event i not have come before it? */
static bool needs_wake(const struct cut *c, const struct dpor_deed *d, uint32_t i)
{
	uint32_t sleep = dpor_touch_object(d->touch), wake = dpor_touch(sleep, SIM_WAKE);
	uint32_t by = dpor.event[i].proc;

	if (d->how != DPOR_DEED_WAITS || !dpor_set_has(dpor.event[i].set, wake))
		return false;
	for (uint32_t k = 0; k < dpor.events; k++)
		if (k != i && dpor_set_has(dpor.event[k].set, wake) &&
		    (k < i || !dpor_before(i, k)))
			return false;
	return !future_wakes(c, sleep, by);
}

/* The deed is in a race with event i, as far as can be known. */
static void race_with_deed(const struct cut *c, const struct dpor_deed *d, uint32_t i,
			   const uint16_t *direct)
{
	struct dpor_node *n = &dpor.node[i];
	uint64_t certain, others = c->procs, late = bit(dpor.event[i].proc), seen = 0;
	bool any;

	certain = certain_procs(i, dpor.events, direct, &any);
	if (certain) {
		choose_one(n, certain, d->proc);
		return;
	}
	for (uint32_t k = i + 1; k < dpor.events; k++) {
		uint64_t proc = bit(dpor.event[k].proc);

		if (!(seen & proc) && dpor_before(i, k))
			late |= proc;
		seen |= proc;
	}
	/* The next event of the deed's proc does it, and is possible at the node. */
	if (!(seen & bit(d->proc)) && (n->enabled & bit(d->proc)) &&
	    is_next(&dpor.node[dpor.events], d))
		choose_one(n, bit(d->proc), d->proc);
	else
		choose_new(n, (others | seen) & ~late);
}

/* The clock of what the proc did last; if it does not exist yet, of its parent. */
static const uint16_t *clock_of(uint32_t proc)
{
	uint32_t last;

	while (!(dpor.there >> proc & 1))
		proc = dpor_parent(proc);
	last = dpor.task[dpor.task_of[proc]].last;
	return last ? dpor.clock[last - 1] : NULL;
}

/* The clock of what the proc does next: also after all on which that depends. */
static void find_next_clock(struct cut *c, uint32_t proc)
{
	const struct dpor_node *n = &dpor.node[dpor.events];
	const uint16_t *clock = clock_of(proc);
	uint32_t touch = n->there >> proc & 1 ? n->pending[proc] : 0;

	memset(c->next[proc], 0, sizeof c->next[proc]);
	if (clock)
		dpor_join(c->next[proc], clock);
	for (uint32_t i = dpor.events; touch && i-- > 0; )
		if (!covers(c->next[proc], i) && dpor_set_may_touch(dpor.event[i].set, touch) &&
		    depends(dpor.event[i].set, touch))
			dpor_join(c->next[proc], dpor.clock[i]);
	c->has_next |= bit(proc);
}

/* What surely comes before the deed, besides what it depends on itself. */
static void find_direct(struct cut *c, const struct dpor_deed *d, uint16_t *direct)
{
	bool next = is_next(&dpor.node[dpor.events], d);
	const uint16_t *clock = clock_of(d->proc);

	if (next && clock)
		dpor_join(direct, clock);
	for (uint64_t left = next ? d->past & ~bit(d->proc) : d->past | bit(d->proc); left;
	     left &= left - 1) {
		uint32_t proc = (uint32_t)__builtin_ctzll(left);

		if (!(c->has_next & bit(proc)))
			find_next_clock(c, proc);
		dpor_join(direct, c->next[proc]);
	}
}

static void races_with_deed(struct cut *c, const struct dpor_deed *d)
{
	uint16_t direct[DPOR_PROCS_MAX] = { 0 };
	enum sim_access how = dpor_touch_how(d->touch);
	uint32_t object = dpor_touch_object(d->touch);

	find_direct(c, d, direct);
	for (uint32_t i = dpor.events; i-- > c->first; ) {
		const struct dpor_event *e = &dpor.event[i];

		if (covers(direct, i) || !dpor_set_may_touch(e->set, d->touch) ||
		    !depends(e->set, d->touch))
			continue;
		/* A lock that is held can't be acquired, and one that is free not be released. */
		if (how == SIM_ACQUIRE && dpor_set_has(e->set, dpor_touch(object, SIM_RELEASE)) &&
		    !dpor_set_has(e->set, dpor_touch(object, SIM_ACQUIRE)))
			continue;
		if (how == SIM_RELEASE &&
		    (dpor_set_has(e->set, dpor_touch(object, SIM_RELEASE)) ||
		     dpor_set_has(e->set, dpor_touch(object, SIM_ACQUIRE))))
			continue;
		if (not_chosen(&dpor.node[i]) && !needs_wake(c, d, i))
			race_with_deed(c, d, i, direct);
		dpor_join(direct, dpor.clock[i]);
	}
}

void dpor_persist_cut(uint32_t future)
{
	static struct cut c;

	c.first = 0;
	c.procs = c.has_next = 0;
	while (c.first < dpor.events && !not_chosen(&dpor.node[c.first]))
		c.first++;
	if (c.first == dpor.events)
		return;
	c.words = dpor_future_words(future, &c.word);
	for (uint32_t w = 0; w < c.words; w++)
		for (uint64_t left = c.word[w]; left; left &= left - 1)
			c.procs |= bit(dpor_deed(w * 64 + (uint32_t)__builtin_ctzll(left))->proc);
	for (uint32_t w = 0; w < c.words; w++)
		for (uint64_t left = c.word[w]; left; left &= left - 1) {
			const struct dpor_deed *d =
				dpor_deed(w * 64 + (uint32_t)__builtin_ctzll(left));

			if (d->touch != ACTS)
				races_with_deed(&c, d);
		}
}

/* ---- deeds ---------------------------------------------------------------------------- */

void dpor_persist_did(uint32_t node, uint32_t i)
{
	const struct dpor_event *e = &dpor.event[i];
	const uint32_t *touch;
	uint32_t count = dpor_set_touches(e->set, &touch);

	dpor_after_deed(node, &(struct dpor_deed){ .touch = ACTS, .proc = e->proc });
	for (uint32_t k = 0; k < count; k++) {
		struct dpor_deed d = { .touch = touch[k], .proc = e->proc };
		uint32_t object = dpor_touch_object(touch[k]);
		bool sleeps = dpor_touch_how(touch[k]) == SIM_WRITE &&
			      dpor_is_thing(object, SIM_SLEEP);

		/* A task that has waited for another one's end can't have gone on before it. */
		if (e->waits_for_exit && dpor_is_thing(object, SIM_EXIT) &&
		    dpor_touch_how(touch[k]) == SIM_READ)
			continue;
		d.how = e->mask & 1 ? DPOR_DEED_KILL : sleeps && e->enablers ? DPOR_DEED_WAITS :
			DPOR_DEED;
		dpor_after_deed(node, &d);
	}
}

/* ---- what comes after a node -------------------------------------------------------------- */

/*
 * An event x that touches an object after event i has written it, or acquired it, is in no race
 * with an event before i that touches it: that one happens before event i, which happens before x.
 */
static void hide(uint32_t node, uint32_t i)
{
	const uint32_t *touch;
	uint32_t count = dpor_set_touches(dpor.event[i].set, &touch);

	for (uint32_t k = 0; k < count; k++)
		if (dpor_touch_how(touch[k]) == SIM_WRITE ||
		    dpor_touch_how(touch[k]) == SIM_ACQUIRE)
			dpor_after_leave_out(node, dpor_touch_object(touch[k]));
}

/* Procs whose next event at the node depends on event i. */
static uint64_t next_depend(const struct dpor_node *n, uint32_t i)
{
	uint32_t set = dpor.event[i].set;
	uint64_t procs = 0;

	for (uint64_t left = n->there; left; left &= left - 1) {
		uint32_t proc = (uint32_t)__builtin_ctzll(left), touch = n->pending[proc];

		if (touch && dpor_set_may_touch(set, touch) && depends(set, touch))
			procs |= bit(proc);
	}
	return procs;
}

/* Does the deed happen after event i? next: next_depend(). False: perhaps it does. */
static bool is_after(const struct dpor_node *n, const struct dpor_deed *d, uint32_t i,
		     uint64_t next)
{
	const struct dpor_event *e = &dpor.event[i];
	uint64_t procs = d->past | bit(d->proc);
	uint32_t release = dpor_touch(dpor_touch_object(d->touch), SIM_RELEASE);

	if (procs & bit(e->proc))
		return true;
	if (d->touch == ACTS)
		return false;
	if (next & (is_next(n, d) ? procs & ~bit(d->proc) : procs))
		return true;
	if (dpor_touch_how(d->touch) == SIM_ACQUIRE && dpor_set_has(e->set, release))
		return false;	/* the acquire could come before the one of that release */
	return dpor_set_may_touch(e->set, d->touch) && depends(e->set, d->touch);
}

void dpor_persist_tried(uint32_t i)
{
	const struct dpor_node *n = &dpor.node[i + 1];
	uint64_t next = next_depend(n, i);
	const uint64_t *word;
	uint32_t words;

	hide(i + 1, i);
	words = dpor_after_words(i + 1, &word);
	for (uint32_t w = 0; w < words; w++)
		for (uint64_t left = word[w]; left; left &= left - 1) {
			struct dpor_deed d = *dpor_deed(w * 64 + (uint32_t)__builtin_ctzll(left));

			if (d.touch != ACTS && is_after(n, &d, i, next))
				d.past |= bit(dpor.event[i].proc);
			dpor_after_deed(i, &d);
		}
	dpor_persist_did(i, i);
}
