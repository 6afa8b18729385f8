/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Before a back end does anything, it looks up the calling thread's record, and checks that
 * the thread obeys the rules of platform/rcu.h. A broken rule is a KT_DISCIPLINE failure. The
 * record is the thread's own, so no check is a choice point.
 */
#ifndef PLATFORM_RCU_THREAD_H
#define PLATFORM_RCU_THREAD_H

#include "platform/check.h"
#include "platform/os.h"
#include "platform/rcu/reader.h"

/* The calling thread's record; the platform must know the thread. */
static inline struct kt_rcu_reader *kt_rcu_self(void)
{
	struct kt_rcu_reader *r = os_rcu_reader();

	KT_ASSERT(r != NULL);
	return r;
}

/*
 * Checks the call `what`, which waits for a grace period. In a read section or in a callback
 * the thread would wait for itself.
 */
static inline void kt_rcu_check_may_wait(const char *what)
{
	if (kt_rcu_self()->depth > 0)
		kt_fail(KT_DISCIPLINE, "%s in a read section of RCU", what);
	if (kt_rcu_self()->in_callback)
		kt_fail(KT_DISCIPLINE, "%s in a callback of RCU", what);
}

/* unlock calls this. */
static inline void kt_rcu_check_inside(const struct kt_rcu_reader *r)
{
	if (r->depth == 0)
		kt_fail(KT_DISCIPLINE, "read section of RCU left by a thread that is in none");
}

/* unregister_thread calls this. */
static inline void kt_rcu_check_end(void)
{
	if (kt_rcu_self()->depth > 0)
		kt_fail(KT_DISCIPLINE, "a thread ends in a read section of RCU");
}

#endif
