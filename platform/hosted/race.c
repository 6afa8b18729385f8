/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A happens-before race detector on vector clocks (Flanagan, Freund: "FastTrack: efficient and
 * precise dynamic race detection", PLDI 2009; the cells with several accesses to eight bytes
 * are those of ThreadSanitizer). Two accesses race if they touch the same byte, one of them
 * writes, one of them is not atomic, and no chain of synchronization orders them. Whether they
 * do does not depend on which of them came first, so a race is found under most schedules.
 *
 * The clock of a task counts its releases. A task's vector says which of the releases of every
 * task come before what the task does next. An object of synchronization, by its address, has
 * a vector, too. A task that releases the object joins its own vector to it.
 *
 * The order of an atomic operation counts: a relaxed operation orders nothing by itself. With
 * a fence before a relaxed store, or after a relaxed load, it does (C11 7.17.4).
 */
#include "platform/hosted/race.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "platform/hosted/backbone.h"
#include "platform/hosted/call.h"
#include "platform/hosted/hosted.h"
#include "platform/hosted/models.h"
#include "platform/sim/sim.h"

enum {
	OBJECTS = 1 << 14,	/* objects of synchronization; power of two */
	CELLS = 1 << 17,	/* words of eight bytes with accesses; power of two */
	PER_CELL = 6,
	BYTES = 8,
	WORDS_OF_RANGE = 512,	/* of a longer memcpy(), only the beginning is looked at */
};

struct vector {
	uint32_t count;			/* clocks of later tasks are 0 */
	uint32_t clock[SIM_TASKS_MAX];
};

struct object {
	uintptr_t addr;
	uint32_t execution;		/* the vector is of this execution */
	struct vector released;
};

struct access {
	uintptr_t pc;
	uint32_t clock;			/* of the task, when it accessed; 0: no access */
	uint32_t frame;
	uint8_t task, bytes;		/* bit per byte of the word */
	bool write, atomic, is_volatile;
};

struct cell {
	uintptr_t word;			/* address / BYTES */
	uint32_t execution;
	uint32_t next;			/* the access that is replaced next */
	struct access access[PER_CELL];
};

struct task {
	struct vector now;
	/* Since its last fence: what the task has read relaxed, for an acquire fence. */
	struct vector read;
	/* What a relaxed store releases, because of a release fence before it. */
	struct vector fenced;
	bool has_read, has_fenced;
};

bool hosted_races_on;
enum hosted_volatile hosted_volatiles;

static enum hosted_races how;

static struct {
	uint32_t execution;
	uint32_t objects, cells;	/* used in all executions; the tables are never cleared */
	struct task task[SIM_TASKS_MAX];
	struct object object[OBJECTS];
	struct cell cell[CELLS];
} *races;

static struct race_places {		/* shared with the parent */
	unsigned count;
	struct kt_site *place[2];
} *found;

static void *map_pages(size_t size, int flags)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void hosted_race_init(void)
{
	found = map_pages(sizeof *found, MAP_SHARED);
}

/* ---- vectors ---------------------------------------------------------------- */

static uint32_t clock_of(const struct vector *v, uint32_t task)
{
	return task < v->count ? v->clock[task] : 0;
}

static void set_clock(struct vector *v, uint32_t task, uint32_t clock)
{
	while (v->count <= task)
		v->clock[v->count++] = 0;
	v->clock[task] = clock;
}

static void join(struct vector *to, const struct vector *from)
{
	for (uint32_t i = 0; i < from->count; i++)
		if (from->clock[i] > clock_of(to, i))
			set_clock(to, i, from->clock[i]);
}

static void copy(struct vector *to, const struct vector *from)
{
	to->count = from->count;
	memcpy(to->clock, from->clock, from->count * sizeof from->clock[0]);
}

/* ---- an execution ------------------------------------------------------------- */

static void task_begin(uint32_t id)
{
	struct task *t = &races->task[id];

	t->now.count = t->read.count = t->fenced.count = 0;
	t->has_read = t->has_fenced = false;
	set_clock(&t->now, id, 1);
}

void hosted_race_begin(enum hosted_races asked, enum hosted_volatile volatiles)
{
	hosted_volatiles = volatiles;
	if (found)
		found->count = 0;
	if (asked != HOSTED_RACES_IGNORED && !races)
		races = map_pages(sizeof *races, MAP_PRIVATE);
	how = asked;
	hosted_races_on = races && found && asked != HOSTED_RACES_IGNORED;
	if (!hosted_races_on)
		return;
	races->execution++;
	if (races->objects > OBJECTS / 2 || races->cells > CELLS / 2) {
		/* All pages become zero, also the number of the execution. */
		madvise(races, sizeof *races, MADV_DONTNEED);
		races->execution = 1;
	}
	task_begin(0);
}

void hosted_race_end(uint32_t tasks)
{
	for (uint32_t i = 0; races && i < tasks; i++)
		races->task[i].now.count = 0;
	hosted_races_on = false;
}

static struct task *current(void)
{
	struct task *t = &races->task[hosted_me()];

	if (!t->now.count)
		task_begin(hosted_me());
	return t;
}

/* ---- objects of synchronization -------------------------------------------- */

/* The row of the table that has the address, or the free one where it would be. */
static struct object *object_at(uintptr_t addr)
{
	uint32_t i = (uint32_t)(addr * 0x9e3779b97f4a7c15ull >> 40) % OBJECTS;

	while (races->object[i].addr && races->object[i].addr != addr)
		i = (i + 1) % OBJECTS;
	return &races->object[i];
}

/* What was released to the word in this execution; NULL if nothing was. */
static struct vector *released_before(const void *word)
{
	struct object *o = object_at((uintptr_t)word);

	return o->addr && o->execution == races->execution ? &o->released : NULL;
}

/* NULL if the table is full. Races may then be found that are none, so none is reported. */
static struct vector *released(const void *edge)
{
	uintptr_t addr = (uintptr_t)edge;
	struct object *o = object_at(addr);

	if (!o->addr) {
		if (races->objects >= OBJECTS / 4 * 3) {
			hosted_races_on = false;
			return NULL;
		}
		o->addr = addr;
		races->objects++;
	}
	if (o->execution != races->execution) {
		o->execution = races->execution;
		o->released.count = 0;
	}
	return &o->released;
}

static void tick(struct task *t)
{
	uint32_t me = hosted_me();

	set_clock(&t->now, me, clock_of(&t->now, me) + 1);
}

void hosted_release(const void *edge)
{
	struct vector *v;

	sim_hb_release(edge);
	if (likely(!hosted_races_on))
		return;
	v = released(edge);
	if (!v)
		return;
	join(v, &current()->now);
	tick(current());
}

void hosted_acquire(const void *edge)
{
	struct vector *v;

	sim_hb_acquire(edge);
	if (likely(!hosted_races_on))
		return;
	v = released(edge);
	if (v)
		join(&current()->now, v);
}

/* ---- reports ------------------------------------------------------------------ */

/*
 * The message names both places and what the task that runs holds. The other task may have
 * released its locks since.
 */
__attribute__((noinline, cold))
static void report(const void *addr, bool write, uintptr_t pc, const struct access *other)
{
	char mine[300], theirs[300], locks[120];
	uint32_t me = hosted_me();
	struct kt_site *here = hosted_site_sized(hosted_program_pc(pc),
						  write ? HOSTED_STORE : HOSTED_LOAD, 0);
	struct kt_site *there = hosted_site_sized(other->pc,
						  other->write ? HOSTED_STORE : HOSTED_LOAD, 0);

	if (how == HOSTED_RACES_LEARNED) {
		hosted_filter_races(addr);
		return;
	}
	found->place[0] = here;
	found->place[1] = there;
	found->count = 2;
	hosted_races_on = false;
	pc = hosted_program_pc(pc);
	hosted_frame_words(hosted_frame(), pc, mine, sizeof mine);
	hosted_frame_words(other->frame, other->pc, theirs, sizeof theirs);
	hosted_fail(KT_RACE, pc, "%s %s %s, and nothing orders this after %s, which %s it%s\n"
		    "%s: %s; holds %s\n%s: %s", hosted_name(me), write ? "writes" : "reads",
		    hosted_object_name(addr), hosted_name(other->task),
		    other->write ? "wrote" : "read", other->is_volatile ?
		    " by a volatile access" : other->atomic ? " atomically" : "",
		    hosted_name(me), mine, hosted_locks_held(me, locks, sizeof locks),
		    hosted_name(other->task), theirs);
}

unsigned hosted_race_places(struct kt_site *place[2])
{
	if (!found || !found->count)
		return 0;
	place[0] = found->place[0];
	place[1] = found->place[1];
	return 2;
}

/* ---- accesses ------------------------------------------------------------------- */

static struct cell *cell_of(uintptr_t word)
{
	uint32_t i = (uint32_t)(word * 0x9e3779b97f4a7c15ull >> 40) % CELLS;
	struct cell *c = &races->cell[i];

	while (c->word && c->word != word) {
		i = (i + 1) % CELLS;
		c = &races->cell[i];
	}
	if (!c->word) {
		if (races->cells >= CELLS / 4 * 3)
			return NULL;	/* accesses to further words are not looked at */
		c->word = word;
		races->cells++;
	}
	if (c->execution != races->execution) {
		c->execution = races->execution;
		c->next = 0;
		memset(c->access, 0, sizeof c->access);
	}
	return c;
}

static bool is_ordered(const struct task *t, const struct access *a)
{
	return a->task == hosted_me() || a->clock <= clock_of(&t->now, a->task);
}

/* The access that the new one takes the place of. */
static struct access *place_for(struct cell *c, const struct task *t, const struct access *a)
{
	struct access *free = NULL;

	for (int i = 0; i < PER_CELL; i++) {
		struct access *old = &c->access[i];

		if (!old->clock) {
			if (!free)
				free = old;
		} else if (old->task == a->task && !(old->bytes & ~a->bytes) &&
			   old->atomic == a->atomic && (a->write || !old->write)) {
			return old;
		} else if (!free && is_ordered(t, old) && old->task != a->task &&
			   !(old->bytes & ~a->bytes) && a->write) {
			free = old;
		}
	}
	if (free)
		return free;
	c->next = (c->next + 1) % PER_CELL;
	return &c->access[c->next];
}

/*
 * A library that stands in for an operating system has its own rules for its data, which are looked
 * into elsewhere. What it does to the program's data, and the program to its, is reported.
 */
static bool is_inside_library(const struct access *a, const struct access *b)
{
	return unlikely(hosted_call_is_library(a->pc)) && hosted_call_is_library(b->pc);
}

static void access_word(uintptr_t word, const struct access *a)
{
	struct cell *c = cell_of(word);
	const struct task *t = current();

	if (!c)
		return;
	for (int i = 0; i < PER_CELL; i++) {
		const struct access *old = &c->access[i];

		if (old->clock && (old->bytes & a->bytes) && (old->write || a->write) &&
		    !(old->atomic && a->atomic) && !is_ordered(t, old) &&
		    !is_inside_library(old, a)) {
			report((const void *)(word * BYTES +
					      (unsigned)__builtin_ctz(old->bytes & a->bytes)),
			       a->write, a->pc, old);
			break;
		}
	}
	*place_for(c, t, a) = *a;
}

static void access_range(uintptr_t addr, size_t size, struct access a)
{
	uint32_t words = 0;

	while (size > 0 && words++ < WORDS_OF_RANGE) {
		unsigned offset = addr % BYTES;
		size_t n = BYTES - offset < size ? BYTES - offset : size;

		a.bytes = (uint8_t)(((1u << n) - 1) << offset);
		access_word(addr / BYTES, &a);
		addr += n;
		size -= n;
	}
}

static struct access access_by(bool write, bool atomic, uintptr_t pc)
{
	uint32_t me = hosted_me();

	return (struct access){
		.pc = pc, .clock = clock_of(&current()->now, me), .frame = hosted_frame(),
		.task = (uint8_t)me, .write = write, .atomic = atomic,
	};
}

void hosted_race_access(uintptr_t addr, size_t size, bool write, uintptr_t pc)
{
	access_range(addr, size, access_by(write, false, pc));
}

static bool acquires(int order)
{
	return order == __ATOMIC_ACQUIRE || order == __ATOMIC_CONSUME ||
	       order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

static bool releases(int order)
{
	return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL ||
	       order == __ATOMIC_SEQ_CST;
}

static void atomic_load(struct task *t, struct vector *v, int order)
{
	if (acquires(order)) {
		join(&t->now, v);
	} else if (v->count) {
		if (!t->has_read)
			t->read.count = 0;
		t->has_read = true;
		join(&t->read, v);
	}
}

/*
 * A store begins a new sequence of releases. An update goes on with the sequence of the value
 * that it read.
 */
static void atomic_store(struct task *t, struct vector *v, int order, bool update)
{
	if (!update)
		v->count = 0;
	if (releases(order)) {
		join(v, &t->now);
		tick(t);
	} else if (t->has_fenced) {
		join(v, &t->fenced);
	}
}

/*
 * A word to which nothing is released needs no row in the table: a program may have more volatile
 * words than the table has rows.
 */
static void race_atomic(const void *addr, size_t size, enum hosted_atomic_kind kind, int order,
			struct access a)
{
	struct task *t = current();
	bool is_released = kind != HOSTED_READS && (releases(order) || t->has_fenced);
	struct vector *v = is_released ? released(addr) : released_before(addr);

	if (is_released && !v)
		return;
	if (v && kind != HOSTED_WRITES)
		atomic_load(t, v, order);
	/* The access itself comes before the release, so it has the clock from before. */
	a.clock = clock_of(&t->now, a.task);
	access_range((uintptr_t)addr, size, a);
	if (v && kind != HOSTED_READS)
		atomic_store(t, v, order, kind == HOSTED_UPDATES);
}

void hosted_race_atomic(const void *addr, size_t size, enum hosted_atomic_kind kind, int order,
			uintptr_t pc)
{
	race_atomic(addr, size, kind, order, access_by(kind != HOSTED_READS, true, pc));
}

/*
 * What depends on a value that was read, as what a pointer points to, comes after the read on every
 * machine of today. So a relaxed read has the order __ATOMIC_CONSUME here.
 */
void hosted_race_volatile(const void *addr, size_t size, bool write, uintptr_t pc)
{
	struct access a = access_by(write, true, pc);
	int store = hosted_volatiles == HOSTED_VOLATILE_ORDERED ? __ATOMIC_RELEASE :
		    __ATOMIC_RELAXED;

	a.is_volatile = true;
	race_atomic(addr, size, write ? HOSTED_WRITES : HOSTED_READS,
		    write ? store : __ATOMIC_CONSUME, a);
}

void hosted_race_fence(int order)
{
	struct task *t;

	if (likely(!hosted_races_on))
		return;
	t = current();
	if (acquires(order) && t->has_read) {
		join(&t->now, &t->read);
		t->has_read = false;
	}
	if (releases(order)) {
		copy(&t->fenced, &t->now);
		t->has_fenced = true;
		tick(t);
	}
}
