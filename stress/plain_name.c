/* SPDX-License-Identifier: GPL-2.0-only */
/* Only drivers whose plain accesses are choice points link this file: core/BUILD. */
#include "stress/hunt/build.h"

bool plain_core(void)
{
	return true;
}
