/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For subject_test: a second subject, whose programs are made of platform/ alone.
 *
 *	program "counter"		two tasks increment a number, reading it first
 *	program "counter" "mended"	under a lock
 *	program "counter" "careless"	under a lock, unless the task is killed or an
 *					allocation fails
 *	program "counter" "address"	under a lock, with a step more at some addresses
 *	program "embrace"		two tasks acquire two locks, each in its own order
 */
#ifndef STRESS_COUNTER_SUBJECT_H
#define STRESS_COUNTER_SUBJECT_H

#include "stress/run/subject.h"

extern const struct subject counter_subject;

#endif
