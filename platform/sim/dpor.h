/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the exploration (strategy_dpor.c says how it works): what its three
 * parts share. Touched on the host and in strategies' calls only.
 */
#ifndef PLATFORM_SIM_DPOR_H
#define PLATFORM_SIM_DPOR_H

#include "platform/sim/internal.h"

enum {
	DPOR_EVENTS_MAX = 8192,		/* per execution */
	DPOR_PROCS_MAX = SIM_TASKS_MAX,
	DPOR_ENABLERS_MAX = 8,
	DPOR_TOUCHES_MAX = 256,		/* per event */
};

/* Kinds of choices that are counted against a limit. */
enum { DPOR_KILL, DPOR_FAIL, DPOR_SPURIOUS, DPOR_BUDGETS };

/*
 * A task has a number of its own here, its proc: the same in every execution,
 * whatever the order in which tasks are spawned. What a proc does next is told
 * by `mask`: bit 0, it is killed first; bit n, the n-th choice that it is asked
 * for is answered with 1.
 */
struct dpor_label {
	uint32_t proc, mask;
};

struct dpor_event {
	uint32_t mask, set;
	uint16_t index;			/* of its proc's, from 1 */
	uint16_t before;		/* event + 1 that it follows: of the same proc, or
					 * the one that spawned it; 0: none */
	uint16_t enabler[DPOR_ENABLERS_MAX];	/* one of them had to come before */
	uint8_t enablers;		/* 0: could have come any time */
	uint8_t proc;
	bool is_last_resort;		/* possible only because nobody else could go on */
	uint32_t lock;			/* object + 1 of the lock it acquires */
};

/* A tree of sequences yet to be tried, as first child and next sibling; 0: none. */
struct dpor_branch {
	struct dpor_label label;
	uint32_t set, child, next;
};

/* What was tried already, and would lead to nothing new. */
struct dpor_asleep {
	struct dpor_label label;
	uint32_t set;
};

struct dpor_node {			/* before event number i */
	struct dpor_label label;	/* of that event */
	uint32_t branches;		/* to be tried instead, later */
	uint32_t asleep, asleep_count;	/* in dpor.asleep[] */
	uint32_t used[DPOR_BUDGETS];
};

struct dpor_race {
	uint16_t first, second;
};

extern struct dpor {
	struct sim_exploration o;
	bool no_memory;

	/* The execution under way, or the last one. */
	uint32_t events;		/* begun */
	uint32_t known;			/* of those, as in the execution before */
	uint32_t guided;		/* nodes whose label is decided */
	uint32_t subtree;		/* branches of the node that comes next */
	struct dpor_event event[DPOR_EVENTS_MAX];
	struct dpor_node node[DPOR_EVENTS_MAX];
	uint16_t clock[DPOR_EVENTS_MAX][DPOR_PROCS_MAX];
	uint64_t class[DPOR_EVENTS_MAX];	/* hash of the events up to and with it */

	struct dpor_asleep *sleepers;
	uint32_t sleepers_used, sleepers_size;
	struct dpor_branch *branch;
	uint32_t branches_used, branches_size, branches_free;
	struct dpor_race *race;
	uint32_t races, races_size;
} dpor;

/* Room for `count` of them in a vector that grows; false: no memory. */
bool dpor_room(void *vector, uint32_t *size, uint32_t count, size_t each);

/* ---- dpor_sets.c: objects and sets of touches --------------------------- */

/* A touch: object << 3 | enum sim_access. */
static inline uint32_t dpor_touch(uint32_t object, enum sim_access how)
{
	return object << 3 | how;
}

bool dpor_sets_init(void);
/* Of each task of this execution, its proc. */
extern uint8_t dpor_proc[SIM_TASKS_MAX];
uint32_t dpor_object(const void *addr);
/* The one that stands for all of the block, or object on a stack, at p; 0: nothing known. */
uint32_t dpor_block(const void *p);
uint32_t dpor_thing(enum sim_thing thing, uint32_t proc);
/* The same number for the same touches. */
uint32_t dpor_set(const uint32_t *touch, uint32_t count);
bool dpor_set_is(uint32_t set, const uint32_t *touch, uint32_t count);
uint32_t dpor_set_touches(uint32_t set, const uint32_t **touch);
bool dpor_dependent(uint32_t a, uint32_t b);
bool dpor_touches_depend(uint32_t a, uint32_t b);
bool dpor_set_has(uint32_t set, uint32_t touch);
void dpor_stack_object(const void *addr, size_t size);
void dpor_stack_objects_reset(void);

/* ---- dpor_order.c: what happened before what ---------------------------- */

/*
 * Clocks and hash of event i; its races go into dpor.race. From dpor.events on:
 * what was about to be and was not possible.
 */
void dpor_order(uint32_t i);

static inline bool dpor_before(uint32_t i, uint32_t k)
{
	return dpor.clock[k][dpor.event[i].proc] >= dpor.event[i].index;
}

/* ---- dpor_tree.c: what is to be tried ----------------------------------- */

/* What dpor.race asks for, into the nodes. */
void dpor_reverse_races(void);
uint32_t dpor_branch_new(struct dpor_label label, uint32_t set);
void dpor_branch_append(uint32_t *list, uint32_t branch);
void dpor_branch_free(uint32_t branch);	/* and what hangs on it; not what is beside it */
bool dpor_is_asleep(const struct dpor_node *n, struct dpor_label label);
bool dpor_is_planned(const struct dpor_node *n, struct dpor_label label);
void dpor_put_asleep(struct dpor_node *n, struct dpor_label label, uint32_t set);

#endif
