/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For subject_test: a second subject, whose programs are made of platform/ alone.
 *
 *	program "counter"		two tasks increment a number, reading it first
 *	program "counter" "mended"	under a lock
 *	program "counter" "careless"	under a lock; a task that is killed or whose
 *					allocation fails does not increment
 *	program "counter" "address"	under a lock; one more step if the task's memory has
 *					certain addresses
 *	program "embrace"		two tasks acquire two locks, each in its own order
 */
#ifndef STRESS_COUNTER_SUBJECT_H
#define STRESS_COUNTER_SUBJECT_H

#include "stress/run/subject.h"

extern const struct subject counter_subject;

#endif
