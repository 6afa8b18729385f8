/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The runtime for programs as a driver sees it: run the program's main() once under a
 * strategy, and put everything back.
 *
 * The driver is in the same library as the runtime. The environment variable KTHRASH_DRIVER
 * starts it in the place of main(): its words, with \x1f between them, are the driver's
 * arguments, of which the first is the command. Without that variable the program runs as
 * if it had never been near kthrash.
 */
#ifndef PLATFORM_HOSTED_HOSTED_H
#define PLATFORM_HOSTED_HOSTED_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/sim/sim.h"

/*
 * The driver's main(). The driver's own file sets this variable where it is defined, or in a
 * constructor. The result is the process's exit status.
 */
extern int (*hosted_driver)(int argc, char **argv);

/* ---- the program ----------------------------------------------------------- */

/* The program's arguments. The name of its file is hosted_file(), an absolute path. */
int hosted_argc(void);
char **hosted_argv(void);
const char *hosted_file(void);
/* Identifies the build of the program and of its libraries: "queue_test 5f2c9a01d3e4b7c6". */
const char *hosted_build(void);
/*
 * A driver for the Linux kernel that runs on the kernel's own files: their version and a hash of
 * them. Else NULL and "".
 */
const char *hosted_core_version(void);
const char *hosted_core_tree(void);

/* ---- an execution ---------------------------------------------------------- */

enum hosted_points {	/* which plain accesses are choice points */
	HOSTED_POINTS_FINE,	/* those to memory that two threads share */
	HOSTED_POINTS_COARSE,	/* those to memory that is known to race */
	HOSTED_POINTS_ALL,
};

enum hosted_races {
	HOSTED_RACES_IGNORED,
	HOSTED_RACES_LEARNED,	/* tell the filter which memory races: hosted_filter_races() */
	HOSTED_RACES_REPORTED,	/* the first one ends the execution */
};

/* What volatile accesses are for the detector of races, if aligned and of up to eight bytes. */
enum hosted_volatile {
	HOSTED_VOLATILE_RELAXED,	/* relaxed atomics */
	HOSTED_VOLATILE_ORDERED,	/* loads acquire and stores release */
	HOSTED_VOLATILE_PLAIN,		/* plain accesses, as the C standard has it */
};

struct hosted_options {
	enum hosted_points points;
	enum hosted_races races;
	bool isolate;		/* a process for each execution, and no reset */
	enum hosted_volatile volatiles;
	bool leaks;		/* memory that is still allocated at the end is a failure */
	/*
	 * The strategy goes through all executions: what one does depends on the strategy's
	 * choices alone. What it finds to be shared counts after hosted_filter_settle(). Points
	 * are HOSTED_POINTS_FINE.
	 */
	bool explores;
	/*
	 * Each timeout and each sleep may end at any moment, as if all other threads were slow
	 * meanwhile. Otherwise those of a second or more end only when no thread can run.
	 */
	bool early_timeouts;
	/*
	 * pthread_mutex_trylock() may fail although the mutex is free. POSIX does not allow it,
	 * but std::mutex::try_lock(), which may, is made of it.
	 */
	bool failing_trylocks;
	uint32_t silence_s;	/* a thread that makes no progress for so long ends the execution;
				 * 0: the usual time */
	bool threads_may_leak;	/* main() may return while threads have not ended */
};

/*
 * Run main() once. Call this only in a process that the driver has forked for executions.
 * From the first call on, the C library's state there is the program's: between calls the
 * driver may use the C library, if it leaves nothing open or buffered.
 *
 * With `isolate`, what a strategy or an observer learned in an execution is lost, apart
 * from the record. So a strategy that goes through all executions can't be used.
 */
const struct sim_record *hosted_run(const struct sim_options *o, const struct hosted_options *h);

/*
 * NULL, or what the program did in some execution that a reset can't undo: "it changed the
 * working directory". The driver then runs what follows with `isolate`, and says so.
 */
const char *hosted_not_reset(void);

/* May the program print? Its standard output and error go nowhere otherwise. */
void hosted_set_silent(bool silent);

/* ---- places ---------------------------------------------------------------- */

/*
 * Called in a forked process: from now on this process and its children share no places,
 * no filter and no counts with its parent. See sim_record_apart().
 */
void hosted_sites_apart(void);

/*
 * The step was which visit of its task to a site of that name, from 1? Plain accesses that
 * were no steps count, too. 0 for a step that is no visit.
 */
uint32_t hosted_nth(uint32_t step);

/* Each visit to a site with that name hash is a choice point, until hosted_watch_none(). */
void hosted_watch(uint32_t name_hash);
void hosted_watch_none(void);

/*
 * The two places of the race that ended the last execution; 0 if no race did, else 2. The parent
 * of the process that ran the execution may ask.
 */
unsigned hosted_race_places(struct kt_site *place[2]);

/* ---- the filter -------------------------------------------------------------- */

/*
 * Memory that two threads share is found while executions run, and counts from the next
 * execution on. So an execution can be repeated exactly only if none grew the filter in
 * between: repeat it until hosted_filter_grew() says false.
 */
bool hosted_filter_grew(void);		/* in the last execution */
void hosted_filter_forget(void);
/* Has an execution touched more memory than the filter has room for? It saw only a part. */
bool hosted_filter_was_full(void);
/* With `explores`: what has been found until now counts from the next execution on. */
void hosted_filter_settle(void);
/* The 8 bytes at addr are known to race: they count in HOSTED_POINTS_COARSE, too. */
void hosted_filter_races(const void *addr);

/* The name of the global object at addr, "table+16". False if there is none. */
bool hosted_global_name(const void *addr, char *buf, size_t size);

#endif
