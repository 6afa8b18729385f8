/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checks for tests, on every OS. If a check does not hold, that is a KT_ASSERTION failure
 * whose message has the place and both values. Any thread may use them.
 */
#ifndef PLATFORM_CONFORMANCE_TEST_H
#define PLATFORM_CONFORMANCE_TEST_H

#include <string.h>

#include "platform/check.h"

#define CHECK(cond)                                                            \
	((cond) ? (void)0                                                      \
		: kt_fail(KT_ASSERTION, "%s:%d: not so: %s", __FILE__, __LINE__, #cond))

#define CHECK_EQ(a, b)                                                         \
	do {                                                                   \
		long long check_a = (long long)(a), check_b = (long long)(b);  \
		if (check_a != check_b)                                        \
			kt_fail(KT_ASSERTION, "%s:%d: %s is %lld, %s is %lld", \
				__FILE__, __LINE__, #a, check_a, #b, check_b); \
	} while (0)

#define CHECK_STR(a, b)                                                        \
	do {                                                                   \
		const char *check_a = (a), *check_b = (b);                     \
		if (strcmp(check_a, check_b) != 0)                             \
			kt_fail(KT_ASSERTION, "%s:%d: %s is \"%s\", not \"%s\"", \
				__FILE__, __LINE__, #a, check_a, check_b);     \
	} while (0)

#endif
