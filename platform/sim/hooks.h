/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What instrumented code calls in the simulator. Only headers in platform/ include this.
 */
#ifndef PLATFORM_SIM_HOOKS_H
#define PLATFORM_SIM_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/point.h"

/*
 * A choice point before an operation on *addr. On return the operation is the
 * next thing that happens anywhere, and addr, if it is not NULL, points to a live
 * object. If the site says what kind of access it is (kt_site.access), the operation is
 * done on the address that is returned.
 */
void *sim_point(struct kt_site *site, const void *addr);

/*
 * sim_point() for a plain access of compiled code. What a task itself accesses on its own stack
 * is in a frame that has not returned, perhaps where an object of an earlier frame was.
 */
void sim_plain_point(struct kt_site *site, const void *addr, size_t size);

/*
 * A plain access whose place says that no write of another task can change what it does
 * (kt_site.steady). It is part of the task's last step: it is checked, and no choice point.
 */
void sim_steady_access(struct kt_site *site, const void *addr, size_t size);

/*
 * sim_point() for a store. It is no choice point if addr is in a block that the task has
 * allocated after its last step: no task has run since, so no other one can know the block.
 */
void *sim_store_point(struct kt_site *site, const void *addr);

/* With weak memory, sim_drain() makes visible all that the running task has stored. */
extern bool sim_is_weak;
void sim_drain(void);

/* Points to the value that the running task sees of the word at addr. */
void *sim_seen(const void *addr, size_t size);

/*
 * Called after sim_point() of a compare-and-exchange (KT_CMPXCHG) returned addr, if
 * sim_is_weak: the address on which to do it. `how`: what kind of update it is if it finds `old`.
 * If not, it is a relaxed load.
 */
void *sim_at_cmpxchg(struct kt_site *site, void *addr, uint64_t old, enum kt_access how);

/* The running task's loads pass over no store any more that is visible now. */
void sim_catch_up(void);

/* smp_rmb(), which is also C11's acquire fence; smp_wmb(); C11's release fence. */
void sim_weak_rmb(void);
void sim_weak_wmb(void);
void sim_weak_release(void);

static inline void sim_fence(void)
{
	/* By an atomic, because in a unit with plain points a plain load is a point. */
	if (__builtin_expect(__atomic_load_n(&sim_is_weak, __ATOMIC_RELAXED), false))
		sim_drain();
}

#endif
