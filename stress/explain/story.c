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

#include "stress/explain/ending.h"
#include "stress/explain/story_internal.h"
#include "stress/explain/telling.h"
#include "stress/explain/values.h"
#include "stress/run/world.h"

enum { CALL_MAX = 60 };	/* steps of the last calls of a deadlock */

struct telling tell;

static void bump(uint8_t *weight, uint32_t i, unsigned by)
{
	if (i < tell.t->r->steps && weight[i] < by)
		weight[i] = (uint8_t)(by < 255 ? by : 255);
}

const struct sim_detail *story_detail(uint32_t slot)
{
	return tell.t->d ? &tell.t->d->detail[slot] : NULL;
}

struct kt_site *story_site(uint32_t slot)
{
	uint32_t step = step_of(tell.t, slot);

	return step == SIM_NO_STEP ? NULL : tell.t->r->trace[step].site;
}

static bool is_mark(uint32_t slot)
{
	uint32_t step = step_of(tell.t, slot);

	return step == SIM_NO_STEP || tell.t->r->trace[step].why != SIM_POINT;
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
	for (uint32_t i = 0; i < tell.t->r->tasks; i++)
		if (mentions(tell.v->message, tell.t->r->task[i].name) && i > 0)
			tell.focus_task[i] = true;
	for (uint32_t i = 1; tell.t->d && i < tell.t->d->objects; i++)
		if (mentions(tell.v->message, tell.t->d->object[i].name))
			tell.focus[i] = true;
}

/* The objects that carry the names of the tasks that matter: a/0's state, a/0's flags. */
static void focus_on_tasks(void)
{
	for (uint32_t i = 1; tell.t->d && i < tell.t->d->objects; i++)
		for (uint32_t k = 1; k < tell.t->r->tasks; k++)
			if (tell.focus_task[k] &&
			    (strcmp(tell.t->d->object[i].name, tell.t->r->task[k].name) == 0 ||
			     strcmp(tell.t->d->object[i].owner, tell.t->r->task[k].name) == 0))
				tell.focus[i] = true;
}

static uint32_t last_slot_of(uint32_t task)
{
	for (uint32_t i = tell.t->r->steps; i-- > 0;)
		if (task_of(tell.t, i) == task)
			return i;
	return SIM_NO_STEP;
}

static bool ends_in_a_task(void)
{
	enum kt_failure f = tell.v->failure;

	return f != KT_DEADLOCK && f != KT_LIVELOCK && f != KT_LEAK && f != KT_PASS;
}

/* The block that leaked: the first that is not freed. */
uint16_t story_leaked(void)
{
	for (uint32_t i = 1; tell.t->d && tell.v->failure == KT_LEAK && i < tell.t->d->objects; i++)
		if (tell.t->d->object[i].is_block && !tell.t->d->object[i].freed_at)
			return (uint16_t)i;
	return SIM_NO_OBJECT;
}

/* The step at which the task is at its mark for the third time: it has gone round twice. */
static uint32_t rounds_end(uint32_t task, const struct kt_site *mark)
{
	enum { TIMES = 3 };
	unsigned n = 0;

	for (uint32_t i = 0; i < tell.t->r->steps; i++)
		if (tell.t->r->trace[i].task == task && tell.t->r->trace[i].site == mark &&
		    ++n == TIMES)
			return i;
	return tell.t->r->steps;
}

/* The tasks of a livelock that go round, and the end of their first rounds. */
static void focus_on_rounds(void)
{
	uint32_t end = 0;

	for (uint32_t i = 0; i < tell.t->r->tasks; i++) {
		const struct kt_site *mark = world_round_of(i);

		if (!mark)
			continue;
		tell.focus_task[i] = true;
		if (end < rounds_end(i, mark))
			end = rounds_end(i, mark);
	}
	if (end)
		tell.end = end;
}

/* Does another task, in the last steps that count, look at an object with the task's name? */
static bool is_looked_at(uint32_t task)
{
	enum { LAST = 64 };
	uint32_t first = tell.end > LAST ? tell.end - LAST : 0;

	for (uint32_t i = first; tell.t->d && i < tell.end; i++)
		if (task_of(tell.t, i) != task &&
		    strcmp(tell.t->d->object[story_detail(i)->object].name,
			   tell.t->r->task[task].name) == 0)
			return true;
	return false;
}

/* Does the task never get on? One that sleeps until there is something to do is no news. */
static bool stays(uint32_t task)
{
	if (tell.v->failure != KT_DEADLOCK && tell.v->failure != KT_LIVELOCK)
		return false;
	return tell.focus_task[task] &&
	       (!tell.out->chain.idle[task] ||
		(tell.v->failure == KT_LIVELOCK && is_looked_at(task)));
}

/* If no task fails, the state in which a task stays says what is missing. */
static void tell_states(void)
{
	char *buf = tell.out->states, words[256];
	size_t used = 0;

	for (uint32_t i = 0; i < tell.t->r->tasks; i++)
		if (stays(i) && ending_words(tell.t, i, words, sizeof words)[0] &&
		    used < sizeof tell.out->states)
			used += (size_t)snprintf(buf + used, sizeof tell.out->states - used,
						 "%s%s", used ? "; " : "", words);
}

static void focus(void)
{
	uint16_t leak = story_leaked();

	focus_on_message();
	tell.fails = ends_in_a_task() ? last_slot_of(tell.t->r->failed_task) : SIM_NO_STEP;
	if (tell.v->failure == KT_DEADLOCK || tell.v->failure == KT_LIVELOCK)
		chain_find(tell.t, &tell.out->chain);
	if (tell.v->failure == KT_DEADLOCK)
		memcpy(tell.focus_task, tell.out->chain.on, sizeof tell.focus_task);
	if (tell.v->failure == KT_LIVELOCK)
		focus_on_rounds();
	tell_states();
	focus_on_tasks();
	if (tell.fails != SIM_NO_STEP && story_detail(tell.fails) &&
	    story_detail(tell.fails)->object)
		tell.focus[story_detail(tell.fails)->object] = true;
	if (leak)
		tell.focus[leak] = true;
	tell.focus[SIM_NO_OBJECT] = false;
}

/* ---- weights -------------------------------------------------------------------------- */

static void weigh_last_of(uint32_t task, uint32_t before, unsigned by)
{
	enum { LAST = 4 };
	unsigned n = 0;

	for (uint32_t i = before; i-- > 0 && n < LAST;)
		if (task_of(tell.t, i) == task && story_detail(i) && story_detail(i)->known) {
			bump(tell.does, i, by - n);
			n++;
		}
}

/*
 * The last accesses of the task that fails are what the failing check or call has seen. Of a leak,
 * those of the task that allocated the block.
 */
static void weigh_last_accesses(void)
{
	uint16_t leak = story_leaked();

	if (tell.fails != SIM_NO_STEP)
		weigh_last_of(task_of(tell.t, tell.fails), tell.fails, HELPS + 10);
	if (leak)
		weigh_last_of(tell.t->d->object[leak].allocated_by, tell.t->r->steps, HELPS + 10);
}

/* Of a task that goes round: what it sees in the first rounds, which are all alike. */
static void weigh_rounds(void)
{
	for (uint32_t i = 0; tell.v->failure == KT_LIVELOCK && i < tell.t->r->tasks; i++)
		if (world_round_of(i))
			weigh_last_of(i, tell.end, HELPS + 10);
}

/* Which slot of another task wrote last, before `slot`, what that one reads? Or SIM_NO_STEP. */
static uint32_t written_before(uint32_t slot)
{
	const struct sim_detail *d = story_detail(slot);

	for (uint32_t i = slot; i-- > 0;) {
		const struct sim_detail *o = story_detail(i);

		if (o->known && o->object == d->object && o->offset == d->offset &&
		    is_write(tell.t, i) && task_of(tell.t, i) != task_of(tell.t, slot))
			return i;
	}
	return SIM_NO_STEP;
}

/*
 * A failed check compares what its task has read shortly before. Who wrote that?
 */
static void weigh_compared(void)
{
	enum { LAST = 4 };
	unsigned n = 0;
	uint32_t task, from;

	if (tell.fails == SIM_NO_STEP ||
	    (tell.v->failure != KT_MODEL && tell.v->failure != KT_DISCIPLINE &&
	     tell.v->failure != KT_ASSERTION))
		return;
	task = task_of(tell.t, tell.fails);
	for (uint32_t i = tell.fails + 1; i-- > 0 && n < LAST;) {
		const struct sim_detail *d = story_detail(i);

		if (task_of(tell.t, i) != task || !d || !d->known || d->object == SIM_NO_OBJECT)
			continue;
		n++;
		from = is_write(tell.t, i) ? SIM_NO_STEP : written_before(i);
		if (from != SIM_NO_STEP)
			bump(tell.does, from, HELPS + 20 - n);
	}
}

/* Of a task that waits for a lock: where did the holder acquire it? */
static void weigh_holder(uint32_t task, uint32_t step)
{
	const struct kt_site *site = tell.t->r->trace[step].site;
	const struct sim_detail *wanted = NULL;

	for (uint32_t i = tell.t->r->steps; i-- > 0 && strcmp(site->op, "acquire") == 0;) {
		const struct sim_detail *d = story_detail(i);

		if (!d || !story_site(i) || strcmp(story_site(i)->op, "acquire") != 0)
			continue;
		if (!wanted && task_of(tell.t, i) == task && story_site(i) == site)
			wanted = d;
		if (!wanted || task_of(tell.t, i) == task || d->object == SIM_NO_OBJECT ||
		    d->object != wanted->object || d->offset != wanted->offset)
			continue;
		bump(tell.does, i, DECIDES + 20);
		return;
	}
}

/* The task of the chain never goes on from that step. */
static void weigh_sleep(uint32_t task, uint32_t step)
{
	const struct kt_site *site = tell.t->r->trace[step].site;
	bool joins = task == 0 && !(site->func && site->func[0] &&
				    strcmp(site->func, "run_tasks") != 0);

	bump(tell.stops, step, joins ? FILLS : DECIDES);
	weigh_holder(task, step);
}

static void weigh_ends(void)
{
	const struct sim_record *r = tell.t->r;

	if (tell.fails != SIM_NO_STEP)
		bump(tell.does, tell.fails, FAILS);
	for (uint32_t i = 0; tell.v->failure == KT_DEADLOCK && i < r->tasks; i++)
		for (uint32_t k = r->steps; tell.out->chain.on[i] && k-- > 0;)
			if (r->trace[k].task == i) {
				if (r->trace[k].why == SIM_BLOCKED)
					weigh_sleep(i, k);
				break;
			}
}

static void weigh_events(void)
{
	const struct sim_record *r = tell.t->r;

	for (uint32_t i = 0; i < r->events; i++)
		if (event_is_telling(r, &r->event[i]))
			tell.event[i] = r->event[i].kind == SIM_EVENT_VISIBLE ? TELLS : CAUSES - 5;
}

uint16_t story_used_late(void)
{
	const struct sim_detail *d = tell.fails == SIM_NO_STEP ? NULL : story_detail(tell.fails);

	if (!d || tell.v->failure != KT_MEMORY || d->object == SIM_NO_OBJECT ||
	    tell.t->d->object[d->object].freed_in == SIM_NO_STEP)
		return SIM_NO_OBJECT;
	return d->object;
}

static void weigh_free(void)
{
	uint16_t object = story_used_late();

	if (object != SIM_NO_OBJECT)
		bump(tell.does, tell.t->d->object[object].freed_in, DECIDES + 20);
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = text ? strlen(text) : 0, m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

/* Does an operation of that slot enter (`what` is "_lock") or leave ("_unlock") a read section? */
static bool is_section(uint32_t slot, const char *what)
{
	const struct kt_site *site = story_site(slot);
	char op[32], end[32];

	if (!site)
		return false;
	snprintf(op, sizeof op, "rcu_read%s", what);
	snprintf(end, sizeof end, "_read%s", what);
	return strcmp(site->op, op) == 0 ||
	       (site->func && strstr(site->func, "rcu") && ends_with(site->func, end));
}

uint32_t story_section_of(uint32_t slot)
{
	uint32_t task = task_of(tell.t, slot), first = SIM_NO_STEP;

	for (uint32_t i = slot; i-- > 0;) {
		if (task_of(tell.t, i) != task)
			continue;
		if (is_section(i, "_unlock"))
			break;
		if (is_section(i, "_lock"))
			first = i;
	}
	return first;
}

static bool is_call_rcu(uint32_t slot)
{
	const struct kt_site *site = story_site(slot);

	if (!site)
		return false;
	return strcmp(site->op, "call_rcu") == 0 ||
	       (site->func && strstr(site->func, "rcu") && ends_with(site->func, "_call"));
}

uint32_t story_call_rcu_before(uint32_t slot)
{
	for (uint32_t i = slot + 1; i-- > 0;)
		if (is_call_rcu(i))
			return i;
	return SIM_NO_STEP;
}

bool story_freed_by_rcu(uint16_t object)
{
	const struct kt_site *site = story_site(tell.t->d->object[object].freed_in);

	return site && (strcmp(site->op, "call_rcu") == 0 || ends_with(site->func, "call_ready") ||
			(site->func && strstr(site->func, "rcu")));
}

/* Of a block that was freed too early: where did its reader begin, and the grace period? */
static void weigh_grace_period(void)
{
	uint16_t object = story_used_late();

	if (object == SIM_NO_OBJECT)
		return;
	bump(tell.does, story_section_of(tell.fails), DECIDES + 5);
	if (story_freed_by_rcu(object))
		bump(tell.does, story_call_rcu_before(tell.t->d->object[object].freed_in),
		     DECIDES + 5);
}

/* Is the operation on something that the failure is about? */
static bool is_focused(uint32_t slot)
{
	const struct sim_detail *d = story_detail(slot);

	return d && tell.focus[d->object];
}

/* A load whose value the task replaces at once: the row of the store has it, too. */
static bool is_half_of_update(uint32_t slot)
{
	const struct sim_detail *a = story_detail(slot), *b = story_detail(slot + 1);

	return slot + 1 < tell.t->r->steps && a && a->known && b->known &&
	       !is_write(tell.t, slot) && task_of(tell.t, slot + 1) == task_of(tell.t, slot) &&
	       a->object == b->object &&
	       a->offset == b->offset && is_write(tell.t, slot + 1);
}

static void drop_halves(void)
{
	for (uint32_t i = 0; i < tell.t->r->steps; i++)
		if (tell.does[i] < CAUSES && is_half_of_update(i))
			tell.does[i] = NOT;
}

static void find_last_ops(void)
{
	for (uint32_t i = 0; i < tell.t->r->tasks; i++)
		tell.last_op[i] = SIM_NO_STEP;
	for (uint32_t i = 0; i < tell.t->r->steps; i++) {
		const struct sim_step *step = &tell.t->r->trace[i];

		if (step->why == SIM_MARK && !step->site->func &&
		    strncmp(step->site->what, "task.", 5) == 0)
			tell.last_op[step->task] = i;
	}
}

/* Has the task of a deadlock's chain done it in the call in which it sleeps? */
static bool is_in_last_call(uint32_t slot)
{
	uint32_t task = task_of(tell.t, slot);

	return tell.v->failure == KT_DEADLOCK && tell.out->chain.on[task] &&
	       slot > tell.last_op[task];
}

/* Is the place in the message, as "[core/timer.c:47]"? */
static bool mentions_place(const struct kt_site *site)
{
	char place[256];

	if (tell.v->failure != KT_DISCIPLINE || !strchr(tell.v->message, '['))
		return false;
	place[0] = '[';
	source_place(site, place + 1, sizeof place - 2);
	if (!place[1])
		return false;
	snprintf(place + strlen(place), 2, "]");
	return strstr(tell.v->message, place);
}

static bool is_count(const struct sim_field *f)
{
	static const char *const counts[] = { "count", "users", "usage", "refs" };

	for (size_t i = 0; f && i < sizeof counts / sizeof counts[0]; i++)
		if (strcmp(f->name, counts[i]) == 0)
			return true;
	return false;
}

bool story_counts(uint32_t slot)
{
	const struct sim_detail *d = story_detail(slot);
	uint16_t leak = story_leaked() ? story_leaked() : story_used_late();

	if (!d || leak == SIM_NO_OBJECT)
		return false;
	if (d->object == leak && d->known && is_count(d->field) &&
	    d->before.bits != d->after.bits)
		return true;
	for (uint32_t i = 0; i < d->changes; i++) {
		const struct sim_change *c = &tell.t->d->change[d->changes_first + i];

		if (c->object == leak && is_count(c->field))
			return true;
	}
	return false;
}

/* Does a task see that another one has asked it for something? */
static bool reads_own_set_bit(uint32_t slot)
{
	const struct sim_detail *d = story_detail(slot);
	const struct sim_bits *b = bit_named(d->field, story_site(slot)->what);

	return strcmp(story_site(slot)->op, "test_bit") == 0 && b && d->known &&
	       (d->before.bits & b->bits) &&
	       strcmp(tell.t->d->object[d->object].name,
		      tell.t->r->task[task_of(tell.t, slot)].name) == 0;
}

/* In a deadlock: a task asks for something by a flag, when the task that should see it sleeps. */
static bool is_call_of_chain(uint32_t slot)
{
	return tell.v->failure == KT_DEADLOCK && strcmp(story_site(slot)->op, "set_bit") == 0 &&
	       tell.out->chain.on[task_of(tell.t, slot)] && slot + CALL_MAX > tell.t->r->steps;
}

/* Of a failure that is about a CPU: does a CPU go on line or off line? */
static bool changes_cpus(uint32_t slot)
{
	const struct sim_detail *d = story_detail(slot);

	return d && d->known && d->field && strcmp(d->field->name, "cpus.online") == 0 &&
	       d->before.bits != d->after.bits && strstr(tell.v->message, "CPU");
}

static void weigh_slot(uint32_t slot)
{
	const struct kt_site *site = story_site(slot);
	const struct sim_detail *d = story_detail(slot);
	unsigned last = slot * 18 / tell.t->r->steps;	/* what comes later tells more */
	bool loads;

	if (!site)
		return;
	loads = kt_access_loads((enum kt_access)site->access);
	if (is_vain_wake(tell.t, slot) && tell.v->failure == KT_DEADLOCK)
		bump(tell.does, slot, (is_focused(slot) ? TELLS : FILLS) + last);
	if (mentions_place(site))
		bump(tell.does, slot, DECIDES + last);
	if (is_call_of_chain(slot) || changes_cpus(slot))
		bump(tell.does, slot, TELLS + last);
	if (!d || !is_focused(slot))
		return;
	if (strstr(site->op, "_bit") && site->access == KT_UPDATE)
		bump(tell.does, slot, HELPS + 15 + last);
	else if (reads_own_set_bit(slot))
		bump(tell.does, slot, HELPS + 20 + last);
	else if (strstr(site->op, "ref"))
		bump(tell.does, slot, HELPS + last);
	else if (d->known && d->field && d->field->kind == SIM_BITS)
		bump(tell.does, slot, FILLS + (loads ? 0 : 10) + last);
	else if (is_write(tell.t, slot) && d->known)
		bump(tell.does, slot, (is_in_last_call(slot) ? HELPS + 30 : FILLS) + last);
	if (story_counts(slot))
		bump(tell.does, slot, (story_leaked() ? DECIDES : HELPS + 30) + last);
	for (uint32_t i = 0; i < d->changes; i++)
		if (tell.focus[tell.t->d->change[d->changes_first + i].object])
			bump(tell.does, slot, HELPS + last);
}

/* Do the operations of the two slots touch the same word, and does one of them change it? */
static bool conflict(uint32_t a, uint32_t b)
{
	const struct sim_detail *x = story_detail(a), *y = story_detail(b);

	if (!x || !y || x->object == SIM_NO_OBJECT || x->object != y->object)
		return false;
	if (x->offset != y->offset && (!x->field || x->field != y->field))
		return false;
	return (is_write(tell.t, a) || is_write(tell.t, b)) && !is_mark(a) && !is_mark(b);
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

		if (task_of(tell.t, i) == task_of(tell.t, mine) || !conflict(mine, i))
			continue;
		bump(tell.does, mine, by);
		bump(tell.does, i, by);
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
	uint32_t task = tell.t->r->trace[step].task, end = until;
	unsigned last = step * 18 / tell.t->r->steps, near = 0;
	bool found = false;

	if (end > tell.t->r->steps)
		end = tell.t->r->steps;
	if (end - step > WINDOW_MAX)
		end = step + WINDOW_MAX;
	for (uint32_t mine = step; mine-- > 0 && near < NEAR;)
		if (task_of(tell.t, mine) == task)
			found |= weigh_conflicts(mine, step, end, last - ++near);
	near = 0;
	for (uint32_t mine = until; mine < tell.t->r->steps && near < NEAR; mine++)
		if (task_of(tell.t, mine) == task)
			found |= weigh_conflicts(mine, step, end, last - ++near);
	/* A cause has the preemptions that matter. */
	bump(tell.stops, step, tell.has_cause ? FILLS : (found ? TELLS : HELPS) + 5 + last);
}

static void weigh_windows(void)
{
	for (uint32_t i = 0; i < tell.end; i++)
		if (is_preempted(tell.t, i)) {
			uint32_t slot = slot_of(tell.t, i);

			weigh_window(i, slot == SIM_NO_STEP ? tell.t->r->steps : slot);
		}
}

static void weigh_access(const struct cause_access *a)
{
	if (a->what != CAUSE_ACCESS)
		return;		/* it is an event, and those are weighed already */
	if (a->happens != CAUSE_NEVER) {
		bump(tell.does, a->happens, CAUSES + 10);
		if (a->happens < tell.t->r->steps)
			tell.is_cause[a->happens] = true;
	}
	if (a->happens != a->step &&
	    tell.t->r->trace[a->step].why != SIM_EXITED)
		bump(tell.stops, a->step, CAUSES);
}

static void weigh_cause(const struct cause *c)
{
	for (uint32_t i = 0; i < c->orders_count; i++) {
		weigh_access(&c->order[i].first);
		weigh_access(&c->order[i].second);
	}
}

void story_tell(const struct told *t, const struct verdict *v, const struct cause *c,
		struct story *out)
{
	memset(out, 0, sizeof *out);
	memset(tell.does, 0, t->r->steps);
	memset(tell.stops, 0, t->r->steps);
	memset(tell.is_cause, 0, t->r->steps);
	memset(tell.event, 0, t->r->events);
	memset(tell.focus, 0, sizeof tell.focus);
	memset(tell.focus_task, 0, sizeof tell.focus_task);
	tell.t = t;
	tell.v = v;
	tell.out = out;
	tell.end = t->r->steps;
	tell.has_cause = c && c->kind == CAUSE_ORDERS;
	focus();
	weigh_events();
	weigh_ends();
	weigh_last_accesses();
	weigh_rounds();
	weigh_compared();
	weigh_free();
	weigh_grace_period();
	find_last_ops();
	for (uint32_t i = 0; i < tell.end; i++)
		weigh_slot(i);
	weigh_windows();
	if (c)
		weigh_cause(c);
	drop_halves();
	story_choose_rows();
	story_tell_memory();
}
