/* SPDX-License-Identifier: GPL-2.0-only */
/* What story.c and story_rows.c share. No other file includes it. */
#ifndef STRESS_EXPLAIN_STORY_INTERNAL_H
#define STRESS_EXPLAIN_STORY_INTERNAL_H

#include "stress/explain/story.h"

enum weight {
	NOT = 0,
	FILLS = 40,		/* shown if there is room */
	HELPS = 60,
	TELLS = 100,		/* shown, if nothing heavier takes the room */
	DECIDES = 150,
	CAUSES = 220,
	FAILS = 250,
};

struct telling {
	const struct told *t;
	const struct verdict *v;
	struct story *out;
	uint8_t does[SIM_STEPS_MAX];	/* by slot */
	uint8_t stops[SIM_STEPS_MAX];	/* by step: the task is preempted there, or sleeps */
	uint8_t event[SIM_EVENTS_MAX];
	bool is_cause[SIM_STEPS_MAX];	/* by slot */
	bool focus[SIM_NAMED_MAX];
	bool focus_task[SIM_TASKS_MAX];
	uint32_t end;			/* the steps that count: all, or the first rounds of tasks
					 * that go round for ever */
	uint32_t fails;			/* the slot of the failure, or SIM_NO_STEP */
	/* Where the task's last operation of the plan begins, or SIM_NO_STEP. */
	uint32_t last_op[SIM_TASKS_MAX];
	bool has_cause;
};
extern struct telling tell;

/* The details of the slot; NULL: they are not known. */
const struct sim_detail *story_detail(uint32_t slot);
/* The site of the operation that the slot does; NULL: a task begins. */
struct kt_site *story_site(uint32_t slot);
/* The block that leaked, or SIM_NO_OBJECT. */
uint16_t story_leaked(void);

/* The block that was used after it was freed, or SIM_NO_OBJECT. */
uint16_t story_used_late(void);

/* The slot in which the task entered the RCU read section that the slot is in, or SIM_NO_STEP. */
uint32_t story_section_of(uint32_t slot);
/* The last call_rcu() up to that slot, or SIM_NO_STEP. Did a callback of it free the block? */
uint32_t story_call_rcu_before(uint32_t slot);
bool story_freed_by_rcu(uint16_t object);
/* Does the slot change a count of the block that leaked, or was used after it was freed? */
bool story_counts(uint32_t slot);

/* Make the heaviest things rows, in the order of time. */
void story_choose_rows(void);
/* Say of the block that the failure is about which tasks allocated and freed it, and where. */
void story_tell_memory(void);

#endif
