/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one execution runs: the first of the two interfaces that a hunt uses. The second one,
 * where it runs, is the world (world.h): the simulator or real threads. The hunt, enumeration,
 * jobs, shrinking, capture, replay, verify, --twice, findings, coverage and explain are written
 * once, against both.
 *
 * A case is what a subject can be told to run. A case and the schedule of one execution of it
 * are a struct plan, whatever the subject: the schedule is the plan's directives, each keyed
 * by a task's name and a place's name (kt_site_name()), and by the n-th visit. So findings,
 * corpora, replays and regressions of every subject are files of one format.
 *
 * A process has one subject. It may live in a library that is loaded into a program of the
 * user's. So nothing here assumes that main() belongs to kthrash.
 */
#ifndef STRESS_RUN_SUBJECT_H
#define STRESS_RUN_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/os.h"
#include "stress/plan/plan.h"

/*
 * An execution may depend on what a subject has learned from earlier executions of the case, as
 * which memory is shared. How much of that does it use?
 */
enum subject_knowledge {
	SUBJECT_KNOWS_EARLIER,	/* what earlier executions have shown */
	SUBJECT_KNOWS_ALL,	/* what this execution shows itself, too: it is run until it
				 * shows nothing new */
};

/* The exit status of a process whose subject can't be run, after a sentence on stderr. */
enum { SUBJECT_REFUSES = 2 };

enum { SUBJECT_PLACES = 2 };

/* What the operations of a plan returned, in the plan's order. */
struct subject_results {
	bool returned[PLAN_OPS_MAX];	/* false: it has no result, or was not called */
	int32_t value[PLAN_OPS_MAX];	/* as in "== R" */
};

/* What the user asks of a program, for all of its executions. Other subjects ignore it. */
struct subject_settings {
	bool races;		/* look for data races */
	bool volatile_races;	/* volatile accesses race as plain ones do */
	bool volatile_orders;	/* volatile loads acquire and volatile stores release */
	bool leaks;		/* a block that is not freed at the end is a finding */
	bool isolate;		/* each execution in a process of its own */
	bool prints;		/* in the first execution of each case, not only of the first */
	/* What a hunt draws. A plan's directives inject their faults in any case. */
	bool ends_sleeps, fails_malloc, fails_threads;
	bool early_timeouts, fails_trylocks;
	/* A long execution calls it from time to time. NULL: nobody waits for that. */
	void (*goes_on)(void);
};

struct sim_options;
struct sim_namer;

struct subject {
	const char *name;

	/*
	 * Called in a forked process that runs executions beside others: from now on it shares
	 * no memory of the subject with its parent. NULL: the subject shares none.
	 */
	void (*apart)(void);

	/* Called once, before anything else. NULL: there is nothing to set. */
	void (*configure)(const struct subject_settings *s);
	/*
	 * What runs, in words for the first line of a command's output: "./queue_test 3
	 * (queue_test 5f2c9a01)"; and what it does not find. NULL: the build says both.
	 */
	const char *(*describe)(void);
	const char *(*blind_to)(void);
	/* What the user should know of the executions that have run; NULL: nothing. */
	const char *(*note)(void);

	/* ---- cases, in any process ------------------------------------------------ */

	/* Can the subject run *p, a plan from a file? NULL: it runs every plan. */
	bool (*accepts)(const struct plan *p);
	/* Why can't executions of this build have *p? NULL: they can. NULL: they always can. */
	const char *(*refuses)(const struct plan *p);
	/*
	 * What the user should know before the subject runs *p, as that the plan was made with
	 * another build; NULL if there is nothing. If the function is NULL, there never is.
	 */
	const char *(*remark)(const struct plan *p);

	/* Make a case. It depends on `seed` and `faults` alone. NULL: the user gives all cases. */
	void (*generate)(struct plan *p, uint64_t seed, bool faults);
	/*
	 * Are there points before each access of memory? Then a uniform walk seldom reaches what is
	 * rare, and the portfolio runs pos in its place. NULL: there are not.
	 */
	bool (*points_everywhere)(void);
	/*
	 * Does what runs look again after a sleep for what other tasks do? Then time passes while
	 * tasks run, too, and not only when none can. NULL: it does not.
	 */
	bool (*polls)(void);
	/* How many executions a hunt runs of each case; 0: the usual number. */
	uint32_t runs_per_case;
	/* Make a case that breaks a rule on purpose. Returns a bit per failure that may follow. */
	unsigned (*generate_illegal)(struct plan *p, uint64_t seed);
	/* Make *p another case that resembles it. NULL if `generate` is. */
	void (*mutate)(struct plan *p, uint64_t seed, size_t size_max);

	/*
	 * What the shrinker may leave out: pieces are numbered from 0. What depends on a piece
	 * is left out with it. without() returns false if the rest is no case. NULL: the
	 * shrinker only looks for a schedule with fewer directives.
	 */
	unsigned (*pieces)(const struct plan *p);
	bool (*without)(struct plan *out, const struct plan *p, unsigned first, unsigned count);
	/*
	 * Simpler cases that are made in other ways, numbered from 0. simpler() returns false if
	 * there is nothing to make simpler. A sequence of such changes ends. NULL: there are none.
	 */
	unsigned (*simplers)(const struct plan *p);
	bool (*simpler)(struct plan *out, const struct plan *p, unsigned n);
	/*
	 * A number for the set of rules that *p breaks, which is no fault of what is tested,
	 * whatever *p expects; 0 if it breaks none. NULL: no case does.
	 */
	uint64_t (*illegality)(const struct plan *p);

	/*
	 * The last execution of a case that the hunt made ended in `failure`: is that known of what
	 * runs, and documented? Then the hunt takes it for a clean one. Returns what is known, or
	 * NULL. NULL: nothing is known.
	 */
	const char *(*known)(enum kt_failure failure);

	/* ---- executions, in the process that runs them ------------------------------ */

	/* Prepare executions of *p, which stays where it is until another case is loaded. */
	void (*load)(const struct plan *p);

	/*
	 * Run one execution, on its first thread. check_expects: also check the plan's own "==
	 * R".
	 */
	void (*run)(bool check_expects);
	/* The results of the last execution with check_expects. NULL: the subject has none. */
	const struct subject_results *(*results)(void);

	/*
	 * Run one execution on the simulator, as sim_run() does; the threads are the subject's
	 * affair. `variant` is below variants(). NULL: sim_run() calls run().
	 */
	void (*execute)(const struct sim_options *o, uint32_t variant);
	/*
	 * An execution of more steps is a livelock, and one of more than `steps_fair` is
	 * scheduled fairly from there on. 0: as the simulator has it.
	 */
	uint32_t steps_max, steps_fair;
	/* How many variants of an execution a hunt should try in turn. NULL: one. */
	uint32_t (*variants)(void);
	/*
	 * In which variants a task that makes another one goes on until it blocks, so that all
	 * tasks are there before any of them works. NULL: in none.
	 */
	bool (*creators_go_on)(uint32_t variant);
	/*
	 * What an execution costs besides its steps, counted in steps, so that searches with a
	 * budget of steps have one of time, too. In any process. NULL: nothing.
	 */
	uint32_t (*overhead)(void);
	/*
	 * Has the last execution shown something on which later executions depend? Then the
	 * same execution may go another way if it is run again. NULL: it never has.
	 */
	bool (*learned)(void);
	/*
	 * An exploration begins, or begins again because learned() said so. What executions show
	 * from now on has no effect on them until the next call. NULL: they show nothing.
	 */
	void (*explore)(void);
	/*
	 * Calls add() for each piece of memory, besides blocks of os_alloc() and the stacks of
	 * threads, on which the rest of an execution and its verdict may depend. All of it must
	 * be named: verify takes two executions to be in the same state if it is the same. Called
	 * after load(), or at any time with NULL. False: the subject can't say. NULL: it never can.
	 */
	bool (*memory)(void (*add)(const void *at, size_t size));
	/* Called before that memory is read: brings it into a normal form. NULL: it has one. */
	void (*normalize)(void);
	/*
	 * How often the task of that step of the last execution had been at the place of the
	 * step. NULL: as often as the trace shows.
	 */
	uint32_t (*visit)(uint32_t step);
	/*
	 * The places that identify the failure of the last execution, if its message does not:
	 * how many, at most SUBJECT_PLACES. NULL: the message always does.
	 */
	unsigned (*places)(enum kt_failure failure, struct kt_site **place);

	/*
	 * The injector (inject.h) calls what follows, and each may be NULL. Without `victims`,
	 * nothing can be killed; without `oom`, oom directives do nothing; without `point`, the
	 * subject learns of no point; without `may_fail`, no allocation fails.
	 */

	/* Tasks that a hunt may kill, by number, and their names. */
	unsigned (*victims)(void);
	const char *(*victim)(unsigned i);
	/*
	 * Kill the victim by a call, in a world that can't kill from outside. NULL: it can't
	 * be killed.
	 */
	void (*kill)(unsigned victim);
	/* For an oom directive: kill the victim, and wait until its call has returned. */
	void (*oom)(unsigned victim);

	/*
	 * points(): bit kt_site_hash() % 64 of each named point that the subject watches.
	 * point(): the calling thread has reached a named point whose bit is set there.
	 */
	uint64_t (*points)(void);
	void (*point)(struct kt_site *site, const void *object);

	/* May an allocation of the calling thread fail? No, if the thread is the harness's own. */
	bool (*may_fail)(enum kt_role role);
	/* The injector makes an allocation of the calling thread fail. */
	void (*failed)(enum kt_role role);

	/* ---- for people who read an execution --------------------------------------- */

	/* What the subject's memory is called (platform/sim/sim_detail.h); NULL: nothing. */
	const struct sim_namer *namer;
};

/* The subject of this process. Set before anything is loaded. */
extern const struct subject *subject;
void subject_use(const struct subject *s);

/* A plan's operations, on core/: subject_plan.c. */
extern const struct subject subject_plan;

#endif
