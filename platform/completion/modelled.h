/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulator's own completion, beside its lock: one step to complete, one to
 * wait, and the sleep. It keeps schedules short when what stands on the
 * completion is explored; `park` is there to be explored itself. Simulator
 * only; see platform/sim/completion.c.
 *
 * First come, first let through. A waiter is let through by the step of the
 * completer and has nothing left to do with the completion when it goes on, so
 * the on-stack rule holds by itself. Spurious wake-ups do not show.
 */
#ifndef PLATFORM_COMPLETION_MODELLED_H
#define PLATFORM_COMPLETION_MODELLED_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/sim/hooks.h"

#define kt_completion_modelled_is_fifo 1

struct kt_completion_modelled {
	uint32_t done;		/* waits that will not wait; UINT32_MAX: none will */
	uint32_t waiters;	/* how many; then done is 0 */
	uint32_t first;		/* of them: task + 1; 0: nobody */
};

void kt_completion_modelled_init(struct kt_completion_modelled *c);
void kt_completion_modelled_destroy(struct kt_completion_modelled *c);
void kt_completion_modelled_complete_all(struct kt_completion_modelled *c, struct kt_site *site);
bool kt_completion_modelled_try_wait(struct kt_completion_modelled *c, struct kt_site *site);

/* What comes after the point. */
void kt_completion_modelled_add(struct kt_completion_modelled *c, struct kt_site *site);
int kt_completion_modelled_take(struct kt_completion_modelled *c, bool killable,
				const uint64_t *deadline_ns, struct kt_site *site);

/*
 * Inline, for each return behind a switch of tasks is mispredicted. Without a branch, which
 * a fuzzer would take for one of the code under test.
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
