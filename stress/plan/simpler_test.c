/* SPDX-License-Identifier: GPL-2.0-only */
/* The simpler plans that the shrinker tries, and the rules that a plan breaks. */
#include <stdio.h>
#include <string.h>

#include "platform/conformance/test.h"
#include "stress/plan/plan.h"

#define HEAD "kthrash-plan 1\n"

static void parse(struct plan *p, const char *lines)
{
	char text[1024];
	struct plan_error e;

	snprintf(text, sizeof text, "%s%s", HEAD, lines);
	if (plan_parse(p, text, strlen(text), &e) != 0)
		kt_fail(KT_ASSERTION, "%u:%u: %s", e.line, e.column, e.message);
}

/* ---- simpler plans ------------------------------------------------------------------- */

static const struct {
	const char *plan, *simpler;
} changes[] = {
	/* two tasks are one; handles, victims and directives follow */
	{ "task C1: a = run \"a\" until-stop 1; stop a\ntask C2: b = run \"b\" until-stop 1\n"
	  "task C3: kill C2\nswitch C2 at create.woken #1 to a\n",
	  "task C1: a = run \"a\" until-stop 1; stop a; b = run \"b\" until-stop 1\n"
	  "task C3: kill C1\nswitch C1 at create.woken #1 to a\n" },
	/* and a task does not kill itself */
	{ "task C1: a = run \"a\" until-stop 1\ntask C2: kill C1; walk\n",
	  "task C1: a = run \"a\" until-stop 1; walk\n" },
	/* two operations of which neither can go alone */
	{ "task C1: a = run \"a\" until-stop 1; get a; stop a; put a\n",
	  "task C1: a = run \"a\" until-stop 1; stop a\n" },
	/* an operation that allocates, and the number of a later allocation */
	{ "task C1: a = create \"a\" return 0; b = create \"b\" return 0\nfail stack #2\n",
	  "task C1: b = create \"b\" return 0\nfail stack #1\n" },
	{ "task C1: a = create \"a\" parkable-hard 1\n", "task C1: a = create \"a\" return 1\n" },
	{ "task C1: a = run \"a\" worker freezable; walk\n",
	  "task C1: a = create \"a\" worker freezable; walk\n" },
	{ "task C1: a = run \"a\" worker; mod a 1 50\n",
	  "task C1: a = run \"a\" worker; queue a 1\n" },
	{ "task C1: a = run \"a\" worker; mod a 1 50\n",
	  "task C1: a = run \"a\" worker; mod a 0 50\n" },
	{ "task C1: a = run \"a\" worker; delay a 0 800\n",
	  "task C1: a = run \"a\" worker; delay a 0 0\n" },
	{ "task C1: a = run \"a\" worker; delay a 0 800\n",
	  "task C1: a = run \"a\" worker; delay a 0 600\n" },
	{ "task C1: a = run \"a\" worker; delay a 0 800\n",
	  "task C1: a = run \"a\" worker; delay a 0 799\n" },
	/* a work, or a CPU, wherever it stands */
	{ "task C1: a = run \"a\" worker; queue a 1; flush a 1\n",
	  "task C1: a = run \"a\" worker; queue a 0; flush a 0\n" },
	{ "task C1: cpu-down 3; cpu-up 3\n", "task C1: cpu-down 0; cpu-up 0\n" },
	{ "task C1: a = create \"w/%u\" 3 return 0 cpu 3\nkill C1 at w/3 create.woken #1\n",
	  "task C1: a = create \"w/%u\" 1 return 0 cpu 1\nkill C1 at w/1 create.woken #1\n" },
	/* a name without a number, also in directives */
	{ "task C1: a = run \"w/%u\" 7 return 0\nswitch w/7 at create.woken #1 to C1\n",
	  "task C1: a = run \"a\" return 0\nswitch a at create.woken #1 to C1\n" },
	/* a task does what was on a thread, but for what the thread did to itself */
	{ "task C1: a = run \"a\" parkable 1\non a: park a; b = run \"b\" return 0; walk\n",
	  "task C1: a = run \"a\" parkable 1; b = run \"b\" return 0; walk\n" },
	{ "task C1: a = run \"a\" killable 1; signal a\n",
	  "task C1: a = run \"a\" until-stop 1; signal a\n" },
	/* directives */
	{ "task C1: walk\nswitch init at x #9 to C1\n",
	  "task C1: walk\nswitch init at x #1 to C1\n" },
	{ "task C1: walk\nswitch init at x #9 to C1\n",
	  "task C1: walk\nswitch init at x #8 to C1\n" },
	{ "task C1: walk\nswitch init at x #1 to kthreadd\nswitch kthreadd at y #1 to C1\n",
	  "task C1: walk\nswitch init at x #1 to C1\n" },
	{ "task C1: walk\nswitch init at x #1 to kthreadd\nswitch kthreadd at y #1 to C1\n",
	  "task C1: walk\n" },
	/* the strategy */
	{ "strategy pct 7 seed 123 steps 80\ntask C1: walk\n",
	  "strategy delay 1 seed 0 steps 80\ntask C1: walk\n" },
	{ "strategy random seed 5\ntask C1: walk\n", "strategy random seed 0\ntask C1: walk\n" },
	{ "strategy random seed 5\nprogram \"./a\"\n",
	  "strategy delay 1 seed 0\nprogram \"./a\"\n" },
	{ "program \"./a\" \"5\"\nswitch main at a.c:1 f:load(x) #5 to T2\n",
	  "program \"./a\" \"5\"\nswitch main at a.c:1 f:load(x) #1 to T2\n" },
};

static bool is_tried(const struct plan *p, const struct plan *simpler)
{
	static struct plan out;

	for (unsigned n = 0; n < plan_simplers(p); n++)
		if (plan_simpler(&out, p, n) && plan_equal(&out, simpler))
			return true;
	return false;
}

static void test_changes(void)
{
	static struct plan p, simpler;

	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		parse(&p, changes[i].plan);
		parse(&simpler, changes[i].simpler);
		if (!is_tried(&p, &simpler))
			kt_fail(KT_ASSERTION, "%s has not\n%s", changes[i].plan,
				changes[i].simpler);
		if (is_tried(&simpler, &p))
			kt_fail(KT_ASSERTION, "%s has\n%s", changes[i].simpler, changes[i].plan);
	}
	printf("ok changes\n");
}

/* Whichever change is made, again and again, there is an end. */
static void test_changes_end(void)
{
	static struct plan p, out;
	enum { CHANGES = 20000 };

	for (uint64_t seed = 0; seed < 60; seed++) {
		unsigned changed = 0, n = 0;

		plan_generate(&p, seed, &(struct plan_generate_options){ .faults = true });
		plan_mutate(&p, seed, 4096);
		while (n < plan_simplers(&p)) {
			unsigned count = plan_simplers(&p), at = (n + (unsigned)seed * 7) % count;

			if (!plan_simpler(&out, &p, at)) {
				n++;
				continue;
			}
			CHECK(!plan_equal(&out, &p));
			CHECK(++changed < CHANGES);
			p = out;
			n = 0;
		}
	}
	printf("ok changes end\n");
}

/* ---- rules that a plan breaks ------------------------------------------------------------ */

static uint64_t illegality(const char *lines)
{
	static struct plan p;

	parse(&p, lines);
	return plan_illegality(&p);
}

#define LATE "task C1: a = create \"a\" until-stop 1; wake a; bind a 1; stop a\n"

static void test_illegality(void)
{
	uint64_t late = illegality(LATE "expect discipline\n");

	CHECK(illegality("task C1: a = run \"a\" until-stop 1; stop a\n") == 0);
	CHECK(illegality("task C1: a = run \"a\" until-stop 1; stop a\nexpect deadlock\n") == 0);
	CHECK(illegality("program \"./a\"\nexpect deadlock\n") == 0);
	CHECK(late != 0);
	/* What is legal beside it does not matter, and neither does how often it is broken. */
	CHECK(illegality(LATE "task C2: b = run \"b\" return 0\nexpect memory\n") == late);
	CHECK(illegality("task C1: a = create \"a\" return 1; get a; wake a; bind a 1; bind a 2\n"
			 "expect memory\n") == late);
	/* Another rule, one more rule, or the rule with another thread. */
	CHECK(illegality("task C1: a = run \"a\" return 1; stop a\nexpect memory\n") != late);
	CHECK(illegality("task C1: a = create \"a\" until-stop 1; wake a; bind a 1; put a; stop a\n"
			 "expect memory\n") != late);
	CHECK(illegality("task C1: b = create \"b\" until-stop 1; wake b; bind b 1; stop b\n"
			 "expect memory\n") != late);
	CHECK(illegality("task C1: a = run \"a\" worker; queue a 3\nexpect deadlock\n") != 0);
	CHECK(illegality("task C1: a = run \"a\" worker; ran a 1\nexpect deadlock\n") != 0);
	printf("ok illegality\n");
}

int main(void)
{
	test_changes();
	test_changes_end();
	test_illegality();
	return 0;
}
