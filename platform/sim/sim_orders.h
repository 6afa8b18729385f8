/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Experiments with the order of events. One execution is recorded with what its events touch,
 * and becomes the reference. Then the strategy `orders` runs executions that follow the
 * reference, or are random, but keep certain orders of two events.
 *
 *	sim_accesses_record(true);
 *	sim_run(...);				the execution that failed
 *	sim_accesses_record(false);
 *	look at sim_accesses();
 *	sim_orders_refer();
 *	sim_orders_set(&o);
 *	sim_run(sim_strategy_orders(), ...);	as often as needed
 *	look at sim_orders_outcome();
 *
 * An event is what a task does from one step to the next. Its key says which event it is in any
 * execution of the same program: the task's name, the site, the object if it is in a block, and
 * how many such events the task had before. A kill is an event of its own; so is the moment at
 * which a store that was held back becomes visible.
 */
#ifndef PLATFORM_SIM_SIM_ORDERS_H
#define PLATFORM_SIM_SIM_ORDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/os.h"
#include "platform/point.h"
#include "platform/sim/sim_trace.h"

/* ---- what an execution touched --------------------------------------------- */

enum {
	SIM_ACCESSES_MAX = 1 << 16,	/* further events are not recorded */
	SIM_TOUCHES_MAX = 1 << 18,
	SIM_OBJECTS_MAX = 1 << 14,
	SIM_HELD_MAX = 3,	/* locks per event */
	SIM_FAULTS_MAX = 16,
};

#define SIM_NEVER UINT32_MAX

enum sim_event_what { SIM_DOES, SIM_IS_KILLED, SIM_BECOMES_VISIBLE };

/* An event. Events are in the order in which tasks reached their sites. */
struct sim_event_record {
	uint64_t key;
	struct kt_site *site;	/* NULL: the task's start, or a kill */
	uint32_t step;		/* where the task reached the site; of a kill or a store that
				 * became visible, when that happened */
	uint32_t happens;	/* the step whose decision let it happen, or SIM_NEVER */
	uint32_t place;		/* among the events in the order in which they happened */
	uint32_t store_step;	/* of a store that became visible: where it was done */
	uint8_t task, why, what;	/* enum sim_why, enum sim_event_what */
	bool could_run;		/* it did not happen, but could have */
	uint8_t held;		/* locks that the task held */
	struct kt_site *lock[SIM_HELD_MAX];	/* where it acquired them */
};

enum sim_object_kind {
	SIM_OBJECT_OTHER,	/* static, or on a stack */
	SIM_OBJECT_HEAP,	/* in a block */
	SIM_OBJECT_KILLED,	/* whether a task is killed */
	SIM_OBJECT_SLEEP,	/* whether a sleeping task may go on */
	SIM_OBJECT_THING,	/* the clock and the like */
};

struct sim_object {
	uint8_t kind, task;	/* of a block: who allocated it. Else whose it is */
	uint8_t role;		/* of a block: enum kt_role */
	uint16_t nth;		/* of a block: its number among those of the task */
	uint32_t offset;	/* in the block */
	uint32_t block;		/* the object that stands for the whole block; 0: none */
};

/* Touches are in the order in which they happened. */
struct sim_touch_record {
	uint32_t event, object;	/* indices; objects from 1 */
	uint8_t how;		/* the simulator's, for sim_touches_conflict() */
	bool named;		/* it is the object of the event's site */
	bool locks;		/* it acquires or releases a lock */
	bool ends;		/* it frees the block `object` */
	bool reads;
};

/* A fault that happened; where it may happen again in another execution. */
enum sim_fault_kind { SIM_FAULT_KILL, SIM_FAULT_ALLOC, SIM_FAULT_SPURIOUS };
struct sim_fault {
	uint8_t kind;		/* enum sim_fault_kind */
	uint8_t task;		/* in the recorded execution */
	uint32_t step;
	uint64_t key;		/* of the kill; else of the event in which it happens */
	uint64_t task_key;
	uint32_t nth;		/* which choice of that kind in the event, from 1 */
	uint32_t place;		/* of a kill, among the events */
};

struct sim_accesses {
	uint32_t events, touches, objects, faults;
	bool lost;		/* some did not fit */
	struct sim_event_record event[SIM_ACCESSES_MAX];
	struct sim_touch_record touch[SIM_TOUCHES_MAX];
	struct sim_object object[SIM_OBJECTS_MAX];	/* from 1 */
	struct sim_fault fault[SIM_FAULTS_MAX];
};

/* From the next execution on, record them, under any strategy. */
void sim_accesses_record(bool on);
/* Of the last execution that was recorded. */
const struct sim_accesses *sim_accesses(void);

/* Does one touch decide what the other sees? An object and a block: use sim_object.block. */
bool sim_touches_conflict(const struct sim_touch_record *a, const struct sim_touch_record *b);

/* ---- executions that keep orders --------------------------------------------- */

struct sim_order {
	uint64_t first, second;		/* keys */
};

enum sim_order_outcome {
	SIM_ORDER_OPEN,		/* neither event happened */
	SIM_ORDER_KEPT,		/* the first happened; the second did so later, or not at all */
	SIM_ORDER_BROKEN,	/* the second happened, and the first had not */
};

enum { SIM_FLAVOURS = 6 };	/* ways to draw; seed % SIM_FLAVOURS says which */

struct sim_orders {
	const struct sim_order *order;
	uint32_t count;
	bool random;		/* if not: follow the reference */
	uint64_t seed;
	uint32_t faults;	/* bit per fault of the reference that happens here, too */
};

/* The recorded execution becomes the reference. */
void sim_orders_refer(void);
/* *o and what it points to must stay until the last execution has ended. */
void sim_orders_set(const struct sim_orders *o);

/*
 * A task whose next event is the second of an order waits for the first. If all tasks that can
 * run wait so, one of them goes on, and its order is broken.
 */
struct sim_strategy *sim_strategy_orders(void);

struct sim_outcome {
	uint32_t kept, broken, open;	/* orders */
	uint32_t faults;		/* bit per fault that happened */
};
struct sim_outcome sim_orders_outcome(void);
enum sim_order_outcome sim_order_outcome(uint32_t i);

#endif
