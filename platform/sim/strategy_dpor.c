/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Optimal dynamic partial-order reduction (dpor_tree.c says after whom).
 *
 * A run of a task from one decision to the next is an event. Events are dependent
 * if they touch the same object and do not commute, or are of the same task. An
 * execution is a sequence of events; those that differ in the order of
 * independent events only are one class, of which one is run. After each
 * execution the races in it, dependent events that could have come the other way
 * round, are reversed: what leads there is planned at the node before the first
 * of both, unless something that was tried there leads to it as well.
 *
 * A task that waits for a lock, a permit or an end is not asked: to arrive there
 * is no event. One that spins goes on when something that it looked at changed.
 *
 * Choices other than who goes on are answered by the event's mask. An event that
 * was asked for choices is tried again at its node with each other mask, as long
 * as there are no more ones in an execution than are allowed. A kill is such a
 * choice of the task that is killed: before an event in which it looks, or in
 * place of what it is waiting for. To be killed at any other moment is the same
 * as at the next of those.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/lock/modelled.h"
#include "platform/sim/dpor.h"

struct dpor dpor;

enum pending {	/* what a task does next */
	PENDING_NOTHING,	/* that others could see */
	PENDING_TOUCH,
	PENDING_ACQUIRE,
	PENDING_PERMIT,
	PENDING_WOKEN,
	PENDING_EXIT,		/* of another task */
	PENDING_SPIN,
	PENDING_SETTLED,	/* nobody else can go on */
	PENDING_VALUE,		/* PENDING_TOUCH when a word has that value */
};

enum { WORDS_MAX = 16 };

/* What somebody awaits, in some execution. */
struct word {
	const uint32_t *at;
	uint32_t value;
	uint16_t changed;	/* event + 1 that gave it its value; 0: none */
};

struct wakers {
	uint16_t event[DPOR_ENABLERS_MAX + 1];	/* one more: there are too many */
	uint8_t count;
};

/* Of a task of the execution under way. */
struct task {
	enum pending pending;
	uint32_t touch;			/* PENDING_TOUCH, PENDING_ACQUIRE */
	const struct kt_lock_modelled *lock;
	uint32_t other;			/* PENDING_EXIT; PENDING_VALUE: value */
	struct word *word;
	uint32_t events;
	uint16_t last, exit;		/* its last event + 1, or who spawned it; its end */
	uint32_t spin_from;		/* its events from there on looked at what it spins on */
	struct wakers permit, woken;	/* who gave it a permit; who woke it */
	bool may_be_killed;
};

static struct {
	struct sim_strategy strategy;
	struct task task[SIM_TASKS_MAX];
	uint8_t id[DPOR_PROCS_MAX];		/* task of a proc in this execution */
	uint64_t there;				/* bit proc: it is in this execution */
	uint8_t child[DPOR_PROCS_MAX][DPOR_PROCS_MAX];	/* proc's n-th child; 0: none */
	uint8_t children[DPOR_PROCS_MAX];	/* in this execution */
	uint32_t procs;

	/* The event under way. */
	bool open, looked, killable;
	enum pending began;		/* what was pending then */
	uint32_t touches, choices;
	uint32_t touch[DPOR_TOUCHES_MAX];
	uint8_t choice[32];		/* DPOR_FAIL or DPOR_SPURIOUS */

	struct word word[WORDS_MAX];
	uint32_t words;

	uint32_t next;			/* answer to the next question */
	bool rest;			/* not explored: settled, or on to a failure */
	bool settled;
	bool has_end;			/* a node behind the last event: branches only */
	bool dropped;
	uint64_t *seen;			/* classes: hashes; open addressing */
	uint64_t seen_size, seen_count;
	struct sim_explored result;
} ex;

static void no_room(const char *what)
{
	fprintf(stderr, "kthrash: strategy dpor: %s\n", what);
	abort();
}

/* ---- what an event touches ---------------------------------------------- */

static void add_touch(uint32_t touch)
{
	for (uint32_t i = 0; i < ex.touches; i++)
		if (ex.touch[i] == touch)
			return;
	if (ex.touches == DPOR_TOUCHES_MAX)
		no_room("an event touches too much");
	ex.touch[ex.touches++] = touch;
}

void sim_explore_touch(const void *addr, enum sim_access how)
{
	if (addr && !ex.rest)
		add_touch(dpor_touch(dpor_object(addr), how));
}

void sim_depends(const void *object)
{
	sim_touch(object, SIM_WRITE);
}

static uint32_t thing(enum sim_thing what, uint32_t task)
{
	return dpor_thing(what, what < SIM_CLOCK ? dpor_proc[task] : 0);
}

void sim_explore_thing(enum sim_thing what, uint32_t task, enum sim_access how)
{
	if (!ex.rest)
		add_touch(dpor_touch(thing(what, task), how));
}

static void add_waker(struct wakers *w)
{
	if (w->count <= DPOR_ENABLERS_MAX && dpor.events)
		w->event[w->count++] = (uint16_t)(dpor.events - 1);
}

void sim_explore_wake(uint32_t task, bool let_through)
{
	sim_explore_thing(SIM_SLEEP, task, SIM_WAKE);
	add_waker(&ex.task[task].woken);
	if (!let_through)
		add_waker(&ex.task[task].permit);
}

void sim_explore_looked(uint32_t task)
{
	sim_explore_thing(SIM_KILLED, task, SIM_READ);
	ex.looked |= task == sim.current;
}

void sim_explore_end(const void *p)
{
	uint32_t o;

	if (ex.rest)
		return;
	o = dpor_block(p);
	if (o)
		add_touch(dpor_touch(o, SIM_END));
}

void sim_explore_object_begin(const void *addr, size_t size)
{
	dpor_stack_object(addr, size);
}

static void task_begin(uint32_t id, uint32_t proc)
{
	struct task *t = &ex.task[id];
	uint32_t name = sim.record->task[id].name_hash;

	dpor_proc[id] = (uint8_t)proc;
	ex.id[proc] = (uint8_t)id;
	ex.there |= 1ull << proc;
	ex.children[proc] = 0;
	*t = (struct task){ .last = (uint16_t)dpor.events };
	t->may_be_killed = dpor.o.kills && dpor.o.may_be_killed && dpor.o.may_be_killed(name);
}

void sim_explore_spawned(uint32_t task)
{
	uint32_t parent = dpor_proc[sim.current];
	uint8_t *child = &ex.child[parent][ex.children[parent]++];

	if (!*child) {
		if (ex.procs == DPOR_PROCS_MAX)
			no_room("too many tasks");
		*child = (uint8_t)ex.procs++;
	}
	task_begin(task, *child);
}

/* ---- what a task does next ---------------------------------------------- */

static enum sim_access access_of(const struct kt_site *site)
{
	if (strcmp(site->op, "load") == 0 || strcmp(site->op, "test_bit") == 0)
		return SIM_READ;
	return strcmp(site->op, "acquire") == 0 ? SIM_ACQUIRE : SIM_WRITE;
}

/* It is awaited from now on. */
static struct word *word_at(const uint32_t *at)
{
	for (uint32_t i = 0; i < ex.words; i++)
		if (ex.word[i].at == at)
			return &ex.word[i];
	if (ex.words == WORDS_MAX)
		no_room("too many words are awaited");
	ex.word[ex.words] = (struct word){ .at = at, .value = *at };
	return &ex.word[ex.words++];
}

/* Did the event that ends change them? */
static void look_at_words(void)
{
	for (uint32_t i = 0; i < ex.words; i++)
		if (*ex.word[i].at != ex.word[i].value) {
			ex.word[i].value = *ex.word[i].at;
			ex.word[i].changed = (uint16_t)dpor.events;
		}
}

static void pending_value(struct task *t, const struct sim_decision *d)
{
	t->pending = PENDING_VALUE;
	t->touch = dpor_touch(dpor_object(d->object), SIM_READ);
	t->word = word_at(d->object);
	t->other = sim.wait_task;
}

static void pending_point(struct task *t, const struct sim_decision *d)
{
	enum sim_access how;

	t->pending = PENDING_NOTHING;
	if (!d->object)
		return;
	how = access_of(d->site);
	t->pending = how == SIM_ACQUIRE ? PENDING_ACQUIRE : PENDING_TOUCH;
	t->touch = dpor_touch(dpor_object(d->object), how);
	t->lock = d->object;
}

static void pending_wait(struct task *t, enum sim_wait wait)
{
	t->pending = wait == SIM_WAIT_PERMIT ? PENDING_PERMIT :
		     wait == SIM_WAIT_EXIT ? PENDING_EXIT :
		     wait == SIM_WAIT_SETTLED ? PENDING_SETTLED : PENDING_WOKEN;
	t->other = sim.wait_task;
	if (wait != SIM_WAIT_PERMIT)
		t->woken.count = 0;
}

/* Is this mark a decision: would the task go on without having waited? */
static bool mark_decides(enum sim_wait wait)
{
	if (wait == SIM_WAIT_PERMIT) {
		if (dpor.o.spurious)
			sim_explore_thing(SIM_SLEEP, sim.current, SIM_READ);
		return sim_current()->permit;
	}
	if (wait == SIM_WAIT_SETTLED)
		return dpor.o.settles;
	return wait == SIM_WAIT_EXIT &&
	       sim.task[sim.wait_task].record->state == SIM_FINISHED;
}

static bool is_data(uint32_t touch)
{
	enum sim_access how = touch & 7;

	return how == SIM_READ || how == SIM_WRITE;
}

/* Event k of the task's own looked at objects; when it did so last. */
static uint32_t note_looks(uint32_t *mine, uint32_t *when, uint32_t count,
			   const uint32_t *touch, uint32_t touches, uint32_t k)
{
	for (uint32_t i = 0; i < touches; i++) {
		uint32_t looked = dpor_touch(touch[i] >> 3, SIM_READ), at = 0;

		if (!is_data(touch[i]))
			continue;
		while (at < count && mine[at] != looked)
			at++;
		if (at == DPOR_TOUCHES_MAX)
			no_room("a spinner looks at too much");
		mine[at] = looked;
		when[at] = k;
		count += at == count;
	}
	return count;
}

/* Did event k of another write something after the task looked at it last? */
static bool is_news(const uint32_t *mine, const uint32_t *when, uint32_t count,
		    const uint32_t *touch, uint32_t touches, uint32_t k)
{
	for (uint32_t i = 0; i < touches; i++)
		for (uint32_t at = 0; at < count; at++)
			if ((touch[i] & 7) == SIM_WRITE && mine[at] >> 3 == touch[i] >> 3 &&
			    when[at] < k)
				return true;
	return false;
}

/*
 * Events of others that changed what the task looked at since it spun last, after
 * it looked. Into *found, if that is not NULL; the objects as touches, too.
 */
static bool spin_changed(uint32_t id, struct wakers *found)
{
	static uint32_t mine[DPOR_TOUCHES_MAX], when[DPOR_TOUCHES_MAX];
	const uint32_t *touch;
	uint32_t count = 0, proc = dpor_proc[id];
	bool changed = false;

	for (uint32_t k = ex.task[id].spin_from; k < dpor.events; k++) {
		uint32_t n = dpor_set_touches(dpor.event[k].set, &touch);

		if (dpor.event[k].proc == proc)
			count = note_looks(mine, when, count, touch, n, k);
	}
	for (uint32_t k = ex.task[id].spin_from; k < dpor.events; k++) {
		uint32_t n = dpor_set_touches(dpor.event[k].set, &touch);

		if (dpor.event[k].proc == proc || !is_news(mine, when, count, touch, n, k))
			continue;
		changed = true;
		if (found && found->count <= DPOR_ENABLERS_MAX)
			found->event[found->count++] = (uint16_t)k;
	}
	if (found)
		for (uint32_t i = 0; i < count; i++)
			add_touch(mine[i]);
	return changed;
}

/* ---- who could go on ---------------------------------------------------- */

static bool is_enabled(uint32_t id)
{
	const struct task *t = &ex.task[id];

	if (!(sim.runnable >> id & 1))
		return false;
	switch (t->pending) {
	case PENDING_ACQUIRE: return t->lock->holder == 0;
	case PENDING_EXIT: return sim.record->task[t->other].state == SIM_FINISHED;
	case PENDING_SPIN: return spin_changed(id, NULL);
	case PENDING_SETTLED: return false;
	case PENDING_VALUE: return *t->word->at == t->other;
	default: return true;
	}
}

static bool sleeps(const struct task *t)
{
	return t->pending == PENDING_PERMIT || t->pending == PENDING_WOKEN;
}

static bool may_be_killed(uint32_t id, const struct dpor_node *n)
{
	return ex.task[id].may_be_killed && n->used[DPOR_KILL] < dpor.o.kills &&
	       !sim.record->task[id].killed && sim.record->task[id].state != SIM_FINISHED;
}

static bool is_possible(struct dpor_label label, uint64_t enabled)
{
	uint32_t id = ex.id[label.proc];

	if (!(ex.there >> label.proc & 1))
		return false;
	if (enabled >> id & 1)
		return true;
	return (label.mask & 1) && sleeps(&ex.task[id]) &&
	       sim.record->task[id].state != SIM_FINISHED;
}

/* Bit per task. */
static uint64_t who_is_enabled(void)
{
	uint64_t enabled = 0;

	for (uint64_t left = sim.runnable; left; left &= left - 1) {
		uint32_t id = (uint32_t)__builtin_ctzll(left);

		if (is_enabled(id))
			enabled |= 1ull << id;
	}
	return enabled;
}

/* ---- events ------------------------------------------------------------- */

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

/* What the event could have been if it had been told otherwise. */
static void plan_other_masks(struct dpor_node *n, const struct dpor_event *e)
{
	uint32_t used[DPOR_BUDGETS];
	const uint32_t limit[DPOR_BUDGETS] = { dpor.o.kills, dpor.o.fails, dpor.o.spurious };

	memcpy(used, n->used, sizeof used);
	used[DPOR_KILL] += e->mask & 1;
	for (uint32_t i = 1; i <= ex.choices; i++)
		used[ex.choice[i]] += e->mask >> i & 1;
	for (uint32_t i = highest(e->mask) + 1; i <= ex.choices; i++)
		if (used[ex.choice[i]] < limit[ex.choice[i]])
			plan_beside(n, e->mask | 1u << i, e->set);
	if (!(e->mask & 1) && (ex.looked || ex.began == PENDING_PERMIT ||
			       ex.began == PENDING_WOKEN) && ex.killable)
		plan_beside(n, e->mask | 1, e->set);
	if (dpor.events < DPOR_EVENTS_MAX)
		memcpy(dpor.node[dpor.events].used, used, sizeof used);
}

/* The current task has come to the end of its event. */
static void close_event(void)
{
	struct dpor_event *e = &dpor.event[dpor.events - 1];

	ex.open = false;
	if (dpor.events <= dpor.known) {
		if (!dpor_set_is(e->set, ex.touch, ex.touches))
			no_room("the same decisions gave another execution");
		return;
	}
	e->set = dpor_set(ex.touch, ex.touches);
	e->mask &= (2u << ex.choices) - 1;	/* it may not have come to all of them */
	plan_other_masks(&dpor.node[dpor.events - 1], e);
}

static void enabled_by(struct dpor_event *e, const struct wakers *w)
{
	if (w->count > DPOR_ENABLERS_MAX)
		return;		/* too many: as if it had needed none */
	memcpy(e->enabler, w->event, w->count * sizeof w->event[0]);
	e->enablers = w->count;
}

static void begin_wait(struct dpor_event *e, struct task *t, uint32_t id)
{
	struct wakers *by = t->pending == PENDING_PERMIT ? &t->permit : &t->woken;

	add_touch(dpor_touch(thing(SIM_SLEEP, id), SIM_WRITE));
	if (!(e->mask & 1))
		enabled_by(e, by);
	if (!by->count && !(e->mask & 1))	/* its time has come */
		add_touch(dpor_touch(thing(SIM_CLOCK, 0), SIM_WRITE));
	by->count = 0;
}

static void begin_pending(struct dpor_event *e, uint32_t id)
{
	struct task *t = &ex.task[id];
	struct wakers changes = { .count = 0 };

	switch (t->pending) {
	case PENDING_ACQUIRE:
		e->lock = (t->touch >> 3) + 1;
		/* fall through */
	case PENDING_TOUCH:
		add_touch(t->touch);
		break;
	case PENDING_PERMIT:
	case PENDING_WOKEN:
		begin_wait(e, t, id);
		break;
	case PENDING_EXIT:
		add_touch(dpor_touch(thing(SIM_EXIT, t->other), SIM_READ));
		e->enabler[0] = (uint16_t)(ex.task[t->other].last - 1);
		e->enablers = 1;
		break;
	case PENDING_VALUE:
		add_touch(t->touch);
		if (t->word->changed) {
			e->enabler[0] = (uint16_t)(t->word->changed - 1);
			e->enablers = 1;
		}
		break;
	case PENDING_SPIN:
		e->is_last_resort |= !spin_changed(id, &changes);
		enabled_by(e, &changes);
		t->spin_from = dpor.events;
		break;
	default:
		break;
	}
}

static void open_event(struct dpor_label label, bool is_last_resort)
{
	uint32_t id = ex.id[label.proc];
	struct task *t = &ex.task[id];
	struct dpor_event *e = &dpor.event[dpor.events];

	ex.open = true;
	ex.looked = false;
	ex.touches = ex.choices = 0;
	ex.began = t->pending;
	ex.killable = may_be_killed(id, &dpor.node[dpor.events]);
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
	ex.next = id;
	if (!(label.mask & 1))
		return;
	sim_kill(id);
	if (ex.began == PENDING_PERMIT)		/* which it takes at once */
		t->permit.count = 0;
}

/* ---- deciding ----------------------------------------------------------- */

static void set_label(struct dpor_node *n, uint32_t branch)
{
	n->label = dpor.branch[branch].label;
	dpor.subtree = dpor.branch[branch].child;
	dpor.branch[branch].child = 0;
	n->branches = dpor.branch[branch].next;
	dpor_branch_free(branch);
}

/* The first branch that is worth it; others are dropped. */
static bool take_branch(struct dpor_node *n, uint64_t enabled)
{
	while (n->branches) {
		uint32_t b = n->branches;

		if ((dpor.o.brute || !dpor_is_asleep(n, dpor.branch[b].label)) &&
		    is_possible(dpor.branch[b].label, enabled)) {
			set_label(n, b);
			return true;
		}
		ex.result.dropped++;
		n->branches = dpor.branch[b].next;
		dpor_branch_free(b);
	}
	return false;
}

/* Who goes on if it does not matter: the current task, if it can; time passes last. */
static bool take_any(struct dpor_node *n, uint64_t enabled, uint32_t current)
{
	uint64_t now = enabled & ~sim.timed;
	struct dpor_label label = { dpor_proc[current], 0 };

	if ((now >> current & 1) && (dpor.o.brute || !dpor_is_asleep(n, label))) {
		n->label = label;
		return true;
	}
	for (int round = 0; round < 2; round++, now = enabled & sim.timed)
		for (; now; now &= now - 1) {
			label.proc = dpor_proc[__builtin_ctzll(now)];
			if (!dpor.o.brute && dpor_is_asleep(n, label))
				continue;
			n->label = label;
			return true;
		}
	return false;
}

/* Without reduction all others, too. */
static void plan_all(struct dpor_node *n, uint64_t enabled)
{
	for (uint32_t proc = 0; proc < ex.procs; proc++) {
		struct dpor_label label = { proc, 0 };
		uint32_t id = ex.id[proc];

		if (!(ex.there >> proc & 1) || proc == n->label.proc)
			continue;
		if (!(enabled >> id & 1)) {
			if (!sleeps(&ex.task[id]) || !may_be_killed(id, n))
				continue;
			label.mask = 1;
		}
		dpor_branch_append(&n->branches, dpor_branch_new(label, dpor_set(NULL, 0)));
	}
}

/* What was asleep before the last event and does not mind it. */
static void stay_asleep(struct dpor_node *n)
{
	const struct dpor_node *p = n - 1;
	uint32_t set = dpor.event[dpor.events - 1].set;

	for (uint32_t i = 0; i < p->asleep_count; i++) {
		struct dpor_asleep s = dpor.sleepers[p->asleep + i];

		if (s.label.proc != p->label.proc && !dpor_dependent(s.set, set))
			dpor_put_asleep(n, s.label, s.set);
	}
}

/* The node before the next event, which is new. */
static void node_begin(struct dpor_node *n)
{
	n->asleep = dpor.sleepers_used;
	n->asleep_count = 0;
	n->branches = dpor.subtree;
	dpor.subtree = 0;
	if (dpor.events == 0)
		memset(n->used, 0, sizeof n->used);
	else if (!dpor.o.brute)
		stay_asleep(n);
}

static void new_node(uint64_t enabled, uint32_t current)
{
	struct dpor_node *n = &dpor.node[dpor.events];

	node_begin(n);
	if (!take_branch(n, enabled)) {
		if (!take_any(n, enabled, current)) {
			ex.result.blocked++;
			sim_cut();
		}
		if (dpor.o.brute)
			plan_all(n, enabled);
	}
	dpor.guided = dpor.events + 1;
}

/* Who could go on although nobody is enabled: for want of others. */
static uint64_t last_resort(void)
{
	uint64_t spinners = 0;
	uint32_t first;

	for (uint64_t left = sim.runnable; left; left &= left - 1) {
		uint32_t id = (uint32_t)__builtin_ctzll(left);

		if (ex.task[id].pending == PENDING_SETTLED)
			return 1ull << id;
		if (ex.task[id].pending == PENDING_SPIN)
			spinners |= 1ull << id;
	}
	if (sim.runnable)
		return spinners;
	first = sim_first_timer();	/* the simulator will do the same */
	return first == SIM_NOBODY ? 0 : 1ull << first;
}

/* Nobody can go on, but who is killed: another time. */
static void plan_kills(void)
{
	struct dpor_node *n = &dpor.node[dpor.events];

	node_begin(n);
	for (uint32_t id = 0; id < sim.record->tasks; id++) {
		struct dpor_label label = { dpor_proc[id], 1 };

		if (sleeps(&ex.task[id]) && may_be_killed(id, n) && !dpor_is_asleep(n, label))
			dpor_branch_append(&n->branches,
					   dpor_branch_new(label, dpor_set(NULL, 0)));
	}
	ex.has_end = true;
}

/* The rest is not explored. */
static void go_on(const struct sim_decision *d)
{
	ex.rest = true;
	if (sim.runnable)
		ex.next = sim_default_next(sim.runnable, sim.timed, d->task, d->why);
}

static void decide(const struct sim_decision *d)
{
	uint64_t enabled = who_is_enabled();
	bool is_last = !enabled;

	if (sim.unfinished == 0)
		return;
	if (is_last)
		enabled = last_resort();
	if (dpor.events < dpor.guided) {
		struct dpor_label label = dpor.node[dpor.events].label;

		if (!is_possible(label, enabled)) {
			ex.dropped = true;
			sim_cut();
		}
		open_event(label, is_last && !(label.mask & 1));
		return;
	}
	if (enabled && ex.task[__builtin_ctzll(enabled)].pending == PENDING_SETTLED) {
		ex.settled = true;
		sim.explores = false;
		go_on(d);
	} else if (!enabled || dpor.events == DPOR_EVENTS_MAX - 1 || dpor.no_memory) {
		if (!enabled)
			plan_kills();
		ex.result.too_long |= enabled != 0;
		go_on(d);
	} else {
		new_node(enabled, d->task);
		open_event(dpor.node[dpor.events].label, is_last);
	}
}

/* ---- the strategy ------------------------------------------------------- */

static void dpor_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s, (void)seed, (void)steps_estimate;
	sim.explores = true;
	sim.steps_alarm = sim.steps_fair = sim.steps_max;
	dpor.events = 0;
	ex.there = 0;
	ex.open = ex.rest = ex.settled = ex.has_end = ex.dropped = false;
	dpor_stack_objects_reset();
	for (uint32_t i = 0; i < ex.words; i++)
		ex.word[i].changed = 0;
	task_begin(0, 0);
	/* The body runs at once: that is the first event. */
	if (dpor.guided == 0)
		new_node(1, 0);
	open_event(dpor.node[0].label, false);
}

static void dpor_visit(struct sim_strategy *s, const struct sim_decision *d)
{
	enum sim_wait wait = sim.wait;
	struct task *t = &ex.task[d->task];

	(void)s;
	sim.wait = SIM_WAIT_NOT;
	ex.next = d->task;
	if (ex.rest) {
		go_on(d);
		return;
	}
	if (d->why == SIM_MARK && !mark_decides(wait))
		return;
	close_event();
	look_at_words();
	switch (d->why) {
	case SIM_POINT:
		if (wait == SIM_WAIT_VALUE)
			pending_value(t, d);
		else
			pending_point(t, d);
		break;
	case SIM_YIELDED: t->pending = PENDING_SPIN; break;
	case SIM_EXITED: t->pending = PENDING_NOTHING; break;
	default: pending_wait(t, wait); break;
	}
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
	if (kind == SIM_CHOOSE_OTHER || ex.rest ||
	    !(kind == SIM_CHOOSE_ALLOC_FAIL ? dpor.o.fails : dpor.o.spurious))
		return 0;
	if (ex.choices == 31)
		no_room("an event has more choices than there is room for");
	ex.choice[++ex.choices] = kind == SIM_CHOOSE_ALLOC_FAIL ? DPOR_FAIL : DPOR_SPURIOUS;
	return dpor.event[dpor.events - 1].mask >> ex.choices & 1;
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

bool sim_explore(const struct sim_exploration *o)
{
	dpor.o = *o;
	dpor.no_memory = false;
	dpor.known = dpor.guided = dpor.subtree = 0;
	dpor.sleepers_used = dpor.branches_used = dpor.branches_free = dpor.races = 0;
	memset(ex.child, 0, sizeof ex.child);
	ex.procs = 1;
	ex.words = 0;
	memset(&ex.result, 0, sizeof ex.result);
	ex.seen_count = 0;
	if (ex.seen)
		memset(ex.seen, 0, ex.seen_size * sizeof *ex.seen);
	return dpor_sets_init();
}

static bool seen_grow(void)
{
	uint64_t size = ex.seen_size ? ex.seen_size * 2 : 4096;
	uint64_t *seen = calloc(size, sizeof *seen);

	if (!seen) {
		dpor.no_memory = true;
		return false;
	}
	for (uint64_t i = 0; i < ex.seen_size; i++) {
		uint64_t at = ex.seen[i] % size;

		if (!ex.seen[i])
			continue;
		while (seen[at])
			at = (at + 1) % size;
		seen[at] = ex.seen[i];
	}
	free(ex.seen);
	ex.seen = seen;
	ex.seen_size = size;
	return true;
}

/* Is the class new? */
static bool note_class(uint64_t hash)
{
	uint64_t at;

	if (ex.seen_count * 2 >= ex.seen_size && !seen_grow())
		return true;
	hash |= !hash;
	for (at = hash % ex.seen_size; ex.seen[at]; at = (at + 1) % ex.seen_size)
		if (ex.seen[at] == hash)
			return false;
	ex.seen[at] = hash;
	ex.seen_count++;
	return true;
}

/*
 * Nobody could go on: what a task was about to do, had others not made it
 * impossible, is in a race with what they did.
 */
static void order_impossible(void)
{
	uint32_t i = dpor.events;

	for (uint32_t id = 0; id < sim.record->tasks && i < DPOR_EVENTS_MAX; id++) {
		const struct task *t = &ex.task[id];

		if (t->pending != PENDING_ACQUIRE && t->pending != PENDING_VALUE)
			continue;
		dpor.event[i] = (struct dpor_event){
			.proc = dpor_proc[id], .index = (uint16_t)(t->events + 1),
			.before = t->last, .set = dpor_set(&t->touch, 1),
			.lock = t->pending == PENDING_ACQUIRE ? (t->touch >> 3) + 1 : 0,
		};
		dpor_order(i++);
	}
}

static void take_execution(void)
{
	if (ex.open)
		close_event();
	for (uint32_t i = dpor.known; i < dpor.events; i++)
		dpor_order(i);
	if (ex.rest && !sim.cut && !ex.settled)
		order_impossible();
	ex.result.events += dpor.events;
	ex.result.class = 0;
	if (!sim.cut) {
		ex.result.class = dpor.events ? dpor.class[dpor.events - 1] : 0;
		ex.result.executions++;
		ex.result.redundant += !note_class(ex.result.class);
	}
	if (dpor.o.brute)
		dpor.races = 0;
	else
		dpor_reverse_races();
}

static void drop_subtree(void)
{
	while (dpor.subtree) {
		uint32_t next = dpor.branch[dpor.subtree].next;

		dpor_branch_free(dpor.subtree);
		dpor.subtree = next;
	}
}

/* The deepest node at which there is something left to be tried. */
static bool backtrack(void)
{
	bool tried = !ex.dropped && !ex.has_end;

	drop_subtree();
	for (uint32_t d = dpor.events + !tried; d-- > 0; tried = true) {
		struct dpor_node *n = &dpor.node[d];

		dpor.sleepers_used = n->asleep + n->asleep_count;
		if (tried)
			dpor_put_asleep(n, n->label, dpor.event[d].set);
		while (n->branches) {
			set_label(n, n->branches);
			if (!dpor_is_asleep(n, n->label)) {
				dpor.known = d;
				dpor.guided = d + 1;
				return true;
			}
			drop_subtree();
		}
	}
	return false;
}

bool sim_explored(struct sim_explored *out)
{
	bool more;

	if (ex.dropped) {
		ex.result.dropped++;
		ex.result.class = 0;
	} else {
		take_execution();
	}
	more = backtrack() && !dpor.no_memory;
	ex.result.no_memory = dpor.no_memory;
	*out = ex.result;
	return more;
}
