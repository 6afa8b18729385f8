/* SPDX-License-Identifier: GPL-2.0-only */
/* What a sanitizer's report says: which kind of bug, of which signature. */
#ifndef STRESS_HUNT_REPORT_H
#define STRESS_HUNT_REPORT_H

#include <stdbool.h>

#include "stress/run/world.h"

/* Fill failure, message and signature of *v. False if no sanitizer speaks in `report`. */
bool report_classify(const char *report, struct verdict *v);

#endif
