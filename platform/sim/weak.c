/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Weak memory: store buffers. Between the moment at which a task does a store and the
 * moment at which others see it, the store is *held back*. The strategy chooses when it
 * becomes visible, as it chooses the next task. CDSChecker, Relacy and Nidhugg treat store
 * buffers in the same way.
 *
 *	TSO	a task's stores become visible in their order: x86 (Sewell, Sarkar,
 *		Owens, Nardelli, Myreen: "x86-TSO", CACM 2010)
 *	PSO	a task's stores to one location become visible in their order, and a
 *		release after all stores that came before it. This is SPARC's partial
 *		store order; the release is its store barrier.
 *
 * A task sees its own stores at once. A store becomes visible to all other tasks at one
 * moment. Loads are done in program order, each at one moment. So the outcomes of LB and
 * of IRIW are those of interleavings. A fully ordered operation and smp_mb() first make
 * visible all stores that their task has done.
 *
 * Only relaxed and release stores of platform/atomic.h are held back. A plain store need
 * not be held back. In a program without data races, an edge leads from the plain store to
 * any task that reads it, and the same edge makes visible what was done before the store.
 * The edges are those of the contracts: sim_hb_release() and sim_hb_acquire(), which also
 * tell ThreadSanitizer. When a task acquires an edge, all stores that its releasers had
 * done before they released it become visible. So a release of a modelled lock, an unpark
 * or an exit orders as much as its contract says and no more: by itself it makes nothing
 * visible.
 *
 * Memory holds the newest store of any task, visible or not, so that the task that did the
 * store sees it by plain accesses. For each word to which stores are held back, the
 * simulator notes the visible value. Other tasks do their atomic operations on that note.
 * If memory holds another value than the simulator knows of, a task has done a plain store
 * since. That store counts as visible at once: if the program has no data race, no other
 * task looks yet.
 *
 * When memory is freed, or an object on a stack ends, the stores to it that are held back
 * are dropped if they are by the task that ends the memory. A store by another task would
 * reach memory that is gone, so it is a failure.
 */
#include "platform/sim/weak.h"

enum { EDGES_MAX = 64 };

/* A task that acquires the edge sees all stores of `task` before store `number`. */
struct edge {
	const void *at;
	uint32_t task;
	uint64_t number;
};

static struct {
	uint32_t count;
	struct edge edge[EDGES_MAX];
} edges;

static uint64_t own;	/* a task's own store, if memory holds a newer one */

bool sim_is_weak;

/* ---- operations ----------------------------------------------------------- */

void sim_drain(void)
{
	weak_settle();
	weak_show_before(sim.current, UINT64_MAX);
}

/*
 * The word at addr; NULL if no store to it is held back. If a noted word overlaps but
 * differs in address or size, all its stores become visible first.
 */
static struct weak_word *word_at(const char *addr, uint8_t size)
{
	struct weak_word *w, *found = NULL;

	for (uint32_t i = 0; i < weak.words; i++) {
		w = &weak.word[i];
		if (w->addr >= addr + size || addr >= w->addr + w->size)
			continue;
		if (w->addr == addr && w->size == size && weak_load(addr, size) == w->latest) {
			found = w;
			continue;
		}
		weak_forget_stores(w);
		i = UINT32_MAX;		/* start again at the first */
		found = NULL;
	}
	return found;
}

/*
 * If an operation is not done at addr, ThreadSanitizer does not see it as an operation on
 * addr. So the simulator itself reports the edges: one from each release store to addr,
 * visible or not.
 */
static void *at_load(char *addr, uint8_t size)
{
	struct weak_word *w = word_at(addr, size);
	bool newest = true;

	if (!w)
		return addr;
	sim_tsan_acquire(addr);
	for (uint32_t i = weak.stores; i-- > 0; ) {
		const struct weak_store *s = &weak.store[i];

		if (s->addr != addr)
			continue;
		if (s->task == sim.current) {
			own = s->value;
			return newest ? addr : (void *)&own;
		}
		newest = false;
	}
	return &w->visible;
}

static void *at_store(struct kt_site *site, char *addr)
{
	struct weak_word *w;

	if (weak.stores == WEAK_STORES_MAX)
		weak_show(0, SIM_SHOWN_FORCED);
	w = word_at(addr, site->size);
	if (!w) {
		w = &weak.word[weak.words++];
		w->addr = addr;
		w->size = site->size;
		w->stores = 0;
		w->visible = w->latest = weak_load(addr, site->size);
	}
	weak_hold_back(w, site);
	return addr;
}

static void *at_update(char *addr, uint8_t size)
{
	struct weak_word *w;

	weak_show_before(sim.current, UINT64_MAX);
	w = word_at(addr, size);
	if (!w)
		return addr;
	sim_tsan_acquire(addr);
	sim_tsan_release(addr);
	return &w->visible;
}

void *sim_weak_access(struct kt_site *site, const void *addr)
{
	weak_settle();
	switch ((enum kt_access)site->access) {
	case KT_LOAD: return at_load((char *)addr, site->size);
	case KT_STORE:
	case KT_STORE_RELEASE: return at_store(site, (char *)addr);
	case KT_UPDATE: return at_update((char *)addr, site->size);
	default: return (void *)addr;
	}
}

void *sim_seen(const void *addr, size_t size)
{
	if (!sim_is_weak)
		return (void *)addr;
	weak_settle();
	return at_load((char *)addr, (uint8_t)size);
}

bool sim_weak_look(uint32_t task, const char *addr, uint8_t size, uint64_t *out)
{
	const struct weak_word *w = weak_find_word(addr);

	if (!w || w->size != size)
		return false;
	*out = w->visible;
	for (uint32_t i = 0; i < weak.stores; i++)
		if (weak.store[i].addr == addr && weak.store[i].task == task)
			*out = weak.store[i].value;
	return true;
}

/* ---- edges ---------------------------------------------------------------- */

/* Forget the edges whose stores are all visible. */
static void forget_edges(void)
{
	for (uint32_t i = edges.count; i-- > 0; )
		if (!weak_holds_back(edges.edge[i].task, edges.edge[i].number))
			edges.edge[i] = edges.edge[--edges.count];
}

static void releases(const void *at)
{
	if (!weak_holds_back(sim.current, UINT64_MAX))
		return;
	for (uint32_t i = 0; i < edges.count; i++)
		if (edges.edge[i].at == at && edges.edge[i].task == sim.current) {
			edges.edge[i].number = weak.number;
			return;
		}
	if (edges.count == EDGES_MAX)
		forget_edges();
	if (edges.count == EDGES_MAX)
		sim_drain();
	else
		edges.edge[edges.count++] = (struct edge){ at, sim.current, weak.number };
}

static void acquires(const void *at)
{
	weak_settle();
	for (uint32_t i = edges.count; i-- > 0; )
		if (edges.edge[i].at == at) {
			weak_show_before(edges.edge[i].task, edges.edge[i].number);
			edges.edge[i] = edges.edge[--edges.count];
		}
}

/* ---- memory that begins and ends --------------------------------------------- */

static bool is_in(const struct weak_store *s, const char *addr, size_t size)
{
	return s->addr < addr + size && addr < s->addr + s->size;
}

static void object_begins(const void *addr, size_t size)
{
	weak_settle();
	for (uint32_t i = weak.stores; i-- > 0; )
		if (i < weak.stores && is_in(&weak.store[i], addr, size))
			weak_forget_stores(weak_find_word(weak.store[i].addr));
}

static void memory_ends(const void *addr, size_t size, enum sim_end end)
{
	char name[KT_SITE_NAME_MAX];

	(void)end;
	weak_settle();
	for (uint32_t i = 0; i < weak.stores; i++) {
		const struct weak_store *s = &weak.store[i];

		if (s->task != sim.current && is_in(s, addr, size))
			kt_fail(KT_MEMORY, "memory goes before a store to it is visible: %s by %s",
				kt_site_name(s->site, name, sizeof name),
				sim.record->task[s->task].name);
	}
	object_begins(addr, size);
}

/* ---- steps and executions ------------------------------------------------------ */

/* Note the last store before other tasks run. */
static void arrives(const struct sim_step *t, const void *object)
{
	(void)t, (void)object;
	weak_settle();
	if (sim.fair)	/* be fair to stores, too: hold back none any more */
		weak_show_all();
}

void sim_weak_begin(enum sim_model memory)
{
	static const struct sim_observer observer = {
		.arrives = arrives, .releases = releases, .acquires = acquires,
		.object_begins = object_begins, .memory_ends = memory_ends,
	};

	sim_is_weak = memory != SIM_SC;
	sim.tasks_max = sim_is_weak ? SIM_STORES_FIRST : SIM_TASKS_MAX;
	sim.record->stores = sim_is_weak ? ~0ull << SIM_STORES_FIRST : 0;
	if (!sim_is_weak)
		return;
	weak_buffer_begin(memory);
	edges.count = 0;
	/* A store's bit must not be taken for a task of an earlier execution. */
	for (uint32_t i = SIM_STORES_FIRST; i < SIM_WORD_TASKS; i++)
		sim.record->task[i].name_hash = 0;
	sim_observe(&observer);
}
