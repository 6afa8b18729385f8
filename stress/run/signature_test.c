/* SPDX-License-Identifier: GPL-2.0-only */
/* Signatures and ids must stay the same, byte by byte, because the folders of nights hold them. */
#include "stress/run/signature.h"

#include <stdio.h>

#include "platform/conformance/test.h"

static void test_messages(void)
{
	char s[SIGNATURE_MAX];

	signature_of_message(s, KT_MODEL, "stop() gave the wrong result: 7, expected 8", NULL);
	CHECK_STR(s, "model: stop() gave the wrong result");
	signature_of_message(s, KT_ASSERTION, "no colon", KT_SITE("xchg", "state"));
	CHECK_STR(s, "assertion: no colon @ test_messages:xchg(state)");
	printf("ok messages\n");
}

static void test_a_message_has_no_name_of_the_plan(void)
{
	static const char *const names[] = { "w0", "a/0", "a-name" };
	static const struct {
		const char *message, *hidden;
	} rows[] = {
		{ "not held by w0, as it should be", "not held by a task, as it should be" },
		{ "a/0 ends, and a-name too", "a task ends, and a task too" },
		{ "w00 and xw0 are no names of tasks", "w00 and xw0 are no names of tasks" },
		{ "CPU 12's own thread", "CPU N's own thread" },
		{ "no CPU is on line", "no CPU is on line" },
	};
	char s[SIGNATURE_MAX];

	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		CHECK_STR(signature_hide_plan(s, sizeof s, rows[i].message, names, 3),
			  rows[i].hidden);
	CHECK_STR(signature_hide_plan(s, 8, "by w0 and w0", names, 3), "by a ta");
	printf("ok names of the plan\n");
}

static void test_places(void)
{
	struct kt_site *place[] = {
		KT_SITE("schedule", ""), KT_SITE("acquire", "lock"), KT_SITE("schedule", ""),
	};
	char s[SIGNATURE_MAX], again[SIGNATURE_MAX];

	signature_of_places(s, KT_DEADLOCK, place, 3);
	CHECK_STR(s, "deadlock: test_places:acquire(lock) + test_places:schedule()");
	signature_of_places(again, KT_DEADLOCK, place, 2);
	CHECK_STR(again, s);
	signature_of_places(s, KT_LIVELOCK, place, 0);
	CHECK_STR(s, "livelock");
	printf("ok places\n");
}

static void test_two_runs(void)
{
	char s[SIGNATURE_MAX];

	signature_of_steps(s, "b", "a");
	CHECK_STR(s, "nondeterminism: a | b");
	signature_of_ends(s, KT_PASS, KT_LEAK);
	CHECK_STR(s, "nondeterminism: pass | leak");
	printf("ok two runs\n");
}

static const struct {
	enum kt_failure failure;
	const char *report, *signature;
} reports[] = {
	{ KT_MEMORY,
	  "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x1\n"
	  "READ of size 4 at 0x1 thread T0\n"
	  "    #0 0x12 in memcpy /usr/lib/x.c:1\n"
	  "    #1 0x12 in kthread_stop core/kthread.c:1:2\n"
	  "    #2 0x12 in do_stop /tmp/a/stress/run/exec_ops.c:3\n"
	  "\n"
	  "freed by thread T1 here:\n"
	  "    #0 0x12 in free_kthread core/kthread.c:9\n",
	  "memory: kthread_stop < do_stop" },
	{ KT_RACE,
	  "WARNING: ThreadSanitizer: data race (pid=1)\n"
	  "  Write of size 8 at 0x1 by thread T1:\n"
	  "    #0 pop platform/queue/list.h:3 (kthrash+0x1)\n"
	  "    #1 serve core/kthreadd.c:3\n"
	  "\n"
	  "  Previous read of size 8 at 0x1 by main thread:\n"
	  "    #0 add(int) core/kthread.c:3\n",
	  "race: add | pop" },
	{ KT_LEAK, "ERROR: LeakSanitizer: not ours\n    #0 0x1 in malloc x.c:1\n", "leak: " },
};

static void test_reports(void)
{
	char s[SIGNATURE_MAX];

	for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++) {
		signature_of_report(s, reports[i].failure, reports[i].report);
		CHECK_STR(s, reports[i].signature);
	}
	signature_of_signal(s, 11);
	CHECK_STR(s, "memory: signal 11");
	signature_of_hang(s);
	CHECK_STR(s, "hang");
	printf("ok reports\n");
}

/* People look up a bug by its id as long as there are records of it, so ids must not change. */
static void test_ids(void)
{
	char id[SIGNATURE_ID_MAX], other[SIGNATURE_ID_MAX];

	CHECK_STR(signature_id(id, KT_HANG, "hang"), "hang-c7ba33d9");
	signature_id(id, KT_NONDETERMINISM, "nondeterminism: a | b");
	signature_id(other, KT_NONDETERMINISM, "nondeterminism: a | c");
	CHECK(strcmp(id, other) != 0);
	CHECK_EQ(strlen(id), strlen("nondeterminism-12345678"));
	printf("ok ids\n");
}

int main(void)
{
	test_messages();
	test_a_message_has_no_name_of_the_plan();
	test_places();
	test_two_runs();
	test_reports();
	test_ids();
	return 0;
}
