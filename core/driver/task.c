/* SPDX-License-Identifier: GPL-2.0-only */
/* What linux/sched.h says of struct task_struct is true of core's. */
#include "core/driver/driver.h"

#define AT(field, offset)                                                      \
	_Static_assert(offsetof(struct task_struct, field) == (offset), \
		       "include/linux/sched.h has this field elsewhere")

AT(state, 136);
AT(id, 304);
AT(flags, 320);
AT(comm, 324);
