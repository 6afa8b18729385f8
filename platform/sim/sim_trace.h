/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an execution leaves behind: its verdict, its trace with the trace's hash, its
 * tasks, and the events that the trace alone does not show.
 */
#ifndef PLATFORM_SIM_SIM_TRACE_H
#define PLATFORM_SIM_SIM_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/check.h"
#include "platform/os.h"
#include "platform/point.h"

#define SIM_TASKS_MAX  256	/* per execution, the body (task 0) included */
#define SIM_WORD_TASKS 64	/* tasks in one word of a set */
#define SIM_STEPS_MAX  (1 << 20)	/* upper limit of sim_options.steps_max */
#define SIM_STEPS_USUAL 32768	/* its default */
#define SIM_EVENTS_MAX 16384
#define SIM_MESSAGE_MAX 1024
#define SIM_CIRCLE_MAX 16	/* a task that visits more places goes round no circle */

/* ---- steps --------------------------------------------------------------- */

enum sim_why {		/* why the current task is at a site */
	SIM_MARK,	/* The site is a named point. The strategy is asked only if it has
			 * visit(); its next() then answers d->task, unless the strategy
			 * wants another task to go on. */
	SIM_POINT,	/* The site is another point. The task could go on. */
	SIM_YIELDED,	/* The task spins: another task should run first. */
	SIM_BLOCKED,	/* The task can't go on. */
	SIM_EXITED,	/* The task has finished. */
};

struct sim_who {
	uint8_t task, why, next, wide;
};

/*
 * The tasks from 64 on in two sets of tasks, whose first 64 are in a word of their own. Only
 * an execution of more than 64 tasks has them.
 */
struct sim_wide {
	uint64_t runnable[SIM_TASKS_MAX / SIM_WORD_TASKS - 1];
	uint64_t timed[SIM_TASKS_MAX / SIM_WORD_TASKS - 1];
};

struct sim_step {
	struct kt_site *site;
	uint64_t runnable;	/* before the decision; see also sim_step_can() */
	uint64_t timed;		/* subset of runnable: see sim_decision.timed */
	union {
		struct {
			uint8_t task;	/* the task that reached the site */
			uint8_t why;	/* enum sim_why */
			uint8_t next;	/* the task that ran on */
			bool wide;	/* sim_record.wide has more of the two sets */
		};
		struct sim_who who;	/* the four fields above, written by one store */
	};
};

/* ---- events -------------------------------------------------------------- */

enum sim_event_kind {
	SIM_EVENT_KILL,
	SIM_EVENT_SPURIOUS,
	SIM_EVENT_ALLOC_FAIL,
	SIM_EVENT_VISIBLE,
	SIM_EVENT_STALE,	/* a load read the store that came `older` before the newest */
	/* Only after sim_note_wakes(true): */
	SIM_EVENT_SPAWN,
	SIM_EVENT_WAKE,
};

enum sim_shown {		/* why a store has become visible */
	SIM_SHOWN_CHOSEN,	/* The strategy chose it. */
	SIM_SHOWN_USUAL,	/* The strategy chose it, as sim_default_next() would have. */
	SIM_SHOWN_FORCED,	/* A task did something that makes it visible. */
};

struct sim_event {
	uint32_t step;		/* it happened at trace[step] */
	uint8_t  kind;		/* enum sim_event_kind */
	uint8_t  task;		/* the task that was killed, woken or spawned, that allocated,
				 * or that did the store */
	uint8_t  role;		/* enum kt_role, of a failed allocation */
	uint8_t  shown;		/* enum sim_shown, of a store */
	uint8_t  older;		/* stores by that task at that site that this store overtook; or
				 * see SIM_EVENT_STALE */
	uint16_t by;		/* the task that spawned or woke it; SIM_TASKS_MAX: no task,
				 * but a deadline or the strategy's kill */
	uint32_t nth;		/* of an allocation: its number among those of that role, from
				 * 1; of a store, a load, a spawn or a wake: it was done at
				 * trace[nth] */
	struct kt_site *site;	/* where it was done */
};

/* ---- tasks --------------------------------------------------------------- */

enum sim_state { SIM_UNUSED, SIM_RUNNABLE, SIM_SLEEPING, SIM_FINISHED };

struct sim_task_record {
	char name[OS_NAME_MAX];
	uint32_t name_hash;		/* kt_name_hash() */
	uint8_t  state;			/* enum sim_state */
	uint8_t  parent;		/* the task that spawned it */
	bool     killed;
	int16_t  waits_for;		/* task, or -1 */
	struct kt_site *why;		/* where it sleeps */
};

/* ---- the record ---------------------------------------------------------- */

/* The record of the execution under way, or else of the last one. */
struct sim_record {
	enum kt_failure failure;
	char     message[SIM_MESSAGE_MAX];
	uint64_t hash;			/* over (task, site, why) of all steps */
	uint32_t steps, events, tasks;
	uint32_t fair_from;		/* from this step on no strategy was asked */
	bool     events_lost;		/* there were more than SIM_EVENTS_MAX */
	uint64_t stores;		/* bits that stand for stores and not for tasks in
					 * sim_step.runnable; see sim_decision.runnable */
	uint32_t failed_task;		/* the task that ran when the execution failed */
	struct kt_site *failed_site;	/* the last site that this task had reached */
	struct sim_task_record task[SIM_TASKS_MAX];
	struct sim_event event[SIM_EVENTS_MAX];
	struct sim_step trace[SIM_STEPS_MAX];
	struct sim_wide wide[SIM_STEPS_MAX];	/* only where trace[].wide says so */
};

/* The record. The parent of the process that runs the executions may read it, too. */
struct sim_record *sim_record(void);

/*
 * Called in a forked process: from now on this process and its children use a record of
 * their own.
 */
void sim_record_apart(void);

/*
 * From the next execution on, record which task spawned which other task, and which task
 * woke which. A spawn or wake-up is done at trace[nth], and before trace[step], which is
 * the next step of the task that did it. If the execution fails, the trace may end before
 * either of them. In a long execution only the first spawns and wake-ups are kept, so that
 * room is left for other events.
 */
void sim_note_wakes(bool on);

/* Record an allocation failure; for alloc_fails hooks that decide without sim_choose(). */
void sim_note_alloc_fail(enum kt_role role, uint32_t nth);

/* ---- a livelock's circles ------------------------------------------------ */

/* The places that a task visited over and over while it was scheduled fairly. */
struct sim_circle {
	uint32_t steps;				/* steps of the task while it went round */
	uint32_t sites;				/* distinct places */
	struct kt_site *site[SIM_CIRCLE_MAX];
	struct kt_site *mark;			/* one of them: where the task lets others go
						 * first, if it does. It is the same wherever
						 * the execution was stopped */
};

/*
 * Describe how the task went round in an execution that was a livelock. False if the task
 * did nothing during that time, or still reached new places.
 */
bool sim_circle_of(uint32_t task, struct sim_circle *out);

#endif
