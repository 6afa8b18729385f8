/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Plans that break a rule for callers on purpose. They are small, because they test one rule
 * only. A legal task beside the illegal one makes more schedules possible.
 */
#include <stdio.h>

#include "platform/rng.h"
#include "stress/plan/plan.h"

#define BIT(failure) (1u << (failure))
/* Failures of a task that uses something that is gone. */
#define GONE         (BIT(KT_MEMORY) | BIT(KT_ASSERTION) | BIT(KT_DISCIPLINE))

static const struct rule {
	const char *task;
	enum kt_failure expected;	/* the plan expects it */
	unsigned also;			/* failures with which other schedules may end */
	const char *why;
} rules[] = {
	{ "a = create \"a\" until-stop 1; wake a; bind a 1; stop a", KT_DISCIPLINE,
	  BIT(KT_MODEL),
	  "bound after the first wake-up" },
	{ "a = create \"a\" until-stop 1; per-cpu a 1; stop a", KT_DISCIPLINE, 0,
	  "made a CPU's own without being bound" },
	{ "a = run \"a\" worker; delay a 0 100000; destroy-raw a", KT_DISCIPLINE,
	  GONE | BIT(KT_MODEL),
	  "destroyed with a delayed work pending" },
	{ "a = run \"a\" worker; delay a 0 50; delay a 1 100; destroy-raw a", KT_DISCIPLINE,
	  GONE | BIT(KT_MODEL), "destroyed with delayed works pending" },
	{ "a = run \"a\" worker; queue a 0; destroy a; queue a 0", KT_MEMORY, GONE,
	  "queued on a worker that is gone" },
	{ "a = create \"a\" until-stop 1; wake a; park a; stop a", KT_DEADLOCK, 0,
	  "parks a thread that never polls" },
	{ "a = create \"a\" until-stop-hard 1; wake a; park a; stop a", KT_DEADLOCK, 0,
	  "parks a thread that never polls" },
	{ "a = run \"a\" worker; queue a 3; flush-worker a; open a; destroy a", KT_DEADLOCK, 0,
	  "waits for a work that waits for a later operation" },
	{ "a = create \"a\" until-stop 1; put a; stop a", KT_MEMORY, GONE,
	  "drops a reference that it does not have" },
	{ "a = create \"a\" return 1; wake a; stop a", KT_MEMORY, GONE,
	  "stops a thread that may be gone, without a reference" },
	{ "a = create \"a\" until-stop 1; wake a; stop a; stop a", KT_MEMORY, GONE,
	  "stops twice without a reference" },
	{ "a = create \"a\" until-stop 1; wake a; stop a; wake a", KT_MEMORY, GONE,
	  "wakes a thread that is gone" },
	{ "a = create \"a\" exit 1; wake a; park a", KT_MEMORY,
	  GONE | BIT(KT_DEADLOCK) | BIT(KT_MODEL),
	  "parks a thread that exits" },
	{ "a = create \"a\" until-stop-hard 1; wake a; stop a\ntask C3: wake a; wake a",
	  KT_MEMORY, GONE,
	  "wakes another task's thread without a reference" },
	{ "a = run \"a\" worker; queue a 0; destroy a\ntask C3: queue a 1", KT_MEMORY,
	  GONE | BIT(KT_MODEL) | BIT(KT_DEADLOCK),
	  "queues on another task's worker, which does not wait for it" },
	{ "a = percpu \"a/%u\"; unregister a\ntask C3: poke a 1", KT_MEMORY,
	  GONE | BIT(KT_MODEL) | BIT(KT_DEADLOCK),
	  "wakes another task's per-CPU thread, which does not wait for it" },
	{ "a = run \"a\" freezable 1; freeze; park a; thaw; stop a", KT_DEADLOCK, 0,
	  "parks a frozen thread before the thaw" },
	{ "a = run \"a\" worker freezable; freeze; queue a 0; flush a 0; thaw; destroy a",
	  KT_DEADLOCK, 0, "flushes a frozen worker before the thaw" },
	{ "a = percpu \"a/%u\"; unregister a; poke a 1", KT_MEMORY, 0,
	  "wakes a per-CPU thread that is gone" },
	{ "a = create \"a\" complete-exit 1; wake a; await a; await a", KT_MEMORY,
	  GONE | BIT(KT_DEADLOCK), "waits for a completion that is gone" },
};

enum { RULES = sizeof rules / sizeof rules[0] };

/* Another task, which breaks no rule. Its steps come between the steps of the first. */
static const char *const others[] = {
	"", "task C2: b = create \"b\" return 0; wake b\n",
	"task C2: b = create \"b\" parkable 0; wake b; park b; unpark b; stop b\n",
	"task C2: b = run \"b\" worker; queue b 0; queue b 1; destroy b\n",
};

unsigned plan_generate_illegal(struct plan *p, uint64_t seed)
{
	struct kt_rng rng = { 0 };
	const struct rule *r;
	struct plan_error err;
	char text[1024];
	int len;

	kt_rng_seed(&rng, seed);
	r = &rules[kt_rng_below(&rng, RULES)];
	len = snprintf(text, sizeof text, "kthrash-plan 1\n# %s\ntask C1: %s\n%sexpect %s\n",
		       r->why, r->task,
		       others[kt_rng_below(&rng, sizeof others / sizeof others[0])],
		       kt_failure_name(r->expected));
	if (plan_parse(p, text, (size_t)len, &err) != 0)
		kt_fail(KT_ASSERTION, "illegal plan %zu: %u:%u: %s", (size_t)(r - rules), err.line,
			err.column, err.message);
	return BIT(r->expected) | r->also;
}
