/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executions of more than 64 tasks. The sets of tasks that each step reads are one word, for
 * tasks 0 to 63. sim.wide has the words for the other tasks, and the record has them beside
 * the trace. From the 65th task on all steps take the slow path, which also looks at these
 * words. Weak memory uses some bits of the first word for stores, and has fewer tasks.
 */
#include <string.h>

#include "platform/sim/internal.h"

uint32_t sim_set_words = 1;

void sim_wide_reset(void)
{
	sim.is_wide = false;
	sim_set_words = 1;
}

void sim_wide_begin(void)
{
	memset(&sim.wide, 0, sizeof sim.wide);
	memset(sim.wide_yielded, 0, sizeof sim.wide_yielded);
	sim.is_wide = true;
	sim.wide_alarm = sim.steps_alarm;
	sim.steps_alarm = 0;	/* so that each step is slow, and reach_slow() sees is_wide */
	sim_set_words = SIM_SET_WORDS;
	sim_set_slow_from();
}

/* ---- sets -------------------------------------------------------------------- */

static struct sim_set joined(uint64_t first, const uint64_t *more)
{
	struct sim_set s = { { first } };

	memcpy(s.word + 1, more, (SIM_SET_WORDS - 1) * sizeof s.word[0]);
	return s;
}

static void part(const struct sim_set *s, uint64_t *first, uint64_t *more)
{
	*first = s->word[0];
	memcpy(more, s->word + 1, (SIM_SET_WORDS - 1) * sizeof s->word[0]);
}

static struct sim_set without(struct sim_set s, const struct sim_set *other)
{
	sim_set_subtract_in(&s, other, SIM_SET_WORDS);
	return s;
}

static bool is_empty(const struct sim_set *s)
{
	return sim_set_is_empty_in(s, SIM_SET_WORDS);
}

static uint32_t next_of(const struct sim_set *s, uint32_t from)
{
	return sim_set_next_in(s, from, SIM_SET_WORDS);
}

bool sim_wide_runs(void)
{
	uint64_t any = sim.runnable & ~sim.timed;

	for (uint32_t w = 0; w < SIM_SET_WORDS - 1; w++)
		any |= sim.wide.runnable[w] & ~sim.wide.timed[w];
	return any != 0;
}

struct sim_set sim_can_run_wide(const struct sim_decision *d)
{
	return joined(d->runnable, d->wide->runnable);
}

bool sim_is_choice_wide(const struct sim_decision *d)
{
	struct sim_set can = sim_can_run_wide(d);

	return sim_set_count_in(&can, SIM_SET_WORDS) > 1;
}

uint32_t sim_first_that_can_wide(const struct sim_decision *d)
{
	struct sim_set can = sim_can_run_wide(d);

	return next_of(&can, 0);
}

uint32_t sim_default_next_wide(const struct sim_decision *d)
{
	struct sim_set can = sim_can_run_wide(d), timed = joined(d->timed, d->wide->timed);
	struct sim_set now = without(can, &timed);
	uint32_t next;

	if (!is_empty(&now))
		can = now;
	if ((d->why == SIM_POINT || d->why == SIM_MARK) && sim_set_has(&can, d->task))
		return d->task;
	next = next_of(&can, d->task + 1);
	return next < SIM_TASKS_MAX ? next : next_of(&can, 0);
}

/* ---- a step ------------------------------------------------------------------ */

void sim_wide_note(struct sim_step *t)
{
	t->wide = true;
	t->runnable = sim.runnable;
	t->timed = sim.timed;
	sim.record->wide[t - sim.record->trace] = sim.wide;
}

/* As sim_without_spinners(), for the task at the step. */
static struct sim_set without_spinners(uint32_t current)
{
	struct sim_set runnable = joined(sim.runnable, sim.wide.runnable);
	struct sim_set timed = joined(sim.timed, sim.wide.timed);
	struct sim_set yielded = joined(sim.yielded, sim.wide_yielded);
	struct sim_set able = without(runnable, &timed), left;
	uint32_t first;

	sim_set_add(&yielded, current);
	left = without(able, &yielded);
	if (!is_empty(&left)) {
		part(&yielded, &sim.yielded, sim.wide_yielded);
		return without(runnable, &yielded);
	}
	yielded = (struct sim_set){ { 0 } };
	sim_set_add(&yielded, current);
	part(&yielded, &sim.yielded, sim.wide_yielded);
	if (!is_empty(&timed))
		return timed;
	first = sim_far_timer();
	if (first != SIM_NOBODY) {
		left = (struct sim_set){ { 0 } };
		sim_set_add(&left, first);
		return left;
	}
	left = without(able, &yielded);
	return is_empty(&left) ? able : left;
}

void sim_wide_choices(struct sim_step *t)
{
	struct sim_set can;

	sim_wide_note(t);
	if (t->why == SIM_YIELDED) {
		can = without_spinners(t->task);
		part(&can, &t->runnable, sim.record->wide[t - sim.record->trace].runnable);
	} else if (t->why != SIM_MARK) {
		sim.yielded = 0;
		memset(sim.wide_yielded, 0, sizeof sim.wide_yielded);
	}
}

uint32_t sim_fair_next_wide(const struct sim_set *can)
{
	uint32_t n = kt_rng_below(&sim.fair_draw, sim_set_count(can));

	SIM_FOR_EACH(task, can)
		if (n-- == 0)
			return task;
	return SIM_NOBODY;	/* not reached */
}
