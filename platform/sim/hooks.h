/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What instrumented code calls in the simulator; for the headers in platform/ only.
 */
#ifndef PLATFORM_SIM_HOOKS_H
#define PLATFORM_SIM_HOOKS_H

#include "platform/point.h"

/*
 * A choice point before an atomic operation on *addr. On return the operation
 * is the next thing that happens anywhere, and addr is to a live object.
 */
void sim_atomic_point(struct kt_site *site, const void *addr);

#endif
