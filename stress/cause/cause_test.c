/* SPDX-License-Identifier: GPL-2.0-only */
/* Small programs with bugs whose causes are known: does the search find these? */
#include <stdio.h>
#include <string.h>

#include "platform/atomic.h"
#include "platform/conformance/test.h"
#include "platform/lock.h"
#include "platform/os.h"
#include "stress/cause/cause.h"
#include "stress/plan/plan.h"
#include "stress/run/world.h"

/* ---- programs ------------------------------------------------------------------- */

enum { TASKS = 2 };

static struct {
	char what;		/* first letter of the program's name */
	unsigned number, flag, noise;
	unsigned plain;		/* written and read without a site */
	void *block;
	kt_lock lock;
	struct os_thread init, task[TASKS];
} c;

/* An increment that is lost if another one comes between its load and its store. */
static void lost(void)
{
	unsigned n = READ_ONCE(c.number);

	WRITE_ONCE(c.number, n + 1);
}

/* B must not look before A has written, and both are plain accesses. */
static void plain(bool is_a)
{
	KT_POINT(test.before);
	if (is_a)
		c.plain = 1;
	else if (!c.plain)
		c.number = 1;
	KT_POINT(test.after);
}

/* A frees what B still uses. */
static void freed(bool is_a)
{
	if (is_a) {
		os_free(c.block);
		WRITE_ONCE(c.flag, 1);
	} else {
		WRITE_ONCE(*(unsigned *)c.block, 1);
	}
}

/* The result of an allocation that failed is a failure, whatever the order. */
static void alloc(bool is_a)
{
	void *p = is_a ? os_alloc(KT_ROLE_TEST, 16) : NULL;

	if (is_a && !p)
		c.number = 1;
	os_free(p);
}

/* A looks whether it is killed, before and after B sets the flag. */
static void kill(bool is_a)
{
	if (!is_a)
		WRITE_ONCE(c.flag, 1);
	else if (READ_ONCE(c.flag) == 0 && os_is_killed(os_self()))
		c.number = 1;
}

static void task_main(void *index)
{
	bool is_a = index == &c.task[0];

	(void)READ_ONCE(c.noise);	/* a conflict that does not matter */
	WRITE_ONCE(c.noise, is_a);
	switch (c.what) {
	case 'l': lost(); break;
	case 'p': plain(is_a); break;
	case 'f': freed(is_a); break;
	case 'a': alloc(is_a); break;
	case 'k': kill(is_a); break;
	default: c.number = 1;		/* "ever": it always fails */
	}
}

static void body(bool check_expects)
{
	static const char *const names[TASKS] = { "A", "B" };

	(void)check_expects;
	os_adopt(&c.init, "init");
	c.number = c.flag = c.noise = c.plain = 0;
	c.block = c.what == 'f' ? os_alloc(KT_ROLE_TEST, 16) : NULL;
	for (unsigned i = 0; i < TASKS; i++)
		CHECK_EQ(os_spawn(&c.task[i], names[i], OS_JOINABLE, task_main, &c.task[i]), 0);
	for (unsigned i = 0; i < TASKS; i++)
		os_join(&c.task[i]);
	if (c.what == 'l' ? c.number != TASKS : c.number != 0)
		kt_fail(KT_MODEL, "the number is %u", c.number);
	os_unadopt();
}

static void load(const struct plan *p)
{
	c.what = plan_string(p, p->args[0])[0];
}

static unsigned victims(void)
{
	return 1;
}

static const char *victim(unsigned i)
{
	(void)i;
	return "A";
}

static bool may_fail(enum kt_role role)
{
	return role == KT_ROLE_TEST && os_self() != &c.init;
}

static const struct subject programs = {
	.name = "cause_test",
	.load = load,
	.run = body,
	.victims = victims,
	.victim = victim,
	.may_fail = may_fail,
};

/* ---- causes ---------------------------------------------------------------------- */

static struct plan found;
static struct verdict verdict;
static struct cause cause;

/* The first random execution of the program that fails, as a plan. */
static void hunt(const char *text)
{
	static struct plan p;
	struct plan_error err;
	struct world_options o;

	CHECK_EQ(plan_parse(&p, text, strlen(text), &err), 0);
	world_load(&p);
	o = world_options_of(&p);
	o.strategy = PLAN_RANDOM;
	for (o.seed = 1; o.seed < 10000; o.seed++) {
		memset(&verdict, 0, sizeof verdict);
		world_run(&o, &verdict);
		if (verdict.failure != KT_PASS)
			break;
	}
	CHECK(verdict.failure != KT_PASS);
	CHECK(world_capture(&p, &o, &found));
}

static void find(const char *text)
{
	static const struct cause_limits usual;

	hunt(text);
	cause_find(&found, &verdict, &usual, &cause);
}

#define HEAD "kthrash-plan 1\nprogram "

static const struct {
	const char *text;
	enum cause_kind kind;
	uint32_t orders_max, faults;
	const char *identity;	/* that it begins with */
	const char *sentence;	/* a part of it */
} cases[] = {
	{ HEAD "\"lost\"\n", CAUSE_ORDERS, 2, 0,
	  "model: the number is 1: lost:load(c.number) < lost:store(c.number)",
	  "lost:load(c.number)" },
	{ HEAD "\"plain\"\n", CAUSE_ORDERS, 1, 0,
	  "model: the number is 1: test.before < test.before",
	  "B's `test.before`" },
	{ HEAD "\"freed\"\n", CAUSE_ORDERS, 1, 0, "memory: ", "A's " },
	{ HEAD "\"alloc\"\nfail test #1\n", CAUSE_FAULTS, 0, 1,
	  "model: the number is 1 @ os.join if no memory for test",
	  "if allocation 1 of test, by A, fails" },
	{ HEAD "\"kill\"\nkill A at A task_main:store(c.noise) #1\n", CAUSE_ORDERS, 2, 1,
	  "model: ", "if A is killed" },
	{ HEAD "\"ever\"\n", CAUSE_ALWAYS, 0, 0, "", "fails under every schedule that was tried" },
};

static void test_known_causes(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		find(cases[i].text);
		printf("%s: %s\n%s\n", cause_kind_name(cause.kind), cause.sentence, cause.identity);
		fflush(stdout);
		CHECK_EQ(cause.kind, cases[i].kind);
		CHECK(cause.orders_count <= cases[i].orders_max);
		CHECK_EQ(cause.faults_count, cases[i].faults);
		CHECK(strncmp(cause.identity, cases[i].identity, strlen(cases[i].identity)) == 0);
		CHECK(strstr(cause.sentence, cases[i].sentence) != NULL);
		CHECK(cause.kind != CAUSE_ORDERS || cause.sufficient);
	}
	printf("ok known causes\n");
}

/* The steps of a cause are steps of the record, which is that of the failing execution again. */
static void test_steps(void)
{
	const struct sim_record *r;

	find(cases[0].text);
	r = world_record();
	CHECK(r != NULL);
	for (uint32_t i = 0; i < cause.orders_count; i++) {
		const struct cause_order *o = &cause.order[i];

		CHECK(o->same_object);
		CHECK(o->first.happens < o->second.happens);
		CHECK(o->first.task != o->second.task);
	}
	printf("ok steps\n");
}

static void test_the_passing_execution_passes(void)
{
	struct world_options o;
	struct verdict v = { .failure = KT_PASS };

	find(cases[0].text);
	CHECK(cause.has_passing);
	CHECK(cause.parts_at < verdict.steps);
	world_load(&cause.passing);
	o = world_options_of(&cause.passing);
	world_run(&o, &v);
	CHECK_EQ(v.failure, KT_PASS);
	printf("ok the passing execution passes\n");
}

static void test_the_same_plan_has_the_same_cause(void)
{
	static struct cause first;

	find(cases[0].text);
	first = cause;
	find(cases[4].text);
	find(cases[0].text);
	CHECK_STR(cause.sentence, first.sentence);
	CHECK_EQ(cause.executions, first.executions);
	CHECK_EQ(cause.parts_at, first.parts_at);
	printf("ok the same plan has the same cause\n");
}

/* A budget that is too small is said. */
static void test_budget(void)
{
	const struct cause_limits few = { .executions = 3 };

	hunt(cases[0].text);
	cause_find(&found, &verdict, &few, &cause);
	CHECK_EQ(cause.kind, CAUSE_NOT_FOUND);
	CHECK(strstr(cause.sentence, "the cause was not found: ") == cause.sentence);
	CHECK(cause.identity[0] == '\0');
	printf("ok budget\n");
}

static bool at_once(void)
{
	return true;
}

/* So is a time that is up, and nothing else is said: some executions have failed, none passed. */
static void test_time(void)
{
	const struct cause_limits none = { .out_of_time = at_once };

	hunt(cases[0].text);
	cause_find(&found, &verdict, &none, &cause);
	CHECK_EQ(cause.kind, CAUSE_NOT_FOUND);
	CHECK(strstr(cause.sentence, "the cause was not found: the time is up after ") ==
	      cause.sentence);
	CHECK(cause.executions < 10);
	CHECK(cause.identity[0] == '\0');
	printf("ok time\n");
}

int main(void)
{
	static struct verdict last_words;

	subject_use(&programs);
	world_init(&last_words);
	test_known_causes();
	test_steps();
	test_the_passing_execution_passes();
	test_the_same_plan_has_the_same_cause();
	test_budget();
	test_time();
	return 0;
}
