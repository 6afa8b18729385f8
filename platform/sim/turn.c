/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which task has its turn, as far as the simulator decides that and not the strategy: time
 * passes until a deadline, a task that spins lets others go first, and in the end all tasks
 * are scheduled fairly.
 */
#include "platform/sim/internal.h"

/* ---- time --------------------------------------------------------------- */

void sim_begin_timer(uint32_t task)
{
	if (task < SIM_WORD_TASKS)
		sim.timed |= sim_bit(task);
	else
		sim.wide.timed[task / 64 - 1] |= sim_bit(task % 64);
	sim_set_slow_from();
}

void sim_end_timer(uint32_t task)
{
	if (task < SIM_WORD_TASKS)
		sim.timed &= ~sim_bit(task);
	else
		sim.wide.timed[task / 64 - 1] &= ~sim_bit(task % 64);
	sim_set_slow_from();
}

/* The sleeping task can run at the price that time passes, if its deadline is near. */
void sim_set_timer(uint32_t task)
{
	const struct sim_task *t = &sim.task[task];

	if (t->deadline < sim.clock_ns + SIM_NEAR_NS) {
		sim_let_run(task);
		sim_begin_timer(task);
	} else if (t->deadline < sim.far_from) {
		sim.far_from = t->deadline;
	}
}

/* Deadlines that were far away are near. The strategy may choose them now. */
static void look_at_far_deadlines(void)
{
	sim.far_from = UINT64_MAX;
	for (uint32_t i = 0; i < sim.record->tasks; i++) {
		const struct sim_task *t = &sim.task[i];

		if (t->record->state == SIM_SLEEPING && t->timed)
			sim_set_timer(i);
	}
}

void sim_time_passes(uint64_t ns)
{
	if (ns <= sim.clock_ns)
		return;
	sim.clock_ns = ns;
	if (sim.far_from < ns + SIM_NEAR_NS)
		look_at_far_deadlines();
}

/* If other deadlines have passed by then, their tasks are late. */
void sim_timer_fire(uint32_t task)
{
	struct sim_task *t = &sim.task[task];

	sim.fires++;
	sim_time_passes(t->deadline);
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

/* ---- work ------------------------------------------------------------------ */

enum {
	BUSY_STEPS = 1024,
	BUSY_NS = 250000000,	/* what so many steps take */
};

/*
 * A task that works until another one has slept long enough must end. So BUSY_STEPS steps take
 * BUSY_NS. When tasks are scheduled fairly, the sleeper is owed a turn, and they take until the
 * next deadline. The task at the step is not woken, because the step has recorded already
 * which tasks can run.
 */
void sim_busy(void)
{
	uint32_t first = sim_first_timer();
	uint64_t now = sim.clock_ns + BUSY_NS;

	if (first == SIM_NOBODY || first == sim.current)
		return;
	if (sim.fair || sim.task[first].deadline <= now)
		sim_timer_fire(first);
	sim_time_passes(now);
}

uint32_t sim_busy_alarm(uint32_t step, uint32_t last)
{
	if (!sim_program.steps_take_time || last - step <= BUSY_STEPS)
		return last;
	return step + BUSY_STEPS;
}

/* ---- starving --------------------------------------------------------------- */

/*
 * A program that never rests, such as a timer that arms itself again, would run to steps_fair under
 * a strategy that likes its tasks. No machine lets a task that can run, or has slept long enough,
 * wait while timers fire all the time, or a second passes. So fair scheduling begins as soon as
 * that has gone on for STARVED times BUSY_STEPS.
 */
enum { STARVED = 2, FIRES = 8 };
#define STARVES_NS (4ull * BUSY_NS)

bool sim_starves(uint32_t step)
{
	uint64_t waits = UINT64_MAX;
	bool passes = sim.fires >= FIRES || sim.clock_ns - sim.looked_ns >= STARVES_NS;

	sim.fires = 0;
	sim.looked_ns = sim.clock_ns;
	if (!sim_program.steps_take_time || sim.is_wide || sim.fair ||
	    sim.steps_fair == sim.steps_max)
		return false;
	for (uint32_t i = step < BUSY_STEPS ? 0 : step - BUSY_STEPS; i < step; i++) {
		const struct sim_step *t = &sim.record->trace[i];

		waits &= t->runnable & ~sim_bit(t->task);
	}
	for (uint64_t left = waits & sim.timed; left; left &= left - 1) {
		uint32_t task = (uint32_t)__builtin_ctzll(left);

		if (sim.task[task].deadline > sim.clock_ns)
			waits &= ~sim_bit(task); /* it sleeps on */
	}
	sim.starved = waits && passes ? sim.starved + 1 : 0;
	return sim.starved >= STARVED;
}

/* ---- spinning ----------------------------------------------------------- */

uint32_t sim_far_timer(void)
{
	uint32_t first = sim_program.steps_take_time ? sim_first_timer() : SIM_NOBODY;

	if (first != SIM_NOBODY)
		sim_timer_fire(first);
	return first;
}

/* A task that spins waits until another task has moved. */
uint64_t sim_without_spinners(uint32_t current)
{
	uint64_t able = sim.runnable & ~sim.timed, others;
	uint32_t first;

	sim.yielded |= sim_bit(current);
	if (able & ~sim.yielded)
		return sim.runnable & ~sim.yielded;
	/* All tasks that could run spin in vain. So they wait for time to pass. */
	sim.yielded = sim_bit(current);
	if (sim.timed)
		return sim.timed;
	first = sim_far_timer();
	if (first != SIM_NOBODY)
		return sim_bit(first);
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
