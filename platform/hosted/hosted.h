/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The runtime for programs as a driver sees it. The runtime is loaded into a program that was
 * compiled by kthrash-cc, takes it over before its main(), and lets the driver decide how
 * often, and under which schedules, main() runs.
 */
#ifndef PLATFORM_HOSTED_HOSTED_H
#define PLATFORM_HOSTED_HOSTED_H

#include <stdbool.h>
#include <stdint.h>

struct sim_step;

/*
 * Called instead of the program's main() if the environment asks for kthrash. argv is the
 * driver's command line. Returns the exit status of the process. The library that holds both
 * the runtime and a driver defines it.
 */
int hosted_driver(int argc, char **argv);

/* The words of the program's own command line: what a plan has as its program. */
int hosted_argc(void);
const char *const *hosted_argv(void);

/* Identifies the build of the program and of its libraries: "queue_test 5f2c9a01". */
const char *hosted_build(void);

/*
 * NULL if the program can be hunted in, or else the reason, as a sentence without the program's
 * name: "it was not compiled by kthrash-cc".
 */
const char *hosted_refusal(void);

/* Called in a forked process that runs executions of its own, with sites of its own. */
void hosted_apart(void);

/* ---- a case ------------------------------------------------------------------ */

/*
 * Forget which places are watched and which memory is shared, because another case is loaded.
 * hosted_watch(): each visit to a place of that name (kt_name_hash()) is a choice point,
 * whatever memory is accessed there.
 */
void hosted_load(void);
void hosted_watch(uint32_t name_hash);

enum hosted_points {	/* which plain accesses are choice points */
	HOSTED_SHARED,	/* those to memory that two threads use, and one of them writes */
	HOSTED_RACING,	/* only those to memory on which races were seen, and to words that are
			 * accessed atomically, too */
	HOSTED_NO_PLAIN,	/* none */
};

struct hosted_options {
	enum hosted_points points;
	bool creators_go_on;	/* a thread that creates another goes on until it blocks */
	bool races;		/* look for data races */
	bool shows_output;	/* the program's standard output and error are its own */
	bool same;		/* The filter stays as it was in the last execution. Otherwise it
				 * is what all executions since hosted_load() have shown. */
	bool forks;		/* each execution in a process of its own */
	bool leaks;		/* a block that is not freed at the end is a finding */
};

/* Prepare the next execution. */
void hosted_begin(const struct hosted_options *o);
/* On the first task: run main(), and judge how it ended. */
void hosted_main(void);
/*
 * On the host, after each execution: put all memory back as it was before. True if the
 * execution showed shared memory that the filter did not have: a run with what is known now may
 * go another way.
 */
bool hosted_end(void);

/*
 * How often the task of that step of the last execution had been at the place of the step, the
 * visits counted that were no choice points. The parent of the process that ran the execution
 * may ask.
 */
uint32_t hosted_visit(uint32_t step);

/* The two places of the race that ended the last execution. 0 if no race did, else 2. */
struct kt_site;
unsigned hosted_race_places(struct kt_site *place[2]);

/* ---- killing, failing --------------------------------------------------------- */

/* May the allocation that is under way be made to fail? It may, if the program asked for it. */
bool hosted_may_fail(void);

/*
 * The sentence that says what the program did that kthrash can't control, with the place; "" if
 * it did no such thing. The parent of the process that ran the execution may ask.
 */
const char *hosted_refused(void);

/* How an execution can't be put back, as a sentence; "" if it can. See README.md, "Reset". */
const char *hosted_unrestorable(void);

#endif
