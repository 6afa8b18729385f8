/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Run code that may die in a child process, and say what it died of.
 *
 * The child shares one page range with its parent (struct shared); stderr of
 * the child goes to an unnamed file, so that a sanitizer's report can be read
 * whole afterwards. The caller is single-threaded.
 */
#ifndef STRESS_ISOLATE_H
#define STRESS_ISOLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "stress/hunt/adaptive.h"
#include "stress/run/world.h"

enum { FOUND_MAX = 256 };

/* What a hunt has done so far, in one process; see tally.h. */
struct tally {
	struct counts {
		uint64_t executions, points;
		uint64_t schedules;	/* distinct trace hashes */
		uint64_t digest;	/* of all traces, in any order */
		uint64_t counted;	/* executions below this number are in the above */
	} counts[2];
	unsigned now;			/* which holds; the other is written, then this */

	uint64_t findings, taken;	/* findings of executions below `taken` are in it */
	unsigned found_count;
	struct found {			/* a file of findings, and the first execution for it */
		uint64_t number;
		enum kt_failure failure;
		uint32_t signature;	/* kt_name_hash() */
	} found[FOUND_MAX];
};

struct shared {
	/* written by the child: */
	struct plan plan;		/* what it runs */
	struct world_options options;	/* of the execution under way */
	struct verdict verdict;		/* failure != KT_PASS: the child found it */
	struct verdict again;		/* of a second run in a process of its own */
	uint64_t executions;		/* relaxed atomic; heartbeat */
	uint64_t points;
	uint64_t next;			/* number of the execution under way */
	uint64_t cursor[4];		/* enumeration under way, see hunt.c */
	struct adaptive adaptive;	/* what each strategy of the portfolio has found */
	uint32_t fresh;			/* new pairs of the loaded plan */
	struct world_explored explored;	/* verify: so far */
	bool exhausted;			/* verify: there is nothing left to be tried */

	struct tally tally;		/* written by the parent, too, while there is no child */

	/* written by the parent: */
	bool stop;			/* end after this execution; relaxed atomic */
};

extern struct shared *shared;

/* Map `shared`. Once. */
void isolate_init(void);

/* In a new process that is to have nothing in common with its parent but *own. */
void isolate_apart(struct shared *own);

/*
 * Run child(arg) in a child process until it returns or dies. Meanwhile
 * tick(arg) is called about ten times a second; if it returns false the child
 * is asked to stop. If nothing moves for `silence_s` seconds the child is
 * killed: KT_HANG.
 *
 * Fills *v: what the child put into shared->verdict, or what its exit and its
 * report say. Returns false if the child could not be started or ended in a
 * way that is no finding (killed from outside); then v->message says why.
 */
bool isolate_run(void (*child)(void *), bool (*tick)(void *), void *arg, unsigned silence_s,
		 struct verdict *v);

/* What the last child wrote to stderr; at most `size` - 1 bytes, terminated. */
const char *isolate_report(void);

#endif
