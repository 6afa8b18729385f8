/* SPDX-License-Identifier: GPL-2.0-only */
/* What each task's state and flags were when the execution ended. */
#ifndef STRESS_EXPLAIN_ENDING_H
#define STRESS_EXPLAIN_ENDING_H

#include "stress/explain/happening.h"

/*
 * "a/0: state PARKED, flags SHOULD_STOP": the last known value of each field of the task's objects
 * whose bits have names. "" if none is known. Returns buf.
 */
char *ending_words(const struct told *t, uint32_t task, char *buf, size_t size);

#endif
