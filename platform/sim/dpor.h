/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the exploration: what its files share. strategy_dpor.c says how it works.
 * All of it runs on the host, or inside a call of the strategy or of the observer.
 *
 *	strategy_dpor.c		the strategy and the observer; from one execution to the next
 *	dpor_task.c		tasks, and their numbers that stay the same in all executions: procs
 *	dpor_pending.c		what each task does next, and whether it can do it
 *	dpor_spin.c		whether a task that spins has something new to look at
 *	dpor_event.c		the event under way: what it touches and chooses
 *	dpor_node.c		which event comes next; what is left to be tried
 *	dpor_order.c		what happened before what; races
 *	dpor_tree.c		reversing races: sleep sets and wakeup trees
 *	dpor_sets.c		objects, and sets of touches
 *	dpor_class.c		classes of executions that were seen
 *	dpor_state.c		the state before an event, as a hash
 *	dpor_cache.c		states that were explored, and what follows them
 *	dpor_persist.c		the reduction of an exploration that knows states
 */
#ifndef PLATFORM_SIM_DPOR_H
#define PLATFORM_SIM_DPOR_H

#include "platform/sim/internal.h"

enum {
	DPOR_EVENTS_MAX = 8192,		/* per execution */
	DPOR_PROCS_MAX = SIM_WORD_TASKS,
	DPOR_ENABLERS_MAX = 8,
	DPOR_TOUCHES_MAX = 256,		/* per event */
	DPOR_CHOICES_MAX = 31,		/* per event */
};

/* Kinds of choices that are counted against a limit. */
enum { DPOR_KILL, DPOR_FAIL, DPOR_SPURIOUS, DPOR_BUDGETS };

/* ---- events -------------------------------------------------------------- */

/*
 * What a task does next is its proc and a mask. Bit 0: the task is killed first. Bit n:
 * the n-th choice that the task is asked for is answered with 1.
 */
struct dpor_label {
	uint32_t proc, mask;
};

struct dpor_event {
	uint32_t mask;
	uint32_t set;			/* what it touches (dpor_sets.c) */
	uint16_t index;			/* its place among its proc's events, from 1 */
	uint16_t before;		/* event + 1 before this one: of the same proc, or
					 * the event that spawned the proc; 0: none */
	uint16_t enabler[DPOR_ENABLERS_MAX];	/* one of these events had to come first */
	uint8_t enablers;		/* 0: the event was possible at any time */
	uint8_t proc;
	bool is_last_resort;		/* possible only when no other task could go on */
	bool is_only_resort;		/* and no other task was possible at all */
	bool waits_for_exit;		/* enabler[0] is the exit that its proc waited for */
	uint32_t lock;			/* object + 1 of the lock that it acquires; 0: none */
};

struct dpor_race {
	uint16_t first, second;
};

/* ---- tasks of the execution under way ------------------------------------- */

enum dpor_pending {	/* what a task does next */
	DPOR_NOTHING,	/* nothing that other tasks could see */
	DPOR_TOUCH,
	DPOR_ACQUIRE,
	DPOR_PERMIT,	/* it waits for its permit */
	DPOR_WOKEN,	/* it waits until it is woken */
	DPOR_EXIT,	/* it waits for the end of another task */
	DPOR_SPIN,
	DPOR_SETTLED,	/* it waits until no other task can go on */
	DPOR_VALUE,	/* DPOR_TOUCH, as soon as a word has that value */
};

/* A word that some task awaits, in this or an earlier execution. */
struct dpor_word {
	const uint32_t *at;
	uint32_t value;
	uint16_t changed;	/* event + 1 that gave it its value; 0: none */
};

/* The events that let a task go on. */
struct dpor_wakers {
	uint16_t event[DPOR_ENABLERS_MAX + 1];	/* if the last place is used: too many events */
	uint8_t count;
};

struct dpor_task {
	enum dpor_pending pending;
	uint32_t touch;			/* DPOR_TOUCH, DPOR_ACQUIRE, DPOR_VALUE */
	const uint32_t *holder;		/* DPOR_ACQUIRE: 0 while the lock is free */
	uint32_t other;			/* DPOR_EXIT: task; DPOR_VALUE: value */
	struct dpor_word *word;
	uint32_t events;
	uint16_t last;			/* event + 1 of its last event, or of its spawn */
	uint32_t spin_from;		/* from this event on it looked at what it spins on */
	struct dpor_wakers permit, woken;	/* events that gave it a permit; that woke it */
	bool spun;			/* it has let others go first */
	bool may_be_killed;
	bool may_time_out;		/* DPOR_WOKEN, DPOR_PERMIT: at any moment */
};

/* ---- nodes: what is still to be tried -------------------------------------- */

/* A tree of sequences that are to be tried: first child and next sibling; 0: none. */
struct dpor_branch {
	struct dpor_label label;
	uint32_t set, child, next;
};

/* An event that was tried already and would lead to nothing new. */
struct dpor_asleep {
	struct dpor_label label;
	uint32_t set;
};

struct dpor_node {			/* node[i] is before event i */
	struct dpor_label label;	/* of that event */
	uint32_t branches;		/* branches that are to be tried later instead */
	uint32_t asleep, asleep_count;	/* in dpor.sleepers[] */
	uint32_t used[DPOR_BUDGETS];
	/* Only if the exploration knows states; bits per proc: */
	uint64_t enabled, killable;	/* it can go on; it sleeps and could be killed */
	uint64_t chosen;		/* its event is tried, or was */
	uint64_t there;			/* it exists */
	uint64_t slept;			/* it is asleep here since an earlier node */
	struct sim_hash state;
	bool has_state;			/* the state is kept, and this node explores it */
	uint32_t pending[DPOR_PROCS_MAX];	/* what each proc touches next, as far as known */
};

/* A touch by a proc in some execution that goes on from a state. */
struct dpor_deed {
	uint64_t past;			/* procs: after the state, it happens after an event of
					 * each of them. There may be others */
	uint32_t touch;
	uint8_t proc;
	uint8_t how;
};

enum {
	DPOR_DEED,
	DPOR_DEED_WAITS,	/* the end of a wait, which needs that another proc ends it */
	DPOR_DEED_KILL,		/* in an event in which the proc is killed first */
};

/* ---- state ---------------------------------------------------------------- */

extern struct dpor {
	struct sim_exploration o;
	struct sim_explored result;
	bool no_memory;

	/* Tasks of the execution under way. */
	struct dpor_task task[DPOR_PROCS_MAX];
	uint8_t task_of[DPOR_PROCS_MAX];	/* the task of each proc of this execution */
	uint64_t there;			/* bit per proc that is in this execution */
	uint32_t procs;			/* in any execution so far */

	/* Events of the execution under way, or of the last one. */
	uint32_t events;		/* begun */
	uint32_t known;			/* how many are the same as in the execution before */
	uint32_t guided;		/* nodes whose label is decided */
	uint32_t subtree;		/* branches of the node that comes next */
	bool rest;			/* the rest of this execution is not explored */
	struct dpor_event event[DPOR_EVENTS_MAX];
	struct dpor_node node[DPOR_EVENTS_MAX];
	uint16_t clock[DPOR_EVENTS_MAX][DPOR_PROCS_MAX];
	uint64_t class[DPOR_EVENTS_MAX];	/* hash of this event and of all before it */

	struct dpor_asleep *sleepers;
	uint32_t sleepers_used, sleepers_size;
	struct dpor_branch *branch;
	uint32_t branches_used, branches_size, branches_free;
	struct dpor_race *race;
	uint32_t races, races_size;
} dpor;

/* Room for `count` elements in a vector that grows; false: no memory. */
bool dpor_room(void *vector, uint32_t *size, uint32_t count, size_t each);

/* Ends the process: the exploration can't hold this program. */
void dpor_give_up(const char *why) __attribute__((noreturn));

/* ---- dpor_task.c ----------------------------------------------------------- */

/* The proc of each task of this execution. */
extern uint8_t dpor_proc[DPOR_PROCS_MAX];

/* No task has been seen in any execution. */
void dpor_tasks_forget(void);
/* The body of an execution begins. */
void dpor_tasks_begin(void);
/* The current task has made `task`. */
void dpor_task_spawned(uint32_t task);
/* The proc that makes this proc. */
uint32_t dpor_parent(uint32_t proc);

/* ---- dpor_pending.c ----------------------------------------------------------- */

/* An exploration begins; an execution begins. */
void dpor_pending_forget(void);
void dpor_pending_begin(void);
/* When the current task arrives at its next site, it does such a wait there. */
void dpor_pending_waits(enum sim_wait wait, uint32_t what);
/* Returns what dpor_pending_waits() noted and forgets it, so that it counts for one arrival. */
enum sim_wait dpor_pending_take_wait(void);
/* The current task is at a mark at which it may wait. Is the mark a decision, not just passed? */
bool dpor_pending_mark_decides(enum sim_wait wait);
/* The task d->task is at the site of d: note what it does next. */
void dpor_pending_set(const struct sim_decision *d, enum sim_wait wait);
/* An event has ended: which awaited words did it change? */
void dpor_pending_look_at_words(void);

/* Does the task do a wait that a kill ends? */
static inline bool dpor_sleeps(const struct dpor_task *t)
{
	return t->pending == DPOR_PERMIT || t->pending == DPOR_WOKEN;
}

/* Bit per task that could go on now. */
uint64_t dpor_enabled(void);
/* Bit per task that goes on only because no task is enabled. */
uint64_t dpor_last_resort(void);
/* Can an event with this label be next? */
bool dpor_is_possible(struct dpor_label label, uint64_t enabled);
bool dpor_may_be_killed(uint32_t task, const struct dpor_node *n);

/* ---- dpor_spin.c -------------------------------------------------------------- */

/*
 * Have other tasks changed what the task looked at since it spun last? If `found` is not
 * NULL, the function stores in it the events that changed that, and notes that the event
 * under way touches what the task looked at.
 */
bool dpor_spin_changed(uint32_t task, struct dpor_wakers *found);
/* A hash of what the task looked at since it spun last, and of whether that has changed. */
uint64_t dpor_spin_hash(uint32_t task);

/* ---- dpor_event.c ------------------------------------------------------------- */

void dpor_event_open(struct dpor_label label, bool is_last_resort);
/* The current task has reached the end of its event. */
void dpor_event_close(void);
/* The execution has ended. This ends the event under way, too, if there is one. */
void dpor_event_close_last(void);
/* An execution begins: no event is under way. */
void dpor_event_begin(void);
/* Note that the event under way makes this touch (see dpor_touch()). */
void dpor_event_touch(uint32_t touch);
/* The answer to a choice that the event under way is asked for. */
uint32_t dpor_event_choose(enum sim_choice kind);
/* Callbacks of the observer. */
void dpor_event_touches(const void *addr, enum sim_access how);
void dpor_event_touches_thing(enum sim_thing thing, uint32_t task, enum sim_access how);
void dpor_event_grants(uint32_t task, bool let_through);
void dpor_event_memory_ends(const void *addr, size_t size, enum sim_end end);

/* ---- dpor_node.c --------------------------------------------------------------- */

/*
 * Make the node before the next event, and decide its label. False: all that could be next is
 * asleep; or, if the exploration knows states, the state was explored, and has this future.
 */
bool dpor_node_new(uint64_t enabled, uint32_t current, uint32_t *future);
/* No task can go on unless it is killed: plan such kills for later executions. */
void dpor_node_plan_kills(void);
/*
 * Go back to the deepest node at which something is left to be tried. The search starts at
 * the last node. If `tried`, that node's event was tried; otherwise the node has only
 * branches. False: nothing is left.
 */
bool dpor_node_backtrack(bool tried);

/* ---- dpor_class.c ----------------------------------------------------------------- */

void dpor_classes_forget(void);
/* Is the class new? */
bool dpor_class_add(uint64_t hash);

/* ---- dpor_sets.c: objects and sets of touches --------------------------- */

/* A touch: object << 3 | enum sim_access. */
static inline uint32_t dpor_touch(uint32_t object, enum sim_access how)
{
	return object << 3 | how;
}

static inline uint32_t dpor_touch_object(uint32_t touch)
{
	return touch >> 3;
}

static inline enum sim_access dpor_touch_how(uint32_t touch)
{
	return touch & 7;
}

bool dpor_sets_init(void);
uint32_t dpor_object(const void *addr);
/*
 * The object that stands for the whole block, or the whole object on a stack, at p; 0:
 * nothing is known about p.
 */
uint32_t dpor_block(const void *p);
/* The object for `thing`. If there is one per task, `task` says which one. */
uint32_t dpor_thing(enum sim_thing thing, uint32_t task);
/* The number of this set of touches. The same touches give the same number. */
uint32_t dpor_set(const uint32_t *touch, uint32_t count);
bool dpor_set_is(uint32_t set, const uint32_t *touch, uint32_t count);
uint32_t dpor_set_touches(uint32_t set, const uint32_t **touch);
bool dpor_dependent(uint32_t a, uint32_t b);
bool dpor_touches_depend(uint32_t a, uint32_t b);
bool dpor_set_has(uint32_t set, uint32_t touch);
/* False: surely no touch of the set depends on this one. */
bool dpor_set_may_touch(uint32_t set, uint32_t touch);
bool dpor_is_thing(uint32_t object, enum sim_thing thing);
void dpor_stack_object(const void *addr, size_t size);
void dpor_stack_objects_reset(void);

/* ---- dpor_order.c: what happened before what ---------------------------- */

/*
 * Compute the clocks and the hash of event i; put its races into dpor.race. Events at index
 * dpor.events and above are those that a task was about to do and that were not possible.
 */
void dpor_order(uint32_t i);

static inline bool dpor_before(uint32_t i, uint32_t k)
{
	return dpor.clock[k][dpor.event[i].proc] >= dpor.event[i].index;
}

/* All that comes before what has the clock `with` comes before what has `clock`, too. */
static inline void dpor_join(uint16_t *clock, const uint16_t *with)
{
	for (uint32_t i = 0; i < DPOR_PROCS_MAX; i++)
		clock[i] = clock[i] > with[i] ? clock[i] : with[i];
}

/* ---- dpor_state.c ------------------------------------------------------------- */

/* Can this build tell states apart? */
bool dpor_states_possible(void);
/* The task begins. */
void dpor_state_begin(uint32_t task);
/* The current task is at a decision. */
void dpor_state_note(uint32_t task);
/* The state before the next event. n: the node there; its `used` is known. */
struct sim_hash dpor_state(const struct dpor_node *n);

/* ---- dpor_cache.c ------------------------------------------------------------- */

enum dpor_seen {
	DPOR_NEW,	/* from now on it counts as seen; see dpor_state_explored() */
	DPOR_SEEN,	/* it was explored */
	DPOR_NOT_KEPT,	/* it was not, and it is not remembered either */
};

void dpor_cache_forget(void);
uint64_t dpor_cache_bytes(void);
/*
 * *slept: the procs that are asleep. A state that was explored while others were asleep counts as
 * new; then those that were asleep both times are left in *slept.
 */
enum dpor_seen dpor_state_look(const struct sim_hash *key, uint64_t *slept, uint32_t *future);
/* All that follows the state was explored; it is in what was noted after the node. */
void dpor_state_explored(const struct sim_hash *key, uint32_t node);

/* Note what comes after a node of this execution: nothing yet; a deed; a future. */
void dpor_after_clear(uint32_t node);
void dpor_after_deed(uint32_t node, const struct dpor_deed *d);
/* What is noted after the node: bits of deeds. */
uint32_t dpor_after_words(uint32_t node, const uint64_t **word);
/* Forget the deeds on the object. */
void dpor_after_leave_out(uint32_t node, uint32_t object);
void dpor_after_future(uint32_t node, uint32_t future);

/* The deeds of a future: their numbers as bits in words. */
uint32_t dpor_future_words(uint32_t future, const uint64_t **word);
const struct dpor_deed *dpor_deed(uint32_t number);

/* ---- dpor_persist.c ------------------------------------------------------------- */

/* The node is new; `enabled` has a bit per task. */
void dpor_persist_node(struct dpor_node *n, uint64_t enabled);
/* Events i and j are a race. `direct` has what comes before j in any case. */
void dpor_persist_race(uint32_t i, uint32_t j, const uint16_t *direct);
/* The execution was cut at a state that has this future. */
void dpor_persist_cut(uint32_t future);
/* Note the deeds of event i, before all that is noted after the node. */
void dpor_persist_did(uint32_t node, uint32_t i);
/* All that follows event i was explored, and is noted after node i + 1: note it after node i. */
void dpor_persist_tried(uint32_t i);

/* ---- dpor_tree.c: what is to be tried ----------------------------------- */

/* For each race in dpor.race, plan at its node the sequence that reverses it. */
void dpor_reverse_races(void);
uint32_t dpor_branch_new(struct dpor_label label, uint32_t set);
void dpor_branch_append(uint32_t *list, uint32_t branch);
void dpor_branch_free(uint32_t branch);	/* with its children, without its siblings */
bool dpor_is_asleep(const struct dpor_node *n, struct dpor_label label);
bool dpor_is_planned(const struct dpor_node *n, struct dpor_label label);
void dpor_put_asleep(struct dpor_node *n, struct dpor_label label, uint32_t set);

#endif
