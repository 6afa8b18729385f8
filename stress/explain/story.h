/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The story of a failure: the few things that happened in the execution that a reader needs to
 * name the bug, in the order of time.
 */
#ifndef STRESS_EXPLAIN_STORY_H
#define STRESS_EXPLAIN_STORY_H

#include "stress/cause/cause.h"
#include "stress/explain/chain.h"
#include "stress/explain/happening.h"
#include "stress/run/world.h"

enum {
	STORY_ROWS_MAX = 11,	/* and a line for what comes before them */
	STORY_ROWS_ENOUGH = 7,	/* with so many, only rows that matter more are added */
};

enum row_kind {
	ROW_DOES,	/* an operation */
	ROW_BEFORE,	/* the task is preempted before an operation */
	ROW_SLEEPS,
	ROW_EVENT,	/* a kill, a failed allocation, a store that becomes visible */
};

struct row {
	enum row_kind kind;
	uint32_t at;		/* the slot, or the step at which the task arrives */
	uint32_t task;
	struct kt_site *site;	/* or NULL */
	uint32_t event;		/* ROW_EVENT: index in sim_record.event */
	bool in_cause;		/* an access of a necessary order */
	bool fails;		/* the failure is here */
	int op;			/* the plan's operation that the task is in, or -1 */
	char words[HAPPENING_WORDS_MAX];
};

struct story {
	uint32_t rows;
	struct row row[STORY_ROWS_MAX];
	uint32_t folded;		/* steps before the first row */
	char before[512];		/* what they were: "kthreadd, C1, a/0 are made" */
	struct chain chain;		/* of a deadlock */
	char states[1024];		/* of tasks that never get on: "a/0: state PARKED"; or "" */
	char memory[1024];		/* who allocated and freed the object that matters; or "" */
};

/* c: the cause, or NULL if it is not known. */
void story_tell(const struct told *t, const struct verdict *v, const struct cause *c,
		struct story *out);

#endif
