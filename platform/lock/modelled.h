/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulator's own lock. An acquire is one step. The lock knows its holder and
 * its waiters, and reports misuse as KT_DISCIPLINE. It keeps schedules short when
 * the code that uses the lock is explored. The portable locks are there to be
 * explored themselves. Simulator only; see platform/sim/lock.c.
 *
 * Which waiter gets a released lock is the strategy's choice.
 */
#ifndef PLATFORM_LOCK_MODELLED_H
#define PLATFORM_LOCK_MODELLED_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/sim/hooks.h"

#define kt_lock_modelled_is_fifo 0

struct kt_lock_modelled {
	const char *name;
	uint32_t holder;	/* task + 1; 0: free */
	uint64_t waiters;	/* bit per task */
};

void kt_lock_modelled_init(struct kt_lock_modelled *l, const char *name);
void kt_lock_modelled_destroy(struct kt_lock_modelled *l);
void kt_lock_modelled_release(struct kt_lock_modelled *l, struct kt_site *site);
void kt_lock_modelled_assert_held(const struct kt_lock_modelled *l);

/* The rest of acquire and of try_acquire, after the choice point. */
void kt_lock_modelled_take(struct kt_lock_modelled *l, struct kt_site *site);
bool kt_lock_modelled_try_take(struct kt_lock_modelled *l);

/*
 * It is inline, because the processor mispredicts each return after a switch of tasks. It
 * has no branch, because a fuzzer would mistake a branch here for a branch of the code under
 * test.
 */
static inline void kt_lock_modelled_acquire(struct kt_lock_modelled *l, struct kt_site *site)
{
	sim_point(site, l);
	kt_lock_modelled_take(l, site);
}

static inline bool kt_lock_modelled_try_acquire(struct kt_lock_modelled *l, struct kt_site *site)
{
	sim_point(site, l);
	return kt_lock_modelled_try_take(l);
}

#endif
