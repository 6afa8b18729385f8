/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the rules of plan_check(). They go through the operations in program order. */
#ifndef STRESS_PLAN_CHECK_H
#define STRESS_PLAN_CHECK_H

#include "stress/plan/internal.h"

/* The state of one handle before an operation, by program order. */
struct handle {
	bool made, stopped, awaited;
	bool strays;		/* another task uses it */
	bool stray_wakes;	/* another task may wake it at any time */
	bool woken;		/* the thread may run, or may have run */
	bool woken_unheld;	/* it may have exited by itself while no reference was held */
	bool parked, bound, destroyed, signaled;
	bool queues_itself;	/* one of its own works uses it */
	bool parks_itself;	/* some operation of its own does */
	bool gate;		/* work 3 is queued and not opened */
	bool delayed[PLAN_WORKS], canceled[PLAN_WORKS];	/* by any operation of the plan */
	bool queued[PLAN_WORKS];
	int refs;
};

/* Fill *err without a place. Returns -EINVAL. */
__attribute__((format(printf, 2, 3)))
int check_fail(struct plan_error *err, const char *fmt, ...);

/* The handle's name. */
const char *check_var(const struct plan *p, const struct plan_op *op);

/* The task that does operation i. */
unsigned check_task_of(const struct plan *p, unsigned i);

/* Does operation i use a handle of another task? */
bool check_is_stray(const struct plan *p, unsigned i);

/* ---- check_inner.c ------------------------------------------------------- */

/* Does an inner task do operation i? */
bool check_is_inner(const struct plan *p, unsigned i);

/* Can the threads and workers of all inner tasks have one? */
int check_hosts(const struct plan *p, struct plan_error *err);

/* May operation i stand in its inner task? check_handle() has the rules about its handle. */
int check_inner(const struct plan *p, unsigned i, struct plan_error *err);

/*
 * May operation i of a task stand beside the inner tasks? Nobody else parks a thread that parks
 * itself. A destroy waits for the inner tasks that use the worker, so they must have ended.
 */
int check_beside_inners(const struct plan *p, unsigned i, const struct handle *handles,
			struct plan_error *err);

/* ---- check_handle.c ------------------------------------------------------ */

/*
 * Check operation i against *h, the state of its handle before it. If it is legal, *h becomes
 * the state after it. Returns 0, or -EINVAL with *err.
 */
int check_handle(const struct plan *p, unsigned i, struct handle *h, struct plan_error *err);

/* ---- check_waits.c ------------------------------------------------------- */

/*
 * destroy and unregister wait for the other tasks that use the handle. Such a task may itself
 * wait for another handle of this task. So this task makes no handle that other tasks use after
 * a destroy or unregister.
 */
int check_destroy_first(const struct plan *p, unsigned op, const struct handle *handles,
			struct plan_error *err);

/*
 * A task whose worker waits at the gate must not wait for another task. The reason: a freeze
 * by another task may wait for the worker, and further tasks may wait for that freeze.
 */
int check_gates(const struct plan *p, unsigned i, const struct handle *handles,
		struct plan_error *err);

/*
 * *depth is how many freezes by its task are in force before operation i. It becomes how many
 * are in force after it.
 */
int check_freeze(const struct plan *p, unsigned i, unsigned *depth, struct plan_error *err);

#endif
