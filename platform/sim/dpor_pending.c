/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each task does next, and whether it can do it. A task that waits for a lock or a
 * permit can't go on before it gets that. A task that waits for the end of another task
 * can't go on before that end. A task that waits for a word's value can't go on before the
 * word has that value.
 */
#include <string.h>

#include "platform/lock/modelled.h"
#include "platform/sim/dpor.h"

enum { WORDS_MAX = 16 };

static struct dpor_word word[WORDS_MAX];
static uint32_t words;

static struct {		/* the wait that belongs to the current task's next arrival */
	enum sim_wait how;
	uint32_t what;
} wait;

void dpor_pending_forget(void)
{
	words = 0;
}

void dpor_pending_begin(void)
{
	wait.how = SIM_WAIT_NOT;
	for (uint32_t i = 0; i < words; i++)
		word[i].changed = 0;
}

/* ---- awaited words -------------------------------------------------------- */

/* The word at `at`, which is awaited from now on. */
static struct dpor_word *word_at(const uint32_t *at)
{
	for (uint32_t i = 0; i < words; i++)
		if (word[i].at == at)
			return &word[i];
	if (words == WORDS_MAX)
		dpor_give_up("too many words are awaited");
	word[words] = (struct dpor_word){ .at = at, .value = *at };
	return &word[words++];
}

void dpor_pending_look_at_words(void)
{
	for (uint32_t i = 0; i < words; i++)
		if (*word[i].at != word[i].value) {
			word[i].value = *word[i].at;
			word[i].changed = (uint16_t)dpor.events;
		}
}

/* ---- what comes next -------------------------------------------------------- */

void dpor_pending_waits(enum sim_wait how, uint32_t what)
{
	wait.how = how;
	wait.what = what;
}

enum sim_wait dpor_pending_take_wait(void)
{
	enum sim_wait how = wait.how;

	wait.how = SIM_WAIT_NOT;
	return how;
}

/* The mark is a decision if the task would go on there without having waited. */
bool dpor_pending_mark_decides(enum sim_wait how)
{
	if (how == SIM_WAIT_PERMIT) {
		if (dpor.o.spurious)
			dpor_event_touches_thing(SIM_SLEEP, sim.current, SIM_READ);
		return sim_current()->permit;
	}
	if (how == SIM_WAIT_SETTLED)
		return dpor.o.settles;
	return how == SIM_WAIT_EXIT && sim.task[wait.what].record->state == SIM_FINISHED;
}

/* Mostly the first letter differs, so that strcmp() is not called. */
static inline bool is_op(const struct kt_site *site, const char *op)
{
	return site->op[0] == op[0] && strcmp(site->op, op) == 0;
}

static enum sim_access access_of(const struct kt_site *site)
{
	if (is_op(site, "load") || is_op(site, "test_bit"))
		return SIM_READ;
	return is_op(site, "acquire") ? SIM_ACQUIRE : SIM_WRITE;
}

static void pending_value(struct dpor_task *t, const struct sim_decision *d)
{
	t->pending = DPOR_VALUE;
	t->touch = dpor_touch(dpor_object(d->object), SIM_READ);
	t->word = word_at(d->object);
	t->other = wait.what;
}

static void pending_point(struct dpor_task *t, const struct sim_decision *d, bool is_free_wait)
{
	enum sim_access how;

	t->pending = DPOR_NOTHING;
	if (!d->object)
		return;
	how = is_free_wait ? SIM_ACQUIRE : access_of(d->site);
	t->pending = how == SIM_ACQUIRE ? DPOR_ACQUIRE : DPOR_TOUCH;
	t->touch = dpor_touch(dpor_object(d->object), how);
	t->holder = is_free_wait ? (const uint32_t *)d->object + wait.what
				 : &((const struct kt_lock_modelled *)d->object)->holder;
}

static void pending_wait(struct dpor_task *t, enum sim_wait how)
{
	t->pending = how == SIM_WAIT_PERMIT ? DPOR_PERMIT :
		     how == SIM_WAIT_EXIT ? DPOR_EXIT :
		     how == SIM_WAIT_SETTLED ? DPOR_SETTLED : DPOR_WOKEN;
	t->other = wait.what;
	t->may_time_out = sim_is_timed(t - dpor.task);
	if (how != SIM_WAIT_PERMIT)
		t->woken.count = 0;
}

void dpor_pending_set(const struct sim_decision *d, enum sim_wait how)
{
	struct dpor_task *t = &dpor.task[d->task];

	switch (d->why) {
	case SIM_POINT:
		if (how == SIM_WAIT_VALUE)
			pending_value(t, d);
		else if (how == SIM_WAIT_EXIT)
			pending_wait(t, how);
		else
			pending_point(t, d, how == SIM_WAIT_FREE);
		break;
	case SIM_YIELDED: t->pending = DPOR_SPIN; break;
	case SIM_EXITED: t->pending = DPOR_NOTHING; break;
	default: pending_wait(t, how); break;
	}
}

/* ---- can it? ----------------------------------------------------------------- */

static bool is_enabled(uint32_t id)
{
	const struct dpor_task *t = &dpor.task[id];

	if (!(sim.runnable >> id & 1))
		return false;
	switch (t->pending) {
	case DPOR_ACQUIRE: return *t->holder == 0;
	case DPOR_EXIT: return sim.record->task[t->other].state == SIM_FINISHED;
	case DPOR_SPIN: return dpor_spin_changed(id, NULL);
	case DPOR_SETTLED: return false;
	case DPOR_VALUE: return *t->word->at == t->other;
	default: return true;
	}
}

uint64_t dpor_enabled(void)
{
	uint64_t enabled = 0;

	for (uint64_t left = sim.runnable; left; left &= left - 1) {
		uint32_t id = (uint32_t)__builtin_ctzll(left);

		if (is_enabled(id))
			enabled |= 1ull << id;
	}
	return enabled;
}

uint64_t dpor_last_resort(void)
{
	uint64_t spinners = 0;
	uint32_t first;

	for (uint64_t left = sim.runnable; left; left &= left - 1) {
		uint32_t id = (uint32_t)__builtin_ctzll(left);

		if (dpor.task[id].pending == DPOR_SETTLED)
			return 1ull << id;
		if (dpor.task[id].pending == DPOR_SPIN)
			spinners |= 1ull << id;
	}
	if (sim.runnable)
		return spinners;
	first = sim_first_timer();	/* the simulator will choose the same one */
	return first == SIM_NOBODY ? 0 : 1ull << first;
}

bool dpor_is_possible(struct dpor_label label, uint64_t enabled)
{
	uint32_t id = dpor.task_of[label.proc];

	if (!(dpor.there >> label.proc & 1))
		return false;
	if (enabled >> id & 1)
		return true;
	return (label.mask & 1) && dpor_sleeps(&dpor.task[id]) &&
	       sim.record->task[id].state != SIM_FINISHED;
}

bool dpor_may_be_killed(uint32_t id, const struct dpor_node *n)
{
	return dpor.task[id].may_be_killed && n->used[DPOR_KILL] < dpor.o.kills &&
	       !sim.record->task[id].killed && sim.record->task[id].state != SIM_FINISHED;
}
