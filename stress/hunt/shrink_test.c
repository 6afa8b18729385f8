/* SPDX-License-Identifier: GPL-2.0-only */
/* A plan that was shrunk shows the same bug, and nothing of it can go. */
#include <stdio.h>
#include <string.h>

#include "platform/conformance/test.h"
#include "stress/hunt/attempt.h"
#include "stress/hunt/budget.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/same_bug.h"
#include "stress/run/subject.h"

#define HEAD "kthrash-plan 1\n"

static void parse(struct plan *p, const char *text)
{
	struct plan_error e;

	if (plan_parse(p, text, strlen(text), &e) != 0)
		kt_fail(KT_ASSERTION, "%u:%u: %s", e.line, e.column, e.message);
}

/* ---- which failures are one bug --------------------------------------------------- */

static const struct {
	enum kt_failure failure;
	const char *found, *now;
	bool same;
} failures[] = {
	{ KT_MODEL, "model: wake returned 0 @ a", "model: wake returned 0 @ a", true },
	{ KT_MODEL, "model: wake returned 0 @ a", "model: wake returned 0", false },
	{ KT_LIVELOCK, "livelock: f:load(x) + g:load(y)", "livelock: f:load(x)", false },
	/* A task that waits for anything to do may go. */
	{ KT_DEADLOCK, "deadlock: f:schedule() + g:wait(done) + os.join",
	  "deadlock: g:wait(done) + os.join", true },
	/* One that is stuck may go if another one is stuck. */
	{ KT_DEADLOCK, "deadlock: f:acquire(lock) + g:wait(done)", "deadlock: g:wait(done)", true },
	{ KT_DEADLOCK, "deadlock: f:schedule() + g:wait(done) + os.join",
	  "deadlock: f:schedule() + os.join", false },
	/* The first task may wait in another way for the rest. */
	{ KT_DEADLOCK, "deadlock: g:wait(done) + run:wait(all)", "deadlock: g:wait(done) + os.join",
	  true },
	/* No other place may come in its stead. */
	{ KT_DEADLOCK, "deadlock: g:wait(done) + os.join", "deadlock: g:wait(gone) + os.join",
	  false },
	{ KT_DEADLOCK, "deadlock: g:wait(done)", "deadlock: g:wait(done) + h:schedule()", false },
	{ KT_DEADLOCK, "deadlock: long_name:wait(done)", "deadlock: name:wait(done)", false },
	{ KT_DEADLOCK, "deadlock", "deadlock: os.join", false },
};

static void test_same_bug(void)
{
	for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
		struct verdict found = { .failure = failures[i].failure }, now = found;

		snprintf(found.signature, sizeof found.signature, "%s", failures[i].found);
		snprintf(now.signature, sizeof now.signature, "%s", failures[i].now);
		if (same_bug(&found, &now) != failures[i].same)
			kt_fail(KT_ASSERTION, "%s, then %s: expected %s", found.signature,
				now.signature, failures[i].same ? "one bug" : "two bugs");
		now.failure = KT_HANG;
		CHECK(!same_bug(&found, &now));
	}
	printf("ok same bug\n");
}

/* ---- shrinking ----------------------------------------------------------------------- */

/* A plan that breaks a rule on purpose still breaks that rule, and no other, when it is small. */
static void test_illegality_stays(void)
{
	static struct plan p;
	unsigned shrunk = 0;

	for (uint64_t seed = 0; seed < 40; seed++) {
		struct verdict v, after;
		uint64_t illegality;

		plan_generate_illegal(&p, seed);
		CHECK(run_as_written(&p, &v));
		if (v.failure == KT_PASS)
			continue;
		illegality = plan_illegality(&p);
		CHECK(illegality != 0);
		after = v;
		shrink_plan(&p, &after, 60);
		CHECK(plan_illegality(&p) == illegality);
		CHECK(same_bug(&v, &after));
		CHECK_EQ(p.tasks_count, 1);
		shrunk++;
	}
	CHECK(shrunk >= 20); /* the test must have seen enough failures */
	printf("ok illegality stays\n");
}

/*
 * Candidates that fail as the original does, and are not what it shows. The first one opens a gate
 * that was never queued. The second one expects a result that no schedule gives.
 */
static const struct {
	const char *original, *candidate;
	bool legal;
} others[] = {
	{ "task C1: a = run \"a\" worker; queue a 3; open a; queue a 0 == 9; destroy a\n",
	  "task C1: a = run \"a\" worker; open a; queue a 0 == 9; destroy a\nexpect expect\n",
	  false },
	{ "task C1: a = run \"w\" worker; delay a 0 50 == 1; delay a 0 50 == 0; destroy a\n"
	  "switch C1 at kthread_queue_delayed_work:acquire(worker->lock) #2 to ktimers\n"
	  "switch ktimers at blocked:timer_main:schedule_until() #1 to ktimers\n"
	  "switch ktimers at blocked:timer_main:schedule() #2 to w\n",
	  "task C1: a = run \"w\" worker; delay a 0 50 == 0; destroy a\n", true },
};

static void test_another_bug_is_refused(void)
{
	static struct plan p;
	char text[1024];

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		struct verdict found, now;

		snprintf(text, sizeof text, "%s%s", HEAD, others[i].original);
		parse(&p, text);
		CHECK(plan_illegality(&p) == 0);
		CHECK(run_as_written(&p, &found));
		CHECK_EQ(found.failure, KT_EXPECT);
		attempt_begin(&p, &found, now_s() + 60);
		snprintf(text, sizeof text, "%s%s", HEAD, others[i].candidate);
		parse(&p, text);
		CHECK_EQ(plan_illegality(&p) == 0, others[i].legal);
		CHECK(run_as_written(&p, &now));
		CHECK(same_bug(&found, &now));
		CHECK(!attempt_plan(&p, 0, &now));
	}
	printf("ok another bug is refused\n");
}

static const struct {
	const char *what, *plan, *shrunk; /* the lines behind the first */
} minimal[] = {
	{ "no delay, a lower work, no wake-up, a plain name",
	  "task C1: a = run \"w%u\" 5 worker; delay a 1 800 == 3; destroy a\n",
	  "task C1: a = create \"a\" worker; delay a 0 0 == 3\n" },
	{ "one task, the simplest body",
	  "task C1: a = create \"a\" parkable 3; wake a; park a; unpark a; stop a\n"
	  "task C2: b = create \"b\" freezable 0 node 1; wake b == 3; stop b\n",
	  "task C2: b = create \"b\" return 0; wake b == 3\n" },
	{ "a failed allocation of the first thread",
	  "task C1: a = create \"a\" until-stop 0; stop a; b = create \"b\" until-stop 0 == 3\n"
	  "fail stack #2\n",
	  "task C1: b = create \"b\" return 0 == 3\nfail stack #1\n" },
	{ "no switches, no weak memory",
	  "memory pso\nstrategy random seed 77\n"
	  "task C1: a = create \"a\" until-stop 0; wake a == 3; stop a\n"
	  "task C2: b = create \"b\" until-stop 0; wake b; stop b\n",
	  "task C1: a = create \"a\" return 0; wake a == 3\n" },
};

static void test_minimal(void)
{
	static struct plan p, expected;
	char text[1024];

	for (size_t i = 0; i < sizeof minimal / sizeof minimal[0]; i++) {
		struct shrunk how;
		struct verdict v;

		snprintf(text, sizeof text, "%s%s", HEAD, minimal[i].shrunk);
		parse(&expected, text);
		snprintf(text, sizeof text, "%s%s", HEAD, minimal[i].plan);
		parse(&p, text);
		CHECK(run_as_written(&p, &v));
		CHECK_EQ(v.failure, KT_EXPECT);
		how = shrink_plan(&p, &v, 60);
		CHECK(how.minimal && how.runs > 0);
		if (!plan_equal(&p, &expected)) {
			plan_print(&p, text, sizeof text);
			kt_fail(KT_ASSERTION, "%s: shrunk to\n%s", minimal[i].what, text);
		}
	}
	printf("ok minimal\n");
}

static void test_no_time(void)
{
	static struct plan p, before;
	struct verdict v;

	parse(&p, HEAD "task C1: a = create \"a\" until-stop 0; wake a == 3; stop a\n");
	CHECK(run_as_written(&p, &v));
	before = p;
	CHECK(!shrink_plan(&p, &v, 0).minimal);
	CHECK(plan_equal(&p, &before));
	printf("ok no time\n");
}

/* Two shrinkings of one plan give one result. */
static void test_deterministic(void)
{
	static struct plan p, again;
	struct verdict v, w;

	parse(&p, HEAD
	      "task C1: a = run \"a\" worker; delay a 0 50; delay a 0 50 == 5; destroy a\n"
	      "task C2: b = run \"b\" until-stop 0; stop b\nkill C2 at C1 create.appended #1\n");
	again = p;
	CHECK(run_as_written(&p, &v));
	w = v;
	CHECK_EQ(shrink_plan(&p, &v, 60).runs, shrink_plan(&again, &w, 60).runs);
	CHECK(plan_equal(&p, &again));
	CHECK(v.hash == w.hash);
	printf("ok deterministic\n");
}

int main(void)
{
	isolate_init();
	subject_use(&subject_plan);
	test_same_bug();
	test_minimal();
	test_illegality_stays();
	test_another_bug_is_refused();
	test_no_time();
	test_deterministic();
	return 0;
}
