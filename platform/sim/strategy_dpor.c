/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Optimal dynamic partial-order reduction (dpor_tree.c cites the paper; dpor.h lists the
 * parts). It is a strategy, and an observer of what each event touches.
 *
 * A run of a task from one decision to the next is an event. Two events are dependent if
 * they are of the same task, or if they touch the same object, unless both touch it in the
 * same way and touches of that kind commute. An execution is a sequence of events.
 * Executions that differ only in the order of independent events form one class, of which
 * one is run. After each execution its races are reversed. A race is two dependent events
 * that could have come in the other order. The sequence that leads to the other order is
 * planned at the node before the first of the two, unless something that was tried there
 * leads to it as well.
 *
 * The strategy does not choose a task that waits for a lock, for a permit or for the end of
 * a task. The arrival of a task at such a wait is not an event. A task that spins goes on
 * after something that it looked at has changed.
 *
 * The event's mask answers all choices except which task goes on. An event that was asked
 * for choices is tried again at its node with every other mask, as far as the limits on
 * kills, failed allocations and spurious wake-ups allow. A kill is such a choice in an event
 * of the task that is killed. The kill comes before an event in which the task looks whether
 * it is killed, or the kill ends the task's wait. A kill at any other moment has the same
 * effect as a kill at the next of these moments.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/sim/dpor.h"

struct dpor dpor;

static struct {
	struct sim_strategy strategy;
	uint32_t next;			/* answer to the next question */
	bool settled;
	bool has_end;			/* a node with branches only follows the last event */
	bool dropped;			/* what was planned next was not possible */
	bool blocked;			/* it was cut where all that could go on is asleep */
	bool known;			/* it was cut at a state that was explored */
	uint32_t future;		/* of that state */
} ex;

static const struct sim_observer observer = {
	.touches = dpor_event_touches,
	.touches_thing = dpor_event_touches_thing,
	.waits = dpor_pending_waits,
	.grants = dpor_event_grants,
	.spawns = dpor_task_spawned,
	.object_begins = dpor_stack_object,
	.memory_ends = dpor_event_memory_ends,
};

void dpor_give_up(const char *why)
{
	fprintf(stderr, "kthrash: strategy dpor: %s\n", why);
	abort();
}

/* ---- deciding ----------------------------------------------------------- */

static void open_event(struct dpor_label label, bool is_last_resort)
{
	dpor_event_open(label, is_last_resort);
	ex.next = dpor.task_of[label.proc];
}

/* The execution is in a state that was explored. */
static void cut_at_state(uint32_t future)
{
	dpor_after_clear(dpor.events);
	dpor_after_future(dpor.events, future);
	ex.future = future;
	ex.known = true;
	dpor.result.cut++;
	sim_cut();
}

static void new_node(uint64_t enabled, uint32_t current)
{
	uint32_t future = UINT32_MAX;

	if (!dpor_node_new(enabled, current, &future)) {
		if (future != UINT32_MAX)
			cut_at_state(future);
		ex.blocked = true;
		dpor.result.blocked++;
		sim_cut();
	}
}

/* What follows is run in one order, so the state alone says how it ends. */
static void settled_state(void)
{
	const struct sim_hash state = dpor_state(&dpor.node[dpor.events]);
	uint64_t slept = 0;
	uint32_t future;

	switch (dpor_state_look(&state, &slept, &future)) {
	case DPOR_SEEN: cut_at_state(future); break;
	case DPOR_NEW:
		dpor_after_clear(dpor.events);
		dpor_state_explored(&state, dpor.events);
		break;
	case DPOR_NOT_KEPT: break;
	}
}

static void plan_kills(void)
{
	dpor_node_plan_kills();
	ex.has_end = true;
}

/* Go on in the usual order. The rest of the execution is not explored. */
static void go_on(const struct sim_decision *d)
{
	dpor.rest = true;
	if (sim.runnable)
		ex.next = sim_default_next(&(struct sim_decision){
			.runnable = sim.runnable,
			.timed = sim.timed,
			.task = d->task,
			.why = d->why,
		});
}

/*
 * All that follows the event that was just opened comes after it, if nothing else was possible,
 * and after all that came before.
 */
static void note_only_resort(bool is_last, uint64_t enabled)
{
	dpor.event[dpor.events - 1].is_only_resort = is_last && !dpor.o.kills &&
						      (enabled & (enabled - 1)) == 0;
}

static void decide(const struct sim_decision *d)
{
	uint64_t enabled = dpor_enabled();
	bool is_last = !enabled;

	if (sim.unfinished == 0)
		return;
	if (is_last)
		enabled = dpor_last_resort();
	if (dpor.events < dpor.guided) {
		struct dpor_label label = dpor.node[dpor.events].label;

		if (!dpor_is_possible(label, enabled)) {
			ex.dropped = true;
			sim_cut();
		}
		open_event(label, is_last && !(label.mask & 1));
		note_only_resort(is_last, enabled);
		return;
	}
	if (enabled && dpor.task[__builtin_ctzll(enabled)].pending == DPOR_SETTLED) {
		if (dpor.o.states)
			settled_state();
		ex.settled = true;
		sim_observe_end(&observer);
		go_on(d);
	} else if (!enabled || dpor.events == DPOR_EVENTS_MAX - 1 || dpor.no_memory) {
		if (!enabled)
			plan_kills();
		dpor.result.too_long |= enabled != 0;
		go_on(d);
	} else {
		new_node(enabled, d->task);
		open_event(dpor.node[dpor.events].label, is_last);
		note_only_resort(is_last, enabled);
	}
}

/* ---- the strategy ------------------------------------------------------- */

static void dpor_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s, (void)seed, (void)steps_estimate;
	sim_narrow();	/* its sets of tasks are words */
	sim_observe(&observer);
	sim.steps_alarm = sim.steps_fair = sim.steps_max;
	dpor.events = 0;
	dpor.rest = ex.settled = ex.has_end = ex.dropped = ex.known = false;
	ex.blocked = false;
	if (dpor.o.states)
		sim_memory_apart();
	sim_wipes = dpor.o.states;
	dpor_stack_objects_reset();
	dpor_event_begin();
	dpor_pending_begin();
	dpor_tasks_begin();
	/* The body runs at once: that is the first event. */
	if (dpor.guided == 0)
		new_node(1, 0);
	open_event(dpor.node[0].label, false);
}

static void dpor_visit(struct sim_strategy *s, const struct sim_decision *d)
{
	enum sim_wait wait = dpor_pending_take_wait();

	(void)s;
	ex.next = d->task;
	dpor_state_note(d->task);
	if (dpor.rest) {
		go_on(d);
		return;
	}
	if (d->why == SIM_MARK && !dpor_pending_mark_decides(wait))
		return;
	dpor_event_close();
	dpor_pending_look_at_words();
	dpor_pending_set(d, wait);
	decide(d);
}

static uint32_t dpor_next(struct sim_strategy *s, const struct sim_decision *d)
{
	(void)s, (void)d;
	return ex.next;
}

static uint32_t dpor_choose(struct sim_strategy *s, enum sim_choice kind, uint32_t below)
{
	(void)s, (void)below;
	return dpor_event_choose(kind);
}

struct sim_strategy *sim_strategy_dpor(void)
{
	ex.strategy = (struct sim_strategy){
		.name = "dpor", .begin = dpor_begin, .next = dpor_next, .choose = dpor_choose,
		.visit = dpor_visit,
	};
	return &ex.strategy;
}

/* ---- from one execution to the next ------------------------------------- */

bool sim_knows_states(void)
{
	(void)sim_record();	/* afterwards it is known which sanitizers there are */
	return dpor_states_possible();
}

bool sim_explore(const struct sim_exploration *o)
{
	dpor.o = *o;
	KT_ASSERT(!o->states || sim_knows_states());
	dpor.no_memory = false;
	dpor.known = dpor.guided = dpor.subtree = 0;
	dpor.sleepers_used = dpor.branches_used = dpor.branches_free = dpor.races = 0;
	memset(&dpor.result, 0, sizeof dpor.result);
	dpor_tasks_forget();
	dpor_pending_forget();
	dpor_classes_forget();
	dpor_cache_forget();
	return dpor_sets_init();
}

/*
 * No task could go on. If a task was about to do an event that other tasks made impossible,
 * that event is in a race with theirs.
 */
static void order_impossible(void)
{
	uint32_t i = dpor.events;

	for (uint32_t id = 0; id < sim.record->tasks && i < DPOR_EVENTS_MAX; id++) {
		const struct dpor_task *t = &dpor.task[id];

		if (t->pending != DPOR_ACQUIRE && t->pending != DPOR_VALUE)
			continue;
		dpor.event[i] = (struct dpor_event){
			.proc = dpor_proc[id], .index = (uint16_t)(t->events + 1),
			.before = t->last, .set = dpor_set(&t->touch, 1),
			.lock = t->pending == DPOR_ACQUIRE ? dpor_touch_object(t->touch) + 1 : 0,
		};
		if (dpor.o.states)
			dpor_persist_did(dpor.events, i);
		dpor_order(i++);
	}
}

static void take_execution(void)
{
	dpor_event_close_last();
	if (dpor.o.states && !ex.known && !ex.has_end)
		dpor_after_clear(dpor.events);
	for (uint32_t i = dpor.known; i < dpor.events; i++)
		dpor_order(i);
	if (ex.known)
		dpor_persist_cut(ex.future);
	if ((dpor.rest && !sim.cut && !ex.settled) || (dpor.o.states && ex.blocked))
		order_impossible();
	if (dpor.o.states && ex.blocked && dpor.node[dpor.events].has_state)
		dpor_state_explored(&dpor.node[dpor.events].state, dpor.events);
	dpor.result.events += dpor.events;
	dpor.result.class = 0;
	if (!sim.cut || ex.settled) {
		dpor.result.class = dpor.events ? dpor.class[dpor.events - 1] : 0;
		dpor.result.executions++;
		if (!dpor.o.states)
			dpor.result.redundant += !dpor_class_add(dpor.result.class);
	}
	if (dpor.o.brute || dpor.o.states)
		dpor.races = 0;
	else
		dpor_reverse_races();
}

bool sim_explored(struct sim_explored *out)
{
	bool more;

	if (ex.dropped) {
		dpor.result.dropped++;
		dpor.result.class = 0;
	} else {
		take_execution();
	}
	more = dpor_node_backtrack(!ex.dropped && !ex.has_end) && !dpor.no_memory;
	sim_wipes = false;
	dpor.result.bytes = dpor_cache_bytes();
	dpor.result.no_memory = dpor.no_memory;
	*out = dpor.result;
	return more;
}

/* ---- what a program tells the exploration ---------------------------------- */

void sim_await(const uint32_t *word, uint32_t value, struct kt_site *site)
{
	KT_ASSERT(!sim_is_weak);
	sim_waits(SIM_WAIT_VALUE, value);
	sim_point(site, word);
	while (*word != value)
		sim_reach(site, SIM_YIELDED);
}

void sim_settle(struct kt_site *site)
{
	sim_waits(SIM_WAIT_SETTLED, 0);
	kt_point(site, NULL);
}

void sim_depends(const void *object)
{
	sim_touch(object, SIM_WRITE);
}
