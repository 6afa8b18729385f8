/* SPDX-License-Identifier: GPL-2.0-only */
#include "platform/hosted/explore.h"

#include <string.h>

#include "platform/hosted/filter.h"
#include "platform/hosted/site.h"

bool hosted_explores;
uint32_t hosted_unjoined;

static bool cancels;		/* in any execution so far */

/* ---- busy waits ------------------------------------------------------------------ */

static struct looks {
	uint32_t epoch;
	uint32_t count;				/* since the last change */
	uint32_t accesses;			/* while another task runs: hosted_since_switch */
	uint32_t thousands;			/* of accesses without a change */
	uint64_t seen[EXPLORE_PERIOD_MAX];	/* the last looks, by count */
	uint32_t same[EXPLORE_PERIOD_MAX + 1];	/* per period: looks in a row that repeat */
} looks[HOSTED_TASKS_MAX];

enum { ENDLESS = 100 };	/* thousands */

static struct looks *mine(void)
{
	struct looks *l = &looks[hosted_me()];

	if (l->epoch != hosted_epoch)
		*l = (struct looks){ .epoch = hosted_epoch };
	return l;
}

void explore_change(void)
{
	struct looks *l = mine();

	l->count = l->thousands = 0;
	memset(l->same, 0, sizeof l->same);
}

static uint64_t mix(uint64_t h)
{
	h *= 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

/* Is this look the last one of LOOKS equal rounds? The addresses are compared, nothing more. */
static bool look(const struct site_row *row, const void *addr, uint64_t value)
{
	struct looks *l = mine();
	uint64_t seen = mix(mix(mix((uintptr_t)row) ^ (uintptr_t)addr) ^ value);
	bool spins = false;

	for (uint32_t p = 1; p <= EXPLORE_PERIOD_MAX; p++) {
		bool repeats = l->count >= p &&
			       l->seen[(l->count - p) % EXPLORE_PERIOD_MAX] == seen;

		l->same[p] = repeats ? l->same[p] + 1 : 0;
		spins |= l->same[p] >= (EXPLORE_LOOKS - 1) * p;
	}
	l->seen[l->count++ % EXPLORE_PERIOD_MAX] = seen;
	return spins;
}

/* The looks after the yield are the first of a new row. */
static void spin(const struct site_row *row)
{
	struct site_row *at = site_find(site_pc(row), HOSTED_SPIN, 0, 0);

	explore_change();
	site_visit(at);
	site_note_step(at);
	sim_yield(&at->site);
	hosted_back();
}

static uint64_t value_at(const void *addr, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, addr, size < sizeof value ? size : sizeof value);
	return value;
}

void explore_access(struct site_row *row, const void *addr, size_t size, bool write,
		    bool is_point)
{
	if (write)
		explore_change();
	else if (is_point && look(row, addr, value_at(addr, size)))
		spin(row);
}

void explore_atomic(struct site_row *row, const void *addr, size_t size, enum hosted_op op)
{
	if (op == HOSTED_ATOMIC_STORE || op == HOSTED_ATOMIC_RELEASE ||
	    op == HOSTED_ATOMIC_SEQ_STORE)
		explore_change();
	else if (look(row, addr, value_at(addr, size)))
		spin(row);
}

void explore_operation(struct site_row *row)
{
	if (look(row, NULL, 0))
		spin(row);
}

bool explore_spins_at(struct site_row *row)
{
	if (!look(row, NULL, 0))
		return false;
	explore_change();
	return true;
}

bool explore_is_endless(void)
{
	struct looks *l = mine();

	return ++l->thousands % ENDLESS == 0;
}

uint32_t explore_switch(uint32_t from)
{
	if (from < HOSTED_TASKS_MAX && looks[from].epoch == hosted_epoch)
		looks[from].accesses = hosted_since_switch;
	return mine()->accesses;
}

/* ---- ends ------------------------------------------------------------------------- */

void explore_last(void)
{
	static struct kt_site site = { .op = "point", .what = "end", .file = "", .line = 0 };

	if (sim_unfinished() < 2)
		return;
	sim_waits(SIM_WAIT_SETTLED, 0);
	sim_mark(&site);
	hosted_back();
}

void explore_acquire(size_t offset)
{
	if (hosted_explores && !hosted_is_alone())
		sim_waits(SIM_WAIT_FREE, (uint32_t)(offset / sizeof(uint32_t)));
}

void explore_join(uint32_t task)
{
	if (hosted_explores && !cancels && !hosted_is_alone())
		sim_waits(SIM_WAIT_EXIT, task);
}

void explore_cancels(void)
{
	if (!cancels)
		filter->grew = hosted_epoch;	/* what was explored so far does not count */
	cancels = true;
}

void explore_begin(bool explores)
{
	hosted_explores = explores;
	hosted_unjoined = 0;
}
