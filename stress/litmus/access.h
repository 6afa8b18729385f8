/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The operations of a test on its variables. A variable is known by its number in the test, and
 * each operation is done by the thread that calls it, which says its number.
 */
#ifndef STRESS_LITMUS_ACCESS_H
#define STRESS_LITMUS_ACCESS_H

#include "stress/litmus/explore.h"
#include "stress/litmus/test.h"

/*
 * Each variable is so far from the next that the simulator takes no variable for a part of what a
 * pointer to another one points to.
 */
enum { ACCESS_STRIDE = 4096 };
extern char access_words[TEST_GLOBALS_MAX][ACCESS_STRIDE];

/* The test that runs. */
extern const struct test *access_test;

/* Order: relaxed or acquire. */
int64_t access_load(unsigned thread, unsigned g, enum test_order order);
/* Order: relaxed or release. */
void access_store(unsigned thread, unsigned g, int64_t value, enum test_order order);
/* The update that e->arith and e->order say. Returns the old value. */
int64_t access_update(unsigned thread, const struct expr *e, unsigned g, int64_t value);
/* Compare and exchange. Returns what was there; if it is not `old`, nothing is ordered. */
int64_t access_compare(unsigned thread, unsigned g, int64_t old, int64_t new,
		       enum test_order order);
/* Update it, fully ordered, unless it has the value `unless`; returns whether it was updated. */
bool access_add_unless(unsigned thread, const struct expr *e, unsigned g, int64_t value,
		       int64_t unless);
/* A choice point before what is no operation on a variable. `word` as in explore_next(). */
void access_point(unsigned thread, enum act act, unsigned word);
/* smp_mb(), with a choice point before it. */
void access_barrier(unsigned thread);

/* The new value of a variable that was `old`. */
int64_t access_arith(enum test_arith how, int64_t old, int64_t value);

#endif
