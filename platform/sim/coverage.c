/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Schedule coverage: which accesses of different tasks to one object were next to
 * each other, and which store a load saw (sim.h).
 *
 * A task's access is noted where it comes to its site (arrive) and counted when
 * the task is chosen (perform): only then does it happen. A task that waits for
 * its object does so at the site of the access; each time it is woken there is an
 * access again, told apart from one that did not have to wait.
 *
 * Objects are addresses that are compared for equality only: `word` is searched
 * exactly and throws nothing out, so where things lie does not show in the map.
 * An object on a stack may lie where another was: those are forgotten when they
 * begin and when they end.
 */
#include <string.h>

#include "platform/sim/internal.h"

enum {
	WORDS = 4096,			/* a power of two */
	WORDS_USED_MAX = WORDS / 2,	/* objects beyond are not looked at */
	WAITED = 0x5bd1e995,		/* makes another site of one at which a task slept */
	WORD_BYTES = 4,			/* no object is smaller */
};

struct access {
	struct kt_site *site;	/* NULL: none yet */
	uint32_t task;
	bool waited;
};

static struct {
	uint8_t *map;
	uint32_t size;
	struct sim_pairs *pairs;
	uint32_t execution;	/* what was noted by others is not there */
	uint32_t words_used;
	uint32_t fresh;
	struct arrival {
		const void *object;	/* NULL: the task's next step is no access */
		struct kt_site *site;
		bool waited;
	} arrival[SIM_TASKS_MAX];
	struct word {
		uint32_t execution;
		bool last_loads;
		const void *object;
		struct access last, store;
	} word[WORDS];
} cover;

void sim_cover(uint8_t *map, uint32_t size, struct sim_pairs *pairs)
{
	KT_ASSERT(!map || (size <= SIM_COVERAGE && (size & (size - 1)) == 0));
	cover.map = map;
	cover.size = size;
	cover.pairs = pairs;
	cover.fresh = 0;
}

uint32_t sim_cover_fresh(void)
{
	uint32_t fresh = cover.fresh;

	cover.fresh = 0;
	return fresh;
}

bool sim_cover_begin(void)
{
	if (!cover.map)
		return false;
	if (++cover.execution == 0) {	/* a number that may have been used */
		memset(cover.word, 0, sizeof cover.word);
		cover.execution = 1;
	}
	cover.words_used = 0;
	memset(cover.arrival, 0, sizeof cover.arrival);
	return true;
}

/* ---- objects -------------------------------------------------------------- */

/* Its place, whether it is there or not. */
static struct word *find(const void *object)
{
	uint64_t h = ((uintptr_t)object / WORD_BYTES) * 0x9e3779b97f4a7c15ull;
	uint32_t i = (uint32_t)(h >> 40) % WORDS;

	while (cover.word[i].execution == cover.execution && cover.word[i].object != object)
		i = (i + 1) % WORDS;
	return &cover.word[i];
}

/* NULL: no room. */
static struct word *word_of(const void *object)
{
	struct word *w = find(object);

	if (w->execution == cover.execution)
		return w;
	if (cover.words_used == WORDS_USED_MAX)
		return NULL;
	cover.words_used++;
	*w = (struct word){ .execution = cover.execution, .object = object };
	return w;
}

void sim_cover_forget(const void *addr, size_t size)
{
	for (size_t at = 0; at < size; at += WORD_BYTES) {
		struct word *w = find((const char *)addr + at);

		if (w->execution == cover.execution)
			w->last.site = w->store.site = NULL;
	}
}

/* ---- the map --------------------------------------------------------------- */

static uint32_t identity(const struct access *a)
{
	return a->site ? a->site->hash ^ (a->waited ? WAITED : 0) : 0;
}

static void add(enum sim_pair_kind kind, const struct access *first, const struct access *second)
{
	uint64_t h = ((uint64_t)identity(first) << 32 | identity(second)) + kind;
	uint8_t *entry;

	h *= 0x9e3779b97f4a7c15ull;
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15ull;
	entry = &cover.map[(h >> 40) & (cover.size - 1)];
	if (*entry)
		return;
	*entry = 1;
	cover.fresh++;
	if (cover.pairs)
		cover.pairs->pair[cover.pairs->count++] = (struct sim_pair){
			.kind = kind, .first = first->site, .second = second->site,
			.first_waited = first->waited, .second_waited = second->waited,
		};
}

/* ---- accesses --------------------------------------------------------------- */

static bool only_loads(const char *op)
{
	return strcmp(op, "load") == 0 || strcmp(op, "test_bit") == 0;
}

static bool only_stores(const char *op)
{
	return strcmp(op, "store") == 0;
}

void sim_cover_arrive(const struct sim_step *t, const void *object)
{
	struct arrival *a = &cover.arrival[t->task];

	if (t->why == SIM_BLOCKED) {
		if (a->site != t->site)
			a->object = NULL;
		a->waited = true;
	} else {
		a->object = t->why == SIM_POINT ? object : NULL;
		a->waited = false;
	}
	a->site = t->site;
}

void sim_cover_perform(uint32_t task)
{
	const struct arrival *a = &cover.arrival[task];
	const struct access this = { .site = a->site, .task = task, .waited = a->waited };
	struct word *w = a->object ? word_of(a->object) : NULL;
	bool loads;

	if (!w)
		return;
	loads = only_loads(this.site->op);
	if (w->last.site && w->last.task != task && !(loads && w->last_loads))
		add(SIM_PAIR_ORDER, &w->last, &this);
	if (!only_stores(this.site->op) && !(w->store.site && w->store.task == task))
		add(SIM_PAIR_READS_FROM, &w->store, &this);
	w->last = this;
	w->last_loads = loads;
	if (!loads)
		w->store = this;
}
