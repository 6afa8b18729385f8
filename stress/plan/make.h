/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes plans: at random, from other plans, or by taking pieces away. Every plan but
 * plan_generate_illegal()'s is legal, and the same seed gives the same plan everywhere.
 * Include stress/plan/plan.h.
 */
#ifndef STRESS_PLAN_MAKE_H
#define STRESS_PLAN_MAKE_H

struct plan_generate_options {
	unsigned tasks_max;	/* 1..PLAN_TASKS_MAX; 0 = 3 */
	unsigned ops_max;	/* per task; 0 = 8 */
	bool faults;		/* also kill, fail and oom directives */
};
void plan_generate(struct plan *p, uint64_t seed, const struct plan_generate_options *o);

/*
 * A plan that breaks one rule of plan_check() on purpose, and expects the failure
 * that this violation causes. Returns a bit per enum kt_failure with which some schedule
 * may end the plan. A schedule that does not reach the violation passes.
 */
unsigned plan_generate_illegal(struct plan *p, uint64_t seed);

/*
 * Change p into another legal plan, chosen by seed: insert, delete, replace or
 * reorder operations, tasks and directives, change the strategy or a number.
 * The text is at most size_max bytes long. Always succeeds, because it generates a
 * plan if no change is legal.
 */
void plan_mutate(struct plan *p, uint64_t seed, size_t size_max);

/*
 * Make *out from tasks, operations and directives of both. It is legal. Neither this nor
 * plan_mutate() keeps a signature or an origin, because the new plan may show another bug or
 * none. From a plan of a program both generate a new plan.
 */
void plan_crossover(struct plan *out, const struct plan *a, const struct plan *b, uint64_t seed);

/*
 * Remove `count` pieces from `first` on, for shrinking. Pieces are numbered from 0 in the
 * order directives, operations, tasks, extras (such as the boot line or a thread's CPU: see
 * pieces.c). An operation takes along what depends on it; a thread or task takes along the
 * directives that name it. Signature, origin and program stay. False if there is no such
 * piece or the result would break plan_check(); then *out is undefined.
 */
unsigned plan_pieces(const struct plan *p);
bool plan_without(struct plan *out, const struct plan *p, unsigned first, unsigned count);

/*
 * Make *out the n-th simpler plan beside those, n < plan_simplers(p): two tasks are one, two
 * operations or directives go at once, a body or operation is a simpler one, a number is smaller,
 * the strategy is simpler. Many numbers give nothing: false, and *out is undefined. It is false,
 * too, if the result would break plan_check(). A sequence of such changes ends.
 */
unsigned plan_simplers(const struct plan *p);
bool plan_simpler(struct plan *out, const struct plan *p, unsigned n);

/* Keep kills, failures and strategy; drop switches, visible stores, stale loads and the trace. */
void plan_drop_schedule(struct plan *p);

#endif
