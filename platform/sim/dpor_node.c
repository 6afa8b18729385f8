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

/*
 * If the exploration knows states: a proc stays asleep, or wakes, with all that it could have done.
 * One that was not tried to the end is awake.
 */
static uint64_t procs_awake(const struct dpor_node *p, uint32_t set)
{
	uint64_t awake = 1ull << p->label.proc;

	for (uint32_t b = p->branches; b; b = dpor.branch[b].next)
		awake |= 1ull << dpor.branch[b].label.proc;
	for (uint32_t i = 0; i < p->asleep_count; i++)
		if (dpor_dependent(dpor.sleepers[p->asleep + i].set, set))
			awake |= 1ull << dpor.sleepers[p->asleep + i].label.proc;
	return awake;
}

static void procs_stay_asleep(struct dpor_node *n)
{
	const struct dpor_node *p = n - 1;
	uint64_t awake = procs_awake(p, dpor.event[dpor.events - 1].set);

	for (uint32_t i = 0; i < p->asleep_count; i++) {
		struct dpor_asleep s = dpor.sleepers[p->asleep + i];

		if (awake >> s.label.proc & 1)
			continue;
		dpor_put_asleep(n, s.label, s.set);
		n->slept |= 1ull << s.label.proc;
	}
}

/* Of the procs that are asleep, only these. */
static void keep_asleep(struct dpor_node *n, uint64_t procs)
{
	uint32_t count = n->asleep_count;

	n->slept = procs;
	n->asleep_count = 0;
	dpor.sleepers_used = n->asleep;
	for (uint32_t i = 0; i < count; i++) {
		struct dpor_asleep s = dpor.sleepers[n->asleep + i];

		if (procs >> s.label.proc & 1)
			dpor_put_asleep(n, s.label, s.set);
	}
}

/* The node before the next event, which is new. */
static void node_begin(struct dpor_node *n)
{
	n->asleep = dpor.sleepers_used;
	n->asleep_count = 0;
	n->slept = 0;
	n->branches = dpor.subtree;
	dpor.subtree = 0;
	if (dpor.events == 0)
		memset(n->used, 0, sizeof n->used);
	else if (dpor.o.states && !dpor.o.brute)
		procs_stay_asleep(n);
	else if (!dpor.o.brute)
		stay_asleep(n);
}

/* Was the state here explored before? Then *future is what follows. */
static bool is_explored(struct dpor_node *n, uint64_t enabled, uint32_t *future)
{
	enum dpor_seen seen;
	uint64_t slept;

	if (!dpor.o.states)
		return false;
	dpor_after_clear(dpor.events);
	dpor_persist_node(n, enabled);
	n->has_state = false;
	if (dpor.events == 0)
		return false;	/* no task exists yet */
	n->state = dpor_state(n);
	slept = n->slept;
	seen = dpor_state_look(&n->state, &slept, future);
	n->has_state = seen == DPOR_NEW;
	if (slept != n->slept)
		keep_asleep(n, slept);
	return seen == DPOR_SEEN;
}

bool dpor_node_new(uint64_t enabled, uint32_t current, uint32_t *future)
{
	struct dpor_node *n = &dpor.node[dpor.events];

	node_begin(n);
	if (is_explored(n, enabled, future))
		return false;
	if (!take_branch(n, enabled)) {
		if (!take_any(n, enabled, current))
			return false;
		n->chosen = 1ull << n->label.proc;
		if (dpor.o.brute) {
			plan_all(n, enabled);
			n->chosen = UINT64_MAX;
		}
	}
	dpor.guided = dpor.events + 1;
	return true;
}

void dpor_node_plan_kills(void)
{
	struct dpor_node *n = &dpor.node[dpor.events];

	node_begin(n);
	n->has_state = false;
	if (dpor.o.states) {
		dpor_after_clear(dpor.events);
		dpor_persist_node(n, 0);
		n->chosen = n->killable & ~n->slept;
	}
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

/* All that follows event d, which node d tried, was explored. */
static void was_tried(uint32_t d)
{
	/* What comes after the only thing that was possible at all is in no race with what came
	 * before. */
	if (dpor.event[d].is_only_resort)
		return;
	dpor_persist_tried(d);
}

bool dpor_node_backtrack(bool tried)
{
	drop_subtree();
	for (uint32_t d = dpor.events + !tried; d-- > 0; tried = true) {
		struct dpor_node *n = &dpor.node[d];

		dpor.sleepers_used = n->asleep + n->asleep_count;
		if (tried)
			dpor_put_asleep(n, n->label, dpor.event[d].set);
		if (tried && dpor.o.states)
			was_tried(d);
		while (n->branches) {
			set_label(n, n->branches);
			if (!dpor_is_asleep(n, n->label)) {
				dpor.known = d;
				dpor.guided = d + 1;
				return true;
			}
			drop_subtree();
		}
		if (dpor.o.states && n->has_state)
			dpor_state_explored(&n->state, d);
	}
	return false;
}
