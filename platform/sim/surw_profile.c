/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The profile of the strategy surw. The trace has the sites of all events, but not their
 * objects. So if a program says the classes of its objects, they are noted while the
 * execution runs; otherwise the trace is read when the execution has ended.
 */
#include <string.h>

#include "platform/sim/surw.h"

enum {
	SLOTS = 4 * SURW_OBJECTS_MAX,
	FOUND = 1024,
};

struct surw_profile surw_profile;

static uint16_t slot[SLOTS];	/* by hash of the id: class + 1; 0: none */
static bool noted;		/* an execution's objects were noted */

static uint32_t field_of(const struct kt_site *site)
{
	const char *field;

	if (!site->what || !site->what[0])
		return 0;
	field = site->what;
	for (const char *c = field; *c; c++)
		if (*c == '>' || *c == '.' || *c == '&' || *c == '(')
			field = c + 1;
	return kt_text_hash(field);
}

uint32_t surw_field(const struct kt_site *site)
{
	/* What was found for some sites. Only the time that this takes depends on addresses. */
	static struct {
		const struct kt_site *site;
		uint32_t field;
	} found[FOUND], *f;

	if (!site)
		return 0;
	f = &found[(uintptr_t)site / sizeof *site % FOUND];
	if (f->site != site) {
		f->site = site;
		f->field = field_of(site);
	}
	return f->field;
}

static void forget(bool by_object)
{
	memset(slot, 0, sizeof slot);
	surw_profile.classes = 0;
	surw_profile.by_object = by_object;
}

/* NULL: no room. */
static struct surw_class *class_of(uint32_t id)
{
	uint32_t max = surw_profile.by_object ? SURW_OBJECTS_MAX : SURW_FIELDS_MAX;
	uint32_t i = (id * 0x9e3779b1u) % SLOTS;
	struct surw_class *c;

	for (; slot[i]; i = (i + 1) % SLOTS)
		if (surw_profile.class[slot[i] - 1].id == id)
			return &surw_profile.class[slot[i] - 1];
	if (surw_profile.classes == max)
		return NULL;
	c = &surw_profile.class[surw_profile.classes++];
	memset(c, 0, sizeof *c);
	c->id = id;
	slot[i] = (uint16_t)surw_profile.classes;
	return c;
}

static void add_event(uint32_t id, uint32_t task, const struct kt_site *site)
{
	struct surw_class *c = id ? class_of(id) : NULL;

	if (!c)
		return;
	sim_set_add(&c->users, task);
	c->events[task]++;
	c->written |= !kt_access_loads((enum kt_access)site->access);
}

static void arrives(const struct sim_step *t, const void *object)
{
	if (t->why == SIM_POINT && object)
		add_event(sim_program.class_of(object), t->task, t->site);
}

void sim_profile_begin(void)
{
	static const struct sim_observer observer = { .arrives = arrives };

	noted = sim_program.class_of != NULL;
	if (!noted)
		return;
	forget(true);
	sim_observe(&observer);
}

/* Only the order of events matters that several tasks do, and objects that some task changes. */
static bool matters(const struct surw_class *c)
{
	return sim_set_count(&c->users) > 1 && (c->written || !surw_profile.by_object);
}

static void keep_what_matters(void)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < surw_profile.classes; i++) {
		if (!matters(&surw_profile.class[i]))
			continue;
		if (kept != i)
			surw_profile.class[kept] = surw_profile.class[i];
		kept++;
	}
	surw_profile.classes = kept;
}

void sim_surw_profile(const struct sim_record *r)
{
	surw_profile.tasks = r->tasks;
	for (uint32_t i = 0; i < r->tasks; i++) {
		surw_profile.name[i] = r->task[i].name_hash;
		surw_profile.parent[i] = r->task[i].parent;
	}
	if (!noted) {
		forget(false);
		for (uint32_t i = 0; i < r->steps; i++) {
			const struct sim_step *t = &r->trace[i];

			if (t->why == SIM_POINT)
				add_event(surw_field(t->site), t->task, t->site);
		}
	}
	noted = false;
	keep_what_matters();
}
