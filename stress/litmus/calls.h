/* SPDX-License-Identifier: GPL-2.0-only */
/* Which functions a litmus test may call, and what each is. */
#ifndef STRESS_LITMUS_CALLS_H
#define STRESS_LITMUS_CALLS_H

#include "stress/litmus/test.h"

/* What the arguments are. */
enum call_shape {
	CALL_NOTHING,		/* f() */
	CALL_POINTER,		/* f(p) */
	CALL_LVALUE,		/* f(*p) */
	CALL_LVALUE_VALUE,	/* f(*p, v) */
	CALL_POINTER_VALUE,	/* f(p, v) */
	CALL_VALUE_POINTER,	/* f(v, p) */
	CALL_POINTER_TWO,	/* f(p, v, w) */
};

/*
 * Set fn, order, arith, result, worth of *e for the function of that name. If it takes no value
 * where one is needed, as atomic_inc(), *implied is that value. Returns false if there is no such
 * function.
 */
bool call_find(const char *name, struct expr *e, enum call_shape *shape, int64_t *implied);

#endif
