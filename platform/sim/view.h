/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stale loads, for SIM_ARM: which older stores a load may read. view.c says how the model
 * works. weak.c calls these functions; all of them: only if weak.memory is SIM_ARM.
 */
#ifndef PLATFORM_SIM_VIEW_H
#define PLATFORM_SIM_VIEW_H

#include "platform/sim/weak.h"

/* Of each task how many of its stores must have been seen. Those from `width` on are 0. */
struct view {
	uint32_t width;
	uint32_t at[SIM_STORES_FIRST];
};

void view_begin(uint64_t seed, bool draws);

/* The current task is about to do a store, which is held back. Returns what it carries. */
void view_of_store(bool release, struct view *out);

/* The held-back store becomes visible. `was`: what other tasks saw of the word up to now. */
void view_shown(const struct weak_store *s, const struct view *carried, uint64_t was);

/*
 * The current task loads the word at addr, of which `now` is the visible value. Returns NULL to
 * read that, or points to the older value which it reads.
 */
const uint64_t *view_load(struct kt_site *site, char *addr, uint64_t now);

/*
 * The current task's compare-and-exchange finds `now` where it expects another value, so it only
 * loads: what it finds may be older, but is not `old`.
 */
const uint64_t *view_load_but(struct kt_site *site, char *addr, uint64_t now, uint64_t old);

/*
 * The current task reads and writes the word at once, and its own stores that come before are
 * visible. The new value is not known yet: view_updated() brings it.
 */
void view_update(enum kt_access how, char *addr, uint8_t size, uint64_t now);
void view_updated(uint64_t value);

/* Barriers. For a full one the caller has made visible what the task has stored. */
void view_mb(void);
void view_rmb(void);
void view_wmb(void);
/* C11's release fence: a barrier for stores which these carry as a release does. */
void view_release(void);

/* The happens-before edges of contracts (observer.h). */
void view_releases(const void *edge);
void view_acquires(const void *edge);

/* From now on the current task sees what is visible, for example because it spins in vain. */
void view_fresh(void);

/* What is known of the memory is forgotten. */
void view_forget(const char *addr, size_t size);

#endif
