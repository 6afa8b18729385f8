/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stale loads: SIM_ARM is PSO's store buffers, and loads that may read an older store.
 *
 * A processor may do a load before loads that come earlier in the program. Then the load
 * reads a store that is not the newest any more when the earlier loads are done. Here a load
 * is done in its place, but may read any of the last stores to its word that the task need
 * not have overtaken. What a task must have seen is a *view*: of each task, how many of its
 * stores. (Kang, Hur, Lahav, Vafeiadis, Dreyer: "A Promising Semantics for Relaxed-Memory
 * Concurrency", POPL 2017, has views of words. Views of tasks are smaller, and lose no
 * outcome: where they ask for more than the program orders, the store that would have been
 * missed can become visible later instead.)
 *
 * A task has these views:
 *
 *	cur	what its next load must have seen
 *	acq	what that will be after a barrier: cur, and what all stores carried that it read
 *	rel	what its later relaxed stores carry
 *	own	what its own stores carried
 *	passed	acq at its last release of an edge: what it has seen, and what its stores carry,
 *		after a release and an acquire (unlock, lock: Linux orders what is before and
 *		after these, also for third parties, and also if another task did the unlock)
 *
 * and for each word the newest store that it has read or done, so that loads of one word are
 * in order.
 *
 * A store becomes visible at one moment, to its word's last STORES_KEPT visible stores. So
 * the stores to a word have one order, and a store never depends on a load that comes later.
 * A store carries `acq` if it is a release, else `rel`, and itself. A load takes what the
 * store carried into `acq`; an acquire takes it into `cur` as well. A full barrier joins the
 * task's view with that of all earlier full barriers. So what the kernel's model calls
 * propagation holds, and two tasks may see two stores in different orders (IRIW) unless
 * full barriers forbid it.
 *
 * Address dependencies: if a load's address lies in what a pointer points to that the task
 * has loaded, the load must have seen what the store of that pointer carried.
 *
 * A plain store counts as seen by every task that looks at the word later, and a plain load
 * reads memory: without a data race it is ordered.
 *
 * ThreadSanitizer hears of memset() and the like, also where the compiler calls them. So each
 * function that weak.c calls tells it not to listen.
 *
 * Every store is seen in the end: a task that spins sees what is visible (view_fresh()), and
 * when tasks are scheduled fairly all loads read the newest store.
 */
#include "platform/sim/view.h"

#include <string.h>

enum {
	STORES_KEPT = 4,	/* of each word */
	WORDS_MAX = 1024,	/* to further words loads read the newest store */
	SLOTS = 4096,		/* power of two, more than WORDS_MAX */
	EDGES_KEPT = 256,
	POINTERS_KEPT = 8,	/* of each task */
	POINTER_REACH = 1024,	/* bytes around a pointer's target that belong to it, at least */
	NO_TASK = SIM_STORES_FIRST,
};

/* A visible store. */
struct shown {
	uint64_t value;
	uint32_t nth;		/* of its task's visible stores, from 1 */
	uint8_t task;		/* NO_TASK: a plain store, or older than what is known */
	struct view view;
};

struct word {
	char *addr;		/* NULL: forgotten */
	uint8_t size, kept;
	uint32_t stores;	/* all that became visible */
	uint32_t seen[SIM_STORES_FIRST];	/* of these, those up to the newest that the task
						 * has read or done */
	struct shown shown[STORES_KEPT];	/* the oldest first */
};

/* A pointer that a task has loaded. */
struct pointer {
	uint64_t value;
	struct view view;
};

struct task {
	struct view cur, acq, rel, own, passed;
	uint32_t shown;		/* its stores that became visible */
	uint32_t pointers;
	struct pointer pointer[POINTERS_KEPT];
};

struct edge {
	const void *at;
	uint32_t task;
	struct view view;
};

static struct {
	bool draws;
	uint32_t percent;	/* of the loads that may be stale are stale, if it draws */
	struct kt_rng rng;
	uint32_t words, edges, tasks;
	uint32_t sizes;		/* bit: a word of that size is known */
	uint32_t generation;	/* of the slots that are in use */
	struct view full;	/* that of the last full barrier */
	struct word *updated;	/* its newest store's value is not known yet */
	struct { uint32_t generation, word; } slot[SLOTS];
	struct word word[WORDS_MAX];
	struct task task[SIM_STORES_FIRST];
	struct edge edge[EDGES_KEPT];
} known;

/* ---- views --------------------------------------------------------------------- */

static void join(struct view *to, const struct view *from)
{
	if (to->width < from->width) {
		memset(&to->at[to->width], 0, (from->width - to->width) * sizeof to->at[0]);
		to->width = from->width;
	}
	for (uint32_t i = 0; i < from->width; i++)
		if (to->at[i] < from->at[i])
			to->at[i] = from->at[i];
}

static void copy(struct view *to, const struct view *from)
{
	to->width = 0;
	join(to, from);
}

static void join_one(struct view *to, uint32_t task, uint32_t nth)
{
	if (to->width <= task) {
		memset(&to->at[to->width], 0, (task + 1 - to->width) * sizeof to->at[0]);
		to->width = task + 1;
	}
	if (to->at[task] < nth)
		to->at[task] = nth;
}

static bool has_seen(const struct view *v, const struct shown *s)
{
	return s->task == NO_TASK || (s->task < v->width && v->at[s->task] >= s->nth);
}

/* ---- tasks and words --------------------------------------------------------------- */

static struct task *task_of(uint32_t i)
{
	for (; known.tasks <= i; known.tasks++) {
		struct task *t = &known.task[known.tasks];

		t->cur.width = t->acq.width = t->rel.width = t->own.width = 0;
		t->passed.width = 0;
		t->shown = t->pointers = 0;
	}
	return &known.task[i];
}

static struct task *self(void)
{
	return task_of(sim.current);
}

void view_begin(uint64_t seed, bool draws)
{
	static const uint32_t percents[] = { 50, 20, 5 };

	sim_unseen_begin();
	kt_rng_seed(&known.rng, kt_rng_derive(seed, 0x7374616c65));
	known.draws = draws;
	known.percent = percents[kt_rng_below(&known.rng, 3)];
	known.words = known.edges = known.tasks = known.sizes = 0;
	known.full.width = 0;
	known.updated = NULL;
	if (++known.generation == 0) {
		memset(known.slot, 0, sizeof known.slot);
		known.generation = 1;
	}
	sim_unseen_end();
}

static uint32_t slot_of(const char *addr)
{
	return (uint32_t)((uint64_t)(uintptr_t)addr * 0x9e3779b97f4a7c15ull >> 40) % SLOTS;
}

/* NULL: it is not known. */
static struct word *find(const char *addr, uint8_t size)
{
	for (uint32_t i = slot_of(addr); known.slot[i].generation == known.generation;
	     i = (i + 1) % SLOTS) {
		struct word *w = &known.word[known.slot[i].word];

		if (w->addr == addr && w->size == size)
			return w;
	}
	return NULL;
}

/* Words of other sizes that overlap are forgotten. */
static void forget_overlapping(const char *addr, uint8_t size)
{
	for (uint32_t other = 1; other <= 8; other *= 2) {
		if (!(known.sizes & other))
			continue;
		for (const char *at = addr - other + 1; at < addr + size; at++) {
			struct word *w = find(at, (uint8_t)other);

			if (w && !(other == size && at == addr))
				w->addr = NULL;
		}
	}
}

static struct shown *newest(struct word *w)
{
	return &w->shown[w->kept - 1];
}

static struct shown *push(struct word *w, uint64_t value, uint32_t task, uint32_t nth)
{
	struct shown *s;

	if (w->kept == STORES_KEPT) {
		memmove(&w->shown[0], &w->shown[1], (STORES_KEPT - 1) * sizeof w->shown[0]);
		w->kept--;
	}
	s = &w->shown[w->kept++];
	s->value = value;
	s->task = (uint8_t)task;
	s->nth = nth;
	s->view.width = 0;
	w->stores++;
	return s;
}

/* A plain store was done: from now on each task sees it, or what came later. */
static void begin_with(struct word *w, uint64_t now)
{
	w->kept = 0;
	push(w, now, NO_TASK, 0);
}

/* The word, of which `now` is visible. NULL: there are too many. */
static struct word *word_at(char *addr, uint8_t size, uint64_t now)
{
	struct word *w = find(addr, size);
	uint32_t i = slot_of(addr);

	if (w) {
		if (newest(w)->value != now)
			begin_with(w, now);
		return w;
	}
	if (known.words == WORDS_MAX)
		return NULL;
	forget_overlapping(addr, size);
	while (known.slot[i].generation == known.generation)
		i = (i + 1) % SLOTS;
	known.slot[i].generation = known.generation;
	known.slot[i].word = known.words;
	known.sizes |= size;
	w = &known.word[known.words++];
	w->addr = addr;
	w->size = size;
	w->stores = 0;
	memset(w->seen, 0, sizeof w->seen);
	begin_with(w, now);
	return w;
}

void view_forget(const char *addr, size_t size)
{
	sim_unseen_begin();
	for (uint32_t i = 0; i < known.words; i++) {
		struct word *w = &known.word[i];

		if (w->addr && w->addr < addr + size && addr < w->addr + w->size)
			w->addr = NULL;
	}
	known.updated = NULL;
	sim_unseen_end();
}

/* ---- stores ------------------------------------------------------------------------- */

void view_of_store(bool release, struct view *out)
{
	const struct task *t = self();

	sim_unseen_begin();
	copy(out, &t->rel);
	if (release)
		join(out, &t->acq);
	sim_unseen_end();
}

/* The task's store has become visible as the newest of its word. */
static void did(uint32_t task, struct word *w, const struct view *carried)
{
	struct task *t = task_of(task);

	join_one(&t->cur, task, t->shown);
	join_one(&t->acq, task, t->shown);
	join(&t->own, carried);
	w->seen[task] = w->stores;
}

void view_shown(const struct weak_store *s, const struct view *carried, uint64_t was)
{
	struct word *w = word_at(s->addr, s->size, was);
	struct task *t = task_of(s->task);
	struct shown *m;

	sim_unseen_begin();
	t->shown++;
	if (!w)
		goto out;
	m = push(w, s->value, s->task, t->shown);
	copy(&m->view, carried);
	join_one(&m->view, s->task, t->shown);
	if (s->ordered)		/* stores that came before a barrier are visible by now */
		join(&m->view, &t->own);
	did(s->task, w, &m->view);
out:
	sim_unseen_end();
}

/* ---- loads --------------------------------------------------------------------------- */

static bool reaches(uint64_t pointer, const char *addr)
{
	uint32_t task[2], nth[2], offset;
	uint64_t at = (uint64_t)(uintptr_t)addr;

	if (at - pointer + POINTER_REACH < 2 * POINTER_REACH)
		return true;
	return sim_memory_block(addr, &task[0], &nth[0], &offset) &&
	       sim_memory_block((const void *)(uintptr_t)pointer, &task[1], &nth[1], &offset) &&
	       task[0] == task[1] && nth[0] == nth[1];
}

/* What the stores of the pointers carried by which the task came to addr. */
static void dependencies(const struct task *t, const char *addr, struct view *out)
{
	out->width = 0;
	for (uint32_t i = 0; i < t->pointers; i++)
		if (reaches(t->pointer[i].value, addr))
			join(out, &t->pointer[i].view);
}

static void note_pointer(struct task *t, const struct shown *m, const struct view *depends)
{
	struct pointer *p;

	if (m->value < 4096)
		return;
	if (t->pointers == POINTERS_KEPT) {
		memmove(&t->pointer[0], &t->pointer[1],
			(POINTERS_KEPT - 1) * sizeof t->pointer[0]);
		t->pointers--;
	}
	p = &t->pointer[t->pointers++];
	p->value = m->value;
	copy(&p->view, &m->view);
	join(&p->view, depends);
}

/* How many stores of the word the task may pass over, but not the newest. */
static uint32_t may_pass(const struct task *t, const struct word *w, const struct view *depends)
{
	uint32_t seen = w->seen[sim.current], n = 0;

	while (n + 1u < w->kept) {
		const struct shown *m = &w->shown[w->kept - 1 - n];

		/* Is m, or a later store, one that the task must have seen? */
		if (w->stores - n <= seen || has_seen(&t->cur, m) || has_seen(depends, m))
			break;
		n++;
	}
	return n;
}

static uint32_t choose(uint32_t below)
{
	uint32_t k = sim_choose(SIM_CHOOSE_STALE, below);

	if (k == 0 && known.draws && !sim.fair && kt_rng_below(&known.rng, 100) < known.percent)
		k = 1 + kt_rng_below(&known.rng, below - 1);
	return k;
}

static const uint64_t *load(struct kt_site *site, enum kt_access how, char *addr, uint64_t now,
			    const uint64_t *but)
{
	struct word *w = find(addr, site->size);
	struct task *t;
	struct view depends;
	struct shown *m;
	uint32_t stale, older = 0;

	if (!w)
		return NULL;
	if (newest(w)->value != now)
		begin_with(w, now);
	t = self();
	if (how == KT_LOAD_SEQ)
		join(&t->cur, &known.full);
	dependencies(t, addr, &depends);
	stale = may_pass(t, w, &depends);
	if (stale)
		older = choose(stale + 1);
	while (but && older && w->shown[w->kept - 1 - older].value == *but)
		older--;
	m = &w->shown[w->kept - 1 - older];
	if (older)
		sim_note_stale(site, older);
	w->seen[sim.current] = w->stores - older;
	join(&t->acq, &m->view);
	if (how != KT_LOAD)
		join(&t->cur, &m->view);
	if (how == KT_LOAD_SEQ)
		join(&known.full, &t->cur);
	if (site->size == sizeof(uint64_t))
		note_pointer(t, m, &depends);
	return older ? &m->value : NULL;
}

const uint64_t *view_load(struct kt_site *site, char *addr, uint64_t now)
{
	const uint64_t *older;

	sim_unseen_begin();
	older = load(site, (enum kt_access)site->access, addr, now, NULL);
	sim_unseen_end();
	return older;
}

const uint64_t *view_load_but(struct kt_site *site, char *addr, uint64_t now, uint64_t old)
{
	const uint64_t *older;

	sim_unseen_begin();
	older = load(site, KT_LOAD, addr, now, &old);
	sim_unseen_end();
	return older;
}

/* ---- updates and barriers -------------------------------------------------------------- */

void view_mb(void)
{
	struct task *t = self();

	sim_unseen_begin();
	join(&t->acq, &known.full);
	join(&t->cur, &t->acq);
	join(&t->rel, &t->acq);
	copy(&known.full, &t->acq);
	sim_unseen_end();
}

void view_rmb(void)
{
	struct task *t = self();

	sim_unseen_begin();
	join(&t->cur, &t->acq);
	sim_unseen_end();
}

void view_wmb(void)
{
	struct task *t = self();

	sim_unseen_begin();
	join(&t->rel, &t->own);
	sim_unseen_end();
}

void view_release(void)
{
	struct task *t = self();

	sim_unseen_begin();
	join(&t->rel, &t->acq);
	sim_unseen_end();
}

void view_update(enum kt_access how, char *addr, uint8_t size, uint64_t now)
{
	bool full = how == KT_UPDATE;
	bool acquires = how == KT_UPDATE_ACQUIRE || how == KT_UPDATE_ACQ_REL;
	bool releases = how == KT_UPDATE_RELEASE || how == KT_UPDATE_ACQ_REL;
	struct word *w = word_at(addr, size, now);
	struct task *t = self();
	struct view carried;

	sim_unseen_begin();
	if (full)
		view_mb();
	t->shown++;
	if (!w)
		goto out;
	join(&t->acq, &newest(w)->view);
	if (full || acquires)
		join(&t->cur, &newest(w)->view);
	view_of_store(full || releases, &carried);
	join(&carried, &newest(w)->view);	/* the store that it reads goes on in this one */
	join_one(&carried, sim.current, t->shown);
	if (releases)
		join(&carried, &t->own);
	copy(&push(w, now, sim.current, t->shown)->view, &carried);
	did(sim.current, w, &carried);
	known.updated = w;
	if (full)
		view_mb();
out:
	sim_unseen_end();
}

void view_updated(uint64_t value)
{
	sim_unseen_begin();
	if (known.updated)
		newest(known.updated)->value = value;
	known.updated = NULL;
	sim_unseen_end();
}

/* ---- edges ------------------------------------------------------------------------------ */

/* There is no room. What is visible now includes what acquirers of any edge must see. */
static void forget_edges(void)
{
	for (uint32_t i = 0; i < known.words; i++)
		for (uint32_t t = 0; t < SIM_STORES_FIRST; t++)
			known.word[i].seen[t] = known.word[i].stores;
	known.edges = 0;
}

void view_releases(const void *at)
{
	struct task *t = self();
	struct edge *e = NULL;

	sim_unseen_begin();
	for (uint32_t i = 0; i < known.edges && !e; i++)
		if (known.edge[i].at == at && known.edge[i].task == sim.current)
			e = &known.edge[i];
	if (!e) {
		if (known.edges == EDGES_KEPT)
			forget_edges();
		e = &known.edge[known.edges++];
		*e = (struct edge){ .at = at, .task = sim.current };
	}
	join(&e->view, &t->acq);
	copy(&t->passed, &t->acq);
	sim_unseen_end();
}

void view_acquires(const void *at)
{
	struct task *t = self();
	struct view got = { .width = 0 };

	sim_unseen_begin();
	for (uint32_t i = 0; i < known.edges; i++) {
		const struct edge *e = &known.edge[i];

		if (e->at != at)
			continue;
		/* What it had stored is visible by now. */
		join_one(&got, e->task, task_of(e->task)->shown);
		join(&got, &e->view);
	}
	/* Linux's unlock and lock, by one task or by two, order what is before and after them. */
	join(&got, &t->passed);
	join(&t->cur, &got);
	join(&t->acq, &got);
	join(&t->rel, &got);
	sim_unseen_end();
}

void view_fresh(void)
{
	sim_unseen_begin();
	for (uint32_t i = 0; i < known.words; i++)
		known.word[i].seen[sim.current] = known.word[i].stores;
	sim_unseen_end();
}
