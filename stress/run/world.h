/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where an execution runs: the second interface that a hunt uses, beside what it runs
 * (subject.h). A binary has one world, the simulator (world_sim.c) or real threads
 * (world_posix.c). The rest of stress/ does not ask which. It asks what its world can do.
 *
 * A sanitizer's report ends the process, so a driver calls world_run() in a
 * child (isolate.h). What a parent needs afterwards is in shared memory.
 */
#ifndef STRESS_WORLD_H
#define STRESS_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stress/plan/plan.h"
#include "stress/run/inject.h"
#include "stress/run/signature.h"
#include "stress/run/subject.h"

#define VERDICT_MESSAGE_MAX 1024
#define WORLD_MOVED_POWERS 12

struct verdict {
	enum kt_failure failure;	/* KT_PASS: clean */
	char message[VERDICT_MESSAGE_MAX];
	char signature[SIGNATURE_MAX];
	uint64_t hash;			/* trace hash; 0 on real threads */
	uint32_t steps;			/* sites reached; 0 on real threads */
};

struct world_options {
	enum plan_strategy_kind strategy;
	uint32_t depth;			/* of pct and delay */
	uint64_t seed;			/* of the strategy, or of the delays */
	uint32_t steps_estimate;
	uint32_t steps_max;		/* an execution of more is a livelock; 0: the subject's */
	struct inject_faults faults;
	bool check_expects;		/* the plan's "== R" */
	enum subject_knowledge knows;
	uint32_t variant;		/* of the subject's execution, below subject->variants() */
	bool explores;			/* world_explore() decides, and not `strategy` */
	bool orders;			/* sim_strategy_orders() decides, and not `strategy` */
	uint32_t moved;			/* how far memory is moved: 0, or a power of two below 1
					 * << WORLD_MOVED_POWERS */
};

/*
 * Which executions of the loaded plan an exploration runs. With WORLD_EXPLORES it runs all of
 * them up to equivalence. See world_explore().
 */
struct world_exploration {
	bool brute;			/* every interleaving */
	/* What was explored from a state is not explored again; only if world_knows_states(). */
	bool states;
	uint64_t memory_limit;		/* with states: bytes for what is known of them; 0: any */
	/* WORLD_BOUNDS: those with at most `preemptions`, and with teardown in every order. */
	bool bounded;
	uint32_t preemptions;
	bool teardown;			/* explore teardown, too. If not, it has one order only */
	uint32_t kills, fails, spurious;	/* at most this many faults in an execution,
						 * besides the plan's */
};

struct world_explored {		/* see struct sim_explored */
	uint64_t executions, redundant, blocked, dropped, events;
	uint64_t states, cut, bytes;
	bool too_long, no_memory, limited;
};

/* "sim" or "posix", for people and for the front door. Code asks world_can() instead. */
extern const char world_os[];

/* Abilities that some worlds have and others lack. */
enum world_ability {
	/* The same plan always gives the same execution. It has a trace hash, and a capture
	 * of it is a plan that repeats it. */
	WORLD_REPEATS,
	WORLD_RUNS_TWICE,	/* world_keep() and world_differs() */
	WORLD_NUMBERS_FAULTS,	/* each fault of struct inject_faults can be asked for */
	WORLD_ENDS_MISUSE,	/* a case that breaks a caller's rule ends in a verdict */
	WORLD_HAS_WEAK_MEMORY,	/* the plan's memory model has an effect */
	WORLD_COVERS,		/* schedule coverage: world_cover() */
	WORLD_EXPLORES,		/* world_explore(), up to equivalence */
	WORLD_BOUNDS,		/* world_explore(), with `bounded` */
	WORLD_ABILITIES		/* count */
};

/* NULL if this world can do that. If not, the reason, in a form for "--twice REASON". */
const char *world_lacks(enum world_ability a);

static inline bool world_can(enum world_ability a)
{
	return world_lacks(a) == NULL;
}

/*
 * How many processes keep the processors in use, if each runs one execution after another? One in
 * a world where a process always computes. Where threads of an execution wait for each other or
 * for a timer, more: as many as the processors need and the memory has room for.
 */
unsigned world_jobs(void);

/*
 * Call it once, before the first fork. If a run can't return, because real threads can't be
 * unwound, its verdict goes to *last_words.
 */
void world_init(struct verdict *last_words);

/* Like world_init(), in a forked process that runs executions of its own. */
void world_apart(struct verdict *last_words);

/* Have the subject load *p, which stays where it is until another case is loaded. */
void world_load(const struct plan *p);

/* Run the loaded plan once. It does not return if a sanitizer ends the process. */
void world_run(const struct world_options *o, struct verdict *v);

/*
 * The step by step record (platform/sim/sim_trace.h) of the execution that ran last, in this
 * process or in a child. NULL if this world keeps none.
 */
struct sim_record;
const struct sim_record *world_record(void);
/*
 * From the next execution on, record also which task spawned or woke which task, and the
 * details of each step (platform/sim/sim_detail.h). Call it before a fork.
 */
void world_note_details(bool on);
/* The details of the execution that world_record() is of. NULL: there are none. */
struct sim_details;
const struct sim_details *world_details(void);
/*
 * In the last execution, a livelock that world_record() is of: a place that the task visits in
 * each of its rounds, the same one wherever the execution was stopped. NULL: the task does not go
 * round.
 */
const struct kt_site *world_round_of(uint32_t task);

/*
 * WORLD_RUNS_TWICE: world_keep() keeps the last execution, whose verdict is *v. After
 * another one, whose verdict is *again, world_differs() compares the two. If they differ, it
 * puts the first difference into *v.
 */
void world_keep(const struct verdict *v);
bool world_differs(const struct verdict *again, struct verdict *v);

/*
 * WORLD_COVERS: from now on executions add the pairs that they show to *coverage, which is
 * world_coverage_bytes long and zero at first. Other processes may share it if only one at
 * a time adds to it. NULL: they add nothing.
 */
extern const size_t world_coverage_bytes;	/* 0: there is none */
void world_cover(void *coverage);
/* How many pairs were new since the last call. */
uint32_t world_cover_fresh(void);
uint32_t world_pairs(const void *coverage);
/* How many different pairs `count` coverages, an array, hold together. */
uint32_t world_pairs_of_all(const void *coverages, unsigned count);
/* Write pair `i` to buf, in the form that stress/hunt/coverage.h describes. Returns buf. */
enum { WORLD_PAIR_MAX = 320 };
char *world_pair(const void *coverage, uint32_t i, char *buf, size_t size);

/* The options that the loaded plan itself asks for. */
struct world_options world_options_of(const struct plan *p);

/*
 * Begin to explore. Then call world_run() with `explores` as long as world_explored() says
 * that there is another execution. False: no memory, or this world can't.
 */
bool world_explore(const struct world_exploration *o);
/* Can world_explore() tell states apart? */
bool world_knows_states(void);
bool world_explored(struct world_explored *out);

/*
 * The execution that ran last, in this process or in a child, as a plan of its
 * own: `p`'s program with a directive for each thing that did not happen as it
 * does by default. False if that takes more directives than a plan holds, or if
 * this world does not repeat. *out is then p with the strategy and seed in `o`.
 */
bool world_capture(const struct plan *p, const struct world_options *o, struct plan *out);

/*
 * The step of the execution that ran last, in this process, at which a fault killed the task of
 * that name; 0 if none did.
 */
uint32_t world_killed_at(const char *name);

/* After a child died without a verdict: fill hash and steps from what it left. */
void world_post_mortem(struct verdict *v);

/* Write to fd at which site each thread waits. A signal handler may call it. */
void world_dump_waits(int fd);

/* The cost of a switch of tasks alone, in ns; 0 if this world has no switch of its own. */
struct world_switch {
	double bare;	/* an inline switch that saves nothing and is always predicted: a lower
			 * bound */
	double own;	/* the simulator's own switch, there and back */
};
struct world_switch world_switch(void);

#endif
