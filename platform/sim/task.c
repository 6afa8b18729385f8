/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks: how they run on fibers, which outlast an execution, and how they are woken. */
#include <string.h>

#include "platform/rcu.h"
#include "platform/sim/internal.h"

static struct kt_site exit_site = { .op = "point", .what = "exit", .file = "", .line = 0 };

/* ---- waking ------------------------------------------------------------- */

__attribute__((noinline))
static void make_runnable_wide(uint32_t task)
{
	if (sim_is_timed(task))
		sim_end_timer(task);
	sim_let_run(task);
}

static void make_runnable(uint32_t task, uint32_t by, bool ahead)
{
	struct sim_task *t = &sim.task[task];

	if (t->record->state != SIM_SLEEPING)
		return;
	t->record->state = SIM_RUNNABLE;
	t->timed = false;
	if (__builtin_expect(!t->bit, false))
		make_runnable_wide(task);
	if (sim.timed & t->bit)
		sim_end_timer(task);
	sim.runnable |= t->bit;
	if (sim_is_heard(SIM_HEARS_WAKES))
		sim_tell.wakes(task, by, ahead);
}

void sim_wake_unasked(uint32_t task)
{
	make_runnable(task, SIM_TASKS_MAX, true);
}

void sim_wake(uint32_t task)
{
	if (sim.aside)
		sim_wake_unasked(task);
	else
		make_runnable(task, sim.current, false);
}

void sim_wake_ahead(uint32_t task)
{
	make_runnable(task, sim.current, true);
}

/* ---- tasks -------------------------------------------------------------- */

static void task_exit(struct sim_task *t)
{
	uint32_t joiner = t->joiner;

	if (sim_program.task_ends)
		sim_program.task_ends(sim.current);
	if (t->handle.rcu.depth)
		kt_fail(KT_DISCIPLINE, "%s ends in a read section of RCU", t->record->name);
	/* Do not touch *t->handle.thread: a detached thread's fn may have freed it. */
	t->record->state = SIM_FINISHED;
	sim_keep_from_running(sim.current);
	sim.unfinished--;
	sim_touch_thing(SIM_EXIT, sim.current, SIM_WRITE);
	sim_hb_release(&t->sync);
	sim_tsan_release(&sim.sync);
	if (joiner != SIM_NOBODY)
		sim_wake_ahead(joiner);
	sim_reach(&exit_site, SIM_EXITED);
}

/* A fiber runs one task in each execution that needs the fiber. */
void sim_task_main(void)
{
	fiber_entered();
	for (;;) {
		struct sim_task *t = sim_current();

		if (__builtin_expect(sim_wipes, false))
			sim_wipe();
		sim_tsan_acquire(&sim.sync);
		sim_hb_acquire(&t->sync);
		if (!t->handle.thread) {	/* the body, which os_adopt() registers, or a
						 * task of sim_task_spawn() */
			t->fn(t->arg);
		} else {
			KT_RCU_IMPL(_register_thread)();
			t->fn(t->arg);
			KT_RCU_IMPL(_unregister_thread)();
		}
		task_exit(t);
	}
}

void sim_name_task(struct sim_task_record *r, const char *name)
{
	size_t len = strnlen(name, OS_NAME_MAX - 1);

	sim_unseen_begin();
	memcpy(r->name, name, len);
	sim_unseen_end();
	r->name[len] = '\0';
	r->name_hash = kt_name_hash(r->name);
}

uint32_t sim_task_new(const char *name, void (*fn)(void *), void *arg)
{
	struct sim_record *r = sim.record;
	uint32_t id = r->tasks;
	struct sim_task *t;

	if (id == sim.tasks_max)
		kt_fail(KT_ASSERTION, "more than %u threads in one execution", sim.tasks_max);
	t = &sim.task[id];
	if (!t->fiber.stack)
		fiber_make(&t->fiber, id, sim_task_main);
	t->here = (struct sim_who){ .task = (uint8_t)id, .why = SIM_POINT, .next = (uint8_t)id };
	t->bit = id < SIM_WORD_TASKS ? sim_bit(id) : 0;
	t->key = (id + 1) * 0x9e3779b97f4a7c15ull;
	t->fn = fn;
	t->arg = arg;
	t->handle.thread = NULL;
	t->permit = t->sleeper_permit = t->joinable = t->joined = t->timed = t->timed_out = false;
	t->joiner = SIM_NOBODY;
	t->interrupt = NULL;
	t->cpu = 0;
	t->handle.rcu = (struct kt_rcu_reader){ 0 };
	t->record = &r->task[id];
	sim_name_task(t->record, name);
	t->record->state = SIM_RUNNABLE;
	t->record->parent = (uint8_t)sim.current;
	t->record->killed = false;
	t->record->waits_for = -1;
	t->record->why = NULL;
	if (id == SIM_WORD_TASKS)
		sim_wide_begin();
	sim_let_run(id);
	sim.unfinished++;
	r->tasks = id + 1;
	return id;
}

void sim_place(struct sim_task *t)
{
	uint64_t cpus = t->attributes.cpus;

	if (!(cpus >> t->cpu & 1))
		t->cpu = (uint32_t)__builtin_ctzll(cpus);
}
