/* SPDX-License-Identifier: GPL-2.0-only */
/* The driver's front: find the command in argv and run it. */
#ifndef STRESS_DRIVER_H
#define STRESS_DRIVER_H

#include "stress/run/subject.h"

/*
 * Run the command in argv, with *s as the subject. Call it once in a process, before the process
 * opens a file. Returns an exit status (options.h): EXIT_ENVIRONMENT also if what the command
 * printed could not be written.
 */
int driver_main(const struct subject *s, int argc, char **argv);

#endif
