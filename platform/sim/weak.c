/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Weak memory: store buffers. Between the moment a task does a store and the
 * moment others see it the store is *held back*; that it becomes visible is a
 * choice of the strategy's, beside that of the next task. So do CDSChecker,
 * Relacy and Nidhugg treat store buffers.
 *
 *	TSO	a task's stores become visible in their order: x86 (Sewell, Sarkar,
 *		Owens, Nardelli, Myreen: "x86-TSO", CACM 2010)
 *	PSO	those to one location in their order, and a release after all that
 *		came before it: SPARC's partial store order, whose store barrier
 *		the release is
 *
 * A task sees its own stores at once. A store becomes visible to all others at
 * once, and loads are done in order and when they are: so the outcomes of LB, and
 * of IRIW, are those of interleavings. A fully ordered operation and smp_mb()
 * first make all visible that their task has done.
 *
 * Only relaxed and release stores of platform/atomic.h are held back. A plain
 * store is not, and need not be: in a program without data races who reads it
 * knows by some edge that it was done, and the same edge makes visible what was
 * done before. Edges are those of the contracts (sim_hb_release() and
 * sim_hb_acquire(), which ThreadSanitizer hears of, too): when an edge is acquired
 * what its releasers had done by then becomes visible. So a release of a modelled
 * lock, an unpark, an exit orders as much as its contract says, and no more: by
 * itself it makes nothing visible.
 *
 * Memory holds the newest store of any task, visible or not, so that plain
 * accesses by the task that did it see it. A word of which stores are held back
 * is noted with what is visible of it, and others' atomic operations are done
 * there. If something else is found in memory than was left there, a plain store
 * has been done since: by rights nobody else looks yet, and it counts.
 *
 * When memory is freed, or an object on a stack ends, stores to it that are held
 * back are forgotten if who ends it did them. If another task did, they would
 * come to memory that is gone: a failure.
 */
#include <string.h>

#include "platform/sim/internal.h"

enum {
	STORES_MAX = 64,	/* held back at a time; also words with such */
	EDGES_MAX = 64,
	NO_BIT = 0,
};

struct store {
	char *addr;
	struct kt_site *site;
	uint64_t number;	/* counts the stores of an execution, from 1 */
	uint64_t value;
	uint32_t step;
	uint8_t size, task;
	bool release;
	uint8_t bit;		/* in sim.runnable; NO_BIT: not to be chosen yet */
};

struct word {
	char *addr;
	uint8_t size;
	uint32_t stores;	/* held back, never 0 */
	uint64_t visible;
	uint64_t latest;	/* what we know to be in memory */
};

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "operations of any size are done at the beginning of `visible`");

/* Whoever acquires it sees the stores of `task` before `number`. */
struct edge {
	const void *at;
	uint32_t task;
	uint64_t number;
};

static struct {
	enum sim_model memory;
	uint32_t stores, words, edges;
	uint64_t number;	/* of the next store */
	bool unread;		/* the last store is about to be done: its value is not known */
	uint64_t own;		/* what a task sees of a word of which others know more */
	struct store store[STORES_MAX];		/* in the order in which they were done */
	struct word word[STORES_MAX];
	struct edge edge[EDGES_MAX];
} weak;

bool sim_is_weak;

typedef uint16_t aliased_16 __attribute__((may_alias));
typedef uint32_t aliased_32 __attribute__((may_alias));
typedef uint64_t aliased_64 __attribute__((may_alias));

/* Not by memcpy(), of which ThreadSanitizer hears. */
static uint64_t load(const char *addr, uint8_t size)
{
	switch (size) {
	case 1: return *(const uint8_t *)addr;
	case 2: return *(const aliased_16 *)(const void *)addr;
	case 4: return *(const aliased_32 *)(const void *)addr;
	default: return *(const aliased_64 *)(const void *)addr;
	}
}

static void store(char *addr, uint8_t size, uint64_t value)
{
	switch (size) {
	case 1: *(uint8_t *)addr = (uint8_t)value; break;
	case 2: *(aliased_16 *)(void *)addr = (uint16_t)value; break;
	case 4: *(aliased_32 *)(void *)addr = (uint32_t)value; break;
	default: *(aliased_64 *)(void *)addr = value; break;
	}
}

/* ---- words ---------------------------------------------------------------- */

static struct word *find_word(const char *addr)
{
	for (uint32_t i = 0; i < weak.words; i++)
		if (weak.word[i].addr == addr)
			return &weak.word[i];
	return NULL;
}

static void forget_word(struct word *w)
{
	*w = weak.word[--weak.words];
}

/* The value of the store that was about to be done has been written by now. */
static void settle(void)
{
	struct store *s;

	if (!weak.unread)
		return;
	weak.unread = false;
	s = &weak.store[weak.stores - 1];
	s->value = load(s->addr, s->size);
	find_word(s->addr)->latest = s->value;
}

/* ---- stores --------------------------------------------------------------- */

/* The oldest that must become visible before store i; i if there is none. */
static uint32_t before(uint32_t i)
{
	const struct store *s = &weak.store[i];

	for (uint32_t k = 0; k < i; k++)
		if (weak.store[k].task == s->task &&
		    (weak.memory == SIM_TSO || s->release || weak.store[k].addr == s->addr))
			return k;
	return i;
}

/* If there are more than bits, the youngest have to wait. */
static void give_bits(void)
{
	for (uint32_t i = 0; i < weak.stores; i++) {
		uint64_t left = sim.record->stores & ~sim.runnable;

		if (weak.store[i].bit != NO_BIT || !left || before(i) != i)
			continue;
		weak.store[i].bit = (uint8_t)__builtin_ctzll(left);
		sim.runnable |= 1ull << weak.store[i].bit;
	}
}

static void remove_store(uint32_t i)
{
	if (weak.store[i].bit != NO_BIT)
		sim.runnable &= ~(1ull << weak.store[i].bit);
	weak.stores--;
	sim_unseen_begin();
	memmove(&weak.store[i], &weak.store[i + 1], (weak.stores - i) * sizeof weak.store[0]);
	sim_unseen_end();
}

/* As if they had become visible before something else was done to the word. */
static void forget_stores(struct word *w)
{
	for (uint32_t i = weak.stores; i-- > 0; )
		if (weak.store[i].addr == w->addr)
			remove_store(i);
	forget_word(w);
	give_bits();
}

static void note_visible(const struct store *s, enum sim_shown shown)
{
	struct sim_record *r = sim.record;
	uint8_t older = 0;

	r->hash = (r->hash ^ s->site->hash ^ (uint64_t)s->task << 32) * 0x9e3779b97f4a7c15ull;
	if (shown == SIM_SHOWN_FORCED && r->events >= SIM_EVENTS_MAX / 2)
		return;		/* for explain only: leave room for what repeats it */
	for (const struct store *o = weak.store; o->number < s->number; o++)
		older += o->task == s->task && o->site->hash == s->site->hash;
	sim_add_event(SIM_EVENT_VISIBLE, s->task, KT_ROLE_COUNT, s->step);
	if (r->events_lost)
		return;
	r->event[r->events - 1].shown = (uint8_t)shown;
	r->event[r->events - 1].site = s->site;
	r->event[r->events - 1].older = older;
}

/* None must become visible before it. */
static void show(uint32_t i, enum sim_shown shown)
{
	const struct store s = weak.store[i];
	struct word *w = find_word(s.addr);

	note_visible(&s, shown);
	w->visible = s.value;
	sim.shown++;
	remove_store(i);
	if (--w->stores == 0) {
		/* Other than the newest if another task's, done before, was seen after it. */
		if (w->visible != w->latest && load(w->addr, w->size) == w->latest)
			store(w->addr, w->size, w->visible);
		forget_word(w);
	}
	give_bits();
}

/* Store i and all that must become visible before it. */
static void show_up_to(uint32_t i)
{
	for (bool done = false; !done; i--) {
		uint32_t k = i;

		while (before(k) != k)
			k = before(k);
		done = k == i;
		show(k, SIM_SHOWN_CHOSEN);
	}
}

/* All of the task's that were done before store `number`. */
static void show_before(uint32_t task, uint64_t number)
{
	for (uint32_t i = 0; i < weak.stores; )
		if (weak.store[i].task == task && weak.store[i].number < number)
			show(i, SIM_SHOWN_FORCED);	/* the oldest of its task */
		else
			i++;
}

void sim_drain(void)
{
	settle();
	show_before(sim.current, UINT64_MAX);
}

static void show_all(void)
{
	while (weak.stores)
		show(0, SIM_SHOWN_FORCED);
}

void sim_weak_show(uint32_t bit, enum sim_shown shown)
{
	uint32_t i = 0;

	while (weak.store[i].bit != bit)
		i++;
	show(i, shown);
}

void sim_show(uint32_t task, uint32_t site_hash, uint32_t older)
{
	if (!sim_is_weak)
		return;
	settle();
	for (uint32_t i = 0; i < weak.stores; i++)
		if (weak.store[i].task == task && weak.store[i].site->hash == site_hash &&
		    older-- == 0) {
			show_up_to(i);
			return;
		}
}

const void *sim_store_object(uint32_t bit)
{
	for (uint32_t i = 0; i < weak.stores; i++)
		if (weak.store[i].bit == bit)
			return weak.store[i].addr;
	return NULL;
}

/* ---- operations ----------------------------------------------------------- */

/*
 * The word at addr, NULL if nothing of it is held back. One that overlaps is
 * another size's view of it: all is visible first.
 */
static struct word *word_at(const char *addr, uint8_t size)
{
	struct word *w, *found = NULL;

	for (uint32_t i = 0; i < weak.words; i++) {
		w = &weak.word[i];
		if (w->addr >= addr + size || addr >= w->addr + w->size)
			continue;
		if (w->addr == addr && w->size == size && load(addr, size) == w->latest) {
			found = w;
			continue;
		}
		forget_stores(w);
		i = UINT32_MAX;		/* from the first again */
		found = NULL;
	}
	return found;
}

/*
 * What ThreadSanitizer sees of an operation that is not done at addr are edges by
 * all that was stored there with release, visible or not.
 */
static void *at_load(char *addr, uint8_t size)
{
	struct word *w = word_at(addr, size);
	bool newest = true;

	if (!w)
		return addr;
	sim_tsan_acquire(addr);
	for (uint32_t i = weak.stores; i-- > 0; ) {
		const struct store *s = &weak.store[i];

		if (s->addr != addr)
			continue;
		if (s->task == sim.current) {
			weak.own = s->value;
			return newest ? addr : (void *)&weak.own;
		}
		newest = false;
	}
	return &w->visible;
}

static void *at_store(struct kt_site *site, char *addr)
{
	struct word *w;

	if (weak.stores == STORES_MAX)
		show(0, SIM_SHOWN_FORCED);
	w = word_at(addr, site->size);
	if (!w) {
		w = &weak.word[weak.words++];
		w->addr = addr;
		w->size = site->size;
		w->stores = 0;
		w->visible = w->latest = load(addr, site->size);
	}
	w->stores++;
	kt_site_hash(site);
	weak.store[weak.stores++] = (struct store){
		.addr = addr, .site = site, .size = site->size, .task = (uint8_t)sim.current,
		.number = weak.number++, .release = site->access == KT_STORE_RELEASE,
		.step = sim.record->steps - 1, .bit = NO_BIT,
	};
	weak.unread = true;
	give_bits();
	return addr;
}

static void *at_update(char *addr, uint8_t size)
{
	struct word *w;

	show_before(sim.current, UINT64_MAX);
	w = word_at(addr, size);
	if (!w)
		return addr;
	sim_tsan_acquire(addr);
	sim_tsan_release(addr);
	return &w->visible;
}

void *sim_weak_access(struct kt_site *site, const void *addr)
{
	settle();
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
	settle();
	return at_load((char *)addr, (uint8_t)size);
}

/* ---- edges ---------------------------------------------------------------- */

static bool holds_back(uint32_t task, uint64_t before)
{
	for (uint32_t i = 0; i < weak.stores; i++)
		if (weak.store[i].task == task && weak.store[i].number < before)
			return true;
	return false;
}

/* Of which all is visible. */
static void forget_edges(void)
{
	for (uint32_t i = weak.edges; i-- > 0; )
		if (!holds_back(weak.edge[i].task, weak.edge[i].number))
			weak.edge[i] = weak.edge[--weak.edges];
}

static void releases(const void *at)
{
	if (!holds_back(sim.current, UINT64_MAX))
		return;
	for (uint32_t i = 0; i < weak.edges; i++)
		if (weak.edge[i].at == at && weak.edge[i].task == sim.current) {
			weak.edge[i].number = weak.number;
			return;
		}
	if (weak.edges == EDGES_MAX)
		forget_edges();
	if (weak.edges == EDGES_MAX)
		sim_drain();
	else
		weak.edge[weak.edges++] = (struct edge){ at, sim.current, weak.number };
}

static void acquires(const void *at)
{
	settle();
	for (uint32_t i = weak.edges; i-- > 0; )
		if (weak.edge[i].at == at) {
			show_before(weak.edge[i].task, weak.edge[i].number);
			weak.edge[i] = weak.edge[--weak.edges];
		}
}

/* ---- memory that goes ------------------------------------------------------ */

static bool is_in(const struct store *s, const char *addr, size_t size)
{
	return s->addr < addr + size && addr < s->addr + s->size;
}

static void object_begins(const void *addr, size_t size)
{
	settle();
	for (uint32_t i = weak.stores; i-- > 0; )
		if (i < weak.stores && is_in(&weak.store[i], addr, size))
			forget_stores(find_word(weak.store[i].addr));
}

static void memory_ends(const void *addr, size_t size, enum sim_end end)
{
	char name[KT_SITE_NAME_MAX];

	(void)end;
	settle();
	for (uint32_t i = 0; i < weak.stores; i++) {
		const struct store *s = &weak.store[i];

		if (s->task != sim.current && is_in(s, addr, size))
			kt_fail(KT_MEMORY, "memory goes before a store to it is visible: %s by %s",
				kt_site_name(s->site, name, sizeof name),
				sim.record->task[s->task].name);
	}
	object_begins(addr, size);
}

/* ---- an execution ------------------------------------------------------------ */

/* Before other tasks run. */
static void arrives(const struct sim_step *t, const void *object)
{
	(void)t, (void)object;
	settle();
	if (sim.fair)	/* to the stores, too */
		show_all();
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
	weak.memory = memory;
	weak.stores = weak.words = weak.edges = 0;
	weak.number = 1;
	weak.unread = false;
	/* No task is taken for one of an earlier execution. */
	for (uint32_t i = SIM_STORES_FIRST; i < SIM_TASKS_MAX; i++)
		sim.record->task[i].name_hash = 0;
	sim_observe(&observer);
}
