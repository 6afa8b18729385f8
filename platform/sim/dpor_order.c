/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Happens-before, as vector clocks over the events of procs, and races. A race is a pair of
 * dependent events. The second could have come first, and no event between them orders the
 * two.
 *
 * Some events must be enabled by another event: a release, an unpark or an exit. If the event
 * that enables the second one is the first one, or comes after the first one, the second
 * could not have come first. A lock is special: the next acquire of it can't come before the
 * release, but it can come before the acquire that goes with that release.
 */
#include <string.h>

#include "platform/sim/dpor.h"

static bool covers(const uint16_t *clock, uint32_t i)
{
	return clock[dpor.event[i].proc] >= dpor.event[i].index;
}

/* Would `e` have been possible without event i and what comes after that? */
static bool possible_without(const struct dpor_event *e, uint32_t i)
{
	if (e->is_last_resort)
		return false;
	for (uint32_t k = 0; k < e->enablers; k++)
		if (e->enabler[k] != i && !dpor_before(i, e->enabler[k]))
			return true;
	return e->enablers == 0;
}

static void add_race(uint32_t first, uint32_t second, const uint16_t *direct)
{
	if (dpor.o.states) {
		dpor_persist_race(first, second, direct);
		return;
	}
	if (!dpor_room(&dpor.race, &dpor.races_size, dpor.races + 1, sizeof *dpor.race))
		return;
	dpor.race[dpor.races++] = (struct dpor_race){ (uint16_t)first, (uint16_t)second };
}

/*
 * The function visits the earlier events on which event j depends, the latest first. `direct`
 * collects two kinds of events: those that come before event j in any case, and those that
 * come before the events visited so far. It leaves out events that come before j only because
 * of the lock that j acquires.
 */
static void find_races(uint32_t j, uint16_t *direct)
{
	const struct dpor_event *e = &dpor.event[j];
	uint16_t *clock = dpor.clock[j];
	const uint16_t *release = NULL;

	for (uint32_t i = j < dpor.events ? j : dpor.events; i-- > 0; ) {
		const struct dpor_event *b = &dpor.event[i];
		bool acquires, behind;

		if (covers(direct, i) || !dpor_dependent(b->set, e->set))
			continue;
		acquires = e->lock && dpor_set_has(b->set, dpor_touch(e->lock - 1, SIM_ACQUIRE));
		if (e->lock && !release &&
		    dpor_set_has(b->set, dpor_touch(e->lock - 1, SIM_RELEASE)))
			release = dpor.clock[i];
		behind = release && covers(release, i);
		if (acquires || (!behind && possible_without(e, i)))
			add_race(i, j, direct);
		dpor_join(clock, dpor.clock[i]);
		if (acquires || !behind)
			dpor_join(direct, dpor.clock[i]);
	}
}

static uint64_t mix(uint64_t h)
{
	h *= 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

/*
 * The hash of an execution is the sum of these. It does not depend on the order of
 * independent events.
 */
static uint64_t hash_of(uint32_t i)
{
	const struct dpor_event *e = &dpor.event[i];
	uint64_t h = mix((uint64_t)e->proc << 32 | e->mask);

	for (uint32_t p = 0; p < DPOR_PROCS_MAX; p++)
		if (dpor.clock[i][p])
			h = mix(h ^ ((uint64_t)p << 32 | dpor.clock[i][p]));
	return mix(h);
}

void dpor_order(uint32_t i)
{
	const struct dpor_event *e = &dpor.event[i];
	uint16_t *clock = dpor.clock[i], direct[DPOR_PROCS_MAX];

	if (e->before)
		memcpy(clock, dpor.clock[e->before - 1], sizeof dpor.clock[0]);
	else
		memset(clock, 0, sizeof dpor.clock[0]);
	if (e->is_last_resort)
		for (uint32_t k = 0; k < i; k++)
			dpor_join(clock, dpor.clock[k]);
	memcpy(direct, clock, sizeof direct);
	find_races(i, direct);
	clock[e->proc] = e->index;
	dpor.class[i] = (i ? dpor.class[i - 1] : 0) + hash_of(i);
}
