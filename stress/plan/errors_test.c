/* SPDX-License-Identifier: GPL-2.0-only */
/* Each text breaks the grammar or a rule: the error has its place and says what was expected. */
#include <stdio.h>
#include <string.h>

#include "platform/check.h"
#include "stress/plan/plan.h"

#define HEAD "kthrash-plan 1\n"

static const struct {
	const char *text;
	unsigned line, column;
	const char *says;
} errors[] = {
	{ "", 1, 1, "an empty file, expected 'kthrash-plan 1'" },
	{ "kthrash-plan 2\n", 1, 14, "unexpected '2', expected '1'" },
	{ "plan\n", 1, 1, "unexpected 'plan', expected 'kthrash-plan'" },
	{ HEAD, 1, 1, "no task" },
	{ HEAD "frob\n", 2, 1, "unexpected 'frob', expected task, kill" },
	{ HEAD "task 1C:\n", 2, 6, "expected a task's name" },
	{ HEAD "task init:\n", 2, 6, "the name 'init' is taken" },
	{ HEAD "task C\n", 2, 7, "expected ':'" },
	{ HEAD "task C:\ntask C:\n", 3, 6, "the name 'C' is taken" },
	{ HEAD "task C: x\n", 2, 9, "unexpected 'x', expected an operation" },
	{ HEAD "task C: a = make \"x\"\n", 2, 13,
	  "unexpected 'make', expected create, run or percpu" },
	{ HEAD "task C: a = create x\n", 2, 20, "in double quotes" },
	{ HEAD "task C: a = create \"x\n", 2, 22, "the line ends inside a name" },
	{ HEAD "task C: a = create \"\" return 0\n", 2, 21, "1 to 63 bytes" },
	{ HEAD "task C: a = create \"a b\" return 0\n", 2, 22, "without blanks" },
	{ HEAD "task C: a = create \"%s\" return 0\n", 2, 20, "at most one %u or %d" },
	{ HEAD "task C: a = create \"%u\" return 0\n", 2, 20, "takes a number" },
	{ HEAD "task C: a = create \"x\" 1 return 0\n", 2, 20, "takes no number" },
	{ HEAD "task C: a = create \"x\" sleep 0\n", 2, 24, "expected return, until-stop, " },
	{ HEAD "task C: a = create \"x\" return\n", 2, 30, "the line ends here" },
	{ HEAD "task C: a = create \"x\" return 9999999999\n", 2, 31, "out of range" },
	{ HEAD "task C: a = create \"x\" return 0;\n", 2, 33, "expected an operation" },
	{ HEAD "task C: a = create \"x\" return 0 wake a\n", 2, 33, "expected ';'" },
	{ HEAD "task C: wake a\n", 2, 14, "a handle that an earlier create" },
	{ HEAD "task C: a = create \"x\" return 0\ntask D: stop a\n", 3, 14,
	  "another task can only wake it" },
	{ HEAD "task C: a = create \"x\" until-stop 0; wake a; park a\n", 2, 46,
	  "its function never parks" },
	{ HEAD "task C: a = create \"x\" parkable 0; wake a; bind a 1\n", 2, 44,
	  "before its first wake-up" },
	{ HEAD "task C: a = create \"x\" parkable 0; bind a 4\n", 2, 43, "out of range" },
	{ HEAD "task C: a = create \"x\" parkable 0; bind a -1\n", 2, 43, "a CPU" },
	{ HEAD "task C: a = create \"x\" parkable 0; per-cpu a 1\n", 2, 36, "a bound thread" },
	{ HEAD "task C: a = create \"x\" parkable 0; park a; displace a\n", 2, 44,
	  "a bound thread that is parked" },
	{ HEAD "task C: a = create \"x\" parkable 0; wake a; await a\n", 2, 44,
	  "expected a complete-exit" },
	{ HEAD "task C: a = create \"x%u\" 1 parkable 0 cpu 2\n", 2, 39, "has that CPU" },
	{ HEAD "task C: a = create \"x\" parkable 0; stop-put a\n", 2, 36, "no reference" },
	{ HEAD "task C: a = create \"x\" parkable 0; park a == x\n", 2, 46,
	  "a number or an errno" },
	{ HEAD "task C: a = create \"x\" worker 1\n", 2, 31, "expected ';'" },
	{ HEAD "task C: a = create \"x\" worker; queue a\n", 2, 39, "the line ends here" },
	{ HEAD "task C: a = create \"x\" worker; queue a 4\n", 2, 40, "out of range" },
	{ HEAD "task C: a = create \"x\" worker; delay a 0 100001\n", 2, 42, "out of range" },
	{ HEAD "task C: a = create \"x\" worker; flush a 0 == 1\n", 2, 42,
	  "no result to expect" },
	{ HEAD "task C: a = create \"x\" worker; stop a\n", 2, 32, "a worker" },
	{ HEAD "task C: a = create \"x\" return 0; queue a 0\n", 2, 34, "a worker" },
	{ HEAD "task C: a = run \"x\" worker; destroy a; queue a 0\n", 2, 40, "destroyed" },
	{ HEAD "task C: a = run \"x\" worker; destroy a\ntask D: destroy a\n", 3, 17,
	  "or use a worker" },
	{ HEAD "task C: a = run \"x\" worker; destroy a; b = run \"y\" worker\n"
	  "task D: queue b 0\n", 2, 40, "made after a destroy" },
	{ HEAD "task C: p = percpu \"x\"\n", 2, 20, "one %u for the CPU" },
	{ HEAD "task C: p = percpu \"%u\" 1\n", 2, 25, "expected ';'" },
	{ HEAD "task C: p = percpu \"x%u\"; a = run \"x3\" return 0\n", 2, 35,
	  "the name 'x3' is taken" },
	{ HEAD "task C: a = run \"x3\" return 0; p = percpu \"x%u\"\n", 2, 43,
	  "the name 'x3' is taken" },
	{ HEAD "task C: p = percpu \"x%u\"; poke p 4\n", 2, 34, "out of range" },
	{ HEAD "task C: p = percpu \"x%u\"; poke p 1 == 1\n", 2, 36, "no result to expect" },
	{ HEAD "task C: p = percpu \"x%u\"; stop p\n", 2, 27, "expected poke, settle" },
	{ HEAD "task C: p = percpu \"x%u\"; find p\n", 2, 27, "expected poke, settle" },
	{ HEAD "task C: p = percpu \"x%u\"; queue p 0\n", 2, 27, "expected poke, settle" },
	{ HEAD "task C: p = percpu \"x%u\"\ntask D: wake p\n", 3, 9, "another task's handle" },
	{ HEAD "task C: p = percpu \"x%u\"\ntask D: unregister p\n", 3, 20,
	  "or use a worker or a percpu" },
	{ HEAD "task C: a = run \"x\" until-stop 0; settle a 1\n", 2, 35,
	  "expected per-CPU threads" },
	{ HEAD "task C: a = run \"x\" until-stop 0\ntask D: poke a 1\n", 3, 9,
	  "another task's handle" },
	{ HEAD "task C: p = percpu \"x%u\"; unregister p; poke p 0\n", 2, 41,
	  "it was unregistered" },
	{ HEAD "task C: p = percpu \"x%u\"; unregister p; q = percpu \"y%u\"\n"
	  "task D: poke q 0\n", 2, 41, "made after a destroy or unregister" },
	{ HEAD "task C: p = percpu \"x%u\"; freeze; unregister p\n", 2, 35,
	  "may wait for the thaw" },
	{ HEAD "task C: a = percpu \"a%u\"; b = percpu \"b%u\"; c = percpu \"c%u\"; "
	  "d = percpu \"d%u\"; e = percpu \"e%u\"\n", 2, 81, "at most 4 percpus" },
	{ HEAD "task C: cpu-down 4\n", 2, 18, "out of range" },
	{ HEAD "task C: cpu-up a\n", 2, 16, "a CPU" },
	{ HEAD "task C: a = create \"x\" return 0; a = create \"y\" return 0\n", 2, 34,
	  "the handle 'a' is taken" },
	{ HEAD "task C: a = create \"C\" return 0\n", 2, 20, "the name 'C' is taken" },
	{ HEAD "task C: kill D\n", 2, 9, "no task is called 'D'" },
	{ HEAD "task C: freeze a\n", 2, 16, "expected ';'" },
	{ HEAD "task C: freeze; thaw == 0\n", 2, 22, "no result to expect" },
	{ HEAD "task C: freeze; thaw; thaw\n", 2, 23, "expected after a freeze" },
	{ HEAD "task C: freeze\ntask D: thaw\n", 3, 9, "expected after a freeze" },
	{ HEAD "task C: a = run \"x\" freezable 1; freeze; park a\n", 2, 42,
	  "may wait for the thaw" },
	{ HEAD "task C: a = run \"x\" worker freezable; freeze; flush a 0\n", 2, 47,
	  "may wait for the thaw" },
	{ HEAD "task C: a = run \"x\" worker freezable; freeze; flush-worker a\n", 2, 47,
	  "may wait for the thaw" },
	{ HEAD "task C: a = run \"x\" worker; freeze; flush a 0; destroy a\n", 2, 48,
	  "may wait for the thaw" },
	{ HEAD "task C: a = run \"x\" until-stop 1\ntask D: freeze; wake a\n", 3, 17,
	  "may wait for the thaw" },
	{ HEAD "task C: a = run \"x\" worker freezable; queue a 3; freeze; open a\n", 2, 50,
	  "the gate of worker a is closed" },
	{ HEAD "task C: a = run \"x\" until-stop 1 freezable\n", 2, 34, "expected ';'" },
	{ HEAD "task C: a = create \"x\" until-stop 0; stop a; stop a\n", 2, 46,
	  "may be gone" },
	{ HEAD "task C: a = create \"x\" return 0; wake a; stop a\n", 2, 42, "take a reference" },
	{ HEAD "task C: a = create \"x\" return 0; put a\n", 2, 34, "no reference is held" },
	{ HEAD "task C: a = create \"x\" return 0; get a == 1\n", 2, 40, "no result to expect" },
	{ HEAD "task C:\nkill D at C x #1\n", 3, 1, "'D', which is no task" },
	{ HEAD "task C:\nkill kthreadd at C x #1\n", 3, 1, "can't be killed" },
	{ HEAD "task C:\nkill C at C x\n", 3, 14, "the line ends here, expected #N" },
	{ HEAD "task C:\nkill C at C x #0\n", 3, 16, "out of range" },
	{ HEAD "task C:\nfail water #1\n", 3, 6, "expected a role" },
	{ HEAD "task C:\nswitch C at x #1 C\n", 3, 18, "expected 'to'" },
	{ HEAD "task C:\nstrategy luck\n", 3, 10,
	  "expected block, random, pct" },
	{ HEAD "task C:\nstrategy pct 0 seed 1\n", 3, 14, "out of range" },
	{ HEAD "task C:\nstrategy pct 2 seed 1 steps 0\n", 3, 29, "out of range" },
	{ HEAD "task C:\nstrategy random seed 1 steps 9\n", 3, 24, "expected the end" },
	{ HEAD "task C:\nstrategy random seed 18446744073709551616\n", 3, 22, "out of range" },
	{ HEAD "task C:\nstrategy block\nstrategy block\n", 4, 1, "a second 'strategy' line" },
	{ HEAD "task C:\nmemory weak\n", 3, 8, "expected sc, tso or pso" },
	{ HEAD "task C:\nmemory tso\nmemory tso\n", 4, 1, "a second 'memory' line" },
	{ HEAD "task C:\nvisible D x at C y #1\n", 3, 1, "'D', which is no task" },
	{ HEAD "task C:\nvisible C x C y #1\n", 3, 13, "expected 'at'" },
	{ HEAD "task C:\nvisible C x after 0 at C y #1\n", 3, 19, "out of range" },
	{ HEAD "task C:\nvisible C x at C y\n", 3, 19, "the line ends here, expected #N" },
	{ HEAD "memory pso\ntask C: a = percpu \"a%u\"; b = percpu \"b%u\"; c = percpu \"c%u\"; "
	  "d = percpu \"d%u\"; cpu-up 1; cpu-up 1; cpu-up 1; cpu-up 1; cpu-up 1; cpu-up 1\n"
	  "task D0:\ntask D1:\ntask D2:\ntask D3:\ntask D4:\ntask D5:\ntask D6:\ntask D7:\n"
	  "task D8:\n", 12, 1, "50 threads and tasks with memory pso, expected at most 49" },
	{ HEAD "task C:\nexpect joy\n", 3, 8, "expected pass or a failure" },
	{ HEAD "task C:\nexpect pass trace 12\n", 3, 19, "16 hexadecimal digits" },
	{ HEAD "signature leak\n", 2, 11, "expected a signature in double quotes" },
	{ HEAD "signature \"\"\n", 2, 12, "a signature has 1 to 1023 bytes" },
	{ HEAD "signature \"a\tb\"\n", 2, 13, "printable characters and blanks only" },
	{ HEAD "signature \"a\n", 2, 13, "the line ends inside a signature" },
	{ HEAD "signature \"a\" b\n", 2, 15, "expected the end of the line" },
	{ HEAD "signature \"a\"\nsignature \"a\"\n", 3, 1, "a second 'signature' line" },
	{ HEAD "found on \"x\"\n", 2, 7, "expected 'by'" },
	{ HEAD "found by random on \"x\"\n", 2, 10,
	  "a strategy or command in double quotes" },
	{ HEAD "found by \"pos\" seed 7 on \"x\"\n", 2, 23, "expected 'execution'" },
	{ HEAD "found by \"pos\" execution 7\n", 2, 16, "expected 'seed' or 'on'" },
	{ HEAD "found by \"pos\" seed 7 execution 8\n", 2, 34,
	  "the line ends here, expected 'on'" },
	{ HEAD "found by \"pos\" seed x execution 8 on \"x\"\n", 2, 21, "expected a seed" },
	{ HEAD "found by \"pos\" on \"\"\n", 2, 20, "a build has 1 to 1023 bytes" },
	{ HEAD "program a\n", 2, 9, "expected a program in double quotes" },
	{ HEAD "program \"\"\n", 2, 10, "a program has 1 to 1023 bytes" },
	{ HEAD "program \"a\" b\n", 2, 13, "a program's argument in double quotes" },
	{ HEAD "program \"a\" 1 \"\" \"\" \"\"\n", 2, 13, "unexpected '1'" },
	{ HEAD "program \"1\" \"\" \"\" \"\" \"\" \"\" \"\" \"\" \"\" \"\" \"\" \"\" \"\" \"\" "
	  "\"\" \"16\" \"17\"\n", 2, 60, "more than 16 words" },
	{ HEAD "program \"a\"\nkill A at B c.c:3\n", 3, 18, "after its file and line" },
	{ HEAD "binary \"a\"\ntask C:\n", 3, 1, "the build of a program and no program" },
	{ HEAD "program \"a\"\nprogram \"a\"\n", 3, 1, "a second 'program' line" },
	{ HEAD "program \"a\"\ntask C:\n", 3, 1, "has no task" },
	{ HEAD "task C:\nprogram \"a\"\n", 3, 1, "a plan with a 'task' line has no program" },
	{ HEAD "program \"a\"\nboot concurrent\n", 3, 1, "boots no kthreadd" },
	{ HEAD "boot concurrent\nprogram \"a\"\n", 3, 1, "a plan with a 'boot' line has no" },
	{ HEAD "task C:\x01\n", 2, 8, "byte \\x01" },
	{ HEAD "task C:\r\n", 2, 8, "byte \\x0d" },
	{ HEAD "task C: \xff\n", 2, 9, "byte \\xff" },
};

int main(void)
{
	static struct plan p;

	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		struct plan_error e;
		int status = plan_parse(&p, errors[i].text, strlen(errors[i].text), &e);

		if (status == 0 || e.line != errors[i].line || e.column != errors[i].column ||
		    !strstr(e.message, errors[i].says))
			kt_fail(KT_ASSERTION, "\"%s\": %d, %u:%u: %s; expected %u:%u: ...%s...",
				errors[i].text, status, e.line, e.column, e.message,
				errors[i].line, errors[i].column, errors[i].says);
	}
	printf("ok errors have their place\n");
	return 0;
}
