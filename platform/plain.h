/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Units whose plain accesses are choice points of the simulator, as platform/atomic.h's are. The
 * compiler calls a hook before each (toolchain feature `plain_points`), and a table made when the
 * unit is built says which site each call has. It is for code that is not ours to change, and for
 * lanes that look for windows between plain accesses of core/ (--core=plain).
 */
#ifndef PLATFORM_PLAIN_H
#define PLATFORM_PLAIN_H

#include <stdint.h>

#include "platform/point.h"

/* A call of a hook: it returns to anchor + offset. */
struct kt_plain_place {
	int32_t offset;
	struct kt_site *site;
};

struct kt_plain_unit {
	const char *anchor;		/* an address in the unit's code */
	const struct kt_plain_place *place;
	uint32_t count;
};

/* The table's file defines these. */
extern const struct kt_plain_unit kt_plain_units[];
extern const uint32_t kt_plain_units_count;

#endif
