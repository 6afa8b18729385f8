/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which task has its turn, as far as the simulator decides that and not the strategy: time
 * passes until a deadline, a task that spins lets others go first, and in the end all tasks
 * are scheduled fairly.
 */
#include "platform/sim/internal.h"

/* ---- time --------------------------------------------------------------- */

/* If other deadlines have passed by then, their tasks are late. */
void sim_timer_fire(uint32_t task)
{
	struct sim_task *t = &sim.task[task];

	if (t->deadline > sim.clock_ns)
		sim.clock_ns = t->deadline;
	t->timed_out = true;
	sim_wake_unasked(task);
}

uint32_t sim_first_timer(void)
{
	uint32_t first = SIM_NOBODY;

	for (uint32_t i = 0; i < sim.record->tasks; i++) {
		struct sim_task *t = &sim.task[i];

		if (t->record->state == SIM_SLEEPING && t->timed &&
		    (first == SIM_NOBODY || t->deadline < sim.task[first].deadline))
			first = i;
	}
	return first;
}

void sim_nobody_runs(void)
{
	uint32_t first;

	if (sim.unfinished == 0)
		return;
	first = sim_first_timer();
	if (first == SIM_NOBODY)
		sim_fail_deadlock();
	sim_timer_fire(first);
}

/* ---- spinning ----------------------------------------------------------- */

/* A task that spins waits until another task has moved. */
uint64_t sim_without_spinners(uint32_t current)
{
	uint64_t able = sim.runnable & ~sim.timed, others;

	sim.yielded |= sim_bit(current);
	if (able & ~sim.yielded)
		return sim.runnable & ~sim.yielded;
	/* All tasks that could run spin in vain. So they wait for time to pass. */
	sim.yielded = sim_bit(current);
	if (sim.timed)
		return sim.timed;
	others = able & ~sim.yielded;
	return others ? others : able;
}

/* ---- scheduled fairly ---------------------------------------------------- */

/*
 * Draw any of them, even one for which time must pass first. The tasks do not take turns,
 * because turns of equal length can be in step with a loop: a task that looks at a lock
 * could find it held each time, for ever. An execution that does not end under a fair draw
 * goes round in circles whichever task runs.
 */
uint32_t sim_fair_next(uint64_t runnable)
{
	uint32_t n = kt_rng_below(&sim.fair_draw, (uint32_t)__builtin_popcountll(runnable));

	while (n-- > 0)
		runnable &= runnable - 1;
	return (uint32_t)__builtin_ctzll(runnable);
}
