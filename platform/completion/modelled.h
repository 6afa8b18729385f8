/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulator's own completion, the counterpart of the lock `modelled`. To complete is one
 * step, and so is a wait that does not sleep. So schedules stay short when the code that uses
 * the completion is explored; `park` is there to be explored itself. Simulator only; see
 * platform/sim/completion.c.
 *
 * First come, first through. The completer's step lets the waiter through. When the
 * waiter goes on, it has nothing left to do with the completion, so the on-stack rule
 * holds by itself. Callers see no spurious wake-ups.
 */
#ifndef PLATFORM_COMPLETION_MODELLED_H
#define PLATFORM_COMPLETION_MODELLED_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/sim/hooks.h"

#define kt_completion_modelled_is_fifo 1

struct kt_completion_modelled {
	uint32_t done;		/* waits that will not sleep; UINT32_MAX: none ever will */
	uint32_t waiters;	/* how many threads wait; if any, done is 0 */
	uint32_t first;		/* the first of them, as task + 1; 0: none waits */
};

void kt_completion_modelled_init(struct kt_completion_modelled *c);
void kt_completion_modelled_destroy(struct kt_completion_modelled *c);
void kt_completion_modelled_complete_all(struct kt_completion_modelled *c, struct kt_site *site);
bool kt_completion_modelled_try_wait(struct kt_completion_modelled *c, struct kt_site *site);

/* The rest of complete and of wait_for, after the choice point. */
void kt_completion_modelled_add(struct kt_completion_modelled *c, struct kt_site *site);
int kt_completion_modelled_take(struct kt_completion_modelled *c, bool killable,
				const uint64_t *deadline_ns, struct kt_site *site);

/*
 * It is inline, because the processor mispredicts each return after a switch of tasks. It
 * has no branch, because a fuzzer would mistake a branch here for a branch of the code under
 * test.
 */
static inline void kt_completion_modelled_complete(struct kt_completion_modelled *c,
						   struct kt_site *site)
{
	sim_point(site, c);
	kt_completion_modelled_add(c, site);
}

static inline int kt_completion_modelled_wait_for(struct kt_completion_modelled *c, bool killable,
						  const uint64_t *deadline_ns,
						  struct kt_site *site)
{
	sim_point(site, c);
	return kt_completion_modelled_take(c, killable, deadline_ns, site);
}

#endif
