/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Schedule coverage: which accesses of different tasks to one object were next to
 * each other, and which store a load saw (sim_coverage.h).
 *
 * A task's access is noted when the task arrives at the site, and counted when the task
 * is chosen to go on, because only then does the access happen. A task that waits for
 * its object waits at the site of the access. Each time the task is woken it does the
 * access again, and that counts as an access that had to wait.
 *
 * Objects are addresses that are compared for equality only. The table `word` compares
 * whole addresses and drops no object, so the coverage map does not depend on where objects
 * lie. An object on a stack may lie where another one was. So when an object begins or
 * ends, all that is known of its memory is forgotten.
 *
 * With weak memory a store counts when its task does it. If the last store is held back, a
 * load sees an older one; here it counts as if it saw the last one.
 */
#include <string.h>

#include "platform/sim/internal.h"

enum {
	WORDS = 4096,			/* a power of two */
	WORDS_USED_MAX = WORDS / 2,	/* further objects are not observed */
	WAITED = 0x5bd1e995,		/* a site at which a task slept counts as another site */
	WORD_BYTES = 4,			/* no object is smaller */
};

/* What a task does next. */
struct arrival {
	const void *object;	/* NULL: no access */
	struct kt_site *site;
	bool waited;
};

/* An object of an execution: its last access and its last store. */
struct word {
	const void *object;
	uint32_t execution;	/* in which it was noted */
	uint8_t last_task, store_task;
	bool last_waited, store_waited;
	struct kt_site *last, *store;	/* NULL: none yet */
};

static struct {
	struct sim_pairs *pairs;	/* at most one of this and `map` is set */
	uint8_t *map;
	uint32_t size;
	uint32_t execution;	/* notes of other executions do not count */
	uint32_t words_used;
	uint32_t fresh;
	uint32_t arrived;		/* the number of the last task that arrived, + 1 */
	struct arrival arrival[SIM_TASKS_MAX];
	struct word word[WORDS];
} cover;

void sim_cover(struct sim_pairs *pairs)
{
	cover.pairs = pairs;
	cover.map = NULL;
	cover.fresh = 0;
}

void sim_cover_map(uint8_t *map, uint32_t size)
{
	KT_ASSERT((size & (size - 1)) == 0);
	cover.pairs = NULL;
	cover.map = map;
	cover.size = size;
	cover.fresh = 0;
}

uint32_t sim_cover_fresh(void)
{
	uint32_t fresh = cover.fresh;

	cover.fresh = 0;
	return fresh;
}

/* ---- objects -------------------------------------------------------------- */

/* The place where the object is noted, or where it must be noted. */
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

static void forget(const void *addr, size_t size)
{
	for (size_t at = 0; at < size; at += WORD_BYTES) {
		struct word *w = find((const char *)addr + at);

		if (w->execution == cover.execution)
			*w = (struct word){ .object = w->object, .execution = w->execution };
	}
}

/* ---- the map --------------------------------------------------------------- */

static uint32_t identity(const struct kt_site *site, bool waited)
{
	return site ? site->hash ^ (waited ? WAITED : 0) : 0;
}

static uint32_t pair_hash(const struct sim_pair *p)
{
	uint64_t h = ((uint64_t)p->first_id << 32 | p->second_id) + p->kind;

	h *= 0x9e3779b97f4a7c15ull;
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15ull;
	return (uint32_t)(h >> 40);
}

static bool same(const struct sim_pair *a, const struct sim_pair *b)
{
	return a->kind == b->kind && a->first_id == b->first_id && a->second_id == b->second_id;
}

bool sim_pairs_add(struct sim_pairs *to, const struct sim_pair *p)
{
	uint32_t i = pair_hash(p) % SIM_PAIR_SLOTS;

	for (; to->slot[i]; i = (i + 1) % SIM_PAIR_SLOTS)
		if (same(&to->pair[to->slot[i] - 1], p))
			return false;
	if (to->count == SIM_PAIRS_MAX)
		return false;
	to->pair[to->count] = *p;
	to->slot[i] = ++to->count;	/* last, because a signal may kill the process here */
	return true;
}

static bool set_entry(const struct sim_pair *p)
{
	uint8_t *entry = &cover.map[pair_hash(p) & (cover.size - 1)];
	bool is_new = !*entry;

	*entry = 1;
	return is_new;
}

static void add(enum sim_pair_kind kind, struct kt_site *first, bool first_waited,
		const struct arrival *second)
{
	const struct sim_pair p = {
		.kind = kind, .first = first, .second = second->site,
		.first_id = identity(first, first_waited),
		.second_id = identity(second->site, second->waited),
		.first_waited = first_waited, .second_waited = second->waited,
	};

	cover.fresh += cover.pairs ? sim_pairs_add(cover.pairs, &p) : set_entry(&p);
}

/* ---- accesses --------------------------------------------------------------- */

static inline bool only_loads(const struct kt_site *site)
{
	return kt_access_loads((enum kt_access)site->access);
}

static inline bool only_stores(const struct kt_site *site)
{
	return site->access == KT_STORE || site->access == KT_STORE_RELEASE;
}

static void arrives(const struct sim_step *t, const void *object)
{
	struct arrival *a = &cover.arrival[t->task];

	if (t->task >= cover.arrived)
		cover.arrived = t->task + 1u;
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

static void goes_on(uint32_t task)
{
	const struct arrival *a = &cover.arrival[task];
	struct word *w = a->object ? word_of(a->object) : NULL;
	bool loads;

	if (!w)
		return;
	loads = only_loads(a->site);
	if (w->last && w->last_task != task && !(loads && only_loads(w->last)))
		add(SIM_PAIR_ORDER, w->last, w->last_waited, a);
	if (!(w->store && w->store_task == task) && !only_stores(a->site))
		add(SIM_PAIR_READS_FROM, w->store, w->store_waited, a);
	w->last = a->site;
	w->last_task = (uint8_t)task;
	w->last_waited = a->waited;
	if (loads)
		return;
	w->store = a->site;
	w->store_task = (uint8_t)task;
	w->store_waited = a->waited;
}

/* ---- an execution ------------------------------------------------------------- */

static void memory_ends(const void *addr, size_t size, enum sim_end end)
{
	if (end == SIM_END_ON_STACK)	/* a block's addresses do not come again */
		forget(addr, size);
}

void sim_cover_begin(void)
{
	static const struct sim_observer observer = {
		.arrives = arrives, .goes_on = goes_on,
		.object_begins = forget, .memory_ends = memory_ends,
	};

	if (!cover.map && !cover.pairs)
		return;
	if (++cover.execution == 0) {	/* the number overflowed, so numbers come again */
		memset(cover.word, 0, sizeof cover.word);
		cover.execution = 1;
	}
	cover.words_used = 0;
	memset(cover.arrival, 0, cover.arrived * sizeof cover.arrival[0]);
	cover.arrived = 0;
	sim_observe(&observer);
}
