/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads a sanitizer's report: the kind of bug and its signature. */
#ifndef STRESS_HUNT_REPORT_H
#define STRESS_HUNT_REPORT_H

#include <stdbool.h>

#include "stress/run/world.h"

/* Fill failure, message and signature of *v. False if `report` holds no sanitizer's report. */
bool report_classify(const char *report, struct verdict *v);

#endif
