/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an exploration needs of the runtime, and a hunt does not. The strategies that go through
 * all executions rely on two things. The same choices give the same execution. And what a task
 * does next depends on what it did and saw before, not on the order in which other tasks did
 * things that have nothing to do with it. A hunt's rule for busy waits, which counts accesses
 * since the last switch, has neither property.
 */
#ifndef PLATFORM_HOSTED_EXPLORE_H
#define PLATFORM_HOSTED_EXPLORE_H

#include "platform/hosted/internal.h"

struct site_row;

extern bool hosted_explores;	/* an exploration's execution is under way */

void explore_begin(bool explores);

/*
 * Busy waits. A task that has looked LOOKS times in a row at the same things, in the same order,
 * and has each time seen the same, and has changed nothing meanwhile, waits for a change. So it
 * yields, and the exploration lets it go on only after a change. The look that is under way
 * counts: call these after the point.
 */
enum { EXPLORE_LOOKS = 4, EXPLORE_PERIOD_MAX = 12 };

void explore_access(struct site_row *row, const void *addr, size_t size, bool write,
		    bool is_point);
/* An update's change is told by explore_change(). */
void explore_atomic(struct site_row *row, const void *addr, size_t size, enum hosted_op op);
/* The task is at another operation that synchronizes threads. */
void explore_operation(struct site_row *row);
/* The task is at sched_yield() or the like. Is it one round of a busy wait? */
bool explore_spins_at(struct site_row *row);
/* The task has changed something, or has slept. */
void explore_change(void);

/* Has the task done so much that it will not end by itself? Called each 1,000 accesses. */
bool explore_is_endless(void);
/* Another task than `from` runs. Returns its accesses since it was last asked for these. */
uint32_t explore_switch(uint32_t from);

/*
 * The program ends now, whatever other tasks do. What they would do before that is explored
 * first: they run until they end or sleep.
 */
void explore_last(void);

/*
 * A task waits for a lock whose 32-bit word at that offset is 0 as long as it is free. Call this
 * directly before the point, whose object is the lock. Then to wait is no step. The lock's
 * release is a touch SIM_RELEASE, and every acquire of it a touch SIM_ACQUIRE.
 */
void explore_acquire(size_t offset);

/*
 * A task joins another one, and only that one's end lets it go on. Call this directly before
 * the point: then the exploration takes the join for one step after the end.
 */
void explore_join(uint32_t task);
/* The program cancels threads. A join may then end early. */
void explore_cancels(void);

#endif
