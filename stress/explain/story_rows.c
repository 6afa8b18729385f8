/* SPDX-License-Identifier: GPL-2.0-only */
/* The rows of a story, by the weights that story.c has given, and what they say. */
#include <stdio.h>
#include <string.h>

#include "stress/explain/story_internal.h"
#include "stress/explain/telling.h"
#include "stress/explain/values.h"

/* ---- rows --------------------------------------------------------------------------------- */

static unsigned count(unsigned least)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < tell.t->r->steps; i++)
		n += (tell.does[i] >= least) + (tell.stops[i] >= least);
	for (uint32_t i = 0; i < tell.t->r->events; i++)
		n += tell.event[i] >= least;
	return n;
}

/*
 * The least weight of a row, so that there are not too many and, if possible, enough. If the cause
 * is known, its rows tell more than any guess.
 */
static unsigned least_weight(void)
{
	unsigned least = 255, tells = tell.has_cause ? DECIDES : TELLS;

	while (least > tells && count(least - 1) <= STORY_ROWS_MAX)
		least--;
	while (least > FILLS && count(least) < STORY_ROWS_ENOUGH &&
	       count(least - 1) <= STORY_ROWS_MAX)
		least--;
	return least;
}

static struct row *add_row(enum row_kind kind, uint32_t at, uint32_t task, struct kt_site *site)
{
	struct row *row = &tell.out->row[tell.out->rows];

	if (tell.out->rows == STORY_ROWS_MAX)
		return NULL;
	tell.out->rows++;
	*row = (struct row){ .kind = kind, .at = at, .task = task, .site = site };
	row->op = op_at(tell.t, task, at);
	return row;
}

static void add_event(uint32_t i)
{
	const struct sim_event *e = &tell.t->r->event[i];
	struct row *row = add_row(ROW_EVENT, e->step, e->task, NULL);

	if (!row)
		return;
	row->event = i;
	if (e->kind == SIM_EVENT_VISIBLE || e->kind == SIM_EVENT_STALE)
		row->site = e->site;
	event_words(tell.t->r, e, row->words, sizeof row->words);
}

static void add_stop(uint32_t step)
{
	const struct sim_step *t = &tell.t->r->trace[step];
	bool sleeps = t->why == SIM_BLOCKED;
	struct row *row = add_row(sleeps ? ROW_SLEEPS : ROW_BEFORE, step, t->task, t->site);
	const struct sim_detail *d = story_detail(step);
	char words[HAPPENING_WORDS_MAX - 96];

	if (!row)
		return;
	pending_words(tell.t, step, words, sizeof words);
	if (!sleeps)
		snprintf(row->words, sizeof row->words, "<preempted before> %s", words);
	else if (d && d->waits_for >= 0)
		snprintf(row->words, sizeof row->words, "sleeps in %s, for %s", words,
			 tell.t->r->task[d->waits_for].name);
	else
		snprintf(row->words, sizeof row->words, "sleeps in %s", words);
	if (sleeps && slot_of(tell.t, step) == SIM_NO_STEP && tell.v->failure == KT_DEADLOCK)
		row->fails = true;
}

static void add_words(struct row *row, const char *head, const char *words)
{
	size_t used = strlen(row->words);

	snprintf(row->words + used, sizeof row->words - used, "%s%s", head, words);
}

static void add_slot(uint32_t slot)
{
	struct row *row = add_row(ROW_DOES, slot, task_of(tell.t, slot), story_site(slot));
	char words[HAPPENING_WORDS_MAX / 2 - 2], changes[HAPPENING_WORDS_MAX / 2 - 2];
	char name[SIM_OBJECT_NAME_MAX + 32];
	uint16_t late = story_used_late();

	if (!row)
		return;
	slot_words(tell.t, slot, words, sizeof words);
	changes_words(tell.t, slot, 3, changes, sizeof changes);
	snprintf(row->words, sizeof row->words, "%s%s%s", words, changes[0] ? "; " : "", changes);
	if (late != SIM_NO_OBJECT && tell.t->d->object[late].freed_in == slot) {
		object_words(tell.t->r, tell.t->d, late, name, sizeof name);
		add_words(row, "; frees ", name);
	}
	row->in_cause = tell.is_cause[slot];
	row->fails = slot == tell.fails;
}

static void choose(void)
{
	unsigned least = least_weight();
	uint32_t event = 0;

	for (uint32_t i = 0; i < tell.t->r->steps; i++) {
		if (tell.stops[i] >= least)
			add_stop(i);
		for (; event < tell.t->r->events && tell.t->r->event[event].step <= i; event++)
			if (tell.event[event] >= least)
				add_event(event);
		if (tell.does[i] >= least)
			add_slot(i);
	}
}

/* A task that stops and goes on at once, with nothing told in between, did not stop. */
static void drop_idle_stops(void)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < tell.out->rows; i++) {
		const struct row *row = &tell.out->row[i];
		bool goes_on = i + 1 < tell.out->rows && row[1].task == row->task &&
			       row[1].kind == ROW_DOES && row->kind == ROW_BEFORE &&
			       slot_of(tell.t, row->at) == row[1].at;

		if (!goes_on)
			tell.out->row[kept++] = *row;
	}
	tell.out->rows = kept;
}

/* What the steps before the first row were. */
static void fold_beginning(void)
{
	const struct sim_record *r = tell.t->r;
	uint32_t end = tell.out->rows ? tell.out->row[0].at : r->steps;
	size_t used = 0;

	tell.out->folded = end;
	for (uint32_t i = 0; i < r->events; i++) {
		const struct sim_event *e = &r->event[i];

		if (e->kind == SIM_EVENT_SPAWN && e->step <= end &&
		    used + 2 * OS_NAME_MAX < sizeof tell.out->before)
			used += (size_t)snprintf(tell.out->before + used,
						 sizeof tell.out->before - used, "%s%s",
						 used ? ", " : "", r->task[e->task].name);
	}
	if (used)
		snprintf(tell.out->before + used, sizeof tell.out->before - used, " made");
}

void story_choose_rows(void)
{
	choose();
	drop_idle_stops();
	fold_beginning();
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void place_of(const struct kt_site *site, char *buf, size_t size)
{
	char place[256];

	source_place(site, place, sizeof place);
	snprintf(buf, size, "%s%s%s", site->func && site->func[0] ? site->func : "",
		 place[0] ? " " : "", place);
}

void story_tell_memory(void)
{
	uint16_t i = story_leaked();
	const struct sim_named *o;
	char name[SIM_OBJECT_NAME_MAX + 32], made[320], freed[320];
	size_t used;

	if (tell.v->failure == KT_MEMORY && tell.fails != SIM_NO_STEP && story_detail(tell.fails))
		i = story_detail(tell.fails)->object;
	if (!i || !tell.t->d->object[i].is_block)
		return;
	o = &tell.t->d->object[i];
	place_of(o->allocated_at, made, sizeof made);
	object_words(tell.t->r, tell.t->d, i, name, sizeof name);
	used = (size_t)snprintf(tell.out->memory, sizeof tell.out->memory,
				"%s (%s): allocated by %s in %s", name,
				kt_role_name((enum kt_role)o->role),
				tell.t->r->task[o->allocated_by].name, made);
	if (!o->freed_at || used >= sizeof tell.out->memory)
		return;
	place_of(o->freed_at, freed, sizeof freed);
	snprintf(tell.out->memory + used, sizeof tell.out->memory - used,
		 ", freed by %s at %u in %s", tell.t->r->task[o->freed_by].name, o->freed_in,
		 freed);
}
