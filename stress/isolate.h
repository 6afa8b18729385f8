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

#include "stress/world.h"

struct shared {
	/* written by the child: */
	struct plan plan;		/* what it runs */
	struct world_options options;	/* of the execution under way */
	struct verdict verdict;		/* failure != KT_PASS: the child found it */
	struct verdict again;		/* of a second run in a process of its own */
	uint64_t executions, points;	/* relaxed atomics; progress and heartbeat */
	uint64_t schedules;		/* distinct trace hashes */
	uint64_t next;			/* number of the execution under way */
	uint64_t cursor[4];		/* enumeration under way, see hunt.c */
	struct world_explored explored;	/* verify: so far */
	bool exhausted;			/* verify: there is nothing left to be tried */

	/* written by the parent: */
	bool stop;			/* end after this execution; relaxed atomic */
};

extern struct shared *shared;

/* Map `shared`. Once. */
void isolate_init(void);

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
