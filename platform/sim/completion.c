/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The modelled completion. A task waits for one completion at a time. So the queue is a chain
 * of tasks (sim_task.next_waiter), without nodes on their stacks.
 *
 * A completer makes one happens-before edge: through the completion's address if no task
 * waits yet, through the waiter's `through` if one does. A real completion has a lock,
 * which makes more edges; here there are none.
 */
#include "platform/completion/modelled.h"

#include <errno.h>

#include "platform/sim/internal.h"

#define DONE_FOR_EVER UINT32_MAX

void kt_completion_modelled_init(struct kt_completion_modelled *c)
{
	*c = (struct kt_completion_modelled){ 0 };
	os_object_begin(c, sizeof *c);
}

void kt_completion_modelled_destroy(struct kt_completion_modelled *c)
{
	sim_touch(c, SIM_WRITE);
	KT_ASSERT(!c->first);
	os_object_end(c, sizeof *c);
}

/* ---- completing --------------------------------------------------------- */

/* Let the first waiter go on. There must be one. The waiter does not touch *c again. */
static void let_through(struct kt_completion_modelled *c)
{
	uint32_t id = c->first - 1;
	struct sim_task *t = &sim.task[id];

	c->first = t->next_waiter;
	c->waiters--;
	t->through = true;
	sim_hb_release(&t->through);
	sim_touch_wake(id, true);
	sim_wake(id);
}

void kt_completion_modelled_add(struct kt_completion_modelled *c, struct kt_site *site)
{
	if (!c->first) {
		if (c->done != DONE_FOR_EVER)
			c->done++;
		sim_hb_release(c);
		return;
	}
	let_through(c);
	/*
	 * A second point, so that what the completer does next can be late even if
	 * it has no site. *c may be gone by now.
	 */
	sim_point(site, NULL);
}

void kt_completion_modelled_complete_all(struct kt_completion_modelled *c, struct kt_site *site)
{
	bool waited_for;

	sim_point(site, c);
	waited_for = c->first;
	c->done = DONE_FOR_EVER;
	sim_hb_release(c);
	while (c->first)
		let_through(c);
	if (waited_for)
		sim_point(site, NULL);
}

/* ---- waiting ------------------------------------------------------------ */

static void append(struct kt_completion_modelled *c, uint32_t id)
{
	uint32_t *last = &c->first;

	while (*last)
		last = &sim.task[*last - 1].next_waiter;
	*last = id + 1;
	sim.task[id].next_waiter = 0;
	c->waiters++;
}

static void unlink(struct kt_completion_modelled *c, uint32_t id)
{
	uint32_t *at = &c->first;

	while (*at != id + 1)
		at = &sim.task[*at - 1].next_waiter;
	*at = sim.task[id].next_waiter;
	c->waiters--;
}

static bool take(struct kt_completion_modelled *c)
{
	if (!c->done)
		return false;
	if (c->done != DONE_FOR_EVER)
		c->done--;
	sim_hb_acquire(c);
	return true;
}

static bool is_killed(uint32_t id)
{
	sim_touch_thing(SIM_KILLED, id, SIM_READ);
	return sim.record->task[id].killed;
}

/* Sleep until the task is let through, or has a reason to give up. */
static int sleep_on(struct kt_completion_modelled *c, bool killable, const uint64_t *deadline_ns,
		    struct kt_site *site)
{
	uint32_t id = sim.current;
	struct sim_task *t = &sim.task[id];
	int err = killable && is_killed(id) ? -EINTR : 0;

	if (err)
		return err;
	sim_touch_thing(SIM_SLEEP, id, SIM_WRITE);
	append(c, id);
	t->through = t->timed_out = false;
	while (!t->through) {
		if (killable && is_killed(id))
			err = -EINTR;
		else if (t->timed_out)
			err = -ETIMEDOUT;
		if (err) {
			sim_memory_check(c, site);
			sim_touch(c, SIM_WRITE);
			unlink(c, id);
			return err;
		}
		if (deadline_ns)
			sim_touch_thing(SIM_CLOCK, 0, SIM_READ);
		t->timed = deadline_ns != NULL;
		t->deadline = deadline_ns ? *deadline_ns : 0;
		sim_waits(SIM_WAIT_WOKEN, 0);
		sim_block(site);	/* a kill and any unpark end it, too */
	}
	sim_hb_acquire(&t->through);
	return 0;
}

int kt_completion_modelled_take(struct kt_completion_modelled *c, bool killable,
				const uint64_t *deadline_ns, struct kt_site *site)
{
	sim_rcu_may_wait(&sim.task[sim.current], site);
	return take(c) ? 0 : sleep_on(c, killable, deadline_ns, site);
}

bool kt_completion_modelled_try_wait(struct kt_completion_modelled *c, struct kt_site *site)
{
	sim_point(site, c);
	return take(c);
}
