/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cause of a finding, found by experiment: which orders of two accesses, and which faults,
 * are necessary for the failure? Executions that keep these orders and are random in all else
 * fail. Without one of the orders some execution passes.
 *
 * Steps are indices into sim_record.trace of the failing execution, and tasks are indices into
 * sim_record.task of it. The record of any execution of the same plan as written has the same
 * steps, because a replay repeats the execution.
 */
#ifndef STRESS_CAUSE_CAUSE_H
#define STRESS_CAUSE_CAUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stress/plan/plan.h"
#include "stress/run/world.h"

enum {
	CAUSE_ORDERS_MAX = 16,
	CAUSE_FAULTS_MAX = 16,
	CAUSE_OBJECT_MAX = 64,
	CAUSE_LOCKS_MAX = 96,
	CAUSE_SENTENCE_MAX = 1000,
	CAUSE_IDENTITY_MAX = SIGNATURE_MAX,
};

#define CAUSE_NEVER UINT32_MAX

enum cause_kind {
	CAUSE_NOT_FOUND,	/* `reason` says why */
	CAUSE_ALWAYS,		/* It fails under every schedule that was tried, without faults. */
	CAUSE_FAULTS,		/* With the necessary faults it fails under every schedule that
				 * was tried; without one of them it passes. */
	CAUSE_ORDERS,		/* It fails only in certain orders; faults may be needed as well. */
};

enum cause_what {
	CAUSE_ACCESS,	/* a task's operation on an object, or its step at a place */
	CAUSE_KILL,	/* a task is killed: an event of its own, with an order like an access */
	CAUSE_VISIBLE,	/* weak memory: a store that was done before becomes visible */
};

/* One side of an order. */
struct cause_access {
	enum cause_what what;
	uint32_t task;		/* who did it; of a kill, the task that was killed */
	uint32_t step;		/* where the task reached the site: trace[step].site == site. Of a
				 * kill, the step at which the task was killed. Of a store that
				 * becomes visible, the step of the store */
	uint32_t happens;	/* The access happens right after the decision of this step, whose
				 * `next` is the task. It is `step` unless another task ran in
				 * between. CAUSE_NEVER: the execution ended before. Of a store
				 * that becomes visible, the step at which it did so. */
	bool waited;		/* the task slept at the site, and goes on */
	struct kt_site *site;	/* NULL: the task's start, or a kill */
	char object[CAUSE_OBJECT_MAX];	/* "C1's create_info+24"; "" if it is not known */
	char locks[CAUSE_LOCKS_MAX];	/* the locks that the task held then: "worker->lock";
					 * "" if it held none, or if that is not known */
};

/* `first` came before `second` in the failing execution, and that order is necessary. */
struct cause_order {
	struct cause_access first, second;
	bool same_object;	/* Both are on one object. If not, only the order of places counts,
				 * as if a plain access at one of them mattered. */
	bool turned_passes;	/* The execution that turns only this order round passes. */
};

enum cause_fault_kind {
	CAUSE_FAULT_KILL,
	CAUSE_FAULT_ALLOC,	/* an allocation fails */
	CAUSE_FAULT_SPURIOUS,	/* a sleep ends early, or time passes for it */
	CAUSE_FAULT_LATE_STORE,	/* a store becomes visible later than it was done */
	CAUSE_FAULT_STALE_LOAD,	/* a load reads an older store than the newest */
};

/* A fault without which the execution passes. Where a kill must fall, the orders say. */
struct cause_fault {
	enum cause_fault_kind kind;
	uint32_t task;		/* that was killed, that allocated, that slept, that stored */
	uint32_t step;		/* as in sim_event.step */
	enum kt_role role;	/* CAUSE_FAULT_ALLOC */
	uint32_t nth;		/* CAUSE_FAULT_ALLOC: its number among those of that role */
	struct kt_site *site;	/* CAUSE_FAULT_SPURIOUS and the two behind it; else NULL */
};

struct cause {
	enum cause_kind kind;
	char reason[160];	/* CAUSE_NOT_FOUND: one clause, as "the budget of 5000 executions
				 * is used up" */

	uint32_t orders_count, faults_count;
	struct cause_order order[CAUSE_ORDERS_MAX];	/* by the time of the second access */
	struct cause_fault fault[CAUSE_FAULTS_MAX];
	bool nearly;		/* CAUSE_ALWAYS, CAUSE_FAULTS: a few executions passed */
	bool sufficient;	/* Every execution that was tried under these orders failed. If
				 * not, at least nine of ten did. */

	uint32_t executions;	/* how many the search ran */
	uint32_t pairs;		/* pairs of conflicting accesses in the failing execution */

	/* The passing execution that parts from the failing one as late as possible. */
	bool has_passing;
	struct plan passing;	/* the plan with directives that repeat it */
	uint32_t parts_at;	/* first step that differs */

	/*
	 * "fails only because C1's `store(pending)` comes after a/0's `load(pending)` and before
	 * its `store(current->state)`". No capital letter at the beginning, no full stop.
	 */
	char sentence[CAUSE_SENTENCE_MAX];
	/*
	 * The identity of the bug, from which its id is made: what failed, the decisive order by
	 * its places, and of a deadlock where the task sleeps that nobody wakes. Of CAUSE_FAULTS,
	 * the signature and the kinds of the faults. It has no name of a task. "" if the signature
	 * of the failure is the identity, because no order or fault decides.
	 */
	char identity[CAUSE_IDENTITY_MAX];
};

struct cause_limits {
	uint32_t executions;	/* the search stops after so many; 0: the usual number */
	bool (*out_of_time)(void);	/* it also stops as soon as this says so; NULL: never */
};

/*
 * Find the cause of the failure *v that the loaded case, *p, gives as written. It runs
 * executions in this process, so a sanitizer's report ends it: call it in a child
 * (hunt/isolate.h), as hunt/why.h does. Afterwards world_record() has the failing execution
 * again. The result depends on the plan alone, unless out_of_time() ends the search.
 */
void cause_find(const struct plan *p, const struct verdict *v, const struct cause_limits *l,
		struct cause *out);

/* The words for a kind: "orders", "faults", "always", "not found". */
const char *cause_kind_name(enum cause_kind kind);

#endif
