/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads of the side that points.h gives reach each named point in points.h, and no other
 * threads do. Without this test a plan's directive could name a point that no longer exists.
 */
#include <stdio.h>
#include <string.h>

#include "platform/conformance/test.h"
#include "platform/sim/sim_trace.h"
#include "stress/plan/plan.h"
#include "stress/plan/points.h"
#include "stress/run/subject.h"
#include "stress/run/world.h"

static const struct named_point points[] = {
#define X(side, name) { side, name },
	NAMED_POINTS(X)
#undef X
};

enum { POINTS = sizeof points / sizeof points[0] };

static bool reached[POINTS];

static enum point_side side_of(const struct plan *p, const char *task)
{
	if (strcmp(task, "kthreadd") == 0)
		return POINT_DAEMON;
	if (strcmp(task, "ktimers") == 0)
		return POINT_TIMERS;
	for (unsigned i = 0; i < p->tasks_count; i++)
		if (strcmp(plan_string(p, p->tasks[i].name), task) == 0)
			return POINT_CREATOR;
	return POINT_THREAD;
}

/* A thread with an inner task calls what tasks call. */
static bool is_host(const struct plan *p, const char *task)
{
	for (unsigned i = p->tasks_count; i < plan_all_tasks(p); i++)
		if (strcmp(plan_string(p, p->threads[p->tasks[i].host].name), task) == 0)
			return true;
	return false;
}

static void note(const struct plan *p)
{
	const struct sim_record *r = sim_record();

	for (uint32_t i = 0; i < r->steps; i++) {
		const char *task = r->task[r->trace[i].task].name;

		if (strcmp(r->trace[i].site->op, "point") != 0 || strcmp(task, "init") == 0)
			continue;
		for (unsigned k = 0; k < POINTS; k++)
			if (strcmp(points[k].name, r->trace[i].site->what) == 0) {
				CHECK(points[k].side == side_of(p, task) ||
				      (points[k].side == POINT_CREATOR && is_host(p, task)));
				reached[k] = true;
			}
	}
}

int main(void)
{
	static struct plan p;
	static struct verdict v;

	world_init(NULL);
	subject_use(&subject_plan);
	for (uint64_t seed = 0; seed < 300; seed++) {
		struct world_options o = { .strategy = PLAN_RANDOM, .steps_estimate = 200 };

		plan_generate(&p, seed, &(struct plan_generate_options){ .faults = true });
		world_load(&p);
		for (o.seed = 0; o.seed < 20; o.seed++) {
			o.faults.kill_step = (uint32_t)o.seed * 7;
			world_run(&o, &v);
			CHECK_EQ(v.failure, KT_PASS);
			note(&p);
		}
	}
	for (unsigned k = 0; k < POINTS; k++)
		if (!reached[k])
			kt_fail(KT_ASSERTION, "no thread reaches %s", points[k].name);
	printf("ok %d points\n", POINTS);
	return 0;
}
