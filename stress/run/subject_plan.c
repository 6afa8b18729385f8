/* SPDX-License-Identifier: GPL-2.0-only */
/* The subject that is a plan's operations on core/. */
#include "stress/run/exec.h"
#include "stress/run/ledger.h"
#include "stress/run/subject.h"

static void generate(struct plan *p, uint64_t seed, bool faults)
{
	plan_generate(p, seed, &(struct plan_generate_options){ .faults = faults });
}

static bool accepts(const struct plan *p)
{
	return !plan_is_program(p);
}

static unsigned size(const struct plan *p)
{
	return p->ops_count;
}

/*
 * The injector calls these two as a part of the engine, between the steps of any thread. They
 * are not instrumented. If they were, ThreadSanitizer would report that the thread's read races
 * with the load of the next plan.
 */
__attribute__((no_sanitize("thread"))) static unsigned victims(void)
{
	return ledger.plan->tasks_count;
}

__attribute__((no_sanitize("thread"))) static const char *victim(unsigned i)
{
	return plan_string(ledger.plan, ledger.plan->tasks[i].name);
}

static bool may_fail(enum kt_role role)
{
	(void)role;
	return exec_is_subject();
}

const struct subject subject_plan = {
	.name = "plan",
	.accepts = accepts,
	.generate = generate,
	.generate_illegal = plan_generate_illegal,
	.mutate = plan_mutate,
	.pieces = plan_pieces,
	.without = plan_without,
	.size = size,
	.load = exec_load,
	.run = exec_run,
	.victims = victims,
	.victim = victim,
	.kill = exec_kill,
	.oom = exec_oom,
	.points = exec_points,
	.point = exec_point,
	.may_fail = may_fail,
	.failed = exec_alloc_failed,
	.namer = &exec_namer,
};
