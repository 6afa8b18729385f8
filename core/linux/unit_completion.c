/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's completions, and the wait queues below them. */
#include "core/linux/shim.h"

#include "kernel/sched/swait.c"
/* The second comes after the first, whose functions it calls. */
#include "kernel/sched/completion.c"
