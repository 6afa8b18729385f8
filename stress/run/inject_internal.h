/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the injector share. No other file includes it. */
#ifndef STRESS_INJECT_INTERNAL_H
#define STRESS_INJECT_INTERNAL_H

#include "platform/point.h"
#include "stress/run/inject.h"
#include "stress/run/subject.h"

/* A directive keyed by task and point, compiled to hashes. */
struct rule {
	enum plan_directive_kind kind;
	uint32_t task, point, target, store;	/* kt_name_hash() */
	bool blocked;			/* it acts at the decision after the task blocked there */
	uint32_t older;			/* `visible`: how many older stores to pass over */
	uint32_t nth;
	uint32_t seen;			/* visits so far; relaxed atomic */
};

struct alloc_rule {
	bool oom;
	enum kt_role role;		/* PLAN_ROLE_ANY: all */
	uint32_t nth;
	uint32_t target;		/* number of a victim; oom only */
};

struct inject {
	/* Written by inject_load(): */
	const struct plan *plan;
	uint32_t rules_count, alloc_rules_count;
	struct rule rule[PLAN_DIRECTIVES_MAX];
	struct alloc_rule alloc_rule[PLAN_DIRECTIVES_MAX];
	uint64_t points;		/* bit point % 64: some rule has that point */
	uint64_t watched;		/* bit point % 64: the subject watches that point */

	/* Of an execution: */
	struct inject_faults faults;
	uint32_t victim;		/* kt_name_hash() of the task to kill, if kill_step */
	uint32_t allocations[KT_ROLE_COUNT + 1];	/* relaxed atomic; last: all */
	uint32_t sleeps, timer_moments;
};

extern struct inject inject;

/* ---- inject.c ---------------------------------------------------------------------- */

/* How many tasks of the subject can be killed. */
uint32_t inject_victims(void);

/* Tell the subject of a point, unless it is one of the many that the subject does not watch. */
static inline void inject_observe(struct kt_site *site, const void *object)
{
	uint32_t known = __atomic_load_n(&site->hash, __ATOMIC_RELAXED);
	uint32_t point = known ? known : kt_site_hash(site);

	if (inject.watched >> point % 64 & 1)
		subject->point(site, object);
}

/* ---- inject_sim.c or inject_posix.c ------------------------------------------------ */

/* Add one to *counter and return it. */
uint32_t inject_count(uint32_t *counter);

/* The `point` hook: tells the subject. On real threads it also applies directives. */
void inject_point(struct kt_site *site, const void *object);

/*
 * Does an allocation fail? fails: a directive or a drawn fault makes it fail. If neither does,
 * the strategy may make it fail.
 */
bool inject_alloc_chosen(bool fails);
/* Write into the record that the n-th allocation of that role fails. */
void inject_note_failed(enum kt_role role, uint32_t nth);

#endif
