/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is to be tried. Each node has a tree of sequences that are to be tried (a wakeup
 * tree), and a set of events that are asleep there, because they were tried already. After
 * "Source Sets: A Foundation for Optimal Dynamic Partial Order Reduction", Abdulla, Aronis,
 * Jonsson, Sagonas, JACM 2017.
 */
#include <string.h>

#include "platform/sim/dpor.h"

struct step {
	struct dpor_label label;
	uint32_t set;
};

static bool same(struct dpor_label a, struct dpor_label b)
{
	return a.proc == b.proc && a.mask == b.mask;
}

/* ---- asleep ------------------------------------------------------------- */

bool dpor_is_asleep(const struct dpor_node *n, struct dpor_label label)
{
	for (uint32_t i = 0; i < n->asleep_count; i++)
		if (same(dpor.sleepers[n->asleep + i].label, label))
			return true;
	return false;
}

bool dpor_is_planned(const struct dpor_node *n, struct dpor_label label)
{
	for (uint32_t b = n->branches; b; b = dpor.branch[b].next)
		if (same(dpor.branch[b].label, label))
			return true;
	return false;
}

/* n must be the last node. */
void dpor_put_asleep(struct dpor_node *n, struct dpor_label label, uint32_t set)
{
	if (!dpor_room(&dpor.sleepers, &dpor.sleepers_size, dpor.sleepers_used + 1,
		       sizeof *dpor.sleepers))
		return;
	dpor.sleepers[dpor.sleepers_used++] = (struct dpor_asleep){ label, set };
	n->asleep_count++;
}

/* ---- branches ----------------------------------------------------------- */

uint32_t dpor_branch_new(struct dpor_label label, uint32_t set)
{
	uint32_t b = dpor.branches_free;

	if (b) {
		dpor.branches_free = dpor.branch[b].next;
	} else {
		if (!dpor.branches_used)
			dpor.branches_used = 1;		/* 0 stands for no branch */
		if (!dpor_room(&dpor.branch, &dpor.branches_size, dpor.branches_used + 1,
			       sizeof *dpor.branch))
			return 0;
		b = dpor.branches_used++;
	}
	dpor.branch[b] = (struct dpor_branch){ .label = label, .set = set };
	return b;
}

void dpor_branch_append(uint32_t *list, uint32_t branch)
{
	uint32_t b = *list;

	if (!b) {
		*list = branch;
		return;
	}
	while (dpor.branch[b].next)
		b = dpor.branch[b].next;
	dpor.branch[b].next = branch;
}

void dpor_branch_free(uint32_t branch)
{
	uint32_t child = dpor.branch[branch].child;

	while (child) {
		uint32_t next = dpor.branch[child].next;

		dpor_branch_free(child);
		child = next;
	}
	dpor.branch[branch].next = dpor.branches_free;
	dpor.branches_free = branch;
}

/* ---- races -------------------------------------------------------------- */

/*
 * Returns the label's place in w, if it is in w and could be moved to the front. Returns
 * `count` if it is not in w, but could be put in front. Returns MINDS if neither is possible,
 * because an event of w depends on it.
 */
enum { MINDS = UINT32_MAX };

static uint32_t initial(const struct step *w, uint32_t count, struct dpor_label label,
			uint32_t set)
{
	for (uint32_t i = 0; i < count; i++) {
		if (w[i].label.proc == label.proc)
			return w[i].label.mask == label.mask ? i : MINDS;
		if (dpor_dependent(w[i].set, set))
			return MINDS;
	}
	return count;
}

/* Has an event that is asleep at this node already led to what w leads to? */
static bool is_redundant(const struct dpor_node *n, const struct step *w, uint32_t count)
{
	for (uint32_t i = 0; i < n->asleep_count; i++) {
		const struct dpor_asleep *s = &dpor.sleepers[n->asleep + i];

		if (initial(w, count, s->label, s->set) != MINDS)
			return true;
	}
	return false;
}

static void append_sequence(uint32_t node, uint32_t parent, const struct step *w, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t b = dpor_branch_new(w[i].label, w[i].set);

		if (!b)
			return;
		/* The vector may have moved, so the list is looked up again. */
		dpor_branch_append(parent ? &dpor.branch[parent].child :
				   &dpor.node[node].branches, b);
		parent = b;
	}
}

static void insert(uint32_t node, struct step *w, uint32_t count)
{
	uint32_t parent = 0, b = dpor.node[node].branches;

	while (b) {
		uint32_t at = initial(w, count, dpor.branch[b].label, dpor.branch[b].set);

		if (at == MINDS) {
			b = dpor.branch[b].next;
			continue;
		}
		if (at < count)
			memmove(&w[at], &w[at + 1], (--count - at) * sizeof *w);
		if (!count || !dpor.branch[b].child)
			return;		/* the branch that is there already leads to it */
		parent = b;
		b = dpor.branch[b].child;
	}
	append_sequence(node, parent, w, count);
}

/*
 * Store in w the sequence that reverses the race. It has all events that are later than
 * `first` and do not depend on it, directly or by way of others, and then `second`.
 */
static uint32_t reversed(const struct dpor_race *r, struct step *w)
{
	const struct dpor_event *e = &dpor.event[r->second];
	uint32_t count = 0;

	for (uint32_t k = r->first + 1; k < dpor.events; k++)
		if (!dpor_before(r->first, k))
			w[count++] = (struct step){
				{ dpor.event[k].proc, dpor.event[k].mask }, dpor.event[k].set,
			};
	w[count++] = (struct step){ { e->proc, e->mask }, e->set };
	return count;
}

void dpor_reverse_races(void)
{
	static struct step w[DPOR_EVENTS_MAX + 1];

	for (uint32_t i = 0; i < dpor.races && !dpor.no_memory; i++) {
		const struct dpor_race *r = &dpor.race[i];
		uint32_t count = reversed(r, w);

		if (!is_redundant(&dpor.node[r->first], w, count))
			insert(r->first, w, count);
	}
	dpor.races = 0;
}
