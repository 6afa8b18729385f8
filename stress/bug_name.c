/* SPDX-License-Identifier: GPL-2.0-only */
/* Linked into the drivers with a seeded bug only. */
#include "stress/hunt/build.h"

const char *bug_name(void)
{
	return KT_BUG_NAME;
}
