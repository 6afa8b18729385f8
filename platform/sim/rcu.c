/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RCU in the simulator. A grace period is a set of tasks: at its beginning, all tasks that
 * are in a read section. A task is taken out of the set when it leaves its section. The
 * period is over when the set is empty. For a task that waits in synchronize the set is in
 * its struct sim_task; for a callback it is in the callback's entry of the table.
 *
 * Each call is one step. The choice point comes before the call takes effect. In unlock the
 * choice point comes after that, so that what a task does after its section can be late.
 * Callbacks run in the order in which they were queued, and one at a time on a task.
 *
 * The happens-before edges are those of the contract and no more. Edges lead to the end of
 * a grace period from the sections that were left before it began, and from the sections
 * that it waited for. Edges lead from the beginning of a grace period to the sections that
 * are entered later. A callback does not run as a part of the task, but in a context of its
 * own: it sees nothing of what the task knows, and the task sees nothing of what the callback
 * did.
 */
#include "platform/rcu.h"
#include "platform/rcu/modelled.h"

#include <stdio.h>

#include "platform/sim/internal.h"

enum { CALLBACKS_MAX = 4096 };	/* per execution */

struct callback {
	struct kt_rcu_modelled_head *head;
	void (*func)(struct kt_rcu_modelled_head *head);	/* NULL: it has returned */
	uint64_t readers;		/* tasks that must leave before the callback may run */
	struct kt_site *queued_at;
	uint8_t queued_by;
	bool running;
	char sync;
};

static struct {
	uint64_t readers;	/* in a read section now */
	uint64_t synchronizing;	/* tasks that wait for a grace period */
	uint64_t barring;	/* tasks that wait in barrier */
	uint32_t first, count;	/* callbacks; those before `first` have returned */
	char left, begun;	/* addresses of the two kinds of edges */
	struct callback callback[CALLBACKS_MAX];
} rcu;

static int16_t first_of(uint64_t tasks)
{
	return tasks ? (int16_t)__builtin_ctzll(tasks) : -1;
}

void kt_rcu_modelled_begin(void)
{
	rcu.readers = rcu.synchronizing = rcu.barring = 0;
	rcu.first = rcu.count = 0;
}

/* A callback that has returned leaves only its number behind. */
void sim_rcu_hash(struct sim_hash *h)
{
	sim_hash_word(h, rcu.readers);
	sim_hash_word(h, rcu.synchronizing);
	sim_hash_word(h, rcu.barring);
	sim_hash_word(h, (uint64_t)rcu.first << 32 | rcu.count);
	for (uint32_t i = rcu.first; i < rcu.count; i++) {
		const struct callback *c = &rcu.callback[i];

		sim_hash_word(h, (uintptr_t)c->func);
		if (!c->func)
			continue;
		sim_hash_word(h, (uintptr_t)c->head);
		sim_hash_word(h, c->readers);
		sim_hash_word(h, c->running);
	}
}

unsigned kt_rcu_modelled_queued(void)
{
	return rcu.count - rcu.first;
}

/* Name the task that queued the first callback. Other back ends of RCU do not know that task. */
static void blame(struct sim_record *r)
{
	const struct callback *c = &rcu.callback[rcu.first];

	if (kt_rcu_modelled_queued() == 0)
		return;
	snprintf(r->message, sizeof r->message, "callback never called: call_rcu by %s at %s:%u",
		 r->task[c->queued_by].name, kt_site_file(c->queued_at),
		 kt_site_line(c->queued_at));
	r->failed_task = c->queued_by;
	r->failed_site = c->queued_at;
}

/* On the host, after the last task. */
bool sim_rcu_end(void)
{
	struct sim_record *r = sim.record;
	unsigned queued = KT_RCU_IMPL(_queued)();

	if (queued == 0)
		return true;
	snprintf(r->message, sizeof r->message, "callbacks never called: %u", queued);
	r->failure = KT_LEAK;
	blame(r);
	return false;
}

void sim_rcu_bad_wait(struct kt_site *site)
{
	char name[KT_SITE_NAME_MAX];

	kt_fail(KT_DISCIPLINE, "%s waits at %s in %s", sim_current()->record->name,
		kt_site_name(site, name, sizeof name),
		sim_current()->handle.rcu.in_callback ? "a callback of RCU" :
							"a read section of RCU");
}

/* `same`: the current task's call has the same effect before and after another such call. */
static void touch(bool same, enum sim_access how)
{
	sim_touch_thing(SIM_RCU, 0, same ? how : SIM_WRITE);
}

/* ---- callbacks ---------------------------------------------------------- */

static void run(struct sim_task *t, struct callback *c)
{
	sim_memory_check(c->head, c->queued_at);
	c->running = true;
	t->handle.rcu.in_callback = true;
	fiber_aside(&t->fiber);
	sim_hb_acquire(&c->sync);
	c->func(c->head);
	sim_hb_release(&c->sync);	/* barrier acquires it */
	sim_tsan_release(&sim.sync);
	fiber_aside(&t->fiber);
	t->handle.rcu.in_callback = false;
	c->func = NULL;
	while (rcu.first < rcu.count && !rcu.callback[rcu.first].func)
		rcu.first++;
	for (; rcu.barring; rcu.barring &= rcu.barring - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(rcu.barring);

		sim_touch_wake(i, true);
		sim_wake(i);
	}
}

/*
 * Run the callbacks that may run. A callback does not run other callbacks itself: after the
 * callback has returned, its task runs the others.
 */
static void run_ready(struct sim_task *t)
{
	if (t->handle.rcu.in_callback)
		return;
	for (uint32_t i = rcu.first; i < rcu.count; i++) {
		struct callback *c = &rcu.callback[i];

		if (c->func && !c->running && !c->readers)
			run(t, c);
	}
}

void kt_rcu_modelled_call(struct kt_rcu_modelled_head *head,
			  void (*func)(struct kt_rcu_modelled_head *head), struct kt_site *site)
{
	struct sim_task *t = sim_current();
	struct callback *c;

	sim_point(site, head);
	touch(!rcu.readers && rcu.first == rcu.count, SIM_OTHER);
	for (uint32_t i = rcu.first; i < rcu.count; i++)
		if (rcu.callback[i].head == head && rcu.callback[i].func &&
		    !rcu.callback[i].running)
			kt_fail(KT_DISCIPLINE, "call_rcu with a head that is queued already");
	if (rcu.count == CALLBACKS_MAX)
		kt_fail(KT_ASSERTION, "more than %d callbacks of RCU in one execution",
			CALLBACKS_MAX);
	head->func = func;
	c = &rcu.callback[rcu.count++];
	*c = (struct callback){
		.head = head, .func = func, .readers = rcu.readers, .queued_at = site,
		.queued_by = (uint8_t)sim.current,
	};
	sim_hb_release(&rcu.begun);
	sim_hb_release(&c->sync);
	fiber_aside(&t->fiber);	/* edges from sections that were left go only to the callback */
	sim_hb_acquire(&rcu.left);
	sim_hb_release(&c->sync);
	fiber_aside(&t->fiber);
	run_ready(t);
}

void kt_rcu_modelled_barrier(struct kt_site *site)
{
	struct sim_task *t = sim_current();
	uint32_t end;

	sim_point(site, NULL);
	sim_rcu_may_wait(t, site);
	touch(false, SIM_WRITE);
	end = rcu.count;
	while (rcu.first < end) {
		t->record->waits_for = first_of(rcu.callback[rcu.first].readers);
		rcu.barring |= sim_bit(sim.current);
		sim_waits(SIM_WAIT_WOKEN, 0);
		sim_block(site);
	}
	t->record->waits_for = -1;
	for (uint32_t i = 0; i < end; i++)
		sim_hb_acquire(&rcu.callback[i].sync);
}

/* ---- threads ------------------------------------------------------------ */

void kt_rcu_modelled_register_thread(void)
{
}

void kt_rcu_modelled_unregister_thread(void)
{
}

/* ---- readers ------------------------------------------------------------ */

void kt_rcu_modelled_read_lock(struct kt_site *site)
{
	struct sim_task *t = sim_current();

	sim_point(site, NULL);
	if (t->handle.rcu.depth++ > 0)
		return;
	touch(true, SIM_SAME);
	rcu.readers |= sim_bit(sim.current);
	sim_hb_acquire(&rcu.begun);
}

/* Take the current task out of every grace period that waits for it. */
static void leave(void)
{
	uint64_t me = sim_bit(sim.current);

	rcu.readers &= ~me;
	sim_hb_release(&rcu.left);
	for (uint64_t left = rcu.synchronizing; left; left &= left - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(left);
		struct sim_task *t = &sim.task[i];

		if (!(t->rcu_awaits & me))
			continue;
		sim_hb_release(&t->rcu_sync);
		t->rcu_awaits &= ~me;
		t->record->waits_for = first_of(t->rcu_awaits);
		if (!t->rcu_awaits) {
			sim_touch_wake(i, true);
			sim_wake_ahead(i);
		}
	}
	for (uint32_t i = rcu.first; i < rcu.count; i++) {
		struct callback *c = &rcu.callback[i];

		if (!(c->readers & me))
			continue;
		sim_hb_release(&c->sync);
		c->readers &= ~me;
	}
}

void kt_rcu_modelled_read_unlock(struct kt_site *site)
{
	struct sim_task *t = sim_current();

	if (t->handle.rcu.depth == 0)
		kt_fail(KT_DISCIPLINE, "%s leaves a read section of RCU and is in none",
			t->record->name);
	if (--t->handle.rcu.depth == 0) {
		touch(!rcu.synchronizing && rcu.first == rcu.count, SIM_SAME);
		leave();
		run_ready(t);
	}
	sim_point(site, NULL);
}

void kt_rcu_modelled_synchronize(struct kt_site *site)
{
	struct sim_task *t = sim_current();

	sim_point(site, NULL);
	sim_rcu_may_wait(t, site);
	touch(!rcu.readers, SIM_OTHER);
	sim_hb_release(&rcu.begun);
	sim_hb_acquire(&rcu.left);
	t->rcu_awaits = rcu.readers;
	rcu.synchronizing |= sim_bit(sim.current);
	while (t->rcu_awaits) {	/* a kill wakes the task, too */
		t->record->waits_for = first_of(t->rcu_awaits);
		sim_waits(SIM_WAIT_WOKEN, 0);
		sim_block(site);
	}
	rcu.synchronizing &= ~sim_bit(sim.current);
	t->record->waits_for = -1;
	sim_hb_acquire(&t->rcu_sync);
}
