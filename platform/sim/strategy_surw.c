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
 * The operations on fields of one name (kt_site.what) are the interesting ones in an
 * execution. The name is drawn anew for each execution, among those that several tasks
 * use. The numbers of events come from the profile: an earlier execution of the same
 * program. A task corresponds to the task with the same name in the profile. The events of
 * a task that is not spawned yet count for the task that will spawn it. Without a profile,
 * or when it is used up, all runnable tasks are equally likely.
 */
#include <string.h>

#include "platform/rng.h"
#include "platform/sim/sim.h"

#define CLASSES_MAX 96
#define NOBODY      SIM_TASKS_MAX

static struct {
	uint32_t tasks;
	uint32_t name[SIM_TASKS_MAX];
	uint8_t parent[SIM_TASKS_MAX];

	uint32_t classes;		/* classes that several tasks use */
	struct class {
		uint32_t what;		/* hash */
		uint64_t users;		/* bit per task */
		uint16_t events[SIM_TASKS_MAX];
	} class[CLASSES_MAX];
} profile;

static struct {
	struct kt_rng rng;
	const struct class *interesting;	/* NULL: no event is interesting */
	uint32_t intended;			/* or NOBODY */
	uint64_t known;				/* bit: as_profiled is set */
	uint8_t as_profiled[SIM_TASKS_MAX];	/* or NOBODY */
	uint64_t at_interesting;		/* bit: the next event is interesting */
	uint64_t born;				/* bit per task of the profile */
	uint16_t left[SIM_TASKS_MAX];		/* per task of the profile */
} surw;

/* ---- the profile --------------------------------------------------------- */

/* The class of a site is the field that it names: the same for "&k->flags" and "t->flags". */
static uint32_t what_of(const struct kt_site *site)
{
	const char *field;

	if (!site || !site->what || !site->what[0])
		return 0;
	field = site->what;
	for (const char *c = field; *c; c++)
		if (*c == '>' || *c == '.' || *c == '&' || *c == '(')
			field = c + 1;
	return kt_name_hash(field);
}

static struct class *class_of(uint32_t what)
{
	for (uint32_t i = 0; i < profile.classes; i++)
		if (profile.class[i].what == what)
			return &profile.class[i];
	if (profile.classes == CLASSES_MAX)
		return NULL;
	profile.class[profile.classes] = (struct class){ .what = what };
	return &profile.class[profile.classes++];
}

void sim_surw_profile(const struct sim_record *r)
{
	uint32_t shared = 0;

	profile.tasks = r->tasks;
	profile.classes = 0;
	for (uint32_t i = 0; i < r->tasks; i++) {
		profile.name[i] = r->task[i].name_hash;
		profile.parent[i] = r->task[i].parent;
	}
	for (uint32_t i = 0; i < r->steps; i++) {
		const struct sim_step *t = &r->trace[i];
		uint32_t what = t->why == SIM_POINT ? what_of(t->site) : 0;
		struct class *c = what ? class_of(what) : NULL;

		if (!c)
			continue;
		c->users |= 1ull << t->task;
		c->events[t->task]++;
	}
	for (uint32_t i = 0; i < profile.classes; i++)
		if (profile.class[i].users & (profile.class[i].users - 1))
			profile.class[shared++] = profile.class[i];
	profile.classes = shared;
}

/* ---- weights --------------------------------------------------------------- */

static uint32_t as_profiled(uint32_t task)
{
	if (!(surw.known >> task & 1)) {
		uint32_t name = sim_record()->task[task].name_hash, i = 0;

		while (i < profile.tasks && profile.name[i] != name)
			i++;
		surw.known |= 1ull << task;
		surw.as_profiled[task] = (uint8_t)(i < profile.tasks ? i : NOBODY);
		if (i < profile.tasks)
			surw.born |= 1ull << i;
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
	uint64_t family;

	if (p == NOBODY)
		return 0;
	sum = surw.left[p];
	family = 1ull << p;
	/* Children come after their parents. */
	for (uint32_t i = p + 1; i < profile.tasks; i++)
		if (!(surw.born >> i & 1) && (family >> profile.parent[i] & 1)) {
			family |= 1ull << i;
			sum += surw.left[i];
		}
	return sum;
}

static uint32_t draw_intended(uint64_t runnable)
{
	uint32_t sum = 0, n;

	for (uint64_t mask = runnable; mask; mask &= mask - 1)
		sum += weight((uint32_t)__builtin_ctzll(mask));
	if (sum == 0)
		return NOBODY;
	n = kt_rng_below(&surw.rng, sum);
	for (uint64_t mask = runnable;; mask &= mask - 1) {
		uint32_t task = (uint32_t)__builtin_ctzll(mask), w = weight(task);

		if (n < w)
			return task;
		n -= w;
	}
}

/* ---- the strategy ------------------------------------------------------------ */

static void surw_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s, (void)steps_estimate;
	kt_rng_seed(&surw.rng, seed);
	surw.interesting = profile.classes ?
		&profile.class[kt_rng_below(&surw.rng, profile.classes)] : NULL;
	if (surw.interesting)
		memcpy(surw.left, surw.interesting->events, sizeof surw.left);
	surw.intended = NOBODY;
	surw.known = surw.born = surw.at_interesting = 0;
}

static uint32_t any_of(uint64_t mask)
{
	uint32_t skip = kt_rng_below(&surw.rng, (uint32_t)__builtin_popcountll(mask));

	while (skip--)
		mask &= mask - 1;
	return (uint32_t)__builtin_ctzll(mask);
}

/* `task` does its interesting event. */
static void happens(uint32_t task)
{
	uint32_t p = as_profiled(task);

	if (p != NOBODY && surw.left[p])
		surw.left[p]--;
	surw.at_interesting &= ~(1ull << task);
	surw.intended = NOBODY;
}

/*
 * A task that has been spawned counts for itself from its first step on. If its parent is
 * the intended task, the parent was drawn with the weight of both. So another draw decides
 * which of the two is the intended task.
 */
static void meet(uint64_t runnable)
{
	for (uint64_t mask = runnable & ~surw.known; mask; mask &= mask - 1) {
		uint32_t task = (uint32_t)__builtin_ctzll(mask), p = as_profiled(task), w, sum;

		if (p == NOBODY || surw.intended == NOBODY ||
		    profile.parent[p] != as_profiled(surw.intended))
			continue;
		w = weight(task);
		sum = w + weight(surw.intended);
		if (sum && kt_rng_below(&surw.rng, sum) < w)
			surw.intended = task;
	}
}

static uint32_t surw_next(struct sim_strategy *s, const struct sim_decision *d)
{
	uint64_t here = 1ull << d->task, free;
	uint32_t next;

	(void)s;
	if (!surw.interesting)
		return any_of(d->runnable);
	meet(d->runnable | here);
	surw.at_interesting &= ~here;
	if (d->why == SIM_POINT && what_of(d->site) == surw.interesting->what)
		surw.at_interesting |= here;
	if (surw.intended == NOBODY || !(d->runnable >> surw.intended & 1))
		surw.intended = draw_intended(d->runnable);
	if (surw.intended == NOBODY) {
		next = any_of(d->runnable);
	} else {
		/* The other tasks wait before interesting events. */
		free = d->runnable & ~surw.at_interesting;
		next = any_of(free | 1ull << surw.intended);
	}
	if (surw.at_interesting >> next & 1)
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
