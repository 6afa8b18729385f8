/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulator as a driver sees it: run one execution under a strategy, get
 * the verdict, the trace and its hash.
 *
 * An execution runs every thread (here: task) as a fiber on the calling OS
 * thread. A task runs until it reaches a site (platform/point.h); there the
 * strategy says who goes on. Nothing in an execution depends on a clock, an
 * address or anything else but the program and the strategy's answers, so the
 * same answers give the same trace hash in every build.
 *
 * One OS thread per process uses the simulator. The record is in memory that
 * is shared with the parent process: a driver that runs executions in a child
 * can still read what happened if a sanitizer ends the child.
 */
#ifndef PLATFORM_SIM_SIM_H
#define PLATFORM_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/check.h"
#include "platform/os.h"
#include "platform/point.h"

#define SIM_TASKS_MAX  64	/* per execution, the body (task 0) included */
#define SIM_STEPS_MAX  32768	/* most that sim_options.steps_max may be */
#define SIM_MOVED_MAX  4096
#define SIM_EVENTS_MAX 4096
#define SIM_MESSAGE_MAX 1024
#define SIM_CIRCLE_MAX 16	/* more places than that are no circle */
#define SIM_NEAR_NS     1000000000ull	/* later deadlines pass only if nobody can run */
#define SIM_STORES_FIRST 52	/* with weak memory: tasks are below, stores from here on */

/*
 * What others may see of a task's stores (weak.c). Each is visible at once, or
 * waits in the task's store buffer: then that it becomes visible is a choice,
 * like that of the next task.
 */
enum sim_model {
	SIM_SC,
	SIM_TSO,	/* in the order in which they were done */
	SIM_PSO,	/* each location's in that order */
};

enum sim_why {		/* why a strategy is asked */
	SIM_MARK,	/* at a named point: asked only if there is visit();
			 * next() then answers d->task unless told otherwise */
	SIM_POINT,	/* at another site; could go on */
	SIM_YIELDED,	/* it spins: somebody else should run first */
	SIM_BLOCKED,	/* it can't go on */
	SIM_EXITED,	/* it has finished */
};

struct sim_decision {
	uint64_t runnable;	/* bit i: task i can run; without a yielding
				 * current; never 0 in next(). From bit
				 * SIM_STORES_FIRST on, with weak memory: a store can
				 * become visible; next() is then asked again */
	uint64_t timed;		/* of those, who sleeps until a deadline less than
				 * SIM_NEAR_NS away: to choose one is to let that
				 * much time pass */
	uint32_t task;		/* who is at the site */
	uint32_t step;		/* number of sites reached before */
	enum sim_why why;
	struct kt_site *site;
	const void *object;	/* of the operation that comes next; NULL: none */
};

enum sim_choice {
	SIM_CHOOSE_SPURIOUS,	/* below 2; 1: this park returns at once */
	SIM_CHOOSE_ALLOC_FAIL,	/* below 2; 1: this allocation fails */
	SIM_CHOOSE_OTHER,
};

/*
 * Where the answers come from. Strategies are small files, strategy_*.c; a
 * strategy that wraps another embeds one of these and passes calls on.
 */
struct sim_strategy {
	const char *name;
	/* A new execution; steps_estimate is how many steps to expect. */
	void (*begin)(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate);
	/*
	 * One of d->runnable, or, if it yields and the strategy knows better,
	 * d->task. Called at every step that leaves a choice. Named
	 * points leave none: what they mark has sites around it.
	 */
	uint32_t (*next)(struct sim_strategy *s, const struct sim_decision *d);
	/* 0 <= result < below. NULL: always 0. */
	uint32_t (*choose)(struct sim_strategy *s, enum sim_choice kind, uint32_t below);
	/*
	 * Called at every step before anything else, runnable 0 and 1 included;
	 * may sim_kill(). NULL: not called.
	 */
	void (*visit)(struct sim_strategy *s, const struct sim_decision *d);
	/*
	 * First step that visit() wants to see; it may raise it. If begin() leaves more
	 * than 0, next() is asked as if there were no visit().
	 */
	uint32_t visits_from;
};

/* Run the current task until it blocks; then the next one by number. */
struct sim_strategy *sim_strategy_block(void);
/* Uniform among the runnable at every step. */
struct sim_strategy *sim_strategy_random(void);
/* Probabilistic concurrency testing with bug depth `depth` (>= 1). */
struct sim_strategy *sim_strategy_pct(uint32_t depth);

/* Run to block, with at most so many random delays. */
struct sim_strategy *sim_strategy_delay(uint32_t delays);
/* Partial order sampling. */
struct sim_strategy *sim_strategy_pos(void);
/* Selectively uniform random walk, by the events of an earlier execution. */
struct sim_strategy *sim_strategy_surw(void);
struct sim_record;
void sim_surw_profile(const struct sim_record *r);

/*
 * Every execution up to equivalence, each once: dynamic partial-order reduction.
 *
 *	if (!sim_explore(&o))
 *		no memory;
 *	do
 *		sim_run(sim_strategy_dpor(), ...);
 *	while (sim_explored(&e));
 *
 * The program must be free of data races: of plain accesses nothing is known.
 */
struct sim_exploration {
	bool brute;		/* no reduction: every interleaving */
	bool settles;		/* see sim_settle() */
	/* At most so many per execution, besides what the program itself does. */
	uint32_t kills, fails, spurious;
	/* May a task of that name be killed? */
	bool (*may_be_killed)(uint32_t name_hash);
};

struct sim_explored {
	uint64_t executions;	/* that ended, by themselves or by a failure */
	uint64_t redundant;	/* of those, equivalent to an earlier one */
	uint64_t blocked;	/* cut short: each task that could go on was asleep */
	uint64_t dropped;	/* cut short: what was to come next was not possible */
	uint64_t events;	/* over all executions */
	uint64_t class;		/* hash of the last one's events and their order; 0: cut */
	bool too_long;		/* some execution had more events than there is room for */
	bool no_memory;		/* the exploration can't go on */
};

bool sim_explore(const struct sim_exploration *o);
struct sim_strategy *sim_strategy_dpor(void);
/* After an execution: what there was so far. False if there is no other. */
bool sim_explored(struct sim_explored *out);

/*
 * Every execution with few deviations from the usual course (strategy_bound.c says
 * what that is), depth first:
 *
 *	sim_bound(&b);
 *	do
 *		sim_run(sim_strategy_bound(), ...);
 *	while (sim_bounded(&too_long));
 *
 * Knows nothing of what depends on what: for every back end, and for races too.
 */
struct sim_bounds {
	uint32_t total;		/* of all these together, per execution */
	uint32_t preemptions, kills, fails, spurious;
	bool (*may_be_killed)(uint32_t name_hash);
};

void sim_bound(const struct sim_bounds *b);
struct sim_strategy *sim_strategy_bound(void);
/* False if there is no other. *too_long: some choices were not tried, for want of room. */
bool sim_bounded(bool *too_long);
/* The deviations of the last execution, from *i = 0 on; false after the last. */
bool sim_bound_turn(uint32_t *i, uint32_t *step, uint32_t *answer, uint32_t *usual);

/*
 * Schedule coverage: pairs of accesses to one object, by different tasks.
 *
 * An access is known by its site's name, so that a pair is the same in every
 * execution, process and build; one that had to wait for its object (a lock, a
 * completion) is another than one that had not. Accesses are the operations of
 * atomic.h, the acquires of locks, and what is done with completions.
 */
enum sim_pair_kind {
	SIM_PAIR_ORDER,		/* next to each other in that order; not both loads */
	SIM_PAIR_READS_FROM,	/* the last store, NULL if there was none, and who sees it */
};

struct sim_pair {
	struct kt_site *first, *second;
	uint32_t first_id, second_id;	/* by which they are told from others; 0: nobody */
	uint8_t kind;			/* enum sim_pair_kind */
	bool first_waited, second_waited;
};

enum { SIM_PAIRS_MAX = 1 << 15, SIM_PAIR_SLOTS = 2 * SIM_PAIRS_MAX };

struct sim_pairs {	/* zero: none */
	uint32_t count;
	struct sim_pair pair[SIM_PAIRS_MAX];
	uint32_t slot[SIM_PAIR_SLOTS];	/* by hash: pair + 1; 0: none */
};

/* True if *p was not there and now is; full, it takes no more. */
bool sim_pairs_add(struct sim_pairs *to, const struct sim_pair *p);

/*
 * From the next execution on add to *pairs what is seen; NULL: no more. Changes of an
 * execution its time only.
 */
void sim_cover(struct sim_pairs *pairs);

/*
 * Or, for a fuzzing engine: set the pair's entry of map[0..size) to 1, found by a hash;
 * size is a power of two. With N entries set, a new pair is taken for an old one with
 * probability N / size.
 */
void sim_cover_map(uint8_t *map, uint32_t size);

/* How many pairs, or entries, were new since this was called last. */
uint32_t sim_cover_fresh(void);

/*
 * Wait until *word is `value`: one step, for models of protocols. What it reads
 * before that, it does not read.
 */
void sim_await(const uint32_t *word, uint32_t value, struct kt_site *site);

/*
 * A named point. While exploring, and if that `settles`: the caller goes on when
 * nobody else can, and what comes then is run in one order.
 */
void sim_settle(struct kt_site *site);

/* Where the store with that bit in sim_decision.runnable was done. */
const void *sim_store_object(uint32_t bit);

/*
 * From visit(): of the stores that the task has done at sites of that name hash
 * and that are not visible the oldest but `older` becomes so, with those that have
 * to before it.
 */
void sim_show(uint32_t task, uint32_t site_hash, uint32_t older);

/* For hooks: what the current task does next depends on *object. */
void sim_depends(const void *object);

/* What sim_strategy_block() answers; recorded traces are told apart from it. */
uint32_t sim_default_next(uint64_t runnable, uint64_t timed, uint32_t task, enum sim_why why);

struct sim_options {
	struct sim_strategy *strategy;
	uint64_t seed;
	uint32_t steps_estimate;	/* 0: 100 */
	uint32_t steps_fair;	/* from this step on scheduled by a fair draw; 0: half of max */
	uint32_t steps_max;	/* then it is a livelock; 0: SIM_STEPS_MAX */
	uint32_t moved;		/* so many times 16 bytes os_alloc()'s addresses are higher:
				 * nothing may depend on it; below SIM_MOVED_MAX */
	enum sim_model memory;
};

struct sim_who {
	uint8_t task, why, next, unused;
};

struct sim_step {
	struct kt_site *site;
	uint64_t runnable;	/* before the decision */
	uint64_t timed;		/* of those */
	union {
		struct {
			uint8_t task;	/* who reached the site */
			uint8_t why;	/* enum sim_why */
			uint8_t next;	/* who ran on */
		};
		struct sim_who who;	/* all that, in one store */
	};
};

enum sim_event_kind { SIM_EVENT_KILL, SIM_EVENT_SPURIOUS, SIM_EVENT_ALLOC_FAIL,
		      SIM_EVENT_VISIBLE,
		      /* Only after sim_note_wakes(true): */
		      SIM_EVENT_SPAWN, SIM_EVENT_WAKE };

enum sim_shown {		/* why a store has become visible */
	SIM_SHOWN_CHOSEN,
	SIM_SHOWN_USUAL,	/* chosen, as sim_default_next() would have */
	SIM_SHOWN_FORCED,	/* by what a task did */
};

struct sim_event {
	uint32_t step;		/* it happened at trace[step] */
	uint8_t  kind;		/* enum sim_event_kind */
	uint8_t  task;		/* killed, woken, spawned, allocating, or who did the store */
	uint8_t  role;		/* enum kt_role, of a failed allocation */
	uint8_t  shown;		/* enum sim_shown, of a store */
	uint8_t  older;		/* stores by that task at that site that it has passed */
	uint8_t  by;		/* who spawned or woke it; SIM_TASKS_MAX: time or a kill */
	uint32_t nth;		/* which allocation of that role, from 1; of a store, a
				 * spawn, a wake: it was done at trace[nth] */
	struct kt_site *site;	/* where it was done */
};

enum sim_state { SIM_UNUSED, SIM_RUNNABLE, SIM_SLEEPING, SIM_FINISHED };

struct sim_task_record {
	char name[OS_NAME_MAX];
	uint32_t name_hash;		/* kt_name_hash() */
	uint8_t  state;			/* enum sim_state */
	uint8_t  parent;		/* the task that spawned it */
	bool     killed;
	int16_t  waits_for;		/* task, or -1 */
	struct kt_site *why;		/* where it sleeps */
};

/* Of the execution under way or the last one. */
struct sim_record {
	enum kt_failure failure;
	char     message[SIM_MESSAGE_MAX];
	uint64_t hash;			/* of (task, site, why) over all steps */
	uint32_t steps, events, tasks;
	uint32_t fair_from;		/* at steps from this one on no strategy was asked */
	bool     events_lost;		/* more than SIM_EVENTS_MAX */
	uint64_t stores;		/* bits that are no tasks in what follows; see
					 * sim_decision.runnable */
	uint32_t failed_task;		/* who ran when it failed */
	struct kt_site *failed_site;	/* the last site that task reached */
	struct sim_task_record task[SIM_TASKS_MAX];
	struct sim_event event[SIM_EVENTS_MAX];
	struct sim_step trace[SIM_STEPS_MAX];
};

/*
 * Run body(arg) as task 0, named "init", until every task has finished or
 * something has failed. The record is valid until the next call. After a
 * failure the simulator is ready for the next execution; memory that the
 * failed one had from elsewhere than os_alloc() is not freed.
 */
const struct sim_record *sim_run(const struct sim_options *o, void (*body)(void *), void *arg);

/* The record, also from the parent of the process that runs. */
struct sim_record *sim_record(void);

/* In a forked process: a record that it shares with its own children only. */
void sim_record_apart(void);

/*
 * Of an execution that was a livelock: the places at which a task was over and over
 * while it was scheduled fairly. False if it did nothing, or still came to new places.
 */
struct sim_circle {
	uint32_t steps;				/* by the task, meanwhile */
	uint32_t sites;				/* distinct places */
	struct kt_site *site[SIM_CIRCLE_MAX];
	struct kt_site *mark;			/* one of them, wherever one looks in: where it
						 * lets others go first, if it does */
};

bool sim_circle_of(uint32_t task, struct sim_circle *out);

/* Ask the strategy; for hooks that run inside an execution. */
uint32_t sim_choose(enum sim_choice kind, uint32_t below);

/*
 * Kill a task from visit(), and keep that in the record. A task that is not
 * there or has finished is ignored.
 */
void sim_kill(uint32_t task);

/*
 * From the next execution on keep in the record who spawned and who woke whom: done
 * at trace[nth] and before trace[step], the next step of who did it. A failure may have
 * kept either from being reached. Of a long execution the first ones only, lest no
 * room is left for other events.
 */
void sim_note_wakes(bool on);

/*
 * Keep an allocation failure in the record (alloc_fails hooks that decide
 * without sim_choose()).
 */
void sim_note_alloc_fail(enum kt_role role, uint32_t nth);

/*
 * Cost of one fiber switch in ns, measured over `rounds` round trips: inline, with nothing
 * saved and always predicted, so that nothing can be less; and of the simulator's own.
 */
double sim_bare_switch_ns(uint64_t rounds);
double sim_own_switch_ns(uint64_t rounds);

#endif
