/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs code in a child process, because it may die there, and says what it died of.
 *
 * The child shares `shared` (shared.h) with its parent. Its stderr goes to an
 * unnamed file, so that a sanitizer's report can be read whole afterwards. The
 * caller is single-threaded.
 */
#ifndef STRESS_HUNT_ISOLATE_H
#define STRESS_HUNT_ISOLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "stress/hunt/shared.h"
#include "stress/run/world.h"

/* Map `shared`, all zero. Call it once in a process. */
void isolate_init(void);

/*
 * In a process that was just forked: from now on *own is its `shared`, and the only memory
 * that it shares with its parent.
 */
void isolate_apart(struct shared *own);

/* If a child makes no progress for this many seconds, its parent assumes that it hangs. */
enum { SILENCE_S = 20 };

/*
 * Run child(arg) in a child process until it returns or dies. Meanwhile tick(arg), unless tick
 * is NULL, is called many times a second. If tick() returns false, shared->stop asks the child
 * to stop. If shared->executions does not change for `silence_s` seconds, the child is killed:
 * KT_HANG.
 *
 * *v becomes shared->verdict if the child has put a failure there. If not, it is made from the
 * child's exit status and from its report. Returns false, with the reason in v->message, if
 * the child could not be started, or if it ended in a way that is no finding, as by a kill
 * from outside.
 */
bool isolate_run(void (*child)(void *), bool (*tick)(void *), void *arg, unsigned silence_s,
		 struct verdict *v);

/*
 * The exit status of the driver after isolate_run() has returned false: EXIT_USAGE if the
 * subject refuses what the child should have run (SUBJECT_REFUSES), else EXIT_ENVIRONMENT.
 */
int isolate_status(void);

/*
 * What the last child wrote to stderr, cut to the size of a buffer in isolate.c, with a zero
 * at its end.
 */
const char *isolate_report(void);

#endif
