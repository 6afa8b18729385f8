/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Store buffers: which stores are held back, which of them may become visible next, and
 * what happens when one does. Stores that may become visible are bits of sim.runnable, so
 * that every strategy chooses among them as among tasks.
 */
#include <string.h>

#include "platform/sim/view.h"

struct weak weak;

static struct view carried[WEAK_STORES_MAX];	/* SIM_ARM: by the stores that are held back */
static uint64_t carried_free;			/* bit: that view is not in use */

typedef uint16_t aliased_16 __attribute__((may_alias));
typedef uint32_t aliased_32 __attribute__((may_alias));
typedef uint64_t aliased_64 __attribute__((may_alias));

uint64_t weak_load(const char *addr, uint8_t size)
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

void weak_buffer_begin(enum sim_model memory)
{
	weak.memory = memory;
	weak.stores = weak.words = 0;
	weak.number = 1;
	weak.unread = false;
	weak.updated = NULL;
	carried_free = UINT64_MAX;
	memset(weak.barrier, 0, sizeof weak.barrier);
	memset(weak.released, 0, sizeof weak.released);
}

/* ---- words ---------------------------------------------------------------- */

struct weak_word *weak_find_word(const char *addr)
{
	for (uint32_t i = 0; i < weak.words; i++)
		if (weak.word[i].addr == addr)
			return &weak.word[i];
	return NULL;
}

static void forget_word(struct weak_word *w)
{
	*w = weak.word[--weak.words];
}

/* ---- holding back --------------------------------------------------------- */

void weak_settle_last(void)
{
	struct weak_store *s = &weak.store[weak.stores - 1];

	weak.unread = false;
	if (weak.updated) {
		view_updated(weak_load(weak.updated, weak.updated_size));
		weak.updated = NULL;
		return;
	}
	s->value = weak_load(s->addr, s->size);
	weak_find_word(s->addr)->latest = s->value;
}

/* The oldest store that must become visible before store i. If there is none: i. */
static uint32_t before(uint32_t i)
{
	const struct weak_store *s = &weak.store[i];

	for (uint32_t k = 0; k < i; k++)
		if (weak.store[k].task == s->task &&
		    (weak.memory == SIM_TSO || s->release || weak.store[k].addr == s->addr ||
		     weak.store[k].number < s->after))
			return k;
	return i;
}

/* If there are more stores than bits, the youngest have to wait. */
static void give_bits(void)
{
	for (uint32_t i = 0; i < weak.stores; i++) {
		uint64_t left = sim.record->stores & ~sim.runnable;

		if (weak.store[i].bit != WEAK_NO_BIT || !left || before(i) != i)
			continue;
		weak.store[i].bit = (uint8_t)__builtin_ctzll(left);
		sim.runnable |= 1ull << weak.store[i].bit;
	}
}

void weak_hold_back(struct weak_word *w, struct kt_site *site)
{
	struct weak_store *s = &weak.store[weak.stores++];

	w->stores++;
	kt_site_hash(site);
	*s = (struct weak_store){
		.addr = w->addr, .site = site, .size = site->size, .task = (uint8_t)sim.current,
		.number = weak.number++, .release = site->access == KT_STORE_RELEASE,
		.after = weak.barrier[sim.current],
		.step = sim.record->steps - 1, .bit = WEAK_NO_BIT,
		.event = sim_accesses_on ? sim_accesses_key() : 0,
	};
	s->ordered = s->release || s->after;
	if (weak.memory == SIM_ARM) {
		s->carried = (uint8_t)__builtin_ctzll(carried_free);
		carried_free &= carried_free - 1;
		view_of_store(s->release, &carried[s->carried]);
	}
	weak.unread = true;
	give_bits();
}

bool weak_holds_back(uint32_t task, uint64_t before_number)
{
	for (uint32_t i = 0; i < weak.stores; i++)
		if (weak.store[i].task == task && weak.store[i].number < before_number)
			return true;
	return false;
}

static void remove_store(uint32_t i)
{
	if (weak.store[i].bit != WEAK_NO_BIT)
		sim.runnable &= ~(1ull << weak.store[i].bit);
	if (weak.memory == SIM_ARM)
		carried_free |= 1ull << weak.store[i].carried;
	weak.stores--;
	sim_unseen_begin();
	memmove(&weak.store[i], &weak.store[i + 1], (weak.stores - i) * sizeof weak.store[0]);
	sim_unseen_end();
}

void weak_forget_stores(struct weak_word *w)
{
	for (uint32_t i = weak.stores; i-- > 0; )
		if (weak.store[i].addr == w->addr)
			remove_store(i);
	forget_word(w);
	give_bits();
}

/* ---- becoming visible ----------------------------------------------------- */

static void note_visible(const struct weak_store *s, enum sim_shown shown)
{
	struct sim_record *r = sim.record;
	uint8_t older = 0;

	r->hash = (r->hash ^ s->site->hash ^ (uint64_t)s->task << 32) * 0x9e3779b97f4a7c15ull;
	if (shown == SIM_SHOWN_FORCED && r->events >= SIM_EVENTS_MAX / 2)
		return;		/* only `explain` needs it: leave room for what a replay needs */
	for (const struct weak_store *o = weak.store; o->number < s->number; o++)
		older += o->task == s->task && o->site->hash == s->site->hash;
	sim_add_event(SIM_EVENT_VISIBLE, s->task, KT_ROLE_COUNT, s->step);
	if (r->events_lost)
		return;
	r->event[r->events - 1].shown = (uint8_t)shown;
	r->event[r->events - 1].site = s->site;
	r->event[r->events - 1].older = older;
}

void weak_show(uint32_t i, enum sim_shown shown)
{
	const struct weak_store s = weak.store[i];
	struct weak_word *w = weak_find_word(s.addr);

	note_visible(&s, shown);
	if (weak.memory == SIM_ARM)
		view_shown(&s, &carried[s.carried], w->visible);
	if (sim_accesses_on)
		sim_accesses_visible(s.event, s.addr, s.task, s.site, s.step);
	w->visible = s.value;
	sim.shown++;
	remove_store(i);
	if (--w->stores == 0) {
		/*
		 * The visible value is not the newest one if another task's earlier store
		 * became visible after the newest one.
		 */
		if (w->visible != w->latest && weak_load(w->addr, w->size) == w->latest)
			store(w->addr, w->size, w->visible);
		forget_word(w);
	}
	give_bits();
}

/* Store i and all stores that must become visible before it. */
static void show_up_to(uint32_t i, enum sim_shown shown)
{
	for (bool done = false; !done; i--) {
		uint32_t k = i;

		while (before(k) != k)
			k = before(k);
		done = k == i;
		weak_show(k, shown);
	}
}

void weak_show_before_update(const char *addr)
{
	for (uint32_t i = weak.stores; i-- > 0; ) {
		const struct weak_store *s = &weak.store[i];

		if (s->task != sim.current ||
		    (s->addr != addr && s->number >= weak.barrier[sim.current]))
			continue;
		show_up_to(i, SIM_SHOWN_FORCED);
		i = weak.stores;	/* others may be gone, too */
	}
}

bool weak_is_own(const char *addr)
{
	for (uint32_t i = 0; i < weak.stores; i++)
		if (weak.store[i].task == sim.current && weak.store[i].addr == addr)
			return true;
	return false;
}

void weak_show_before(uint32_t task, uint64_t number)
{
	for (uint32_t i = 0; i < weak.stores; )
		if (weak.store[i].task == task && weak.store[i].number < number)
			weak_show(i, SIM_SHOWN_FORCED);	/* the oldest of its task */
		else
			i++;
}

void weak_show_all(void)
{
	while (weak.stores)
		weak_show(0, SIM_SHOWN_FORCED);
}

/* ---- chosen by the strategy ------------------------------------------------ */

void sim_weak_show(uint32_t bit, enum sim_shown shown)
{
	uint32_t i = 0;

	while (weak.store[i].bit != bit)
		i++;
	weak_show(i, shown);
}

void sim_show(uint32_t task, uint32_t site_hash, uint32_t older)
{
	if (!sim_is_weak)
		return;
	weak_settle();
	for (uint32_t i = 0; i < weak.stores; i++)
		if (weak.store[i].task == task && weak.store[i].site->hash == site_hash &&
		    older-- == 0) {
			show_up_to(i, SIM_SHOWN_CHOSEN);
			return;
		}
}

uint64_t weak_event(uint32_t bit)
{
	for (uint32_t i = 0; i < weak.stores; i++)
		if (weak.store[i].bit == bit)
			return weak.store[i].event;
	return 0;
}

const void *sim_store_object(uint32_t bit)
{
	for (uint32_t i = 0; i < weak.stores; i++)
		if (weak.store[i].bit == bit)
			return weak.store[i].addr;
	return NULL;
}

uint32_t sim_store_task(uint32_t bit)
{
	for (uint32_t i = 0; i < weak.stores; i++)
		if (weak.store[i].bit == bit)
			return weak.store[i].task;
	return SIM_STORES_FIRST;
}
