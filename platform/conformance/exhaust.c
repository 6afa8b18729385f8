/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conformance_exhaust(): depth first through the schedules of a small body.
 *
 * The path of the execution under way is kept as the choices that it made. The
 * next one repeats them up to the last that has an answer left, gives that, and
 * goes on by default. By default the running task goes on until it blocks, and
 * then the next by number; where a task blocks or ends every other is tried for
 * nothing, and anything else (a preemption, a spinner passed over for another
 * than the next, time that passes early, a spurious wake-up) costs one of the
 * bound (Musuvathi, Qadeer: Iterative Context Bounding, PLDI 2007).
 */
#include "platform/conformance/conformance.h"

#if defined(KT_OS_SIM)
#include <stdio.h>
#include <stdlib.h>

#include "platform/sim/sim.h"

enum {
	CHOICES_MAX = 4096,
	EXECUTIONS_MAX = 500000,	/* more is no small body any more: an error */
};

struct choice {
	uint64_t left;		/* answers not tried yet */
	uint32_t step;		/* for the report */
	uint8_t answer, usual;
	bool is_free;		/* whatever the answer, it costs nothing */
};

static struct {
	struct sim_strategy strategy;
	unsigned bound;
	unsigned spent;		/* of it, in this execution so far */
	uint32_t choices;	/* on the path */
	uint32_t at;		/* of those, repeated so far */
	struct choice path[CHOICES_MAX];
} dfs;

static void dfs_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s, (void)seed, (void)steps_estimate;
	dfs.spent = 0;
	dfs.at = 0;
}

/* One of `can`; `usual` is the default. */
static uint32_t answer(uint64_t can, uint32_t usual, bool is_free, uint32_t step)
{
	struct choice *c = &dfs.path[dfs.at];

	if (dfs.at == dfs.choices) {
		KT_ASSERT(dfs.choices < CHOICES_MAX);
		dfs.choices++;
		*c = (struct choice){
			.left = can & ~(1ull << usual), .step = step,
			.answer = (uint8_t)usual, .usual = (uint8_t)usual, .is_free = is_free,
		};
		if (!is_free && dfs.spent == dfs.bound)
			c->left = 0;
	}
	/* The same choices so far, so the same choice now. */
	KT_ASSERT(can >> c->answer & 1 && c->usual == usual && c->step == step);
	dfs.at++;
	dfs.spent += c->answer != usual && !is_free;
	return c->answer;
}

static uint32_t dfs_next(struct sim_strategy *s, const struct sim_decision *d)
{
	bool is_free = (d->why == SIM_BLOCKED || d->why == SIM_EXITED) && !d->timed;

	(void)s;
	return answer(d->runnable, sim_default_next(d->runnable, d->timed, d->task, d->why),
		      is_free, d->step);
}

static uint32_t dfs_choose(struct sim_strategy *s, enum sim_choice kind, uint32_t below)
{
	(void)s, (void)below;
	return kind == SIM_CHOOSE_SPURIOUS ? answer(3, 0, false, sim_record()->steps) : 0;
}

/* To the next path. False if there is none. */
static bool advance(void)
{
	while (dfs.choices && !dfs.path[dfs.choices - 1].left)
		dfs.choices--;
	if (!dfs.choices)
		return false;
	struct choice *c = &dfs.path[dfs.choices - 1];

	c->answer = (uint8_t)__builtin_ctzll(c->left);
	c->left &= c->left - 1;
	return true;
}

static void print_path(void)
{
	for (uint32_t i = 0; i < dfs.at; i++)
		if (dfs.path[i].answer != dfs.path[i].usual)
			printf("  at step %u choice %u, not %u\n", (unsigned)dfs.path[i].step,
			       (unsigned)dfs.path[i].answer, (unsigned)dfs.path[i].usual);
}

void conformance_exhaust(const char *name, unsigned bound, void (*body)(void *arg), void *arg)
{
	struct conformance_body b = { name, body, arg };
	struct sim_options o = { .strategy = &dfs.strategy };
	uint32_t executions = 0;

	dfs.strategy = (struct sim_strategy){
		.name = "exhaust", .begin = dfs_begin, .next = dfs_next, .choose = dfs_choose,
	};
	dfs.bound = bound;
	dfs.choices = 0;
	do {
		const struct sim_record *r = sim_run(&o, conformance_adopted, &b);

		if (r->failure != KT_PASS) {
			printf("FAIL %s execution %u: %s: %s\n", name, (unsigned)executions,
			       kt_failure_name(r->failure), r->message);
			print_path();
			exit(1);
		}
		if (++executions > EXECUTIONS_MAX) {
			printf("FAIL %s: more than %d schedules\n", name, EXECUTIONS_MAX);
			exit(1);
		}
	} while (advance());
	printf("ok %s: all %u schedules with at most %u preemptions\n", name,
	       (unsigned)executions, bound);
}

#else

void conformance_exhaust(const char *name, unsigned bound, void (*body)(void *arg), void *arg)
{
	(void)bound;
	conformance_run(name, body, arg);
}

#endif
