/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tests the model without an execution, on ledgers that are written by hand. Each rule is asked
 * twice. If all facts are right, the model must accept. If one fact is wrong, the model must
 * fail with the rule's message.
 *
 * No platform is linked, so this file defines kt_fail().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress/run/model_test.h"

/* ---- failures ---------------------------------------------------------------------- */

static struct {
	jmp_buf back;
	enum kt_failure kind;
	char message[512];
} failure;

void kt_fail(enum kt_failure kind, const char *fmt, ...)
{
	va_list args;

	failure.kind = kind;
	va_start(args, fmt);
	vsnprintf(failure.message, sizeof failure.message, fmt, args);
	va_end(args);
	longjmp(failure.back, 1);
}

void kt_assert_failed(const char *file, int line, const char *func, const char *expr)
{
	fprintf(stderr, "%s:%d: %s: assertion failed: %s\n", file, line, func, expr);
	exit(1);
}

/* ---- the plan ---------------------------------------------------------------------- */

static const char text[] =
	"kthrash-plan 1\n"
	"task C1: a = create \"a\" parkable 7 == -EINTR; b = create \"b\" return 0 == ok; "
	"w = create \"w\" worker; delay w 1 5; p = percpu \"p/%u\"\n"
	"task C2: cpu-down 2; cancel w 0\n";

static struct plan plan;

const struct plan_op *expects_eintr = &plan.ops[0], *expects_ok = &plan.ops[1];

/* ---- rules ------------------------------------------------------------------------- */

static unsigned rules_asked, rules_wrong;

static bool fails(const struct model_rule *rule, bool bad)
{
	model_set_core(0);
	ledger_load(&plan);
	ledger_begin(CPUS);
	failure.kind = KT_PASS;
	if (setjmp(failure.back) == 0)
		rule->ask(bad);
	return failure.kind != KT_PASS;
}

static bool fails_as_said(const struct model_rule *rule)
{
	return failure.kind == rule->kind &&
	       strncmp(failure.message, rule->message, strlen(rule->message)) == 0;
}

static void check_rule(const struct model_rule *rule)
{
	rules_asked++;
	if (fails(rule, false)) {
		printf("%s: refused what is right: %s\n", rule->name, failure.message);
		rules_wrong++;
	}
	if (!fails(rule, true)) {
		printf("%s: accepted what is wrong, expected: %s\n", rule->name, rule->message);
		rules_wrong++;
	} else if (!fails_as_said(rule)) {
		printf("%s: failed as %s: %s\n  expected %s: %s\n", rule->name,
		       kt_failure_name(failure.kind), failure.message,
		       kt_failure_name(rule->kind), rule->message);
		rules_wrong++;
	}
}

int main(void)
{
	const struct model_rule *const all[] = {
		model_thread_rules, model_request_rules, model_work_rules,
		model_registry_rules, model_percpu_rules, model_core_rules,
	};
	struct plan_error err;

	if (plan_parse(&plan, text, sizeof text - 1, &err) != 0) {
		printf("the plan, line %u column %u: %s\n", err.line, err.column, err.message);
		return 1;
	}
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		for (const struct model_rule *rule = all[i]; rule->ask; rule++)
			check_rule(rule);
	if (rules_wrong == 0)
		printf("ok %u rules\n", rules_asked);
	return rules_wrong != 0;
}
