/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Capture and shrinking. The plans fail because they expect a result that does not come. A
 * shrunk plan must be small, must fail in the same way, and must give the same trace each
 * time.
 */
#include <stdio.h>
#include <string.h>

#include "platform/conformance/test.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/isolate.h"
#include "stress/run/subject.h"

static void parse(struct plan *p, const char *text)
{
	struct plan_error e;

	if (plan_parse(p, text, strlen(text), &e) != 0)
		kt_fail(KT_ASSERTION, "%u:%u: %s", e.line, e.column, e.message);
}

/* ---- capture ------------------------------------------------------------ */

static struct world_options capture_options;

static void run_child(void *unused)
{
	(void)unused;
	world_load(&shared->plan);
	world_run(&capture_options, &shared->verdict);
}

/* Any execution that is captured and run as written has the same trace. */
static void test_captured_plans_repeat(void)
{
	static struct plan p, captured;
	struct verdict first, again;

	for (uint64_t seed = 0; seed < 60; seed++) {
		plan_generate(&p, seed, &(struct plan_generate_options){ .faults = seed % 2 });
		p.memory = (enum plan_memory)(seed / 2 % PLAN_MEMORIES);
		capture_options = (struct world_options){
			.strategy = seed % 3 ? PLAN_RANDOM : PLAN_PCT, .depth = 3, .seed = seed,
			.steps_estimate = 200,
			.faults = { .kill_step = (uint32_t)(seed * 5 % 150),
				    .fail_nth = (uint32_t)(seed % 9) },
		};
		shared->plan = p;
		CHECK(isolate_run(run_child, NULL, NULL, SILENCE_S, &first));
		CHECK_EQ(first.failure, KT_PASS);
		first.hash = shared->verdict.hash;
		CHECK(world_capture(&p, &capture_options, &captured));
		CHECK(run_as_written(&captured, &again));
		CHECK_EQ(again.failure, KT_PASS);
		if (again.hash != first.hash)
			kt_fail(KT_ASSERTION, "seed %llu: the captured plan has another trace",
				(unsigned long long)seed);
	}
	printf("ok captured plans repeat\n");
}

/*
 * These executions have too many decisions for directives. So the plan keeps the strategy's
 * seed and the faults.
 */
static void test_long_executions_repeat(void)
{
	enum { TASKS = 4, ROUNDS = 30 };
	static struct plan p, captured;
	static char text[8192] = "kthrash-plan 1\nmemory arm\n";
	struct verdict first, again;
	size_t used = strlen(text);
	unsigned long_ones = 0;

	for (unsigned task = 0; task < TASKS; task++) {
		char c = (char)('a' + task);

		used += (size_t)snprintf(text + used, sizeof text - used,
					 "task C%u: %c = percpu \"%c/%%u\"", task + 1, c, c);
		for (unsigned i = 0; i < ROUNDS; i++)
			used += (size_t)snprintf(text + used, sizeof text - used,
						 "; poke %c 0; settle %c 0", c, c);
		used += (size_t)snprintf(text + used, sizeof text - used, "; unregister %c\n", c);
	}
	CHECK(used < sizeof text);
	parse(&p, text);
	for (uint64_t seed = 0; seed < 40; seed++) {
		capture_options = (struct world_options){
			.strategy = seed % 2 ? PLAN_RANDOM : PLAN_PCT, .depth = 60, .seed = seed,
			.steps_estimate = 3000,
			.faults = { .kill_step = (uint32_t)(seed * 30), .kill_task = seed % 3,
				    .fail_nth = (uint32_t)(seed % 5 * 10),
				    .spurious_nth = (uint32_t)(seed % 7 * 5) },
		};
		shared->plan = p;
		CHECK(isolate_run(run_child, NULL, NULL, SILENCE_S, &first));
		CHECK_EQ(first.failure, KT_PASS);
		first.hash = shared->verdict.hash;
		long_ones += !world_capture(&p, &capture_options, &captured);
		CHECK(run_as_written(&captured, &again));
		if (again.failure != KT_PASS || again.hash != first.hash)
			kt_fail(KT_ASSERTION, "seed %llu: the captured plan has another trace",
				(unsigned long long)seed);
	}
	CHECK(long_ones >= 5);		/* the test must have tried enough long executions */
	printf("ok long executions repeat\n");
}

/* ---- shrinking ---------------------------------------------------------- */

static const struct {
	const char *name, *text;
	unsigned tasks, ops, directives;	/* the shrunk plan has at most this many */
} shrinks[] = {
	{ "program",
	  "kthrash-plan 1\n"
	  "boot concurrent\n"
	  "task C1: a = create \"a\" until-stop 3 node 1; wake a; stop a; "
	  "b = run \"b\" until-stop 4; stop b\n"
	  "task C2: c = create \"c\" return 1; get c; wake c; stop c == 99; put c\n"
	  "task C3: d = create \"d\" until-stop 5\n", 1, 3, 0 },
	/* 3 operations stay, because without the get the plan fails in another place. */
	{ "faults",
	  "kthrash-plan 1\n"
	  "task C1: a = create \"a\" until-stop 3 == ok\n"
	  "task C2: b = create \"b\" until-stop 3; stop b\n"
	  "kill C2 at kthreadd kthreadd.unlinked #1\n"
	  "fail task #1\n"
	  "switch kthreadd at kthreadd.unlinked #1 to C1\n", 1, 1, 1 },
};

static void test_shrinking(void)
{
	static struct plan p;

	for (size_t i = 0; i < sizeof shrinks / sizeof shrinks[0]; i++) {
		struct verdict before, after;

		parse(&p, shrinks[i].text);
		CHECK(run_as_written(&p, &before));
		CHECK_EQ(before.failure, KT_EXPECT);
		after = before;
		shrink_plan(&p, &after, 60);
		CHECK_STR(after.signature, before.signature);
		CHECK(p.tasks_count <= shrinks[i].tasks);
		CHECK(p.ops_count <= shrinks[i].ops);
		CHECK(p.directives_count <= shrinks[i].directives);
		CHECK(run_as_written(&p, &before));
		CHECK(before.hash == after.hash);
		printf("ok shrinking %s\n", shrinks[i].name);
	}
}

/* Alone, the second delay would return 1. It returns 0 because of the first delay. */
static void test_what_an_expectation_follows_from_stays(void)
{
	static struct plan p;
	struct verdict v;

	parse(&p, "kthrash-plan 1\n"
	      "task C1: a = run \"w\" worker; delay a 0 50 == 1; delay a 0 50 == 0; destroy a\n"
	      "switch C1 at kthread_queue_delayed_work:acquire(worker->lock) #2 to ktimers\n"
	      "switch ktimers at blocked:timer_main:schedule_until() #1 to ktimers\n"
	      "switch ktimers at blocked:timer_main:schedule() #2 to w\n");
	CHECK(run_as_written(&p, &v));
	CHECK_EQ(v.failure, KT_EXPECT);
	shrink_plan(&p, &v, 60);
	CHECK_EQ(v.failure, KT_EXPECT);
	CHECK_EQ(p.ops_count, 3);
	p.directives_count = 0;
	CHECK(run_as_written(&p, &v));
	CHECK_EQ(v.failure, KT_PASS);
	printf("ok what an expectation follows from stays\n");
}

/* ---- isolation ---------------------------------------------------------- */

static void dies(void *unused)
{
	static volatile uintptr_t nowhere = 8;

	(void)unused;
	*(volatile int *)nowhere = 1;
}

static void loops(void *unused)
{
	(void)unused;
	for (;;)
		__asm__ volatile("");
}

static void test_child_may_die(void)
{
	struct verdict v;

	CHECK(isolate_run(dies, NULL, NULL, SILENCE_S, &v));
	CHECK_EQ(v.failure, KT_MEMORY);
	CHECK(isolate_run(loops, NULL, NULL, 1, &v));
	CHECK_EQ(v.failure, KT_HANG);
	printf("ok child may die\n");
}

int main(void)
{
	isolate_init();
	subject_use(&subject_plan);
	test_captured_plans_repeat();
	test_long_executions_repeat();
	test_shrinking();
	test_what_an_expectation_follows_from_stays();
	test_child_may_die();
	return 0;
}
