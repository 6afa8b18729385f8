/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nodes: there is a node before each event. It says which event comes next, and what is
 * left to be tried there instead. A new node takes a branch that was planned for it, or any
 * task that can go on. After an execution the exploration goes back to the deepest node
 * that has a branch left.
 */
#include <string.h>

#include "platform/sim/dpor.h"

/* ---- which event comes next --------------------------------------------------- */

static void set_label(struct dpor_node *n, uint32_t branch)
{
	n->label = dpor.branch[branch].label;
	dpor.subtree = dpor.branch[branch].child;
	dpor.branch[branch].child = 0;
	n->branches = dpor.branch[branch].next;
	dpor_branch_free(branch);
}

/* The first branch that is possible and not asleep. Those before it are dropped. */
static bool take_branch(struct dpor_node *n, uint64_t enabled)
{
	while (n->branches) {
		uint32_t b = n->branches;

		if ((dpor.o.brute || !dpor_is_asleep(n, dpor.branch[b].label)) &&
		    dpor_is_possible(dpor.branch[b].label, enabled)) {
			set_label(n, b);
			return true;
		}
		dpor.result.dropped++;
		n->branches = dpor.branch[b].next;
		dpor_branch_free(b);
	}
	return false;
}

/*
 * No branch says which task goes on: choose the current one, if it can go on. A task that
 * can go on only after time has passed is chosen last.
 */
static bool take_any(struct dpor_node *n, uint64_t enabled, uint32_t current)
{
	uint64_t now = enabled & ~sim.timed;
	struct dpor_label label = { dpor_proc[current], 0 };

	if ((now >> current & 1) && (dpor.o.brute || !dpor_is_asleep(n, label))) {
		n->label = label;
		return true;
	}
	for (int round = 0; round < 2; round++, now = enabled & sim.timed)
		for (; now; now &= now - 1) {
			label.proc = dpor_proc[__builtin_ctzll(now)];
			if (!dpor.o.brute && dpor_is_asleep(n, label))
				continue;
			n->label = label;
			return true;
		}
	return false;
}

/* Without reduction: all other tasks that can go on are to be tried, too. */
static void plan_all(struct dpor_node *n, uint64_t enabled)
{
	for (uint32_t proc = 0; proc < dpor.procs; proc++) {
		struct dpor_label label = { proc, 0 };
		uint32_t id = dpor.task_of[proc];

		if (!(dpor.there >> proc & 1) || proc == n->label.proc)
			continue;
		if (!(enabled >> id & 1)) {
			if (!dpor_sleeps(&dpor.task[id]) || !dpor_may_be_killed(id, n))
				continue;
			label.mask = 1;
		}
		dpor_branch_append(&n->branches, dpor_branch_new(label, dpor_set(NULL, 0)));
	}
}

/* ---- new nodes ------------------------------------------------------------------ */

/* What was asleep before the last event stays asleep, unless the last event depends on it. */
static void stay_asleep(struct dpor_node *n)
{
	const struct dpor_node *p = n - 1;
	uint32_t set = dpor.event[dpor.events - 1].set;

	for (uint32_t i = 0; i < p->asleep_count; i++) {
		struct dpor_asleep s = dpor.sleepers[p->asleep + i];

		if (s.label.proc != p->label.proc && !dpor_dependent(s.set, set))
			dpor_put_asleep(n, s.label, s.set);
	}
}

/* The node before the next event, which is new. */
static void node_begin(struct dpor_node *n)
{
	n->asleep = dpor.sleepers_used;
	n->asleep_count = 0;
	n->branches = dpor.subtree;
	dpor.subtree = 0;
	if (dpor.events == 0)
		memset(n->used, 0, sizeof n->used);
	else if (!dpor.o.brute)
		stay_asleep(n);
}

bool dpor_node_new(uint64_t enabled, uint32_t current)
{
	struct dpor_node *n = &dpor.node[dpor.events];

	node_begin(n);
	if (!take_branch(n, enabled)) {
		if (!take_any(n, enabled, current))
			return false;
		if (dpor.o.brute)
			plan_all(n, enabled);
	}
	dpor.guided = dpor.events + 1;
	return true;
}

void dpor_node_plan_kills(void)
{
	struct dpor_node *n = &dpor.node[dpor.events];

	node_begin(n);
	for (uint32_t id = 0; id < sim.record->tasks; id++) {
		struct dpor_label label = { dpor_proc[id], 1 };

		if (dpor_sleeps(&dpor.task[id]) && dpor_may_be_killed(id, n) &&
		    !dpor_is_asleep(n, label))
			dpor_branch_append(&n->branches,
					   dpor_branch_new(label, dpor_set(NULL, 0)));
	}
}

/* ---- back to one that has something left ------------------------------------------ */

static void drop_subtree(void)
{
	while (dpor.subtree) {
		uint32_t next = dpor.branch[dpor.subtree].next;

		dpor_branch_free(dpor.subtree);
		dpor.subtree = next;
	}
}

bool dpor_node_backtrack(bool tried)
{
	drop_subtree();
	for (uint32_t d = dpor.events + !tried; d-- > 0; tried = true) {
		struct dpor_node *n = &dpor.node[d];

		dpor.sleepers_used = n->asleep + n->asleep_count;
		if (tried)
			dpor_put_asleep(n, n->label, dpor.event[d].set);
		while (n->branches) {
			set_label(n, n->branches);
			if (!dpor_is_asleep(n, n->label)) {
				dpor.known = d;
				dpor.guided = d + 1;
				return true;
			}
			drop_subtree();
		}
	}
	return false;
}
