/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which plain accesses are choice points. The set of shared granules grows from execution to
 * execution, and within one it is that of its beginning, so that what an execution finds
 * does not change what it does. Between two reads by different tasks no write is missed: the
 * writer finds the owner to be another task.
 *
 * While all other tasks have ended and been joined, a task touches nothing: what it does is
 * ordered with all that others did.
 */
#include <string.h>

#include "platform/hosted/filter.h"

struct filter *filter;
enum hosted_points filter_points;
uint32_t filter_known;

void filter_share(struct filter_entry *e)
{
	e->shared = hosted_epoch;
	filter->grew = hosted_epoch;
}

/* A free entry is about to be filled. */
static void take_slot(const struct filter_entry *e)
{
	filter->slot[filter->used++] = (uint32_t)(e - filter->entry);
}

bool filter_add(struct filter_entry *e, uint64_t granule, bool write)
{
	/* A granule for which there is no room is not shared, as far as the filter knows. */
	if (filter->used >= FILTER_TABLE / 4 * 3) {
		filter->was_full = true;
		return filter_points == HOSTED_POINTS_ALL;
	}
	take_slot(e);
	*e = (struct filter_entry){
		.granule = granule,
		.owner = (uint16_t)hosted_me(),
		.wrote = write,
		.epoch = hosted_epoch,
	};
	return filter_is_point(e);
}

bool filter_is_shared(uint64_t granule)
{
	uint32_t i = (uint32_t)(granule * 0x9e3779b97f4a7c15ull >> (64 - FILTER_TABLE_BITS));

	for (;; i = (i + 1) % FILTER_TABLE) {
		const struct filter_entry *e = &filter->entry[i];

		if (e->granule == granule)
			return e->shared && e->shared <= filter_known;
		if (!e->granule)
			return false;
	}
}

void hosted_filter_begin(enum hosted_points points, bool explores)
{
	filter_points = points;
	if (!explores)
		filter_known = hosted_epoch - 1;
}

/* An exploration begins. */
void hosted_filter_settle(void)
{
	filter_known = hosted_epochs();
}

/*
 * Called between executions: make room. A granule that no execution has found to be shared
 * needs no memory of it, because each execution looks anew.
 */
void hosted_filter_end(void)
{
	static struct filter_entry kept[FILTER_TABLE / 4];
	uint32_t n = 0;

	if (filter->used < FILTER_TABLE / 2)
		return;
	for (uint32_t i = 0; i < FILTER_TABLE; i++)
		if (filter->entry[i].shared && n < FILTER_TABLE / 4)
			kept[n++] = filter->entry[i];
	hosted_filter_forget();
	for (uint32_t k = 0; k < n; k++) {
		uint64_t granule = kept[k].granule;
		uint32_t i = (uint32_t)(granule * 0x9e3779b97f4a7c15ull >>
					(64 - FILTER_TABLE_BITS));

		while (filter->entry[i].granule)
			i = (i + 1) % FILTER_TABLE;
		take_slot(&filter->entry[i]);
		filter->entry[i] = kept[k];
	}
}

bool hosted_filter_was_full(void)
{
	return filter->was_full;
}

bool hosted_filter_grew(void)
{
	return filter->grew == hosted_epochs();
}

void hosted_filter_forget(void)
{
	for (uint32_t i = 0; i < filter->used; i++)
		filter->entry[filter->slot[i]] = (struct filter_entry){ 0 };
	filter->used = 0;
}

void hosted_filter_races(const void *addr)
{
	uint64_t granule = (uintptr_t)addr / 8;
	uint32_t i = (uint32_t)(granule * 0x9e3779b97f4a7c15ull >> (64 - FILTER_TABLE_BITS));

	for (;; i = (i + 1) % FILTER_TABLE) {
		struct filter_entry *e = &filter->entry[i];

		if (!e->granule) {
			if (filter->used >= FILTER_TABLE / 4 * 3)
				return;
			take_slot(e);
			e->granule = granule;
		}
		if (e->granule != granule)
			continue;
		if (!e->shared)
			filter_share(e);
		else if (!e->races)
			filter->grew = hosted_epoch;
		e->races = true;
		return;
	}
}

void hosted_filter_init(void)
{
	filter = sim_shared_map(sizeof *filter);
	if (!filter)
		hosted_give_up("no memory for the table of shared addresses");
}
