/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event under way: what a task does from one decision to the next. The event is opened
 * when the task goes on, and closed when the task arrives at the next decision. In between,
 * this file collects what the event touches and for which choices it is asked.
 */
#include <string.h>

#include "platform/sim/dpor.h"

static struct {
	bool is_open;
	bool looked;			/* its task looked whether it is killed */
	bool killable;
	enum dpor_pending began;	/* what was pending when it was opened */
	uint32_t touches, choices;
	uint32_t touch[DPOR_TOUCHES_MAX];
	uint8_t choice[DPOR_CHOICES_MAX + 1];	/* from index 1 on: DPOR_FAIL or DPOR_SPURIOUS */
} event;

void dpor_event_begin(void)
{
	event.is_open = false;
}

/* ---- what it touches -------------------------------------------------------- */

void dpor_event_touch(uint32_t touch)
{
	for (uint32_t i = 0; i < event.touches; i++)
		if (event.touch[i] == touch)
			return;
	if (event.touches == DPOR_TOUCHES_MAX)
		dpor_give_up("an event touches too much");
	event.touch[event.touches++] = touch;
}

void dpor_event_touches(const void *addr, enum sim_access how)
{
	if (addr && !dpor.rest)
		dpor_event_touch(dpor_touch(dpor_object(addr), how));
}

void dpor_event_touches_thing(enum sim_thing what, uint32_t task, enum sim_access how)
{
	if (!dpor.rest)
		dpor_event_touch(dpor_touch(dpor_thing(what, task), how));
	/* The current task looked whether it is killed, and the exploration may kill it. */
	if (what == SIM_KILLED && how == SIM_READ)
		event.looked |= task == sim.current;
}

static void add_waker(struct dpor_wakers *w)
{
	if (w->count <= DPOR_ENABLERS_MAX && dpor.events)
		w->event[w->count++] = (uint16_t)(dpor.events - 1);
}

void dpor_event_grants(uint32_t task, bool let_through)
{
	dpor_event_touches_thing(SIM_SLEEP, task, SIM_WAKE);
	add_waker(&dpor.task[task].woken);
	if (!let_through)
		add_waker(&dpor.task[task].permit);
}

void dpor_event_memory_ends(const void *addr, size_t size, enum sim_end end)
{
	uint32_t o;

	(void)size;
	if (dpor.rest || end == SIM_END_IN_BLOCK)
		return;
	o = dpor_block(addr);
	if (o)
		dpor_event_touch(dpor_touch(o, SIM_END));
}

/* ---- what it chooses --------------------------------------------------------- */

uint32_t dpor_event_choose(enum sim_choice kind)
{
	if (kind == SIM_CHOOSE_OTHER || dpor.rest ||
	    !(kind == SIM_CHOOSE_ALLOC_FAIL ? dpor.o.fails : dpor.o.spurious))
		return 0;
	if (event.choices == DPOR_CHOICES_MAX)
		dpor_give_up("an event has more choices than there is room for");
	event.choice[++event.choices] = kind == SIM_CHOOSE_ALLOC_FAIL ? DPOR_FAIL : DPOR_SPURIOUS;
	return dpor.event[dpor.events - 1].mask >> event.choices & 1;
}

static uint32_t highest(uint32_t mask)
{
	return mask ? 31 - (uint32_t)__builtin_clz(mask) : 0;
}

static void plan_beside(struct dpor_node *n, uint32_t mask, uint32_t set)
{
	struct dpor_label label = { n->label.proc, mask };

	if (!dpor_is_asleep(n, label) && !dpor_is_planned(n, label))
		dpor_branch_append(&n->branches, dpor_branch_new(label, set));
}

/* Plan the event again with every other mask that it could have had, as far as the limits allow. */
static void plan_other_masks(struct dpor_node *n, const struct dpor_event *e)
{
	uint32_t used[DPOR_BUDGETS];
	const uint32_t limit[DPOR_BUDGETS] = { dpor.o.kills, dpor.o.fails, dpor.o.spurious };

	memcpy(used, n->used, sizeof used);
	used[DPOR_KILL] += e->mask & 1;
	for (uint32_t i = 1; i <= event.choices; i++)
		used[event.choice[i]] += e->mask >> i & 1;
	for (uint32_t i = highest(e->mask) + 1; i <= event.choices; i++)
		if (used[event.choice[i]] < limit[event.choice[i]])
			plan_beside(n, e->mask | 1u << i, e->set);
	if (!(e->mask & 1) && (event.looked || event.began == DPOR_PERMIT ||
			       event.began == DPOR_WOKEN) && event.killable)
		plan_beside(n, e->mask | 1, e->set);
	if (dpor.events < DPOR_EVENTS_MAX)
		memcpy(dpor.node[dpor.events].used, used, sizeof used);
}

/* ---- its end ------------------------------------------------------------------ */

void dpor_event_close(void)
{
	struct dpor_event *e = &dpor.event[dpor.events - 1];

	event.is_open = false;
	if (dpor.events <= dpor.known) {
		if (!dpor_set_is(e->set, event.touch, event.touches))
			dpor_give_up("the same decisions gave another execution");
		return;
	}
	e->set = dpor_set(event.touch, event.touches);
	e->mask &= (2u << event.choices) - 1;	/* it may have had fewer choices than planned */
	plan_other_masks(&dpor.node[dpor.events - 1], e);
}

void dpor_event_close_last(void)
{
	if (event.is_open)
		dpor_event_close();
}

/* ---- its beginning ------------------------------------------------------------- */

static void enabled_by(struct dpor_event *e, const struct dpor_wakers *w)
{
	if (w->count > DPOR_ENABLERS_MAX)
		return;		/* too many: treat the event as if it needed none */
	memcpy(e->enabler, w->event, w->count * sizeof w->event[0]);
	e->enablers = w->count;
}

static void begin_wait(struct dpor_event *e, struct dpor_task *t, uint32_t id)
{
	struct dpor_wakers *by = t->pending == DPOR_PERMIT ? &t->permit : &t->woken;

	dpor_event_touch(dpor_touch(dpor_thing(SIM_SLEEP, id), SIM_WRITE));
	if (!(e->mask & 1) && !t->may_time_out)
		enabled_by(e, by);
	if (!by->count && !(e->mask & 1))	/* the task's deadline has passed */
		dpor_event_touch(dpor_touch(dpor_thing(SIM_CLOCK, 0), SIM_WRITE));
	by->count = 0;
}

static void begin_pending(struct dpor_event *e, uint32_t id)
{
	struct dpor_task *t = &dpor.task[id];
	struct dpor_wakers changes = { .count = 0 };

	switch (t->pending) {
	case DPOR_ACQUIRE:
		e->lock = dpor_touch_object(t->touch) + 1;
		/* fall through */
	case DPOR_TOUCH:
		dpor_event_touch(t->touch);
		break;
	case DPOR_PERMIT:
	case DPOR_WOKEN:
		begin_wait(e, t, id);
		break;
	case DPOR_EXIT:
		dpor_event_touch(dpor_touch(dpor_thing(SIM_EXIT, t->other), SIM_READ));
		e->enabler[0] = (uint16_t)(dpor.task[t->other].last - 1);
		e->enablers = 1;
		e->waits_for_exit = true;
		break;
	case DPOR_VALUE:
		dpor_event_touch(t->touch);
		if (t->word->changed) {
			e->enabler[0] = (uint16_t)(t->word->changed - 1);
			e->enablers = 1;
		}
		break;
	case DPOR_SPIN:
		e->is_last_resort |= !dpor_spin_changed(id, &changes);
		enabled_by(e, &changes);
		t->spin_from = dpor.events;
		t->spun = true;
		break;
	default:
		break;
	}
}

void dpor_event_open(struct dpor_label label, bool is_last_resort)
{
	uint32_t id = dpor.task_of[label.proc];
	struct dpor_task *t = &dpor.task[id];
	struct dpor_event *e = &dpor.event[dpor.events];

	event.is_open = true;
	event.looked = false;
	event.touches = event.choices = 0;
	event.began = t->pending;
	event.killable = dpor_may_be_killed(id, &dpor.node[dpor.events]);
	if (dpor.events >= dpor.known)
		*e = (struct dpor_event){ 0 };
	e->proc = (uint8_t)label.proc;
	e->mask = label.mask;
	e->index = (uint16_t)++t->events;
	e->before = t->last;
	e->is_last_resort = is_last_resort;
	begin_pending(e, id);
	dpor.events++;
	t->last = (uint16_t)dpor.events;
	if (!(label.mask & 1))
		return;
	sim_kill(id);
	if (event.began == DPOR_PERMIT)		/* the task takes the permit at once */
		t->permit.count = 0;
}
