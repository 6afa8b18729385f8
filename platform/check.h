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

/* What kind of promise was broken. The names are part of the plan format. */
enum kt_failure {
	KT_PASS,
	KT_ASSERTION,	/* a KT_ASSERT did not hold */
	KT_DEADLOCK,	/* no task can run, and one has not finished */
	KT_LIVELOCK,	/* the limit of steps was reached although scheduled fairly */
	KT_MEMORY,	/* use after free or return, double free, wild access */
	KT_LEAK,	/* something is still allocated at the end */
	KT_MODEL,	/* a call gave a result that no legal order of events gives */
	KT_DISCIPLINE,	/* release by a non-owner, wrong state in a callback */
	KT_RACE,	/* data race, reported by ThreadSanitizer */
	KT_UNDEFINED,	/* undefined behaviour, reported by UBSan */
	KT_HANG,	/* real threads made no progress */
	KT_EXPECT,	/* a result that the plan expects did not come */
	KT_NONDETERMINISM,	/* an execution, run again, went another way */
	KT_FAILURES	/* count */
};

/* The word for `f` in plans and reports, for instance "deadlock". */
const char *kt_failure_name(enum kt_failure f);

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
