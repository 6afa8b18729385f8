/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Depth first through all executions that leave the usual course a bounded number
 * of times (Musuvathi, Qadeer: Iterative Context Bounding for Systematic Testing of
 * Multithreaded Programs, PLDI 2007). The strategy need not know which events depend on
 * each other, so it works with every back end. In a small program it is exhaustive.
 *
 * The usual course: the running task goes on until it blocks; then the task with the next
 * number goes on. Nothing fails, and no task is killed. Where a task blocks or ends, every
 * other task is tried, and that costs nothing. Each of these deviations costs one: a
 * preemption; the choice of another task than the next by number, after a task that spins;
 * time that passes early; a spurious wake-up; a failed allocation; a kill; a load that does
 * not read the newest store. With weak memory, a store that becomes visible also costs a
 * preemption.
 *
 * The path of the execution under way is the list of its choices. The next execution
 * repeats them up to the last choice for which an answer is left. There it gives that
 * answer, and then it takes the usual course.
 */
#include <string.h>

#include "platform/sim/internal.h"

enum { CHOICES_MAX = 16384 };

enum { PREEMPTION, KILL, FAIL, SPURIOUS, STALE, KINDS, FREE };

struct choice {
	uint64_t left;		/* answers not tried yet */
	uint32_t step;
	uint8_t answer, usual;
	uint8_t kind;		/* the kind of cost of an unusual answer */
};

static struct {
	struct sim_strategy strategy;
	struct sim_bounds bounds;
	uint32_t most[KINDS];
	uint32_t spent[KINDS], total;	/* in this execution so far */
	uint32_t choices;		/* on the path */
	uint32_t at;			/* choices of the path that are repeated so far */
	bool too_long;
	struct choice path[CHOICES_MAX];
} dfs;

static void bound_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s, (void)seed, (void)steps_estimate;
	sim_narrow();	/* its sets of answers are words */
	memset(dfs.spent, 0, sizeof dfs.spent);
	dfs.total = dfs.at = 0;
}

static bool affords(uint32_t kind)
{
	return kind == FREE ||
	       (dfs.total < dfs.bounds.total && dfs.spent[kind] < dfs.most[kind]);
}

/* What the answer costs if each unusual answer costs one of `kind`. */
static uint32_t price(uint32_t answer, uint32_t kind)
{
	return kind == FREE && (sim.record->stores >> answer & 1) ? PREEMPTION : kind;
}

/* The subset of `can` that the bounds allow. */
static uint64_t affordable(uint64_t can, uint32_t kind)
{
	if (kind == FREE)
		return affords(PREEMPTION) ? can : can & ~sim.record->stores;
	return affords(kind) ? can : 0;
}

/* One of `can`. */
static uint32_t answer(uint64_t can, uint32_t usual, uint32_t kind, uint32_t step)
{
	struct choice *c = &dfs.path[dfs.at];

	if (dfs.at == dfs.choices) {
		if (dfs.choices == CHOICES_MAX) {
			dfs.too_long = true;
			return usual;
		}
		dfs.choices++;
		*c = (struct choice){
			.left = affordable(can & ~(1ull << usual), kind), .step = step,
			.answer = (uint8_t)usual, .usual = (uint8_t)usual, .kind = (uint8_t)kind,
		};
	}
	/* All choices so far were the same, so this one must be the same. */
	KT_ASSERT(can >> c->answer & 1 && c->usual == usual && c->step == step);
	dfs.at++;
	kind = price(c->answer, kind);
	if (c->answer != usual && kind != FREE) {
		dfs.spent[kind]++;
		dfs.total++;
	}
	return c->answer;
}

static uint32_t bound_next(struct sim_strategy *s, const struct sim_decision *d)
{
	bool is_free = (d->why == SIM_BLOCKED || d->why == SIM_EXITED) && !d->timed;

	(void)s;
	if (d->why == SIM_MARK && (d->runnable >> d->task & 1))
		return d->task;
	return answer(d->runnable, sim_default_next(d), is_free ? FREE : PREEMPTION, d->step);
}

static uint32_t bound_choose(struct sim_strategy *s, enum sim_choice kind, uint32_t below)
{
	uint32_t step = sim.record->steps;

	(void)s;
	switch (kind) {
	case SIM_CHOOSE_SPURIOUS: return dfs.most[SPURIOUS] ? answer(3, 0, SPURIOUS, step) : 0;
	case SIM_CHOOSE_ALLOC_FAIL: return dfs.most[FAIL] ? answer(3, 0, FAIL, step) : 0;
	case SIM_CHOOSE_STALE: return answer((1ull << below) - 1, 0, STALE, step);
	default: return 0;
	}
}

/*
 * The tasks that may be killed at this step, as bits. Never task 0, whose bit stands for
 * no kill. Only the victim notices a kill: at the next site that it reaches, or while it
 * sleeps. So it is enough to kill the task that is at a site, and tasks that sleep.
 */
static uint64_t victims(uint32_t task)
{
	uint64_t able = 0;

	for (uint32_t i = 1; i < sim.record->tasks; i++) {
		const struct sim_task_record *t = &sim.record->task[i];

		if ((i == task || t->state == SIM_SLEEPING) && t->state != SIM_FINISHED &&
		    !t->killed && dfs.bounds.may_be_killed(t->name_hash))
			able |= 1ull << i;
	}
	return able;
}

static void bound_visit(struct sim_strategy *s, const struct sim_decision *d)
{
	uint64_t able = victims(d->task);
	uint32_t victim;

	(void)s;
	if (!able)
		return;
	victim = answer(able | 1, 0, KILL, d->step);
	if (victim)
		sim_kill(victim);
}

void sim_bound(const struct sim_bounds *b)
{
	dfs.bounds = *b;
	dfs.most[PREEMPTION] = b->preemptions;
	dfs.most[KILL] = b->kills;
	dfs.most[FAIL] = b->fails;
	dfs.most[SPURIOUS] = b->spurious;
	dfs.most[STALE] = b->total;
	dfs.choices = 0;
	dfs.too_long = false;
}

struct sim_strategy *sim_strategy_bound(void)
{
	dfs.strategy = (struct sim_strategy){
		.name = "bound", .begin = bound_begin, .next = bound_next,
		.choose = bound_choose, .visit = dfs.bounds.kills ? bound_visit : NULL,
	};
	return &dfs.strategy;
}

bool sim_bounded(bool *too_long)
{
	struct choice *c;

	*too_long = dfs.too_long;
	while (dfs.choices && !dfs.path[dfs.choices - 1].left)
		dfs.choices--;
	if (!dfs.choices)
		return false;
	c = &dfs.path[dfs.choices - 1];
	c->answer = (uint8_t)__builtin_ctzll(c->left);
	c->left &= c->left - 1;
	return true;
}

bool sim_bound_turn(uint32_t *i, uint32_t *step, uint32_t *answer_given, uint32_t *usual)
{
	for (; *i < dfs.at; ++*i) {
		const struct choice *c = &dfs.path[*i];

		if (c->answer == c->usual)
			continue;
		*step = c->step;
		*answer_given = c->answer;
		*usual = c->usual;
		++*i;
		return true;
	}
	return false;
}
