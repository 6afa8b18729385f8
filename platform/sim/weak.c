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
 *	ARM	as PSO, and a load may read an older store than the newest that is visible
 *		(view.c). smp_wmb() orders stores, an update may be relaxed, and a store after
 *		an unlock and a lock becomes visible after those before them, as Linux says.
 *
 * A task sees its own stores at once. A store becomes visible to all other tasks at one
 * moment. Loads are done in program order, each at one moment. So the outcomes of LB and,
 * but for ARM, of IRIW are those of interleavings. A fully ordered operation and smp_mb()
 * first make visible all stores that their task has done.
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
#include "platform/sim/view.h"

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

static uint64_t own;	/* what a load reads, if that is not in memory */

bool sim_is_weak;

/* ---- operations ----------------------------------------------------------- */

void sim_drain(void)
{
	weak_settle();
	weak_show_before(sim.current, UINT64_MAX);
	if (weak.memory == SIM_ARM)
		view_mb();
}

void sim_catch_up(void)
{
	weak_settle();
	if (weak.memory == SIM_ARM)
		view_fresh();
}

void sim_weak_rmb(void)
{
	weak_settle();
	if (weak.memory == SIM_ARM)
		view_rmb();
}

void sim_weak_release(void)
{
	if (weak.memory != SIM_ARM) {
		if (weak.memory == SIM_PSO)	/* others do not pass it anyway */
			sim_drain();
		return;
	}
	sim_weak_wmb();
	view_release();
}

void sim_weak_wmb(void)
{
	weak_settle();
	weak.barrier[sim.current] = weak.number;
	if (weak.memory == SIM_ARM)
		view_wmb();
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

/* The caller gets a copy: the older value is not to be changed. */
static void *stale(const uint64_t *older)
{
	own = *older;
	return &own;
}

/*
 * If an operation is not done at addr, ThreadSanitizer does not see it as an operation on
 * addr. So the simulator itself reports the edges: one from each release store to addr,
 * visible or not.
 */
static void *at_load(char *addr, uint8_t size, struct kt_site *may_be_stale)
{
	struct weak_word *w = word_at(addr, size);
	const uint64_t *older;

	if (!w && !may_be_stale)
		return addr;
	if (w)
		sim_tsan_acquire(addr);
	for (uint32_t i = w ? weak.stores : 0; i-- > 0; ) {
		const struct weak_store *s = &weak.store[i];

		if (s->addr != addr || s->task != sim.current)
			continue;
		/*
		 * The task sees its own newest store. Memory may hold another task's later
		 * store, held back or visible. To the task that store comes first: its own
		 * store becomes visible after it.
		 */
		own = s->value;
		return weak_load(addr, size) == own ? addr : (void *)&own;
	}
	if (may_be_stale) {
		older = view_load(may_be_stale, addr, w ? w->visible : weak_load(addr, size));
		if (older)
			return stale(older);
	}
	return w ? (void *)&w->visible : addr;
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

static void *at_update(char *addr, uint8_t size, enum kt_access how)
{
	struct weak_word *w;
	char *at = addr;

	if (weak.memory == SIM_ARM && (how == KT_UPDATE_RELAXED || how == KT_UPDATE_ACQUIRE))
		weak_show_before_update(addr);
	else
		weak_show_before(sim.current, UINT64_MAX);
	w = word_at(addr, size);
	if (w) {
		sim_tsan_acquire(addr);
		sim_tsan_release(addr);
		at = (char *)&w->visible;
	}
	if (weak.memory == SIM_ARM) {
		view_update(how, addr, size, weak_load(at, size));
		weak.updated = at;
		weak.updated_size = size;
		weak.unread = true;
	}
	return at;
}

/* An operation on more than a word is done on memory, and fully ordered. */
static void *at_wide(char *addr, uint8_t size)
{
	sim_drain();
	word_at(addr, size);
	if (weak.memory == SIM_ARM)
		view_forget(addr, size);
	return addr;
}

static uint64_t cut(uint64_t value, uint8_t size)
{
	return size < sizeof value ? value & ((1ull << size * 8) - 1) : value;
}

void *sim_at_cmpxchg(struct kt_site *site, void *addr, uint64_t old, enum kt_access how)
{
	struct weak_word *w;
	const uint64_t *older;
	uint64_t now;

	weak_settle();
	if (site->size > sizeof own)
		return at_wide(addr, site->size);
	if (weak.memory != SIM_ARM)
		return at_update(addr, site->size, KT_UPDATE);
	w = word_at(addr, site->size);
	now = cut(w ? w->visible : weak_load(addr, site->size), site->size);
	old = cut(old, site->size);
	if (now == old || weak_is_own(addr))
		return at_update(addr, site->size, how);
	older = view_load_but(site, addr, now, old);
	return older ? stale(older) : w ? (void *)&w->visible : addr;
}

/*
 * A plain access works on memory as it is. So all stores to what it touches become visible
 * first, and with them what must be visible before them.
 */
static void *at_plain(char *addr, uint8_t size)
{
	for (uint32_t i = 0; i < weak.stores; ) {
		const struct weak_store *s = &weak.store[i];

		if (s->addr < addr + size && addr < s->addr + s->size) {
			weak_show_before(s->task, s->number + 1);
			i = 0;
		} else {
			i++;
		}
	}
	return addr;
}

void *sim_weak_access(struct kt_site *site, const void *addr)
{
	weak_settle();
	if (site->plain)
		return at_plain((char *)addr, site->size);
	if (site->size > sizeof own && site->access != KT_LOAD_PLAIN)
		return at_wide((char *)addr, site->size);
	switch ((enum kt_access)site->access) {
	case KT_LOAD_PLAIN:
		return at_load((char *)addr, site->size, NULL);
	case KT_LOAD:
	case KT_LOAD_ACQUIRE:
	case KT_LOAD_SEQ:
		return at_load((char *)addr, site->size, weak.memory == SIM_ARM ? site : NULL);
	case KT_STORE:
	case KT_STORE_RELEASE:
		return at_store(site, (char *)addr);
	case KT_UPDATE:
	case KT_UPDATE_RELAXED:
	case KT_UPDATE_ACQUIRE:
	case KT_UPDATE_RELEASE:
	case KT_UPDATE_ACQ_REL:
		return at_update((char *)addr, site->size, (enum kt_access)site->access);
	default:	/* KT_CMPXCHG: see sim_at_cmpxchg() */
		return (void *)addr;
	}
}

void *sim_seen(const void *addr, size_t size)
{
	if (!sim_is_weak)
		return (void *)addr;
	weak_settle();
	return at_load((char *)addr, (uint8_t)size, NULL);
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
	if (weak.memory == SIM_ARM) {
		weak_settle();
		view_releases(at);
		weak.released[sim.current] = weak.number;
	}
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
	if (weak.memory == SIM_ARM) {
		view_acquires(at);
		if (weak.barrier[sim.current] < weak.released[sim.current])
			weak.barrier[sim.current] = weak.released[sim.current];
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
	if (weak.memory == SIM_ARM)
		view_forget(addr, size);
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
	(void)object;
	weak_settle();
	if (weak.memory == SIM_ARM && t->why == SIM_YIELDED)
		view_fresh();
	if (sim.fair)	/* be fair to stores, too: hold back none any more */
		weak_show_all();
}

void sim_weak_begin(enum sim_model memory, uint64_t seed, bool draws)
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
	if (memory == SIM_ARM)
		view_begin(seed, draws);
	edges.count = 0;
	/* A store's bit must not be taken for a task of an earlier execution. */
	for (uint32_t i = SIM_STORES_FIRST; i < SIM_WORD_TASKS; i++)
		sim.record->task[i].name_hash = 0;
	sim_observe(&observer);
}
