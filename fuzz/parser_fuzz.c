// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: checks the plan parser. The parser refuses a byte string with a place and a
 * message of printable ASCII, or it takes the string for a legal plan. The printed form of that
 * plan parses to an equal plan and prints as itself. No plan is executed here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress/plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool cond, const char *what, const struct plan_error *err)
{
	if (cond)
		return;
	fprintf(stderr, "parser_fuzz: %s (%u:%u: %s)\n", what, err->line, err->column,
		err->message);
	abort();
}

static void check_refusal(int status, const struct plan_error *err)
{
	require(status == -EINVAL, "status is not -EINVAL", err);
	require(err->line >= 1 && err->column >= 1, "an error without a place", err);
	require(err->message[0] != '\0' && memchr(err->message, '\0', sizeof(err->message)),
		"an error without a message", err);
	for (const char *s = err->message; *s; s++)
		require(*s >= ' ' && *s < 0x7f, "a message with raw bytes", err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct plan p, again;
	static char text[PLAN_BYTES_MAX + 1], text_again[PLAN_BYTES_MAX + 1];
	struct plan_error err = { 0 };
	size_t len;
	int status = plan_parse(&p, (const char *)data, size, &err);

	if (status != 0) {
		check_refusal(status, &err);
		return 0;
	}
	require(plan_check(&p, &err) == 0, "parsed, but plan_check() objects", &err);
	len = plan_print(&p, text, sizeof(text));
	require(len <= PLAN_BYTES_MAX, "the canonical form is larger than a plan may be", &err);
	require(plan_parse(&again, text, len, &err) == 0, "the canonical form does not parse",
		&err);
	require(plan_equal(&p, &again), "the canonical form is another plan", &err);
	require(plan_print(&again, text_again, sizeof(text_again)) == len &&
		memcmp(text, text_again, len) == 0, "the canonical form does not print as itself",
		&err);
	return 0;
}
