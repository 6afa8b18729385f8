/* SPDX-License-Identifier: GPL-2.0-only */
/* Results and roles as the model's messages say them. */
#include <stdio.h>

#include "stress/run/model.h"

/* The simulator fills freed memory with this value (platform/sim/memory.c), as an int. */
#define FREED_FILL 0x6b6b6b6b

struct model_word model_value(long value)
{
	struct model_word w;
	const char *name = value == (int32_t)value ? plan_errno_name((int32_t)value) : NULL;

	if (name)
		snprintf(w.s, sizeof w.s, "%s", name);
	else if (value == FREED_FILL)
		snprintf(w.s, sizeof w.s, "%#lx, the fill of freed memory", value);
	else
		snprintf(w.s, sizeof w.s, "%ld", value);
	return w;
}

struct model_word model_roles(unsigned bits)
{
	struct model_word w = { "none" };
	size_t used = 0;

	for (unsigned role = 0; role < KT_ROLE_COUNT && used < sizeof w.s; role++)
		if (bits >> role & 1)
			used += (size_t)snprintf(w.s + used, sizeof w.s - used, "%s%s",
						 used ? ", " : "",
						 kt_role_name((enum kt_role)role));
	return w;
}
