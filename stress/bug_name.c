/* SPDX-License-Identifier: GPL-2.0-only */
/* The name of the seeded bug. Only drivers that have one link this file. */
#include "stress/hunt/build.h"

const char *bug_name(void)
{
	return KT_BUG_NAME;
}
