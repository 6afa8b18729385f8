/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The events of an execution, by keys that are the same in other executions of the program,
 * and what the events touch (sim_orders.h). An observer.
 *
 * An event begins when its task goes on from a site, and ends when the task reaches the next
 * one. So its touches are noted between these two moments.
 */
#include <string.h>

#include "platform/sim/accesses.h"

enum {
	VISITS = 1 << 16,	/* a power of two */
	OBJECT_SLOTS = 2 * SIM_OBJECTS_MAX,
	STACK_OBJECTS_MAX = 64,
	HELD_MAX = 8,
	KEY_START = 1, KEY_KILL = 2, KEY_VISIBLE = 3,
};

bool sim_accesses_on;

static bool wanted;
static bool records;		/* what the execution under way touches */
static bool follows;		/* strategy `orders` decides in it */
static struct sim_accesses rec;
static uint32_t places;		/* events that have happened */
static uint32_t kill_event;	/* + 1, while a kill is under way */

/* How often a task has had an event of that key without its number. */
static struct {
	uint32_t execution, used;
	uint32_t mask;		/* a small table stays in the cache */
	struct { uint64_t key; uint32_t count, execution; } at[VISITS];
} visits;

static struct task_events {
	uint64_t key;		/* of the task */
	uint64_t next;		/* the key of its next event; 0: its start */
	const void *object;	/* of the last site */
	struct kt_site *site;
	uint32_t event;		/* the record of its last event; SIM_NEVER: none */
	bool is_pending;	/* that event has not happened */
	uint32_t allocs, parks;	/* choices in that event */
	uint32_t held;
	struct { const void *lock; struct kt_site *site; } hold[HELD_MAX];
} of_task[SIM_TASKS_MAX];
static uint32_t tasks_known;

/* ---- keys ----------------------------------------------------------------- */

uint64_t event_task_key(uint32_t task)
{
	struct task_events *t = &of_task[task];
	uint32_t same = 0;

	if (t->key)
		return t->key;
	for (uint32_t i = 0; i < task; i++)
		same += sim.record->task[i].name_hash == sim.record->task[task].name_hash;
	t->key = event_mix((uint64_t)sim.record->task[task].name_hash << 8 | same) | 1;
	return t->key;
}

uint64_t event_next(uint32_t task)
{
	uint64_t next = of_task[task].next;

	return next ? next : event_mix(event_task_key(task) ^ KEY_START);
}

uint64_t event_kill_key(uint64_t task_key)
{
	return event_mix(task_key ^ KEY_KILL);
}

uint64_t event_visible_key(uint64_t store)
{
	return event_mix(store ^ KEY_VISIBLE);
}

/* Count an event of that key. Returns its number, from 1; 0 if there is no room. */
static uint32_t number(uint64_t key)
{
	uint32_t i = (uint32_t)(key >> 40) & visits.mask;

	while (visits.at[i].execution == visits.execution && visits.at[i].key != key)
		i = (i + 1) & visits.mask;
	if (visits.at[i].execution == visits.execution)
		return ++visits.at[i].count;
	if (++visits.used > visits.mask / 4 * 3) {
		visits.used = visits.mask;
		return 0;
	}
	visits.at[i].key = key;
	visits.at[i].count = 1;
	visits.at[i].execution = visits.execution;
	return 1;
}

/* The part of the key that says on which object. Only of a block: its name is the same. */
static uint64_t object_key(const void *object)
{
	uint32_t task, nth, offset;

	if (!object || !sim_memory_block(object, &task, &nth, &offset))
		return 0;
	return event_mix(event_task_key(task) ^ event_mix((uint64_t)nth << 32 | offset));
}

/* ---- objects --------------------------------------------------------------- */

static struct {
	struct { const void *addr; uint32_t serial, object, execution; } slot[OBJECT_SLOTS];
	/* The live objects on stacks, which may lie where others were. */
	uint32_t live, serial;
	struct { uintptr_t begin, end; uint32_t serial; } at[STACK_OBJECTS_MAX];
} objects;

static uint32_t serial_of(uintptr_t addr)
{
	for (uint32_t i = 0; i < objects.live; i++)
		if (addr >= objects.at[i].begin && addr < objects.at[i].end)
			return objects.at[i].serial;
	return 0;
}

static void object_begins(const void *addr, size_t size)
{
	uintptr_t begin = (uintptr_t)addr, end = begin + size;

	for (uint32_t i = 0; i < objects.live; )
		if (objects.at[i].begin < end && begin < objects.at[i].end)
			objects.at[i] = objects.at[--objects.live];
		else
			i++;
	if (objects.live == STACK_OBJECTS_MAX)
		return;
	objects.at[objects.live].begin = begin;
	objects.at[objects.live].end = end;
	objects.at[objects.live++].serial = ++objects.serial;
}

/* The number of the object at addr, or of the thing that `serial` stands for; 0: no room. */
static uint32_t object_of(const void *addr, uint32_t serial, const struct sim_object *new)
{
	uint64_t h = event_mix((uintptr_t)addr ^ (uint64_t)serial << 48);
	uint32_t i = (uint32_t)(h >> 32) % OBJECT_SLOTS;

	while (objects.slot[i].execution == visits.execution &&
	       (objects.slot[i].addr != addr || objects.slot[i].serial != serial))
		i = (i + 1) % OBJECT_SLOTS;
	if (objects.slot[i].execution == visits.execution)
		return objects.slot[i].object;
	if (rec.objects + 1 >= SIM_OBJECTS_MAX) {
		rec.lost = true;
		return 0;
	}
	objects.slot[i].addr = addr;
	objects.slot[i].serial = serial;
	objects.slot[i].execution = visits.execution;
	rec.object[++rec.objects] = *new;
	objects.slot[i].object = rec.objects;
	return rec.objects;
}

enum { SERIAL_BLOCK = 0xffff, SERIAL_THING = 0xfffe };

static uint32_t object_at(const void *addr)
{
	struct sim_object new = { .kind = SIM_OBJECT_OTHER };
	struct sim_object whole = { .kind = SIM_OBJECT_HEAP };
	uint32_t task, nth, offset;

	if (sim_memory_block(addr, &task, &nth, &offset)) {
		whole.task = new.task = (uint8_t)task;
		whole.nth = new.nth = (uint16_t)nth;
		whole.role = new.role = (uint8_t)sim_memory_role(addr);
		new.kind = SIM_OBJECT_HEAP;
		new.offset = offset;
		new.block = object_of((const char *)addr - offset, SERIAL_BLOCK, &whole);
		return object_of(addr, 0, &new);
	}
	return object_of(addr, serial_of((uintptr_t)addr), &new);
}

static uint32_t thing_at(enum sim_thing thing, uint32_t task)
{
	const struct sim_object new = {
		.kind = thing == SIM_KILLED ? SIM_OBJECT_KILLED :
			thing == SIM_SLEEP ? SIM_OBJECT_SLEEP : SIM_OBJECT_THING,
		.task = (uint8_t)task,
	};
	uint32_t owner = thing < SIM_CLOCK ? task : 0;

	return object_of(&of_task[owner].hold[thing], SERIAL_THING, &new);
}

/* ---- touches ----------------------------------------------------------------- */

static void add_touch(uint32_t object, enum sim_access how, uint32_t event, bool named)
{
	if (!object || event == SIM_NEVER)
		return;
	if (rec.touches == SIM_TOUCHES_MAX) {
		rec.lost = true;
		return;
	}
	rec.touch[rec.touches++] = (struct sim_touch_record){
		.event = event, .object = object, .how = (uint8_t)how, .named = named,
		.locks = how == SIM_ACQUIRE || how == SIM_RELEASE, .ends = how == SIM_END,
		.reads = how == SIM_READ,
	};
}

/* The event that is under way. */
static uint32_t under_way(void)
{
	return kill_event ? kill_event - 1 : of_task[sim.current].event;
}

static void touches(const void *addr, enum sim_access how)
{
	struct task_events *t = &of_task[sim.current];

	if (!addr)
		return;
	add_touch(object_at(addr), how, under_way(), false);
	for (uint32_t i = 0; how == SIM_RELEASE && i < t->held; i++)
		if (t->hold[i].lock == addr)
			t->hold[i] = t->hold[--t->held];
}

static void touches_thing(enum sim_thing thing, uint32_t task, enum sim_access how)
{
	add_touch(thing_at(thing, task), how, under_way(), false);
}

static void grants(uint32_t task, bool let_through)
{
	(void)let_through;
	touches_thing(SIM_SLEEP, task, SIM_WAKE);
}

static void memory_ends(const void *addr, size_t size, enum sim_end end)
{
	const struct sim_object whole = { .kind = SIM_OBJECT_HEAP };

	(void)size;
	if (end == SIM_END_BLOCK)
		add_touch(object_of(addr, SERIAL_BLOCK, &whole), SIM_END, under_way(), false);
}

bool sim_touches_conflict(const struct sim_touch_record *a, const struct sim_touch_record *b)
{
	return a->how != b->how || a->how == SIM_WRITE || a->how == SIM_ACQUIRE;
}

/* ---- events ------------------------------------------------------------------- */

static bool is_op(const struct kt_site *site, const char *op)
{
	return site->op[0] == op[0] && strcmp(site->op, op) == 0;
}

static enum sim_access access_of(const struct kt_site *site)
{
	if (site->access == KT_LOAD || is_op(site, "load"))
		return SIM_READ;
	return is_op(site, "acquire") ? SIM_ACQUIRE : SIM_WRITE;
}

static uint32_t new_event(uint64_t key, struct kt_site *site, uint32_t task, uint32_t why)
{
	struct sim_event_record *e;

	if (rec.events == SIM_ACCESSES_MAX) {
		rec.lost = true;
		return SIM_NEVER;
	}
	e = &rec.event[rec.events];
	*e = (struct sim_event_record){
		.key = key, .site = site, .task = (uint8_t)task, .why = (uint8_t)why,
		.step = sim.record->steps ? sim.record->steps - 1 : 0,
		.happens = SIM_NEVER, .place = SIM_NEVER,
	};
	return rec.events++;
}

static void note_locks(struct task_events *t, struct sim_event_record *e)
{
	for (; e->held < t->held && e->held < SIM_HELD_MAX; e->held++)
		e->lock[e->held] = t->hold[e->held].site;
}

static void note_acquire(struct task_events *t)
{
	for (uint32_t i = 0; i < t->held; i++)
		if (t->hold[i].lock == t->object)
			return;
	if (t->held == HELD_MAX)
		return;
	t->hold[t->held].lock = t->object;
	t->hold[t->held++].site = t->site;
}

static void record_happens(uint32_t task, uint32_t step)
{
	struct task_events *t = &of_task[task];
	struct sim_event_record *e;

	if (!t->next) {
		t->event = new_event(event_next(task), NULL, task, SIM_MARK);
		if (task >= tasks_known)
			tasks_known = task + 1u;
	}
	if (t->event == SIM_NEVER)
		return;
	e = &rec.event[t->event];
	e->happens = step;
	e->place = places++;
	note_locks(t, e);
	if (!t->object || !t->site)
		return;
	add_touch(object_at(t->object), access_of(t->site), t->event, true);
	if (access_of(t->site) == SIM_ACQUIRE)
		note_acquire(t);
}

/* The event that the task does next happens, by the decision of that step. */
static void happens(uint32_t task, uint32_t step)
{
	of_task[task].is_pending = false;
	if (records)
		record_happens(task, step);
	if (follows)
		sim_orders_happens(event_next(task));
}

static void goes_on(uint32_t task)
{
	happens(task, sim.record->steps - 1);
}

static void arrives(const struct sim_step *s, const void *object)
{
	struct task_events *t = &of_task[s->task];
	uint64_t key = event_task_key(s->task) ^ event_mix(s->site->hash) ^
		       (s->why == SIM_BLOCKED ? 0x5555 : 0);

	if (t->is_pending)	/* a mark, at which nothing was decided */
		happens(s->task, records && t->event != SIM_NEVER ? rec.event[t->event].step : 0);
	if (s->why == SIM_BLOCKED && records)	/* it has found that it may not go on */
		add_touch(thing_at(SIM_SLEEP, s->task), SIM_READ, t->event, false);
	/* A task that waits for its object waits at the site of the access. */
	if (s->why == SIM_POINT || s->site != t->site || s->why == SIM_EXITED)
		t->object = s->why == SIM_POINT ? object : NULL;
	t->site = s->site;
	key = event_mix(key ^ object_key(t->object));
	t->next = event_mix(key + number(key)) | 1;
	t->allocs = t->parks = 0;
	t->is_pending = true;
	if (s->task >= tasks_known)
		tasks_known = s->task + 1u;
	if (records)
		t->event = new_event(t->next, s->site, s->task, s->why);
}

/* ---- kills, choices, stores ------------------------------------------------------ */

static struct sim_fault *new_fault(enum sim_fault_kind kind, uint32_t task)
{
	struct sim_fault *f;

	if (rec.faults == SIM_FAULTS_MAX) {
		rec.lost = true;
		return NULL;
	}
	f = &rec.fault[rec.faults++];
	*f = (struct sim_fault){
		.kind = (uint8_t)kind, .task = (uint8_t)task, .task_key = event_task_key(task),
		.step = sim.record->steps ? sim.record->steps - 1 : 0,
	};
	return f;
}

void sim_accesses_kill(uint32_t task)
{
	uint64_t key = event_kill_key(event_task_key(task));
	struct sim_fault *f;
	uint32_t i;

	if (follows)
		sim_orders_happens(key);
	if (!records)
		return;
	f = new_fault(SIM_FAULT_KILL, task);
	i = new_event(key, NULL, task, SIM_MARK);

	if (i == SIM_NEVER || !f)
		return;
	rec.event[i].what = SIM_IS_KILLED;
	rec.event[i].happens = rec.event[i].step;
	rec.event[i].place = f->place = places++;
	f->key = key;
	kill_event = i + 1;
}

void sim_accesses_killed(void)
{
	kill_event = 0;
}

void sim_accesses_choice(enum sim_choice kind, bool happens)
{
	struct task_events *t = &of_task[sim.current];
	bool is_alloc = kind == SIM_CHOOSE_ALLOC_FAIL;
	uint32_t nth = is_alloc ? ++t->allocs : ++t->parks;
	struct sim_fault *f;

	if (!happens || !records)
		return;
	f = new_fault(is_alloc ? SIM_FAULT_ALLOC : SIM_FAULT_SPURIOUS, sim.current);
	if (!f)
		return;
	f->key = event_next(sim.current);
	f->nth = nth;
}

void sim_accesses_visible(uint64_t store, const void *addr, uint32_t task, struct kt_site *site,
			  uint32_t step)
{
	uint32_t i;

	if (follows)
		sim_orders_happens(event_visible_key(store));
	if (!records)
		return;
	i = new_event(event_visible_key(store), site, task, SIM_MARK);
	if (i == SIM_NEVER)
		return;
	rec.event[i].what = SIM_BECOMES_VISIBLE;
	rec.event[i].happens = rec.event[i].step;
	rec.event[i].store_step = step;
	rec.event[i].place = places++;
	add_touch(object_at(addr), SIM_WRITE, i, true);
}

uint32_t sim_accesses_choices(enum sim_choice kind)
{
	const struct task_events *t = &of_task[sim.current];

	return kind == SIM_CHOOSE_ALLOC_FAIL ? t->allocs : t->parks;
}

uint64_t sim_accesses_key(void)
{
	return event_next(sim.current);
}

/* ---- an execution ------------------------------------------------------------------ */

void sim_accesses_record(bool on)
{
	wanted = on;
}

/* Could the task have gone on when the execution failed, if only because time passes? */
static bool could_run(uint32_t task)
{
	return sim.record->task[task].state == SIM_RUNNABLE || sim_is_timed(task);
}

/* Note what tasks were about to do when the execution failed. */
static void note_pending(void)
{
	for (uint32_t i = 0; i < sim.record->tasks; i++) {
		struct task_events *t = &of_task[i];
		struct sim_event_record *e;

		if (t->event == SIM_NEVER && !rec.lost)
			t->event = new_event(event_next(i), NULL, i, SIM_MARK);
		if (t->event == SIM_NEVER)
			continue;
		e = &rec.event[t->event];
		if (e->happens != SIM_NEVER || !could_run(i))
			continue;
		e->could_run = true;
		note_locks(t, e);
		if (t->object)
			add_touch(object_at(t->object), access_of(t->site), t->event, true);
	}
}

const struct sim_accesses *sim_accesses(void)
{
	if (records)
		note_pending();
	records = false;
	return &rec;
}

static void begin(const struct sim_observer *o)
{
	if (++visits.execution == 0) {	/* the number overflowed, so numbers come again */
		memset(&visits, 0, sizeof visits);
		memset(objects.slot, 0, sizeof objects.slot);
		visits.execution = 1;
	}
	visits.used = 0;
	visits.mask = VISITS - 1;
	while (!records && visits.mask > 1023 && visits.mask > 8 * rec.events)
		visits.mask >>= 1;
	for (uint32_t i = 0; i < SIM_TASKS_MAX; i++) {
		of_task[i] = (struct task_events){ .event = SIM_NEVER };
	}
	tasks_known = 0;
	kill_event = places = 0;
	objects.live = objects.serial = 0;
	sim_accesses_on = true;
	sim_observe(o);
}

void sim_accesses_begin(void)
{
	static const struct sim_observer o = {
		.arrives = arrives, .goes_on = goes_on, .touches = touches,
		.touches_thing = touches_thing, .grants = grants, .memory_ends = memory_ends,
		.object_begins = object_begins,
	};

	sim_accesses_on = follows = false;
	records = wanted;
	if (!wanted)
		return;
	rec.events = rec.touches = rec.objects = rec.faults = 0;
	rec.lost = false;
	begin(&o);
}

void sim_accesses_follow(void)
{
	static const struct sim_observer o = { .arrives = arrives, .goes_on = goes_on };

	follows = true;
	if (!records)
		begin(&o);
}
