/* SPDX-License-Identifier: GPL-2.0-only */
/* For the tests of the simulator: a few shared words, threads, and one execution. */
#ifndef PLATFORM_SIM_TEST_TASKS_H
#define PLATFORM_SIM_TEST_TASKS_H

#include "platform/conformance/test.h"
#include "platform/sim/sim.h"

#define STEPS_ESTIMATE 40

static struct os_thread thread[8];
static unsigned word, other;

static const struct sim_record *run(struct sim_strategy *s, uint64_t seed, void (*body)(void *),
				    void *arg)
{
	struct sim_options o = {
		.strategy = s, .seed = seed, .steps_estimate = STEPS_ESTIMATE,
	};

	return sim_run(&o, body, arg);
}

static void spawn(unsigned i, const char *name, void (*fn)(void *), void *arg)
{
	CHECK_EQ(os_spawn(&thread[i], name, OS_JOINABLE, fn, arg), 0);
}

#endif
