/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One execution of the loaded case of the subject (subject.h) in the world this binary is built for: the
 * simulator (world_sim.c) or real threads (world_posix.c). The rest of
 * stress/ does not ask which.
 *
 * A sanitizer report ends the process, so a driver calls world_run() in a
 * child (isolate.h). What a parent needs afterwards is in shared memory.
 */
#ifndef STRESS_WORLD_H
#define STRESS_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stress/run/inject.h"
#include "stress/plan/plan.h"

#define SIGNATURE_MAX 256
#define VERDICT_MESSAGE_MAX 1024
#define WORLD_MOVED_POWERS 12

struct verdict {
	enum kt_failure failure;	/* KT_PASS: clean */
	char message[VERDICT_MESSAGE_MAX];
	/* What tells one bug from another: kind, and the points or frames
	 * involved; no addresses, lines or names from the plan. */
	char signature[SIGNATURE_MAX];
	uint64_t hash;			/* trace hash; 0 on real threads */
	uint32_t steps;			/* sites reached; 0 on real threads */
};

struct world_options {
	enum plan_strategy_kind strategy;
	uint32_t depth;			/* pct */
	uint64_t seed;			/* of the strategy, or of the delays */
	uint32_t steps_estimate;
	struct inject_faults faults;
	bool check_expects;		/* the plan's "== R" */
	bool explores;			/* world_explore() decides, and not `strategy` */
	uint32_t moved;			/* a power of two, see sim.h; the last is
					 * 1 << WORLD_MOVED_POWERS - 1 */
};

/* Every execution of the loaded plan up to equivalence. The simulator only. */
struct world_exploration {
	bool brute;			/* every interleaving */
	bool bounded;			/* those with at most `preemptions`, all of the teardown */
	uint32_t preemptions;
	bool teardown;			/* of what the tasks leave, too, not only in one order */
	uint32_t kills, fails, spurious;	/* at most, per execution, besides the plan's */
};

struct world_explored {		/* see struct sim_explored */
	uint64_t executions, redundant, blocked, dropped, events, class;
	bool too_long, no_memory;
};

/* "sim" or "posix". */
extern const char world_os[];

/* True if the same plan always gives the same execution. */
extern const bool world_is_deterministic;

/*
 * Once, before the first fork. If a run can't return, because real threads
 * can't be unwound, its verdict goes to *last_words.
 */
void world_init(struct verdict *last_words);

/* The same for a process that has forked off and shares no execution with its parent. */
void world_apart(struct verdict *last_words);

/* The subject loads *p, which stays where it is until another case is loaded. */
void world_load(const struct plan *p);

/* Run the loaded plan once. May not return, if a sanitizer objects. */
void world_run(const struct world_options *o, struct verdict *v);

/*
 * Keep the execution that ran last, whose verdict is *v. Then: is the one that ran
 * last now, with the verdict `again`, another? If so, *v says where they part. The
 * simulator only.
 */
void world_keep(const struct verdict *v);
bool world_differs(const struct verdict *again, struct verdict *v);

/*
 * Schedule coverage, where there is the simulator (platform/sim/sim.h): the pairs seen by
 * what runs from now on are added to *coverage, which is world_coverage_bytes long, zero
 * at first, and may be shared with other processes as long as one at a time adds to it.
 * NULL: nothing is added.
 */
extern const size_t world_coverage_bytes;	/* 0: there is none */
void world_cover(void *coverage);
/* How many pairs were new since this was called last. */
uint32_t world_cover_fresh(void);
uint32_t world_pairs(const void *coverage);
/* Of `count` of them, one behind the other: pairs that are in any. */
uint32_t world_pairs_of_all(const void *coverages, unsigned count);
/* Pair `i` as stress/hunt/coverage.h writes it. Returns buf. */
enum { WORLD_PAIR_MAX = 320 };
char *world_pair(const void *coverage, uint32_t i, char *buf, size_t size);

/* The options that the loaded plan itself asks for. */
struct world_options world_options_of(const struct plan *p);

/*
 * Begin; then world_run() with `explores`, as long as world_explored() says that
 * there is another execution. False: no memory, or no simulator.
 */
bool world_explore(const struct world_exploration *o);
bool world_explored(struct world_explored *out);

/*
 * The execution that ran last, in this process or in a child, as a plan of its
 * own: `p`'s program with a directive for each thing that happened otherwise
 * than by default. False if that takes more directives than a plan holds;
 * then *out is p with the strategy and seed in `o`. On real threads always
 * the latter.
 */
bool world_capture(const struct plan *p, const struct world_options *o, struct plan *out);

/*
 * After a child died without a verdict: fill hash and steps from what it left,
 * and the place, if the report in v->message is all there is.
 */
void world_post_mortem(struct verdict *v);

/* Write what every thread waits for to fd; from a signal handler. */
void world_dump_waits(int fd);

/* What a switch of tasks costs by itself, in ns; 0 if there is no such thing. */
struct world_switch {
	double bare;	/* inline, nothing saved, always predicted: nothing can be less */
	double own;	/* the simulator's, back and forth */
};
struct world_switch world_switch(void);

#endif
