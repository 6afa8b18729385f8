/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that a process shares with the processes that it forks later. */
#ifndef STRESS_HUNT_MEMORY_H
#define STRESS_HUNT_MEMORY_H

#include <stddef.h>

/* Map `size` bytes, all zero, for ever. NULL after a sentence on stderr. */
void *memory_map(size_t size);

#endif
