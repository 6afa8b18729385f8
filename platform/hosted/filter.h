/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the filter: a table of the 8-byte granules that the program touches. One that two
 * tasks have touched in one execution, and at least one of them has written, is shared.
 */
#ifndef PLATFORM_HOSTED_FILTER_H
#define PLATFORM_HOSTED_FILTER_H

#include "platform/hosted/backbone.h"
#include "platform/hosted/hosted.h"

enum { FILTER_TABLE_BITS = 18, FILTER_TABLE = 1 << FILTER_TABLE_BITS };

struct filter_entry {
	uint64_t granule : 46, owner : 16, wrote : 1, races : 1;
	uint32_t epoch;  /* the execution to which owner and wrote belong */
	uint32_t shared; /* the execution that found it to be shared; 0: none has */
};

struct filter {
	bool was_full;		/* an execution had no room for what it touched */
	uint32_t used, grew;	/* grew: the last execution that found one */
	uint32_t slot[FILTER_TABLE];		/* of the `used` entries: to clear only those */
	struct filter_entry entry[FILTER_TABLE];
};

extern struct filter *filter;
extern enum hosted_points filter_points;
/* What executions up to that one have found makes choice points in the one under way. */
extern uint32_t filter_known;

void hosted_filter_begin(enum hosted_points points, bool explores);
/* Another task owns the entry, and one of both writes: it is shared from now on. */
void filter_share(struct filter_entry *e);
bool filter_add(struct filter_entry *e, uint64_t granule, bool write);

static inline bool filter_is_point(const struct filter_entry *e)
{
	if (likely(filter_points == HOSTED_POINTS_FINE))
		return e->shared && e->shared <= filter_known;
	return filter_points == HOSTED_POINTS_ALL || e->races;
}

/* Have earlier executions found the granule to be shared? Whatever filter_points says. */
bool filter_is_shared(uint64_t granule);

/* The running task touches the granule. Is that a choice point? */
static inline bool filter_touch(uint64_t granule, bool write)
{
	uint32_t i = (uint32_t)(granule * 0x9e3779b97f4a7c15ull >> (64 - FILTER_TABLE_BITS));

	for (;; i = (i + 1) % FILTER_TABLE) {
		struct filter_entry *e = &filter->entry[i];

		if (likely(e->granule == granule)) {
			if (e->shared)
				return filter_is_point(e);
			if (e->epoch != hosted_epoch) {
				e->epoch = hosted_epoch;
				e->owner = (uint16_t)hosted_me();
				e->wrote = write;
			} else if (e->owner == hosted_me()) {
				e->wrote |= write;
			} else if (write || e->wrote) {
				filter_share(e);
			}
			return filter_is_point(e);
		}
		if (!e->granule)
			return filter_add(e, granule, write);
	}
}

#endif
