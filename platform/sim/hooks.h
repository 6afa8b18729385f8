/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What instrumented code calls in the simulator; for the headers in platform/ only.
 */
#ifndef PLATFORM_SIM_HOOKS_H
#define PLATFORM_SIM_HOOKS_H

#include <stdbool.h>
#include <stddef.h>

#include "platform/point.h"

/*
 * A choice point before an operation on *addr. On return the operation is the
 * next thing that happens anywhere, and addr, if not NULL, is to a live object.
 * An operation that the site says more of (kt_site.access) is done where the
 * result points to.
 */
void *sim_point(struct kt_site *site, const void *addr);

/* With weak memory: what the running task has stored becomes visible. */
extern bool sim_is_weak;
void sim_drain(void);

/* Where what the running task sees of the word at addr is. */
void *sim_seen(const void *addr, size_t size);

static inline void sim_fence(void)
{
	if (__builtin_expect(sim_is_weak, false))
		sim_drain();
}

#endif
