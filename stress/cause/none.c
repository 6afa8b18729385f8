/* SPDX-License-Identifier: GPL-2.0-only */
/* In a world that does not repeat executions there is no experiment to make. */
#include <stdio.h>
#include <string.h>

#include "stress/cause/cause.h"

void cause_find(const struct plan *p, const struct verdict *v, const struct cause_limits *l,
		struct cause *out)
{
	(void)p, (void)v, (void)l;
	memset(out, 0, sizeof *out);
	snprintf(out->reason, sizeof out->reason, "real threads do not repeat an execution");
	snprintf(out->sentence, sizeof out->sentence, "the cause was not found: %s", out->reason);
}

const char *cause_kind_name(enum cause_kind kind)
{
	(void)kind;
	return "not found";
}
