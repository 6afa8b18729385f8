/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records the details of an execution (sim_detail.h). It only looks: nothing that it reads has
 * an effect on the execution, and addresses are compared but not recorded.
 *
 * A task runs from goes_on(), when it is chosen, to its next arrives(). Nobody else runs in
 * between. So the value of a word at goes_on() is what the operation finds, and whatever has
 * changed at the next arrives() was changed by this task.
 */
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "platform/sim/internal.h"
#include "platform/sim/sim_detail.h"
#include "platform/sim/weak.h"

enum { RANGES_MAX = 256, RANGE_BYTES = 1 << 18, WORDS_TABLE = 1 << 12 };

struct range {			/* memory outside of blocks that has a shape */
	const char *base;
	const struct sim_shape *shape;
	char *shadow;		/* what was there when the slot began */
	uint16_t object;
};

static struct {
	bool on, active;
	const struct sim_namer *namer;
	struct sim_details *all;
	uint32_t pending[SIM_TASKS_MAX];	/* the step whose operation the task does next */
	const void *object[SIM_TASKS_MAX];	/* of that operation */
	uint32_t slot;				/* the slot under way, or SIM_NO_STEP */
	const char *word;			/* the word of its operation, or NULL */
	uint8_t word_size;
	uint16_t words[WORDS_TABLE];		/* objects by their addresses */
	uint32_t ranges, range_bytes;
	struct range range[RANGES_MAX];
	char range_shadow[RANGE_BYTES];
	const void *base[SIM_NAMED_MAX];	/* of an object */
	const struct sim_shape *shape[SIM_NAMED_MAX];
	uint32_t shadowed;			/* bytes of the region that `shadow` covers */
	char shadow[SIM_REGION_BYTES];		/* of blocks, as of ranges */
} d;

void sim_set_namer(const struct sim_namer *n)
{
	d.namer = n;
}

void sim_note_details(bool on)
{
	if (on && !d.all)
		d.all = sim_shared_map(sizeof *d.all);
	d.on = on && d.all;
	if (d.on)
		d.all->objects = 0;
}

const struct sim_details *sim_details(void)
{
	return d.all && d.all->objects ? d.all : NULL;
}

/* ---- objects ----------------------------------------------------------------- */

/* A row for the object at base, or SIM_NO_OBJECT if there is no room. */
static uint16_t object_of(const void *base, const struct sim_shape *shape)
{
	struct sim_details *all = d.all;

	for (uint32_t i = all->objects; i-- > 1;)
		if (d.base[i] == base && d.shape[i] == shape)
			return (uint16_t)i;
	if (all->objects == SIM_NAMED_MAX) {
		all->lost = true;
		return SIM_NO_OBJECT;
	}
	d.base[all->objects] = base;
	d.shape[all->objects] = shape;
	all->object[all->objects] = (struct sim_named){ .freed_in = SIM_NO_STEP };
	return (uint16_t)all->objects++;
}

static uint16_t object_of_block(const struct sim_block *b)
{
	const struct sim_shape *shape = NULL;
	uint32_t before = d.all->objects;
	struct sim_named *o;
	uint16_t i;

	for (uint32_t k = before; k-- > 1;)
		if (d.base[k] == b->base)
			return (uint16_t)k;
	if (!b->freed_at && d.namer && d.namer->block)
		shape = d.namer->block(b->role, b->base, b->size);
	i = object_of(b->base, shape);
	if (i == SIM_NO_OBJECT)
		return i;
	o = &d.all->object[i];
	o->is_block = true;
	o->role = (uint8_t)b->role;
	o->allocated_by = b->allocated_by;
	o->allocated_at = b->allocated_at;
	return i;
}

static void give_name(uint32_t i)
{
	struct sim_named *o = &d.all->object[i];

	if (o->name[0] || o->freed_in != SIM_NO_STEP || !d.shape[i] || !d.namer)
		return;
	sim_unseen_begin();
	if (!d.namer->name(d.base[i], d.shape[i], o->name, sizeof o->name))
		o->name[0] = '\0';
	if (d.namer->owner && !d.namer->owner(d.base[i], d.shape[i], o->owner, sizeof o->owner))
		o->owner[0] = '\0';
	sim_unseen_end();
}

static void give_names(void)
{
	for (uint32_t i = 1; i < d.all->objects; i++)
		give_name(i);
}

static const struct range *range_at(const char *addr)
{
	const struct range *found = NULL;

	for (uint32_t i = 0; i < d.ranges; i++) {
		const struct range *r = &d.range[i];

		if (addr >= r->base && addr < r->base + r->shape->size &&
		    (!found || r->shape->size < found->shape->size))
			found = r;
	}
	return found;
}

/* All that lies on one task's stack is one object. */
static uint16_t stack_of(const char *addr)
{
	char *low, *high;
	uint16_t i;

	for (uint32_t task = 0; task < sim.record->tasks; task++) {
		if (!sim_task_stack(task, &low, &high) || addr < low || addr >= high)
			continue;
		i = object_of(low, NULL);
		if (i != SIM_NO_OBJECT && !d.all->object[i].is_stack) {
			d.all->object[i].is_stack = true;
			sim_unseen_begin();
			snprintf(d.all->object[i].name, SIM_OBJECT_NAME_MAX, "%.48s's stack",
				 sim.record->task[task].name);
			sim_unseen_end();
		}
		return i;
	}
	return SIM_NO_OBJECT;
}

/* Memory of which only the address is known, in words of eight bytes. */
static uint16_t word_of(uintptr_t addr, bool make)
{
	uintptr_t base = addr / 8 * 8;
	uint16_t *seen = &d.words[base / 8 % WORDS_TABLE];
	const void *at = (const void *)base;
	bool named;

	if (*seen != SIM_NO_OBJECT && d.base[*seen] == at)
		return *seen;
	if (!make)
		return SIM_NO_OBJECT;
	*seen = object_of(at, NULL);
	if (*seen == SIM_NO_OBJECT || d.all->object[*seen].name[0])
		return *seen;
	sim_unseen_begin();
	named = d.namer->other((const void *)addr, d.all->object[*seen].name, SIM_OBJECT_NAME_MAX);
	sim_unseen_end();
	if (!named)
		d.all->object[*seen].name[0] = '\0';
	return *seen;
}

/*
 * The object that addr is in, and where in it. SIM_NO_OBJECT: nothing is known of it. `make`: an
 * operation is done there, so make a row for it.
 */
static uint16_t find(const void *addr, bool make, uint16_t *offset)
{
	const struct range *r;
	struct sim_block b;
	uint16_t i;

	*offset = 0;
	if (!addr)
		return SIM_NO_OBJECT;
	r = range_at(addr);
	if (r) {
		*offset = (uint16_t)((const char *)addr - r->base);
		return r->object;
	}
	if (sim_memory_find(addr, &b)) {
		*offset = (uint16_t)((const char *)addr - (const char *)b.base);
		return object_of_block(&b);
	}
	if (d.namer && d.namer->other && make) {
		i = word_of((uintptr_t)addr, true);
		*offset = (uint16_t)((uintptr_t)addr % 8);
		return i;
	}
	i = stack_of(addr);
	return i != SIM_NO_OBJECT || !d.namer || !d.namer->other ? i :
	       word_of((uintptr_t)addr, false);
}

static const struct sim_field *field_at(uint16_t object, uint32_t offset)
{
	const struct sim_shape *s = object ? d.shape[object] : NULL;

	for (uint32_t i = 0; s && i < s->fields; i++)
		if (offset >= s->field[i].offset &&
		    offset < (uint32_t)s->field[i].offset + s->field[i].size)
			return &s->field[i];
	return NULL;
}

/* ---- values ------------------------------------------------------------------- */

/* The word may be anywhere, even nowhere: a bug may make a task use a wild pointer. */
static bool read_word(const void *addr, uint8_t size, uint64_t *out)
{
	struct iovec to = { out, size }, from = { (void *)(uintptr_t)addr, size };

	*out = 0;
	return size && size <= sizeof *out &&
	       syscall(SYS_process_vm_readv, getpid(), &to, 1ul, &from, 1ul, 0ul) == size;
}

/* What the task sees there. */
static bool look(uint32_t task, const char *addr, uint8_t size, uint64_t *out)
{
	if (sim_is_weak && sim_weak_look(task, addr, size, out))
		return true;
	return read_word(addr, size, out);
}

static struct sim_value value_of(uint64_t bits, uint32_t size)
{
	struct sim_value v = { .bits = bits };

	if (size == sizeof(void *) && bits > 4096)
		v.object = find((const void *)(uintptr_t)bits, false, &v.offset);
	return v;
}

/* ---- plain accesses ------------------------------------------------------------- */

/* Does a list_head lead to something else than itself? */
static bool leads_on(const struct sim_value *next, uint16_t object, const struct sim_field *f)
{
	return next->bits != 0 && !(next->object == object && next->offset == f->offset);
}

static void note_change(uint16_t object, const struct sim_field *f, const char *was, const char *is)
{
	struct sim_details *all = d.all;
	struct sim_detail *t = &all->detail[d.slot];
	uint32_t size = f->size < 8 ? f->size : 8;
	uint64_t before = 0, after = 0;
	struct sim_change *c;

	if (all->changes == SIM_CHANGES_MAX) {
		all->lost = true;
		return;
	}
	memcpy(&before, was, size);
	memcpy(&after, is, size);
	c = &all->change[all->changes];
	*c = (struct sim_change){
		.object = object,
		.field = f,
		.before = value_of(before, size),
		.after = value_of(after, size),
	};
	if (f->kind == SIM_LINKS) {	/* it is empty if it points to itself */
		c->before.bits = leads_on(&c->before, object, f);
		c->after.bits = leads_on(&c->after, object, f);
		if (c->before.bits == c->after.bits && c->before.object == c->after.object)
			return;
	}
	if (t->changes++ == 0)
		t->changes_first = all->changes;
	all->changes++;
}

/* The memory at base was `shadow` when the slot began. Note the fields that differ. */
static void compare(uint16_t object, const struct sim_shape *s, const char *base, char *shadow)
{
	if (memcmp(base, shadow, s->size) == 0)
		return;
	for (uint32_t i = 0; i < s->fields; i++) {
		const struct sim_field *f = &s->field[i];
		bool is_word = d.word && d.word >= base + f->offset &&
			       d.word < base + f->offset + f->size;

		if (f->kind != SIM_QUIET && !is_word &&
		    memcmp(base + f->offset, shadow + f->offset, f->size) != 0)
			note_change(object, f, shadow + f->offset, base + f->offset);
	}
	memcpy(shadow, base, s->size);
}

/* Blocks that were allocated in the slot have no earlier contents. */
static void compare_blocks(void)
{
	struct sim_block b;

	for (uint32_t i = 0; sim_memory_nth(i, &b); i++) {
		char *shadow = d.shadow + b.offset;
		uint16_t object;

		if (b.freed_at || b.role == KT_ROLE_MALLOC)
			continue;
		object = object_of_block(&b);
		if (!object || !d.shape[object] || d.shape[object]->size > b.size)
			continue;
		if (b.offset < d.shadowed)
			compare(object, d.shape[object], b.base, shadow);
		else
			memcpy(shadow, b.base, b.size);
	}
	d.shadowed = sim_memory_used();
}

/* The operation of the slot is done: note what it has left. */
static void word_ends(uint32_t task)
{
	struct sim_detail *t = &d.all->detail[d.slot];
	uint64_t after;

	if (!d.word)
		return;
	t->known = look(task, d.word, d.word_size, &after);
	t->after = value_of(after, d.word_size);
	d.word = NULL;
}

static void slot_ends(uint32_t task)
{
	const char *word = d.word;

	if (d.slot == SIM_NO_STEP)
		return;
	word_ends(task);
	d.word = word;		/* its change is no plain one */
	for (uint32_t i = 0; i < d.ranges; i++)
		compare(d.range[i].object, d.range[i].shape, d.range[i].base, d.range[i].shadow);
	compare_blocks();
	d.slot = SIM_NO_STEP;
	d.word = NULL;
}

/* ---- what the engine tells --------------------------------------------------------- */

static void arrives(const struct sim_step *t, const void *object)
{
	uint32_t step = sim.record->steps - 1;

	slot_ends(t->task);
	d.all->detail[step] = (struct sim_detail){
		.step = step,
		.waits_for = t->why == SIM_BLOCKED ? sim.record->task[t->task].waits_for : -1,
	};
	d.pending[t->task] = step;
	d.object[t->task] = object;
	if (t->why == SIM_MARK)		/* a mark is no decision: the task goes on at once */
		d.slot = step;
}

static void goes_on(uint32_t task)
{
	uint32_t slot = sim.record->steps - 1, step = d.pending[task];
	struct sim_detail *t = &d.all->detail[slot];
	const struct kt_site *site;
	uint64_t before;

	d.slot = slot;
	t->step = step;
	if (step == SIM_NO_STEP)
		return;
	site = sim.record->trace[step].site;
	t->object = find(d.object[task], true, &t->offset);
	t->field = field_at(t->object, t->offset);
	if (!site->size || !d.object[task] ||
	    !look(task, d.object[task], site->size, &before))
		return;
	t->known = true;
	t->before = value_of(before, site->size);
	t->after = t->before;
	d.word = d.object[task];
	d.word_size = site->size;
}

static void memory_ends(const void *addr, size_t size, enum sim_end end)
{
	struct sim_block b;
	uint16_t i;

	give_names();
	if (d.word >= (const char *)addr && d.word < (const char *)addr + size)
		word_ends(sim.current);
	if (end != SIM_END_BLOCK || !sim_memory_find(addr, &b))
		return;
	i = object_of_block(&b);
	if (i == SIM_NO_OBJECT)
		return;
	give_name(i);
	d.all->object[i].freed_in = sim.record->steps - 1;
	d.all->object[i].freed_by = (uint8_t)sim.current;
}

static void add_range(const void *base, const struct sim_shape *shape)
{
	struct range *r = &d.range[d.ranges];

	if (d.range_bytes + shape->size > RANGE_BYTES)
		return;
	*r = (struct range){ .base = base,
			     .shape = shape,
			     .shadow = d.range_shadow + d.range_bytes };
	r->object = object_of(base, shape);
	memcpy(r->shadow, base, shape->size);
	d.range_bytes += shape->size;
	d.ranges++;
}

/* The subject is loaded, so its ranges are known. */
void sim_details_begin(void)
{
	static const struct sim_observer observer = {
		.arrives = arrives,
		.goes_on = goes_on,
		.memory_ends = memory_ends,
	};
	const struct sim_shape *shape;
	const void *base;

	d.active = d.on;
	if (!d.on)
		return;
	d.all->objects = 1;
	d.all->changes = 0;
	d.all->lost = false;
	d.all->object[0] = (struct sim_named){ .freed_in = SIM_NO_STEP };
	memset(d.words, 0, sizeof d.words);
	d.slot = SIM_NO_STEP;
	d.word = NULL;
	for (uint32_t i = 0; i < SIM_TASKS_MAX; i++)
		d.pending[i] = SIM_NO_STEP;
	d.ranges = d.range_bytes = d.shadowed = 0;
	for (unsigned i = 0;
	     i < RANGES_MAX && d.namer && d.namer->range && d.namer->range(i, &base, &shape); i++)
		add_range(base, shape);
	sim_observe(&observer);
}

/* On the host, after the last task; the memory is as the execution has left it. */
void sim_details_end(void)
{
	struct sim_block b;

	if (!d.active)
		return;
	slot_ends(sim.current);
	give_names();
	for (uint32_t i = 0; sim_memory_nth(i, &b); i++) {
		uint16_t k = object_of_block(&b);

		if (k && b.freed_at) {
			d.all->object[k].freed_at = b.freed_at;
			d.all->object[k].freed_by = b.freed_by;
		}
	}
	d.active = false;
}
