/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Plans as text: a legal plan prints to a text that parses to the same plan. What the
 * generator, the mutator and the shrinker make is legal.
 */
#include <stdio.h>
#include <string.h>

#include "platform/conformance/test.h"
#include "stress/plan/plan.h"

#define HEAD "kthrash-plan 1\n"

static void round_trip(const struct plan *p, const char *what, uint64_t seed)
{
	static char text[PLAN_BYTES_MAX], again_text[PLAN_BYTES_MAX];
	static struct plan again;
	struct plan_error e = { .line = 0 };
	size_t size = plan_print(p, text, sizeof text);

	if (size >= sizeof text || plan_parse(&again, text, size, &e) != 0)
		kt_fail(KT_ASSERTION, "%s %llu: %u:%u: %s\n%s", what, (unsigned long long)seed,
			e.line, e.column, e.message, text);
	CHECK(plan_equal(p, &again));
	plan_print(&again, again_text, sizeof again_text);
	CHECK_STR(again_text, text);
}

static void test_all_that_is_made_is_legal(void)
{
	static struct plan p, q, out;

	for (uint64_t seed = 0; seed < 4000; seed++) {
		struct plan_generate_options o = { .faults = seed & 1 };

		plan_generate(&p, seed, &o);
		round_trip(&p, "generated", seed);
		q = p;
		for (uint64_t i = 0; i < 4; i++) {
			plan_mutate(&q, seed * 4 + i, 4096);
			round_trip(&q, "mutated", seed * 4 + i);
			CHECK(plan_print(&q, NULL, 0) <= 4096);
		}
		plan_crossover(&out, &p, &q, seed);
		round_trip(&out, "crossed", seed);
		for (unsigned piece = 0; piece < plan_pieces(&q); piece++)
			if (plan_without(&out, &q, piece, 1 + piece % 3))
				round_trip(&out, "cut", seed);
		for (unsigned n = seed % 97; n < plan_simplers(&q); n += 97)
			if (plan_simpler(&out, &q, n))
				round_trip(&out, "simpler", seed);
	}
	printf("ok all that is made is legal\n");
}

static void test_same_seed_same_plan(void)
{
	static struct plan p, q;

	for (uint64_t seed = 0; seed < 200; seed++) {
		struct plan_generate_options o = { .faults = true };

		plan_generate(&p, seed, &o);
		plan_generate(&q, seed, &o);
		plan_mutate(&p, seed, 4096);
		plan_mutate(&q, seed, 4096);
		CHECK(plan_equal(&p, &q));
	}
	printf("ok same seed, same plan\n");
}

static void test_comments(void)
{
	static const char text[] = HEAD "# first\n#\n# third\n\n# dropped\ntask C: # dropped\n";
	static char printed[256];
	static struct plan p;
	struct plan_error e;

	CHECK_EQ(plan_parse(&p, text, strlen(text), &e), 0);
	CHECK_STR(p.note, "first\n\nthird");
	plan_print(&p, printed, sizeof printed);
	CHECK_STR(printed, HEAD "# first\n#\n# third\ntask C:\n");
	printf("ok comments\n");
}

static void test_weak_memory_is_printed(void)
{
	static const char text[] = HEAD "memory pso\ntask C: a = create \"a\" return 0\n"
		"visible kthreadd f:store(x->y) at C create.woken #2\n"
		"visible C g:store(z) after 1 at C create.woken #3\n"
		"stale C at h:load(z) #2 older 1\n";
	static char printed[256];
	static struct plan p;
	struct plan_error e;

	CHECK_EQ(plan_parse(&p, text, strlen(text), &e), 0);
	plan_print(&p, printed, sizeof printed);
	CHECK_STR(printed, text);
	printf("ok weak memory is printed\n");
}

/* `text` has the canonical form, so it prints as itself. */
static void parse_and_print(struct plan *p, const char *text)
{
	static char printed[1024];
	struct plan_error e = { .line = 0 };

	if (plan_parse(p, text, strlen(text), &e) != 0)
		kt_fail(KT_ASSERTION, "%u:%u: %s\n%s", e.line, e.column, e.message, text);
	plan_print(p, printed, sizeof printed);
	CHECK_STR(printed, text);
}

static void test_signature_and_origin(void)
{
	static const char hunted[] = HEAD "# why\n"
		"signature \"deadlock: a:schedule() + b:wait_killable(done) # 1 %s\"\n"
		"cause \"fails only because C1's `a:load(x)` comes before C2's `b:store(x)`\"\n"
		"identity \"deadlock: a:load(x) < b:store(x)\"\n"
		"found by \"pct 3\" seed 7 execution 18446744073709551615 on \"sim, clang 19\"\n"
		"boot concurrent\ntask C1:\ntask C2:\n";
	static const char verified[] = HEAD "found by \"verify\" on \"sim, gcc\"\ntask C1:\n";
	static struct plan p, out;

	parse_and_print(&p, verified);
	CHECK_STR(plan_string(&p, p.origin.by), "verify");
	CHECK_STR(plan_string(&p, p.origin.build), "sim, gcc");
	CHECK(!p.origin.numbered);
	CHECK(p.signature == 0);

	parse_and_print(&p, hunted);
	CHECK_STR(plan_string(&p, p.signature),
		  "deadlock: a:schedule() + b:wait_killable(done) # 1 %s");
	CHECK_STR(plan_string(&p, p.cause),
		  "fails only because C1's `a:load(x)` comes before C2's `b:store(x)`");
	CHECK_STR(plan_string(&p, p.identity), "deadlock: a:load(x) < b:store(x)");
	CHECK(p.origin.numbered);
	CHECK(p.origin.seed == 7);
	CHECK(p.origin.execution == UINT64_MAX);

	CHECK(plan_without(&out, &p, 1, 1));	/* a task */
	CHECK_EQ(out.tasks_count, 1);
	CHECK_STR(plan_string(&out, out.signature), plan_string(&p, p.signature));
	CHECK_STR(plan_string(&out, out.identity), plan_string(&p, p.identity));
	CHECK_STR(plan_string(&out, out.origin.by), "pct 3");
	CHECK(out.origin.execution == UINT64_MAX);

	out = p;
	plan_mutate(&out, 1, 4096);
	CHECK(out.signature == 0);
	CHECK(out.cause == 0);
	CHECK(out.identity == 0);
	CHECK(out.origin.by == 0);
	for (uint64_t seed = 0; seed < 100; seed++) {
		plan_crossover(&out, &p, &p, seed);
		CHECK(out.signature == 0);
		CHECK(out.origin.by == 0);
	}
	printf("ok signature and origin\n");
}

/* Whatever a message holds, a signature made of it prints and parses. */
static void test_any_text_can_be_a_signature(void)
{
	static struct plan p, again;
	struct plan_error e;
	char text[3 * PLAN_QUOTED_MAX], bytes[256];

	for (unsigned i = 0; i < 255; i++)
		bytes[i] = (char)(i + 1);
	bytes[255] = '\0';
	CHECK_EQ(plan_parse(&p, HEAD "task C:\n", strlen(HEAD "task C:\n"), &e), 0);
	p.signature = plan_intern_printable(&p, bytes);
	CHECK_EQ(strlen(plan_string(&p, p.signature)), 255);
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	p.origin.by = plan_intern_printable(&p, text);
	CHECK_EQ(strlen(plan_string(&p, p.origin.by)), PLAN_QUOTED_MAX - 1);
	p.origin.build = plan_intern_printable(&p, "\"quoted\"");
	CHECK_STR(plan_string(&p, p.origin.build), "?quoted?");
	plan_print(&p, text, sizeof text);
	CHECK_EQ(plan_parse(&again, text, strlen(text), &e), 0);
	CHECK(plan_equal(&p, &again));
	printf("ok any text can be a signature\n");
}

static void test_a_place_in_no_file(void)
{
	static struct plan p;

	parse_and_print(&p, HEAD "program \"./jit\"\nswitch main at :0 code:load() #2 to T1\n");
	CHECK_STR(plan_string(&p, p.directives[0].point), ":0 code:load()");
	printf("ok a place in no file\n");
}

/* Whatever is taken away, an inner task goes with its thread, and its threads go with it. */
static void test_inner_tasks(void)
{
	static const char text[] = HEAD
		"task C1: a = run \"a\" return 1; w = run \"w\" worker; queue w 0\n"
		"task C2: kill C1\n"
		"on a: b = run \"b\" parkable 0; park b; find w\n"
		"on w 0: cancel w 1; c = run \"c\" return 0; kill C1\n";
	static struct plan p, out;

	parse_and_print(&p, text);
	CHECK_EQ(p.tasks_count, 2);
	CHECK_EQ(p.inners_count, 2);
	CHECK_EQ(plan_inner_of(&p, 1), 3);
	CHECK(plan_without(&out, &p, 0, 1));	/* the create of a */
	CHECK_EQ(out.inners_count, 1);
	CHECK_EQ(out.threads_count, 2);
	round_trip(&out, "without a thread", 0);
	CHECK(plan_without(&out, &p, p.ops_count + 2u, 1));	/* on a */
	CHECK_EQ(out.inners_count, 1);
	CHECK_EQ(out.threads_count, 3);
	round_trip(&out, "without an inner task", 0);
	CHECK(plan_without(&out, &p, p.ops_count, 1));	/* C1, with all that it made */
	CHECK_EQ(out.tasks_count, 1);
	CHECK_EQ(out.inners_count, 0);
	CHECK_EQ(out.threads_count, 0);
	CHECK_EQ(out.ops_count, 0);
	round_trip(&out, "without a task", 0);
	printf("ok inner tasks\n");
}

static void test_programs(void)
{
	static const char text[] = HEAD "signature \"leak: push\"\nmemory tso\n"
		"strategy pct 3 seed 91 steps 40 variant 2\n"
		"program \"./queue test\" \"3\" \"\" \"#;=\"\n"
		"binary \"queue test 5f2c9a01\"\n"
		"allows early-timeouts failing-trylocks "
		"volatile-races volatile-orders\n"
		"kill worker-2 at main queue.c:42 push:store(queue->head) #4\n"
		"switch worker-1 at queue.full #1 to any/name\n"
		"expect leak trace 0123456789abcdef\n";
	static struct plan p, q, out;

	parse_and_print(&p, text);
	CHECK(plan_is_program(&p));
	CHECK_EQ(p.args_count, 4);
	CHECK_STR(plan_string(&p, p.args[0]), "./queue test");
	CHECK_STR(plan_string(&p, p.args[2]), "");
	CHECK_STR(plan_string(&p, p.args[3]), "#;=");
	CHECK_STR(plan_string(&p, p.binary), "queue test 5f2c9a01");
	CHECK(p.early_timeouts && p.failing_trylocks && p.volatile_races &&
	      p.volatile_orders);
	CHECK_STR(plan_string(&p, p.directives[0].point),
		  "queue.c:42 push:store(queue->head)");

	/* What can be taken away: its two directives, weak memory, what its calls may do. */
	CHECK(plan_without(&out, &p, 0, 1));
	CHECK_EQ(out.directives_count, 1);
	CHECK_EQ(out.args_count, 4);
	CHECK_STR(plan_string(&out, out.args[3]), "#;=");
	CHECK_STR(plan_string(&out, out.directives[0].target), "any/name");
	CHECK(plan_without(&out, &p, 0, plan_pieces(&p)));
	round_trip(&out, "a program's", 0);
	CHECK_EQ(out.directives_count, 0);
	CHECK_EQ(out.memory, PLAN_SC);
	CHECK(!out.early_timeouts && !out.failing_trylocks);
	CHECK_STR(plan_string(&out, out.signature), "leak: push");

	plan_generate(&q, 1, &(struct plan_generate_options){ .faults = true });
	for (uint64_t seed = 0; seed < 100; seed++) {
		out = p;
		plan_mutate(&out, seed, 4096);
		CHECK(!plan_is_program(&out));
		round_trip(&out, "mutated from a program", seed);
		plan_crossover(&out, &p, &q, seed);
		CHECK(!plan_is_program(&out));
		plan_crossover(&out, &q, &p, seed);
		CHECK(!plan_is_program(&out));
		round_trip(&out, "crossed with a program", seed);
	}
	printf("ok programs\n");
}

int main(void)
{
	test_signature_and_origin();
	test_any_text_can_be_a_signature();
	test_a_place_in_no_file();
	test_programs();
	test_inner_tasks();
	test_weak_memory_is_printed();
	test_comments();
	test_same_seed_same_plan();
	test_all_that_is_made_is_legal();
	return 0;
}
