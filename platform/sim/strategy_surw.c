/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Selectively uniform random walk: all orders of the *interesting* events are equally
 * likely, provided that the strategy knows how many such events each task has. The task
 * that does the next interesting event, the intended task, is drawn; a task's weight is the
 * number of such events that it has left. Until the intended task has done its event, the
 * other tasks do events that are not interesting, in any order. If the next event of such a
 * task is interesting, the task waits. Zhao, Wolff, Mathur, Roychoudhury: "Selectively
 * Uniform Concurrency Testing", ASPLOS 2025.
 *
 * The operations on one object are the interesting ones in an execution. The object is drawn
 * anew for each execution, among those that several tasks use. If the program says the
 * classes of its objects (sim_program.class_of), objects of one class count as one object.
 * Otherwise the fields of one name (kt_site.what) do.
 *
 * The numbers of events come from the profile: an earlier execution of the same program. A
 * task corresponds to the task with the same name in the profile. The events of a task that
 * is not spawned yet count for the task that will spawn it. In programs a task that is at an
 * interesting event counts for one at least. Without a profile, or when it is
 * used up, all tasks that can run are equally likely.
 *
 * Tasks do the other events in an order of random priorities, if classes are of objects. The
 * authors' tool does the same. On a model of two-stage locking with 50 tasks the bug is
 * found four times as soon as by a draw at each step.
 */
#include <string.h>

#include "platform/rng.h"
#include "platform/sim/surw.h"

#define NOBODY SIM_TASKS_MAX

static struct {
	struct kt_rng rng;
	const struct surw_class *interesting;	/* NULL: no event is interesting */
	uint32_t intended;			/* or NOBODY */
	struct sim_set known;			/* as_profiled is set */
	uint16_t as_profiled[SIM_TASKS_MAX];	/* or NOBODY */
	struct sim_set at_interesting;		/* the next event is interesting */
	struct sim_set born;			/* tasks of the profile */
	uint32_t left[SIM_TASKS_MAX];		/* per task of the profile */
	struct sim_set drawn;			/* priority is set */
	uint32_t priority[SIM_TASKS_MAX];
} surw;

/* ---- weights --------------------------------------------------------------- */

static uint32_t as_profiled(uint32_t task)
{
	if (!sim_set_has(&surw.known, task)) {
		uint32_t name = sim_record()->task[task].name_hash, i = 0;

		while (i < surw_profile.tasks && surw_profile.name[i] != name)
			i++;
		sim_set_add(&surw.known, task);
		surw.as_profiled[task] = (uint16_t)(i < surw_profile.tasks ? i : NOBODY);
		if (i < surw_profile.tasks)
			sim_set_add(&surw.born, i);
	}
	return surw.as_profiled[task];
}

/*
 * How many interesting events are left to the task, and to its descendants that are not
 * spawned yet.
 */
static uint32_t weight(uint32_t task)
{
	uint32_t p = as_profiled(task), sum;
	struct sim_set family = { 0 };

	if (p == NOBODY)
		return 0;
	sum = surw.left[p];
	sim_set_add(&family, p);
	/* Children come after their parents. */
	for (uint32_t i = p + 1; i < surw_profile.tasks; i++)
		if (!sim_set_has(&surw.born, i) && sim_set_has(&family, surw_profile.parent[i])) {
			sim_set_add(&family, i);
			sum += surw.left[i];
		}
	return sum;
}

/*
 * A task that is at an interesting event has one left, whatever the profile says: in the profile's
 * execution another task may have taken its work away.
 */
static uint32_t weight_now(uint32_t task)
{
	uint32_t w = weight(task);

	return w || !surw_profile.by_object || !sim_set_has(&surw.at_interesting, task) ? w : 1;
}

static uint32_t draw_intended(const struct sim_set *can)
{
	uint32_t sum = 0, n;

	SIM_FOR_EACH(task, can)
	sum += weight_now(task);
	if (sum == 0)
		return NOBODY;
	n = kt_rng_below(&surw.rng, sum);
	SIM_FOR_EACH(task, can)
	{
		uint32_t w = weight_now(task);

		if (n < w)
			return task;
		n -= w;
	}
	return NOBODY;	/* not reached */
}

/* ---- the strategy ------------------------------------------------------------ */

/* Another program may have been set since the profile was taken. */
static bool has_profile(void)
{
	return surw_profile.classes && surw_profile.by_object == (sim_program.class_of != NULL);
}

static void surw_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s, (void)steps_estimate;
	kt_rng_seed(&surw.rng, seed);
	surw.interesting =
		has_profile() ? &surw_profile.class[kt_rng_below(&surw.rng, surw_profile.classes)]
			      : NULL;
	if (surw.interesting)
		memcpy(surw.left, surw.interesting->events,
		       surw_profile.tasks * sizeof surw.left[0]);
	surw.intended = NOBODY;
	surw.known = surw.born = surw.at_interesting = surw.drawn = (struct sim_set){ 0 };
}

static uint32_t uniformly(const struct sim_set *can)
{
	uint32_t skip = kt_rng_below(&surw.rng, sim_set_count(can));

	SIM_FOR_EACH(task, can)
	if (skip-- == 0)
		return task;
	return NOBODY;	/* not reached */
}

/*
 * A task keeps its priority until it goes on. So some task is late by many events, whatever
 * the others do. If each step drew anew, a task would be late only if many draws agree.
 */
static uint32_t by_priority(const struct sim_set *can)
{
	uint32_t best = NOBODY;

	SIM_FOR_EACH(task, can)
	{
		if (!sim_set_has(&surw.drawn, task)) {
			sim_set_add(&surw.drawn, task);
			surw.priority[task] = (uint32_t)(kt_rng_next(&surw.rng) >> 32);
		}
		if (best == NOBODY || surw.priority[task] > surw.priority[best])
			best = task;
	}
	sim_set_remove(&surw.drawn, best);
	return best;
}

static uint32_t any_of(const struct sim_set *can)
{
	return surw_profile.by_object ? by_priority(can) : uniformly(can);
}

/* `task` does its interesting event. */
static void happens(uint32_t task)
{
	uint32_t p = as_profiled(task);

	if (p != NOBODY && surw.left[p])
		surw.left[p]--;
	sim_set_remove(&surw.at_interesting, task);
	surw.intended = NOBODY;
}

/*
 * A task that has been spawned counts for itself from its first step on. If its parent is
 * the intended task, the parent was drawn with the weight of both. So another draw decides
 * which of the two is the intended task.
 */
static void meet(const struct sim_set *strangers)
{
	SIM_FOR_EACH(task, strangers)
	{
		uint32_t p = as_profiled(task), w, sum;

		if (p == NOBODY || surw.intended == NOBODY ||
		    surw_profile.parent[p] != as_profiled(surw.intended))
			continue;
		w = weight(task);
		sum = w + weight(surw.intended);
		if (sum && kt_rng_below(&surw.rng, sum) < w)
			surw.intended = task;
	}
}

static inline bool is_interesting(const struct sim_decision *d)
{
	uint32_t id = 0;

	if (d->why == SIM_POINT && surw_profile.by_object)
		id = d->object ? sim_program.class_of(d->object) : 0;
	else if (d->why == SIM_POINT)
		id = surw_field(d->site);
	return id == surw.interesting->id;
}

static uint32_t surw_next(struct sim_strategy *s, const struct sim_decision *d)
{
	struct sim_set can = sim_can_run(d), strangers;
	uint32_t next;

	(void)s;
	if (!surw.interesting)
		return any_of(&can);
	strangers = can;
	sim_set_add(&strangers, d->task);
	sim_set_subtract(&strangers, &surw.known);
	meet(&strangers);
	sim_set_remove(&surw.at_interesting, d->task);
	if (is_interesting(d))
		sim_set_add(&surw.at_interesting, d->task);
	if (surw.intended == NOBODY || !sim_set_has(&can, surw.intended))
		surw.intended = draw_intended(&can);
	if (surw.intended != NOBODY) {	/* other tasks wait before interesting events */
		sim_set_subtract(&can, &surw.at_interesting);
		sim_set_add(&can, surw.intended);
	}
	next = any_of(&can);
	if (sim_set_has(&surw.at_interesting, next))
		happens(next);
	return next;
}

struct sim_strategy *sim_strategy_surw(void)
{
	static struct sim_strategy s = {
		.name = "surw", .begin = surw_begin, .next = surw_next,
	};

	return &s;
}
