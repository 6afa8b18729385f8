/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the tests of the exploration: they tell classes of executions apart without the
 * engine's clocks. The program itself logs its operations; the class is the log in Foata's
 * normal form.
 */
#ifndef PLATFORM_SIM_TEST_CLASSES_H
#define PLATFORM_SIM_TEST_CLASSES_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/conformance/test.h"

/* ---- sets of hashes ----------------------------------------------------- */

struct hashes {
	uint64_t slot[1 << 15];
	unsigned count;
};

static uint64_t mix(uint64_t h)
{
	h *= 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

static bool add(struct hashes *s, uint64_t h)
{
	unsigned at;

	h |= !h;
	for (at = (unsigned)(h >> 20) % (1 << 15); s->slot[at]; at = (at + 1) % (1 << 15))
		if (s->slot[at] == h)
			return false;
	CHECK(s->count < 1 << 14);
	s->slot[at] = h;
	s->count++;
	return true;
}

/* ---- the log ------------------------------------------------------------ */

enum { LOG_MAX = 128 };

struct entry {
	uint8_t task, object;
	char how;		/* R and N commute with themselves, W does not */
};

static struct {
	struct entry entry[LOG_MAX];
	unsigned count;
} history;

/* Log an operation that the task has just done. No other task has done anything since. */
static void note(unsigned task, char how, unsigned object)
{
	CHECK(history.count < LOG_MAX);
	history.entry[history.count++] = (struct entry){ (uint8_t)task, (uint8_t)object, how };
}

static bool depend(const struct entry *a, const struct entry *b)
{
	return a->task == b->task ||
	       (a->object == b->object && !(a->how == b->how && a->how != 'W'));
}

/* Foata: an entry's level is one above the highest level that it depends on. */
static uint64_t class_of_log(void)
{
	unsigned level[LOG_MAX], nth[LOG_MAX];
	uint64_t sum = 0;

	for (unsigned i = 0; i < history.count; i++) {
		const struct entry *e = &history.entry[i];

		level[i] = nth[i] = 0;
		for (unsigned k = 0; k < i; k++) {
			nth[i] += history.entry[k].task == e->task;
			if (depend(&history.entry[k], e) && level[k] >= level[i])
				level[i] = level[k] + 1;
		}
		sum += mix(mix((uint64_t)level[i] << 32 | e->task << 16 | e->object << 8 |
			       (uint8_t)e->how) ^ nth[i]);
	}
	return sum;
}

#endif
