/* SPDX-License-Identifier: GPL-2.0-only */
/* The subject that is a plan's operations on core/. */
#include "core/kthreadd.h"
#include "stress/run/exec.h"
#include "stress/run/ledger.h"
#include "stress/run/subject.h"
#include "stress/run/world.h"

/*
 * A case that the build can't run is drawn again. Most cases have no operation that is refused, so
 * the last draw is never needed in practice.
 */
enum { DRAWS_MAX = 1000 };

static uint64_t draw_again(uint64_t seed)
{
	return seed * 6364136223846793005ull + 1442695040888963407ull;
}

static void generate(struct plan *p, uint64_t seed, bool faults)
{
	for (unsigned i = 0; i < DRAWS_MAX; i++, seed = draw_again(seed)) {
		plan_generate(p, seed, &(struct plan_generate_options){ .faults = faults });
		if (!exec_refuses(p) && (world_can(WORLD_REPEATS) || !exec_may_hang(p)))
			return;
	}
}

static unsigned generate_illegal(struct plan *p, uint64_t seed)
{
	unsigned failures = plan_generate_illegal(p, seed);

	for (unsigned i = 0; exec_refuses(p) && i < DRAWS_MAX; i++) {
		seed = draw_again(seed);
		failures = plan_generate_illegal(p, seed);
	}
	return failures;
}

static void mutate(struct plan *p, uint64_t seed, size_t size_max)
{
	static struct plan was;

	if (!core_linux_version()) {
		plan_mutate(p, seed, size_max);
		return;
	}
	was = *p;
	do {
		*p = was;
		plan_mutate(p, seed, size_max);
		seed = draw_again(seed);
	} while (exec_refuses(p));
}

static bool accepts(const struct plan *p)
{
	return !plan_is_program(p);
}

static bool points_everywhere(void)
{
	return core_linux_version() && world_can(WORLD_REPEATS);
}

/* The kernel's freezer asks all threads again and again. */
static bool polls(void)
{
	return core_linux_version();
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
	.refuses = exec_refuses,
	.known = exec_known,
	.generate = generate,
	.generate_illegal = generate_illegal,
	.mutate = mutate,
	.pieces = plan_pieces,
	.without = plan_without,
	.simplers = plan_simplers,
	.simpler = plan_simpler,
	.illegality = plan_illegality,
	.polls = polls,
	.points_everywhere = points_everywhere,
	.load = exec_load,
	.run = exec_run,
	.memory = exec_memory,
	.normalize = ledger_normalize,
	.results = exec_results,
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
