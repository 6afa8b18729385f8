/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of this binary. Its commands and options are rows of options.def. */
#ifndef STRESS_OPTIONS_H
#define STRESS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "stress/plan/plan.h"
#include "stress/run/subject.h"

enum {	/* exit statuses of every command */
	EXIT_CLEAN = 0,
	EXIT_FINDINGS = 1,	/* or a plan did not end as it expects */
	EXIT_USAGE = 2,		/* or bad input */
	EXIT_ENVIRONMENT = 3,
};

/* A command that a signal interrupted ends with this status plus the number of the signal. */
enum { EXIT_SIGNAL = 128 };

enum exhaustive {
	EXHAUST_NOT,
#define EXHAUSTIVE(id, word, help) EXHAUST_##id,
#include "stress/hunt/options.def"
#undef EXHAUSTIVE
	EXHAUST_KINDS	/* count */
};

struct options {
	const char *command;

	bool has_strategy;		/* if not, a portfolio decides */
	enum plan_strategy_kind strategy;
	uint32_t depth;			/* of pct, delay, bound */
	const char *strategy_text;	/* as written; "portfolio" */
	bool adaptive;			/* the portfolio's shares follow the coverage */
	bool mutate;			/* make plans from plans with new coverage */
	const char *kept;		/* folder for copies of those plans; NULL: none */
	const char *coverage;		/* file; NULL: none */
	uint64_t coverage_every;	/* look for pairs in one of this many plans */

	bool has_memory;		/* if not, the plan's memory model is used */
	enum plan_memory memory;

	const char *plan;		/* file or folder; NULL: generated plans */
	uint64_t executions;		/* 0: no limit */
	double seconds;			/* 0: no limit; 60 if `executions` is not given either */
	uint64_t seed;
	uint64_t first;			/* number of the first execution */
	uint64_t jobs;			/* processes; 0: as many as world_jobs() says */
	const char *findings;		/* folder */
	bool keep_going;		/* after a finding */
	bool no_shrink;			/* a finding stays as it was found */
	bool faults;			/* random kills and failed allocations */
	struct subject_settings program;	/* run: races, leaks, isolate, faults */
	const char *program_faults;	/* run: as written; NULL: another command */
	enum exhaustive exhaustive;
	bool illegal;			/* plans that break a caller rule */
	bool brute;			/* verify: every interleaving */
	bool states;			/* verify: nothing twice from the same state */
	uint64_t memory_limit;		/* verify: for states, in MiB */
	bool bounded;			/* verify: interleavings with at most `depth` preemptions */
	bool teardown;			/* verify: the interleavings of teardown, too */
	uint64_t kills, fails, spurious;	/* verify: at most this many in one execution */
	uint64_t times;			/* replay: runs of each plan; 0: the usual number */
	const char *output;		/* shrink -o */
	const char *format;		/* explain: text or json */
	bool all;			/* explain: every step */
	const char *door;		/* how the user calls the front door; NULL: tools/kthrash */
	bool twice;			/* stress, replay: run each execution again */
	bool json, progress;

	const char **files;		/* the words that are no options */
	unsigned files_count;
};

/*
 * Parse argv. EXIT_CLEAN, or EXIT_USAGE after one sentence on stderr that says
 * what is wrong and what was expected.
 */
int options_parse(struct options *o, int argc, char **argv);

/* Does the command line that was parsed last have this option of its command? */
bool options_given(const struct options *o, const char *name);

/*
 * Print the help of `command`; the words of a plan for "plan"; the list of commands for NULL.
 * False if there is no such command.
 */
bool options_help(const char *command);

#endif
