/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Failures and assertions.
 *
 * An assertion is never compiled out: the harness exists to reach states in
 * which one fails. In the simulator a failure ends the execution, and the driver
 * gets it as a verdict. On real threads it ends the process after the driver's
 * failure hook has saved the finding.
 *
 * There is deliberately no "warn and go on" form. Where Linux warns, this code
 * either refuses with an error or fails.
 */
#ifndef PLATFORM_CHECK_H
#define PLATFORM_CHECK_H

/* How an execution ends. words.def says what each failure is. */
enum kt_failure {
#define FAILURE(id, word, help) KT_##id,
#include "platform/words.def"
#undef FAILURE
	KT_FAILURES	/* count */
};

/* The word for `f` in plans and reports, for instance "deadlock". */
const char *kt_failure_name(enum kt_failure f);

/* The help sentence of the failure's row in words.def. */
const char *kt_failure_help(enum kt_failure f);

/* The end of a noun after the number n in a text for people: "" after 1, else "s". */
static inline const char *kt_plural(unsigned long long n)
{
	return n == 1 ? "" : "s";
}

/*
 * End this execution with a finding. May be called anywhere, with locks held; never
 * returns. The message is one line without a newline.
 */
__attribute__((noreturn, format(printf, 2, 3), cold))
void kt_fail(enum kt_failure kind, const char *fmt, ...);

__attribute__((noreturn, cold))
void kt_assert_failed(const char *file, int line, const char *func, const char *expr);

#define KT_ASSERT(cond)                                                        \
	((cond) ? (void)0                                                      \
		: kt_assert_failed(__FILE__, __LINE__, __func__, #cond))

#endif
