/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the search share. No other folder includes it. */
#ifndef STRESS_CAUSE_INTERNAL_H
#define STRESS_CAUSE_INTERNAL_H

#include "platform/sim/sim.h"
#include "stress/cause/cause.h"

enum { PAIRS_MAX = 1 << 13 };

/* How much an order of these two says about the bug. The search drops the dull ones first. */
enum interest {
	OF_PLACES,	/* no object: a switch of tasks */
	OF_SLEEP,
	OF_WAKING,	/* an access by a task that had waited for its object */
	OF_REFERENCES,
	OF_LOCKS,
	OF_DATA,
};

/* Two events of different tasks, in the order in which they happened. */
struct pair {
	uint32_t first, second;		/* in sim_accesses.event */
	uint32_t first_touch, second_touch;	/* in sim_accesses.touch; SIM_NEVER: OF_PLACES */
	enum interest interest;
};

/* ---- pairs.c ------------------------------------------------------------------ */

/*
 * Pairs of the recorded execution, the dull ones first. They order all that its events have in
 * common: `places` pairs without an object alone make an execution the same. Returns how many;
 * *conflicts is how many of them have an object.
 */
uint32_t pairs_find(struct pair *pair, uint32_t max, uint32_t *conflicts);

/* Does the second event of *a, or else the first, come later than that of *b? */
bool pair_is_later(const struct pair *a, const struct pair *b);

/* ---- search.c ------------------------------------------------------------------ */

enum ending { PASSES, FAILS, FAILS_OTHERWISE };

struct search {
	struct plan plan;		/* without directives for which the search has faults */
	const struct verdict *v;
	struct world_options options;
	uint32_t executions, executions_max;
	uint64_t steps, steps_max;	/* of all executions, with what each costs besides */
	bool (*out_of_time)(void);
	bool is_late;			/* out_of_time() has ended the search */
	uint32_t longest;		/* steps of a passing execution */
	uint32_t horizon;		/* later steps of the failing execution do not count */
	uint32_t faults;		/* bit per fault of the reference that is necessary */

	struct pair pair[PAIRS_MAX];
	uint32_t pairs;
	uint32_t kept[PAIRS_MAX];	/* indices of pairs: the orders that are necessary so far */
	uint32_t kept_count;

	/* The passing execution that parts from the reference last. */
	bool has_passing;
	uint32_t parts_at;
	struct sim_order passing_order[PAIRS_MAX];
	struct sim_orders passing;
};

extern struct search search;

bool search_is_over(void);
void search_keep_reference(const struct sim_record *r);
/* The last step of the failing execution at which a task came to a place that is new to it. */
uint32_t search_last_new(void);
/* Run once under these orders. *o becomes the outcome. */
enum ending search_run(const struct sim_orders *o, struct sim_outcome *out);
/* How do random executions end that keep these pairs, and have those faults? */
struct tally {
	uint32_t ran, passed, failed, otherwise;	/* of those that kept the orders */
};
struct tally search_random(const uint32_t *kept, uint32_t count, uint32_t faults, uint32_t runs,
			   bool until_passed);
/* Does the execution pass that follows the reference and turns order i of `kept` round? */
bool search_turned(uint32_t i);
/*
 * Drop pairs as long as all executions under the rest fail. dull_first: first all that can be
 * dropped of the least interest. If not, the first ones of `kept` first.
 */
void search_reduce(uint32_t runs, bool dull_first);
/*
 * Let each order be of an earlier first event and a later second event of the same tasks, as
 * long as the orders suffice.
 */
void search_weaken(uint32_t runs);
/*
 * Put one order in place of two of which the second begins where the first ends, where that
 * suffices. The task in the middle may have nothing to do with the bug.
 */
void search_join(uint32_t runs);
/*
 * Replace orders of places by orders of two accesses to one object, where these suffice. An object
 * says more, and it is the same whichever way the search has taken.
 */
void search_name(uint32_t runs);

/* ---- words.c -------------------------------------------------------------------- */

void words_access(struct cause_access *a, uint32_t event, uint32_t touch);
void words_sentence(struct cause *c);
void words_identity(struct cause *c);

#endif
