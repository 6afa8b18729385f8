/* SPDX-License-Identifier: GPL-2.0-only */
/* The rows of a story, by the weights that story.c has given, and what they say. */
#include <stdarg.h>
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

static void add_words(struct row *row, const char *head, const char *words)
{
	size_t used = strlen(row->words);

	snprintf(row->words + used, sizeof row->words - used, "%s%s", head, words);
}

/* The state in which the task sleeps: what the last store before left there. */
static void add_state(struct row *row, uint32_t step)
{
	const struct sim_details *d = tell.t->d;
	const char *name = tell.t->r->task[row->task].name;
	char words[VALUE_WORDS_MAX];

	for (uint32_t i = step; d && i-- > 0;) {
		const struct sim_detail *of = &d->detail[i];

		if (!of->known || !of->field || strcmp(of->field->name, "state") != 0 ||
		    strcmp(d->object[of->object].name, name) != 0)
			continue;
		value_words(tell.t->r, d, of->object, of->field, sizeof(int), &of->after, words,
			    sizeof words);
		add_words(row, ", state ", words);
		return;
	}
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
	if (sleeps && strcmp(t->site->op, "schedule") == 0)
		add_state(row, step);
	if (sleeps && slot_of(tell.t, step) == SIM_NO_STEP && tell.v->failure == KT_DEADLOCK)
		row->fails = true;
}

static int task_named(const char *name)
{
	for (uint32_t i = 0; name[0] && i < tell.t->r->tasks; i++)
		if (strcmp(tell.t->r->task[i].name, name) == 0)
			return (int)i;
	return -1;
}

/*
 * Is it a wake-up of which the reader should know that it woke nobody? Most of those do no harm.
 * The cause names the one that does. If there is none, the task waits to the end.
 */
static bool is_lost(uint32_t slot)
{
	int task = task_named(tell.t->d->object[story_detail(slot)->object].name);

	if (tell.v->failure != KT_DEADLOCK && tell.v->failure != KT_LIVELOCK)
		return false;
	return tell.is_cause[slot] || (!tell.has_cause && task >= 0 && tell.out->chain.on[task]);
}

/* A task that was asked to do something, and that ran, did not look. */
static void add_unread(struct row *row, uint32_t slot)
{
	const struct sim_detail *d = story_detail(slot);
	const struct kt_site *site = story_site(slot);
	unsigned runs = 0;
	int owner;

	if (!d || !site || strcmp(site->op, "set_bit") != 0 || !strstr(site->what, "SHOULD"))
		return;
	owner = task_named(tell.t->d->object[d->object].name);
	if (owner < 0 || owner == (int)row->task)
		return;
	for (uint32_t i = slot + 1; i < tell.t->r->steps; i++) {
		const struct kt_site *at = story_site(i);

		if (task_of(tell.t, i) != (uint32_t)owner)
			continue;
		runs++;
		if (at && strstr(at->op, "test") && strcmp(at->what, site->what) == 0)
			return;
	}
	if (runs > 1)
		add_words(row, ", which is not read after this by ", tell.t->r->task[owner].name);
}

/* Is the site in a header, whose functions many others call? */
static bool is_helper(const struct kt_site *site)
{
	const char *file = site ? kt_site_file(site) : "";
	size_t n = strlen(file);

	return n > 2 && strcmp(file + n - 2, ".h") == 0;
}

/* "list_empty (after cancel_sync): ...": the function in which the task was before the helper. */
static void name_caller(uint32_t slot, char *words, size_t size)
{
	const char *func = story_site(slot)->func, *colon = strchr(words, ':');
	char rest[HAPPENING_WORDS_MAX];

	if (!func || !colon || (size_t)(colon - words) != strlen(func))
		return;
	for (uint32_t i = slot; i-- > 0;) {
		const struct kt_site *site = story_site(i);

		if (task_of(tell.t, i) != task_of(tell.t, slot) || !site || !site->func ||
		    !site->func[0] || is_helper(site))
			continue;
		snprintf(rest, sizeof rest, "%s", colon);
		snprintf(words + (colon - words), size - (size_t)(colon - words), " (after %s)%s",
			 site->func, rest);
		return;
	}
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
	if (is_vain_wake(tell.t, slot) && !is_lost(slot) && strstr(words, vain_wake_words))
		*strstr(words, vain_wake_words) = '\0';
	if ((tell.is_cause[slot] || slot == tell.fails) && is_helper(story_site(slot)))
		name_caller(slot, words, sizeof words);
	changes_words(tell.t, slot, 3, changes, sizeof changes);
	snprintf(row->words, sizeof row->words, "%s%s%s", words, changes[0] ? "; " : "", changes);
	if (late != SIM_NO_OBJECT && tell.t->d->object[late].freed_in == slot) {
		object_words(tell.t->r, tell.t->d, late, name, sizeof name);
		add_words(row, "; frees ", name);
	}
	add_unread(row, slot);
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

__attribute__((format(printf, 1, 2))) static void put_memory(const char *fmt, ...)
{
	size_t used = strlen(tell.out->memory);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(tell.out->memory + used, sizeof tell.out->memory - used, fmt, ap);
	va_end(ap);
}

/* "usage 2 -> 1" of a slot that story_counts(). */
static const char *count_words(uint32_t slot, char *buf, size_t size)
{
	const struct sim_detail *d = story_detail(slot);
	uint16_t object = story_leaked() ? story_leaked() : story_used_late();

	if (d->known && d->object == object) {
		snprintf(buf, size, "%s %llu -> %llu", d->field->name,
			 (unsigned long long)d->before.bits, (unsigned long long)d->after.bits);
		return buf;
	}
	for (uint32_t i = 0; i < d->changes; i++) {
		const struct sim_change *c = &tell.t->d->change[d->changes_first + i];

		if (c->object == object)
			snprintf(buf, size, "%s %llu -> %llu", c->field ? c->field->name : "",
				 (unsigned long long)c->before.bits,
				 (unsigned long long)c->after.bits);
	}
	return buf;
}

/* The last changes of a count of the block. */
static void tell_counts(void)
{
	enum { LAST = 8 };
	const char *name = "; ";
	char words[64];
	unsigned all = 0, n = 0;

	for (uint32_t i = 0; i < tell.t->r->steps; i++)
		all += story_counts(i);
	for (uint32_t i = 0; i < tell.t->r->steps; i++) {
		const struct kt_site *site = story_site(i);

		if (!story_counts(i) || !site || n++ + LAST < all)
			continue;
		put_memory("%s%s at %u in %s", name, tell.t->r->task[task_of(tell.t, i)].name, i,
			   site->func ? site->func : "");
		put_memory(" (%s)", count_words(i, words, sizeof words));
		name = "; ";
	}
}

/* Was the task that used the block in an RCU read section? */
static void tell_section(uint16_t object)
{
	uint32_t section = story_section_of(tell.fails), call;
	bool rcu = story_freed_by_rcu(object);
	const char *name = tell.t->r->task[task_of(tell.t, tell.fails)].name;

	if (section != SIM_NO_STEP)
		put_memory("; %s is in the read section that it entered at %u", name, section);
	else if (rcu)
		put_memory("; %s is in no read section", name);
	call = rcu ? story_call_rcu_before(tell.t->d->object[object].freed_in) : SIM_NO_STEP;
	if (call != SIM_NO_STEP)
		put_memory(", call_rcu() by %s at %u", tell.t->r->task[task_of(tell.t, call)].name,
			   call);
	else if (section != SIM_NO_STEP)
		put_memory(", and the block was freed without call_rcu()");
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
	if (o->freed_at && used < sizeof tell.out->memory) {
		place_of(o->freed_at, freed, sizeof freed);
		put_memory(", freed by %s at %u in %s", tell.t->r->task[o->freed_by].name,
			   o->freed_in, freed);
	}
	if (i == story_used_late())
		tell_section(i);
	tell_counts();
}
