/* SPDX-License-Identifier: GPL-2.0-only */
/* The name of the seeded bug. Only a driver that has one links this file. */
#include "stress/hunt/finding.h"

const char *bug_name(void)
{
	return KT_BUG_NAME;
}
