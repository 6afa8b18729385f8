/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What instrumented code calls in the simulator; for the headers in platform/ only.
 */
#ifndef PLATFORM_SIM_HOOKS_H
#define PLATFORM_SIM_HOOKS_H

#include "platform/point.h"

/*
 * A choice point before an operation on *addr. On return the operation is the
 * next thing that happens anywhere, and addr, if not NULL, is to a live object.
 */
void sim_point(struct kt_site *site, const void *addr);

#endif
