/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which rows an explanation has. Each thing that happened gets a weight, by what is known to
 * matter for a failure: first of all the accesses of the cause, faults and the failing access;
 * then wake-ups that find nobody asleep, sleeps that never end, and accesses that conflict
 * around a preemption. The heaviest become rows.
 */
#include "stress/explain/story.h"

#include <stdio.h>
#include <string.h>

#include "stress/explain/telling.h"
#include "stress/explain/values.h"

enum weight {
	NOT = 0,
	FILLS = 40,		/* shown if there is room */
	HELPS = 60,
	TELLS = 100,		/* shown, if nothing heavier takes the room */
	DECIDES = 150,
	CAUSES = 220,
	FAILS = 250,
};

static struct {
	const struct told *t;
	const struct verdict *v;
	struct story *out;
	uint8_t does[SIM_STEPS_MAX];	/* by slot */
	uint8_t stops[SIM_STEPS_MAX];	/* by step: the task is preempted there, or sleeps */
	uint8_t event[SIM_EVENTS_MAX];
	bool is_cause[SIM_STEPS_MAX];	/* by slot */
	bool focus[SIM_NAMED_MAX];
	bool focus_task[SIM_TASKS_MAX];
	uint32_t fails;			/* the slot of the failure, or SIM_NO_STEP */
	/* Where the task's last operation of the plan begins, or SIM_NO_STEP. */
	uint32_t last_op[SIM_TASKS_MAX];
	bool has_cause;
} s;

static void bump(uint8_t *weight, uint32_t i, unsigned by)
{
	if (i < s.t->r->steps && weight[i] < by)
		weight[i] = (uint8_t)(by < 255 ? by : 255);
}

static const struct sim_detail *detail(uint32_t slot)
{
	return s.t->d ? &s.t->d->detail[slot] : NULL;
}

static struct kt_site *site_in(uint32_t slot)
{
	uint32_t step = step_of(s.t, slot);

	return step == SIM_NO_STEP ? NULL : s.t->r->trace[step].site;
}

static bool is_mark(uint32_t slot)
{
	uint32_t step = step_of(s.t, slot);

	return step == SIM_NO_STEP || s.t->r->trace[step].why != SIM_POINT;
}

/* ---- what the failure is about ------------------------------------------------------ */

/* Is `word` in the text as a word of its own? */
static bool mentions(const char *text, const char *word)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_/";
	size_t n = strlen(word);

	for (const char *at = strstr(text, word); n && at; at = strstr(at + 1, word))
		if ((at == text || !strchr(letters, at[-1])) && (!at[n] || !strchr(letters, at[n])))
			return true;
	return false;
}

static void focus_on_message(void)
{
	for (uint32_t i = 0; i < s.t->r->tasks; i++)
		if (mentions(s.v->message, s.t->r->task[i].name) && i > 0)
			s.focus_task[i] = true;
	for (uint32_t i = 1; s.t->d && i < s.t->d->objects; i++)
		if (mentions(s.v->message, s.t->d->object[i].name))
			s.focus[i] = true;
}

/* The objects that carry the names of the tasks that matter: a/0's state, a/0's flags. */
static void focus_on_tasks(void)
{
	for (uint32_t i = 1; s.t->d && i < s.t->d->objects; i++)
		for (uint32_t k = 1; k < s.t->r->tasks; k++)
			if (s.focus_task[k] &&
			    (strcmp(s.t->d->object[i].name, s.t->r->task[k].name) == 0 ||
			     strcmp(s.t->d->object[i].owner, s.t->r->task[k].name) == 0))
				s.focus[i] = true;
}

static uint32_t last_slot_of(uint32_t task)
{
	for (uint32_t i = s.t->r->steps; i-- > 0;)
		if (task_of(s.t, i) == task)
			return i;
	return SIM_NO_STEP;
}

static bool ends_in_a_task(void)
{
	enum kt_failure f = s.v->failure;

	return f != KT_DEADLOCK && f != KT_LIVELOCK && f != KT_LEAK && f != KT_PASS;
}

/* The block that leaked: the first that is not freed. */
static uint16_t leaked(void)
{
	for (uint32_t i = 1; s.t->d && s.v->failure == KT_LEAK && i < s.t->d->objects; i++)
		if (s.t->d->object[i].is_block && !s.t->d->object[i].freed_at)
			return (uint16_t)i;
	return SIM_NO_OBJECT;
}

static void focus(void)
{
	uint16_t leak = leaked();

	focus_on_message();
	s.fails = ends_in_a_task() ? last_slot_of(s.t->r->failed_task) : SIM_NO_STEP;
	if (s.v->failure == KT_DEADLOCK) {
		chain_find(s.t, &s.out->chain);
		memcpy(s.focus_task, s.out->chain.on, sizeof s.focus_task);
	}
	focus_on_tasks();
	if (s.fails != SIM_NO_STEP && detail(s.fails) && detail(s.fails)->object)
		s.focus[detail(s.fails)->object] = true;
	if (leak)
		s.focus[leak] = true;
	s.focus[SIM_NO_OBJECT] = false;
}

/* ---- weights -------------------------------------------------------------------------- */

static void weigh_last_of(uint32_t task, uint32_t before, unsigned by)
{
	enum { LAST = 4 };
	unsigned n = 0;

	for (uint32_t i = before; i-- > 0 && n < LAST;)
		if (task_of(s.t, i) == task && detail(i) && detail(i)->known) {
			bump(s.does, i, by - n);
			n++;
		}
}

/*
 * The last accesses of the task that fails are what the failing check or call has seen. Of a leak,
 * those of the task that allocated the block.
 */
static void weigh_last_accesses(void)
{
	uint16_t leak = leaked();

	if (s.fails != SIM_NO_STEP)
		weigh_last_of(task_of(s.t, s.fails), s.fails, HELPS + 10);
	if (leak)
		weigh_last_of(s.t->d->object[leak].allocated_by, s.t->r->steps, HELPS + 10);
}

/* Of a task that waits for a lock: where did the holder acquire it? */
static void weigh_holder(uint32_t task, uint32_t step)
{
	const struct kt_site *site = s.t->r->trace[step].site;
	const struct sim_detail *wanted = NULL;

	for (uint32_t i = s.t->r->steps; i-- > 0 && strcmp(site->op, "acquire") == 0;) {
		const struct sim_detail *d = detail(i);

		if (!d || !site_in(i) || strcmp(site_in(i)->op, "acquire") != 0)
			continue;
		if (!wanted && task_of(s.t, i) == task && site_in(i) == site)
			wanted = d;
		if (!wanted || task_of(s.t, i) == task || d->object == SIM_NO_OBJECT ||
		    d->object != wanted->object || d->offset != wanted->offset)
			continue;
		bump(s.does, i, DECIDES + 20);
		return;
	}
}

/* The task of the chain never goes on from that step. */
static void weigh_sleep(uint32_t task, uint32_t step)
{
	const struct kt_site *site = s.t->r->trace[step].site;
	bool joins = task == 0 && !(site->func && site->func[0]);

	bump(s.stops, step, joins ? FILLS : DECIDES);
	weigh_holder(task, step);
}

static void weigh_ends(void)
{
	const struct sim_record *r = s.t->r;

	if (s.fails != SIM_NO_STEP)
		bump(s.does, s.fails, FAILS);
	for (uint32_t i = 0; s.v->failure == KT_DEADLOCK && i < r->tasks; i++)
		for (uint32_t k = r->steps; s.out->chain.on[i] && k-- > 0;)
			if (r->trace[k].task == i) {
				if (r->trace[k].why == SIM_BLOCKED)
					weigh_sleep(i, k);
				break;
			}
}

static void weigh_events(void)
{
	const struct sim_record *r = s.t->r;

	for (uint32_t i = 0; i < r->events; i++)
		if (event_is_telling(r, &r->event[i]))
			s.event[i] = r->event[i].kind == SIM_EVENT_VISIBLE ? TELLS : CAUSES - 5;
}

static void weigh_objects(void)
{
	const struct sim_details *d = s.t->d;

	for (uint32_t i = 1; d && i < d->objects; i++)
		if (s.focus[i] && d->object[i].freed_in != SIM_NO_STEP && s.v->failure == KT_MEMORY)
			bump(s.does, d->object[i].freed_in, DECIDES + 20);
}

/* Is the operation on something that the failure is about? */
static bool is_focused(uint32_t slot)
{
	const struct sim_detail *d = detail(slot);

	return d && s.focus[d->object];
}

/* A load whose value the task replaces at once: the row of the store has it, too. */
static bool is_half_of_update(uint32_t slot)
{
	const struct sim_detail *a = detail(slot), *b = detail(slot + 1);

	return slot + 1 < s.t->r->steps && a && a->known && b->known && !is_write(s.t, slot) &&
	       task_of(s.t, slot + 1) == task_of(s.t, slot) && a->object == b->object &&
	       a->offset == b->offset && is_write(s.t, slot + 1);
}

static void drop_halves(void)
{
	for (uint32_t i = 0; i < s.t->r->steps; i++)
		if (s.does[i] < CAUSES && is_half_of_update(i))
			s.does[i] = NOT;
}

static void find_last_ops(void)
{
	for (uint32_t i = 0; i < s.t->r->tasks; i++)
		s.last_op[i] = SIM_NO_STEP;
	for (uint32_t i = 0; i < s.t->r->steps; i++) {
		const struct sim_step *step = &s.t->r->trace[i];

		if (step->why == SIM_MARK && !step->site->func &&
		    strncmp(step->site->what, "task.", 5) == 0)
			s.last_op[step->task] = i;
	}
}

/* Has the task of a deadlock's chain done it in the call in which it sleeps? */
static bool is_in_last_call(uint32_t slot)
{
	uint32_t task = task_of(s.t, slot);

	return s.v->failure == KT_DEADLOCK && s.out->chain.on[task] && slot > s.last_op[task];
}

static void weigh_slot(uint32_t slot)
{
	const struct kt_site *site = site_in(slot);
	const struct sim_detail *d = detail(slot);
	unsigned last = slot * 18 / s.t->r->steps;	/* what comes later tells more */
	bool loads;

	if (!site)
		return;
	loads = kt_access_loads((enum kt_access)site->access);
	if (is_vain_wake(s.t, slot))
		bump(s.does, slot, (is_focused(slot) ? TELLS : FILLS) + last);
	if (!d || !is_focused(slot))
		return;
	if (strstr(site->op, "_bit") && site->access == KT_UPDATE)
		bump(s.does, slot, HELPS + 15 + last);
	else if (strstr(site->op, "ref"))
		bump(s.does, slot, HELPS + last);
	else if (d->known && d->field && d->field->kind == SIM_BITS)
		bump(s.does, slot, FILLS + (loads ? 0 : 10) + last);
	else if (is_write(s.t, slot) && d->known)
		bump(s.does, slot, (is_in_last_call(slot) ? HELPS + 30 : FILLS) + last);
	for (uint32_t i = 0; i < d->changes; i++)
		if (s.focus[s.t->d->change[d->changes_first + i].object])
			bump(s.does, slot, HELPS + last);
}

/* Do the operations of the two slots touch the same word, and does one of them change it? */
static bool conflict(uint32_t a, uint32_t b)
{
	const struct sim_detail *x = detail(a), *y = detail(b);

	if (!x || !y || x->object == SIM_NO_OBJECT || x->object != y->object)
		return false;
	if (x->offset != y->offset && (!x->field || x->field != y->field))
		return false;
	return (is_write(s.t, a) || is_write(s.t, b)) && !is_mark(a) && !is_mark(b);
}

/*
 * Weigh slot `mine`, and each slot of another task from `first` to `end` that conflicts with it.
 * Returns false if there is none.
 */
static bool weigh_conflicts(uint32_t mine, uint32_t first, uint32_t end, unsigned weight)
{
	bool found = false;

	for (uint32_t i = first; i < end; i++) {
		unsigned by = (is_focused(i) ? TELLS : HELPS) + weight;

		if (task_of(s.t, i) == task_of(s.t, mine) || !conflict(mine, i))
			continue;
		bump(s.does, mine, by);
		bump(s.does, i, by);
		found = true;
	}
	return found;
}

/*
 * The task could go on at `step`, and others went on until `until`. What they did in between
 * matters if it conflicts with what the task did shortly before or did next.
 */
static void weigh_window(uint32_t step, uint32_t until)
{
	enum { NEAR = 14, WINDOW_MAX = 4000 };
	uint32_t task = s.t->r->trace[step].task, end = until;
	unsigned last = step * 18 / s.t->r->steps, near = 0;
	bool found = false;

	if (end > s.t->r->steps)
		end = s.t->r->steps;
	if (end - step > WINDOW_MAX)
		end = step + WINDOW_MAX;
	for (uint32_t mine = step; mine-- > 0 && near < NEAR;)
		if (task_of(s.t, mine) == task)
			found |= weigh_conflicts(mine, step, end, last - ++near);
	near = 0;
	for (uint32_t mine = until; mine < s.t->r->steps && near < NEAR; mine++)
		if (task_of(s.t, mine) == task)
			found |= weigh_conflicts(mine, step, end, last - ++near);
	/* A cause has the preemptions that matter. */
	bump(s.stops, step, s.has_cause ? FILLS : (found ? TELLS : HELPS) + 5 + last);
}

static void weigh_windows(void)
{
	for (uint32_t i = 0; i < s.t->r->steps; i++)
		if (is_preempted(s.t, i)) {
			uint32_t slot = slot_of(s.t, i);

			weigh_window(i, slot == SIM_NO_STEP ? s.t->r->steps : slot);
		}
}

static void weigh_access(const struct cause_access *a)
{
	if (a->what != CAUSE_ACCESS)
		return;		/* it is an event, and those are weighed already */
	if (a->happens != CAUSE_NEVER) {
		bump(s.does, a->happens, CAUSES + 10);
		if (a->happens < s.t->r->steps)
			s.is_cause[a->happens] = true;
	}
	if (a->happens != a->step &&
	    s.t->r->trace[a->step].why != SIM_EXITED)
		bump(s.stops, a->step, CAUSES);
}

static void weigh_cause(const struct cause *c)
{
	for (uint32_t i = 0; i < c->orders_count; i++) {
		weigh_access(&c->order[i].first);
		weigh_access(&c->order[i].second);
	}
}

/* ---- rows --------------------------------------------------------------------------------- */

static unsigned count(unsigned least)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < s.t->r->steps; i++)
		n += (s.does[i] >= least) + (s.stops[i] >= least);
	for (uint32_t i = 0; i < s.t->r->events; i++)
		n += s.event[i] >= least;
	return n;
}

/*
 * The least weight of a row, so that there are not too many and, if possible, enough. If the cause
 * is known, its rows tell more than any guess.
 */
static unsigned least_weight(void)
{
	unsigned least = 255, tells = s.has_cause ? DECIDES : TELLS;

	while (least > tells && count(least - 1) <= STORY_ROWS_MAX)
		least--;
	while (least > FILLS && count(least) < STORY_ROWS_ENOUGH &&
	       count(least - 1) <= STORY_ROWS_MAX)
		least--;
	return least;
}

static struct row *add_row(enum row_kind kind, uint32_t at, uint32_t task, struct kt_site *site)
{
	struct row *row = &s.out->row[s.out->rows];

	if (s.out->rows == STORY_ROWS_MAX)
		return NULL;
	s.out->rows++;
	*row = (struct row){ .kind = kind, .at = at, .task = task, .site = site };
	row->op = op_at(s.t, task, at);
	return row;
}

static void add_event(uint32_t i)
{
	const struct sim_event *e = &s.t->r->event[i];
	struct row *row = add_row(ROW_EVENT, e->step, e->task, NULL);

	if (!row)
		return;
	row->event = i;
	if (e->kind == SIM_EVENT_VISIBLE || e->kind == SIM_EVENT_STALE)
		row->site = e->site;
	event_words(s.t->r, e, row->words, sizeof row->words);
}

static void add_stop(uint32_t step)
{
	const struct sim_step *t = &s.t->r->trace[step];
	bool sleeps = t->why == SIM_BLOCKED;
	struct row *row = add_row(sleeps ? ROW_SLEEPS : ROW_BEFORE, step, t->task, t->site);
	const struct sim_detail *d = detail(step);
	char words[HAPPENING_WORDS_MAX - 96];

	if (!row)
		return;
	pending_words(s.t, step, words, sizeof words);
	if (!sleeps)
		snprintf(row->words, sizeof row->words, "<preempted before> %s", words);
	else if (d && d->waits_for >= 0)
		snprintf(row->words, sizeof row->words, "sleeps in %s, for %s", words,
			 s.t->r->task[d->waits_for].name);
	else
		snprintf(row->words, sizeof row->words, "sleeps in %s", words);
	if (sleeps && slot_of(s.t, step) == SIM_NO_STEP && s.v->failure == KT_DEADLOCK)
		row->fails = true;
}

static void add_slot(uint32_t slot)
{
	struct row *row = add_row(ROW_DOES, slot, task_of(s.t, slot), site_in(slot));
	char words[HAPPENING_WORDS_MAX / 2 - 2], changes[HAPPENING_WORDS_MAX / 2 - 2];

	if (!row)
		return;
	slot_words(s.t, slot, words, sizeof words);
	changes_words(s.t, slot, 3, changes, sizeof changes);
	snprintf(row->words, sizeof row->words, "%s%s%s", words, changes[0] ? "; " : "", changes);
	row->in_cause = s.is_cause[slot];
	row->fails = slot == s.fails;
}

static void choose_rows(void)
{
	unsigned least = least_weight();
	uint32_t event = 0;

	for (uint32_t i = 0; i < s.t->r->steps; i++) {
		if (s.stops[i] >= least)
			add_stop(i);
		for (; event < s.t->r->events && s.t->r->event[event].step <= i; event++)
			if (s.event[event] >= least)
				add_event(event);
		if (s.does[i] >= least)
			add_slot(i);
	}
}

/* A task that stops and goes on at once, with nothing told in between, did not stop. */
static void drop_idle_stops(void)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < s.out->rows; i++) {
		const struct row *row = &s.out->row[i];
		bool goes_on = i + 1 < s.out->rows && row[1].task == row->task &&
			       row[1].kind == ROW_DOES && row->kind == ROW_BEFORE &&
			       slot_of(s.t, row->at) == row[1].at;

		if (!goes_on)
			s.out->row[kept++] = *row;
	}
	s.out->rows = kept;
}

/* What the steps before the first row were. */
static void fold_beginning(void)
{
	const struct sim_record *r = s.t->r;
	uint32_t end = s.out->rows ? s.out->row[0].at : r->steps;
	size_t used = 0;

	s.out->folded = end;
	for (uint32_t i = 0; i < r->events; i++) {
		const struct sim_event *e = &r->event[i];

		if (e->kind == SIM_EVENT_SPAWN && e->step <= end &&
		    used + 2 * OS_NAME_MAX < sizeof s.out->before)
			used += (size_t)snprintf(s.out->before + used, sizeof s.out->before - used,
						 "%s%s", used ? ", " : "", r->task[e->task].name);
	}
	if (used)
		snprintf(s.out->before + used, sizeof s.out->before - used, " made");
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void place_of(const struct kt_site *site, char *buf, size_t size)
{
	char place[256];

	source_place(site, place, sizeof place);
	snprintf(buf, size, "%s%s%s", site->func && site->func[0] ? site->func : "",
		 place[0] ? " " : "", place);
}

static void tell_memory(void)
{
	uint16_t i = leaked();
	const struct sim_named *o;
	char name[SIM_OBJECT_NAME_MAX + 32], made[320], freed[320];
	size_t used;

	if (s.v->failure == KT_MEMORY && s.fails != SIM_NO_STEP && detail(s.fails))
		i = detail(s.fails)->object;
	if (!i || !s.t->d->object[i].is_block)
		return;
	o = &s.t->d->object[i];
	place_of(o->allocated_at, made, sizeof made);
	object_words(s.t->r, s.t->d, i, name, sizeof name);
	used = (size_t)snprintf(s.out->memory, sizeof s.out->memory,
				"%s (%s): allocated by %s in %s", name,
				kt_role_name((enum kt_role)o->role),
				s.t->r->task[o->allocated_by].name, made);
	if (!o->freed_at || used >= sizeof s.out->memory)
		return;
	place_of(o->freed_at, freed, sizeof freed);
	snprintf(s.out->memory + used, sizeof s.out->memory - used, ", freed by %s at %u in %s",
		 s.t->r->task[o->freed_by].name, o->freed_in, freed);
}

void story_tell(const struct told *t, const struct verdict *v, const struct cause *c,
		struct story *out)
{
	memset(out, 0, sizeof *out);
	memset(s.does, 0, t->r->steps);
	memset(s.stops, 0, t->r->steps);
	memset(s.is_cause, 0, t->r->steps);
	memset(s.event, 0, t->r->events);
	memset(s.focus, 0, sizeof s.focus);
	memset(s.focus_task, 0, sizeof s.focus_task);
	s.t = t;
	s.v = v;
	s.out = out;
	s.has_cause = c && c->kind == CAUSE_ORDERS;
	focus();
	weigh_events();
	weigh_ends();
	weigh_last_accesses();
	weigh_objects();
	find_last_ops();
	for (uint32_t i = 0; i < t->r->steps; i++)
		weigh_slot(i);
	weigh_windows();
	if (c)
		weigh_cause(c);
	drop_halves();
	choose_rows();
	drop_idle_stops();
	fold_beginning();
	tell_memory();
}
