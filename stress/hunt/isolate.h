/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Run code that may die in a child process, and say what it died of.
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

/* Map `shared`, all zero. Once. */
void isolate_init(void);

/* In a new process. From now on it has only *own in common with its parent. */
void isolate_apart(struct shared *own);

/* Seconds without any progress after which a child is taken to hang. */
enum { SILENCE_S = 20 };

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
