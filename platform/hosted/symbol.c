/* SPDX-License-Identifier: GPL-2.0-only */
/* The names of addresses. */
#include <stdio.h>
#include <string.h>

#include "platform/hosted/symbol.h"

void hosted_symbol_find(uintptr_t pc, enum hosted_op op, struct hosted_symbol *out)
{
	(void)op;
	memset(out, 0, sizeof *out);
	snprintf(out->func, sizeof out->func, "x%lx", (unsigned long)pc);
}

bool hosted_symbol_data(uintptr_t addr, char *buf, size_t size)
{
	(void)addr, (void)buf, (void)size;
	return false;
}
