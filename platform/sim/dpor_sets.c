/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects have names that are the same in every execution. The name of an object in memory
 * gives the proc that allocated its block, or on whose stack the object is, and the
 * object's place in the block or stack. So an event of one execution can be compared with
 * events of another.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/sim/dpor.h"

enum {
	OBJECTS_MAX = 1 << 16,
	OBJECT_SLOTS = OBJECTS_MAX * 2,
	STACK_OBJECTS_MAX = 64,
	NAME_BLOCK = 0xfffff,		/* as an offset: the block itself */
};

/* The first two bits of a name. */
enum { NAME_STATIC, NAME_HEAP, NAME_STACK, NAME_THING };

struct set {
	uint32_t first, count;		/* its touches, in sets.touch[] */
	uint64_t bloom;			/* filter for its objects and their blocks */
	uint64_t hash;
};

static struct {
	uint64_t *name;			/* the name of each object; 0: not used */
	uint32_t *block;		/* the object that stands for its block, or 0 */
	uint32_t *slot;			/* object, by hash of its name; 0: empty */
	uint32_t count;
} objects;

static struct {
	struct set *set;
	uint32_t *touch, *slot;
	uint32_t count, size, touches, touches_size, slots;
} sets;

/* The live objects on stacks. */
static struct {
	uint32_t count;
	struct { uintptr_t begin, end; } at[STACK_OBJECTS_MAX];
} live;

bool dpor_room(void *vector, uint32_t *size, uint32_t count, size_t each)
{
	uint32_t bigger = *size ? *size : 64;
	void *old, *new;

	if (count <= *size)
		return true;
	while (bigger < count)
		bigger *= 2;
	memcpy(&old, vector, sizeof old);
	new = realloc(old, bigger * each);
	if (!new) {
		dpor.no_memory = true;
		return false;
	}
	memcpy(vector, &new, sizeof new);
	*size = bigger;
	return true;
}

static uint64_t mix(uint64_t h)
{
	h *= 0x9e3779b97f4a7c15ull;
	return h ^ h >> 32;
}

bool dpor_sets_init(void)
{
	if (!objects.name) {
		objects.name = calloc(OBJECTS_MAX, sizeof *objects.name);
		objects.block = calloc(OBJECTS_MAX, sizeof *objects.block);
		objects.slot = calloc(OBJECT_SLOTS, sizeof *objects.slot);
		if (!objects.name || !objects.block || !objects.slot)
			return false;
	}
	memset(objects.slot, 0, OBJECT_SLOTS * sizeof *objects.slot);
	objects.count = 0;
	if (sets.slots)
		memset(sets.slot, 0, sets.slots * sizeof *sets.slot);
	sets.count = sets.touches = 0;
	return true;
}

/* ---- objects ------------------------------------------------------------ */

/* The number of the object with this name. */
static uint32_t named(uint64_t name, uint64_t block)
{
	uint32_t at = (uint32_t)mix(name) % OBJECT_SLOTS, o, whole;

	while ((o = objects.slot[at]) != 0) {
		if (objects.name[o] == name)
			return o;
		at = (at + 1) % OBJECT_SLOTS;
	}
	whole = block && block != name ? named(block, 0) : 0;
	if (objects.count + 1 == OBJECTS_MAX) {
		dpor.no_memory = true;
		return 1;
	}
	while (objects.slot[at])	/* the block may have taken the slot */
		at = (at + 1) % OBJECT_SLOTS;
	o = ++objects.count;
	objects.slot[at] = o;
	objects.name[o] = name;
	objects.block[o] = whole;
	return o;
}

static uint64_t name_of(uint64_t kind, uint64_t proc, uint64_t nth, uint64_t offset)
{
	return kind << 62 | proc << 52 | nth << 24 | offset;
}

/* The proc whose stack it is on, and its distance from where the stack begins. */
static bool on_stack(uintptr_t addr, uint32_t *proc, uint64_t *offset)
{
	for (uint32_t i = 0; i < sim.record->tasks; i++) {
		const struct fiber *f = &sim.task[i].fiber;

		if (addr - (uintptr_t)f->stack >= f->stack_size)
			continue;
		*proc = dpor_proc[i];
		*offset = fiber_bottom(f, i) - addr;
		return true;
	}
	return false;
}

uint32_t dpor_object(const void *addr)
{
	uintptr_t at = (uintptr_t)addr;
	uint32_t task, nth, offset;
	uint64_t depth;

	if (sim_memory_block(addr, &task, &nth, &offset)) {
		task = dpor_proc[task];
		return named(name_of(NAME_HEAP, task, nth, offset),
			     name_of(NAME_HEAP, task, nth, NAME_BLOCK));
	}
	if (!on_stack(at, &task, &depth))
		return named(at, 0);
	for (uint32_t i = 0; i < live.count; i++)
		if (at >= live.at[i].begin && at < live.at[i].end)
			return named(name_of(NAME_STACK, task, 0, depth),
				     name_of(NAME_STACK, task, 1,
					     depth + (at - live.at[i].begin)));
	return named(name_of(NAME_STACK, task, 0, depth), 0);
}

uint32_t dpor_block(const void *p)
{
	uint32_t task, nth, offset;
	uint64_t depth;

	if (sim_memory_block(p, &task, &nth, &offset))
		return named(name_of(NAME_HEAP, dpor_proc[task], nth, NAME_BLOCK), 0);
	if (on_stack((uintptr_t)p, &task, &depth))
		return named(name_of(NAME_STACK, task, 1, depth), 0);
	return 0;
}

uint32_t dpor_thing(enum sim_thing thing, uint32_t task)
{
	uint32_t proc = thing < SIM_CLOCK ? dpor_proc[task] : 0;

	return named(name_of(NAME_THING, proc, thing, 0), 0);
}

void dpor_stack_objects_reset(void)
{
	live.count = 0;
}

/* A new object ends the old ones where it lies. */
void dpor_stack_object(const void *addr, size_t size)
{
	uintptr_t begin = (uintptr_t)addr, end = begin + size;

	for (uint32_t i = 0; i < live.count; )
		if (live.at[i].begin < end && begin < live.at[i].end)
			live.at[i] = live.at[--live.count];
		else
			i++;
	if (live.count == STACK_OBJECTS_MAX)
		return;
	live.at[live.count].begin = begin;
	live.at[live.count++].end = end;
}

/* ---- sets --------------------------------------------------------------- */

static uint64_t bloom_of(uint32_t touch)
{
	uint32_t o = touch >> 3, whole = objects.block[o];
	uint64_t bloom = 1ull << (mix(o) & 63);

	return whole ? bloom | 1ull << (mix(whole) & 63) : bloom;
}

static uint64_t hash_of(const uint32_t *touch, uint32_t count)
{
	uint64_t h = count;

	for (uint32_t i = 0; i < count; i++)
		h = mix(h ^ touch[i]);
	return h;
}

static bool more_slots(void)
{
	uint32_t slots = sets.slots ? sets.slots * 2 : 1024;
	uint32_t *slot = calloc(slots, sizeof *slot);

	if (!slot) {
		dpor.no_memory = true;
		return false;
	}
	for (uint32_t i = 0; i < sets.count; i++) {
		uint32_t at = (uint32_t)sets.set[i].hash % slots;

		while (slot[at])
			at = (at + 1) % slots;
		slot[at] = i + 1;
	}
	free(sets.slot);
	sets.slot = slot;
	sets.slots = slots;
	return true;
}

static uint32_t set_new(const uint32_t *touch, uint32_t count, uint64_t hash)
{
	struct set *s;

	if (!dpor_room(&sets.set, &sets.size, sets.count + 1, sizeof *sets.set) ||
	    !dpor_room(&sets.touch, &sets.touches_size, sets.touches + count,
		       sizeof *sets.touch))
		return 0;
	s = &sets.set[sets.count];
	*s = (struct set){ .first = sets.touches, .count = count, .hash = hash };
	for (uint32_t i = 0; i < count; i++) {
		sets.touch[sets.touches++] = touch[i];
		s->bloom |= bloom_of(touch[i]);
	}
	return sets.count++;
}

uint32_t dpor_set(const uint32_t *touch, uint32_t count)
{
	uint64_t hash = hash_of(touch, count);
	uint32_t at, i;

	if (sets.count * 2 >= sets.slots && !more_slots())
		return 0;
	for (at = (uint32_t)hash % sets.slots; (i = sets.slot[at]) != 0;
	     at = (at + 1) % sets.slots)
		if (sets.set[i - 1].hash == hash && dpor_set_is(i - 1, touch, count))
			return i - 1;
	i = set_new(touch, count, hash);
	if (!dpor.no_memory)
		sets.slot[at] = i + 1;
	return i;
}

bool dpor_set_is(uint32_t set, const uint32_t *touch, uint32_t count)
{
	const struct set *s = &sets.set[set];

	return s->count == count &&
	       (count == 0 || memcmp(&sets.touch[s->first], touch, count * sizeof *touch) == 0);
}

uint32_t dpor_set_touches(uint32_t set, const uint32_t **touch)
{
	*touch = &sets.touch[sets.set[set].first];
	return sets.set[set].count;
}

bool dpor_touches_depend(uint32_t a, uint32_t b)
{
	enum sim_access how_a = a & 7, how_b = b & 7;

	if (how_a == SIM_END && objects.block[b >> 3] == a >> 3)
		return true;
	if (how_b == SIM_END && objects.block[a >> 3] == b >> 3)
		return true;
	if (a >> 3 != b >> 3)
		return false;
	return how_a != how_b || how_a == SIM_WRITE || how_a == SIM_ACQUIRE;
}

bool dpor_dependent(uint32_t a, uint32_t b)
{
	const struct set *x = &sets.set[a], *y = &sets.set[b];

	if (!(x->bloom & y->bloom))
		return false;
	for (uint32_t i = 0; i < x->count; i++)
		for (uint32_t k = 0; k < y->count; k++)
			if (dpor_touches_depend(sets.touch[x->first + i],
						sets.touch[y->first + k]))
				return true;
	return false;
}

bool dpor_set_may_touch(uint32_t set, uint32_t touch)
{
	return sets.set[set].bloom & bloom_of(touch);
}

bool dpor_is_thing(uint32_t object, enum sim_thing thing)
{
	uint64_t name = objects.name[object];

	return name >> 62 == NAME_THING && (name >> 24 & 0xfffffff) == (uint64_t)thing;
}

bool dpor_set_has(uint32_t set, uint32_t touch)
{
	const struct set *s = &sets.set[set];

	for (uint32_t i = 0; i < s->count; i++)
		if (sets.touch[s->first + i] == touch)
			return true;
	return false;
}
