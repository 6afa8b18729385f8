/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls of engine.h that are not on the path of each step: tasks that the caller brings,
 * sleeps with a deadline, the virtual clock.
 */
#include <string.h>

#include "platform/sim/internal.h"

struct sim_program sim_program;

void sim_set_program(const struct sim_program *p)
{
	KT_ASSERT(!sim.running);
	sim_program = *p;
}

void sim_let_steps_take_time(void)
{
	sim_program.steps_take_time = true;
}

/* ---- sleeping --------------------------------------------------------------- */

bool sim_block_until(struct kt_site *why, uint64_t deadline_ns)
{
	struct sim_task *t = sim_current();

	t->timed = true;
	t->timed_out = false;
	t->deadline = deadline_ns;
	sim_touch_thing(SIM_CLOCK, 0, SIM_READ);
	sim_block(why);
	return !t->timed_out;
}

void sim_yield(struct kt_site *where)
{
	sim_reach(where, SIM_YIELDED);
}

void sim_waits_for(uint32_t task)
{
	sim_current()->record->waits_for = task == SIM_NOBODY ? -1 : (int16_t)task;
}

bool sim_alloc_fails(enum kt_role role, struct kt_site *site)
{
	return sim.hooks.alloc_fails && sim.hooks.alloc_fails(role, site);
}

void sim_note_spurious(void)
{
	sim_add_event(SIM_EVENT_SPURIOUS, sim.current, KT_ROLE_COUNT, 0);
}

/* ---- tasks ------------------------------------------------------------------ */

uint32_t sim_task_spawn(const char *name, void (*fn)(void *arg), void *arg)
{
	uint32_t id = sim_task_new(name, fn, arg);
	struct sim_task *t = &sim.task[id];

	t->joinable = true;
	sim_hb_release(&t->sync);
	if (sim_is_heard(SIM_HEARS_SPAWNS))
		sim_tell.spawns(id);
	return id;
}

bool sim_task_has_finished(uint32_t task)
{
	sim_touch_thing(SIM_EXIT, task, SIM_READ);
	return sim.record->task[task].state == SIM_FINISHED;
}

bool sim_task_join(uint32_t task, const uint64_t *deadline_ns, struct kt_site *site)
{
	struct sim_task *t = &sim.task[task];
	bool in_time = true;

	KT_ASSERT(task < sim.record->tasks && task != sim.current);
	sim_waits(SIM_WAIT_EXIT, task);
	sim_mark(site);
	sim_waits_for(task);
	while (t->record->state != SIM_FINISHED && in_time) {
		t->joiner = sim.current;
		sim_waits(SIM_WAIT_EXIT, task);
		if (deadline_ns)
			in_time = sim_block_until(site, *deadline_ns);
		else
			sim_block(site);
	}
	sim_waits_for(SIM_NOBODY);
	t->joiner = SIM_NOBODY;
	if (t->record->state != SIM_FINISHED)
		return false;
	sim_hb_acquire(&t->sync);
	return true;
}

void sim_task_rename(uint32_t task, const char *name)
{
	sim_name_task(&sim.record->task[task], name);
}

bool sim_task_stack(uint32_t task, char **low, char **high)
{
	const struct fiber *f = &sim.task[task].fiber;

	if (task >= SIM_TASKS_MAX || !f->stack)
		return false;
	*low = f->stack;
	*high = f->stack + f->stack_size;
	return true;
}

/* ---- time ------------------------------------------------------------------- */

uint64_t sim_clock_ns(void)
{
	sim_touch_thing(SIM_CLOCK, 0, SIM_READ);
	return sim.clock_ns;
}

void sim_clock_advance(uint64_t ns)
{
	sim_touch_thing(SIM_CLOCK, 0, SIM_WRITE);
	sim_time_passes(sim.clock_ns + ns);
}

/* ---- the end ---------------------------------------------------------------- */

void sim_cut(void)
{
	sim.cut = true;
	sim_leave();
}

bool sim_was_cut(void)
{
	return sim.cut;
}
