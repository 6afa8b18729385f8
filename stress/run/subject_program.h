/* SPDX-License-Identifier: GPL-2.0-only */
/* The subject that is a user's program, on platform/hosted/. */
#ifndef STRESS_RUN_SUBJECT_PROGRAM_H
#define STRESS_RUN_SUBJECT_PROGRAM_H

#include "stress/run/subject.h"

extern const struct subject subject_program;

#endif
