/* SPDX-License-Identifier: GPL-2.0-only */
/* conformance_exhaust(): every schedule of a small body with few preemptions. */
#include "platform/conformance/conformance.h"

#if defined(KT_OS_SIM)
#include <stdio.h>
#include <stdlib.h>

#include "platform/sim/sim.h"

enum { EXECUTIONS_MAX = 500000 };	/* more is an error: the body is not small */

static void print_turns(void)
{
	uint32_t i = 0, step, answer, usual;

	while (sim_bound_turn(&i, &step, &answer, &usual))
		printf("  at step %u choice %u, not %u\n", (unsigned)step, (unsigned)answer,
		       (unsigned)usual);
}

const char *const conformance_memory_name[] = { "sc", "tso", "pso" };

static void exhaust(const struct conformance_body *b, enum sim_model memory, unsigned bound)
{
	struct sim_bounds bounds = { .total = bound, .preemptions = bound, .spurious = bound };
	struct sim_options o = { .memory = memory };
	const char *how = conformance_memory_name[memory];
	uint32_t executions = 0;
	bool more, too_long;

	sim_bound(&bounds);
	do {
		const struct sim_record *r;

		o.strategy = sim_strategy_bound();
		r = sim_run(&o, conformance_adopted, (void *)b);
		if (r->failure != KT_PASS) {
			printf("FAIL %s memory %s execution %u: %s: %s\n", b->name, how,
			       (unsigned)executions, kt_failure_name(r->failure), r->message);
			print_turns();
			exit(1);
		}
		more = sim_bounded(&too_long);
		if (++executions > EXECUTIONS_MAX || too_long) {
			printf("FAIL %s memory %s: more than %d schedules, or one is too long\n",
			       b->name, how, EXECUTIONS_MAX);
			exit(1);
		}
	} while (more);
	printf("ok %s memory %s: all %u schedules with at most %u preemptions\n", b->name, how,
	       (unsigned)executions, bound);
}

void conformance_exhaust(const char *name, unsigned bound, void (*body)(void *arg), void *arg)
{
	for (enum sim_model m = SIM_SC; m <= SIM_PSO; m++)
		exhaust(&(struct conformance_body){ name, body, arg }, m,
			bound - (m != SIM_SC && bound > 0));
}

#else

void conformance_exhaust(const char *name, unsigned bound, void (*body)(void *arg), void *arg)
{
	(void)bound;
	conformance_run(name, body, arg);
}

#endif
