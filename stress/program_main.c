/* SPDX-License-Identifier: GPL-2.0-only */
/* The driver that is loaded into a user's program, in libkthrash.so: it runs that program. */
#include "platform/hosted/hosted.h"
#include "stress/driver.h"
#include "stress/run/subject_program.h"

static int run_driver(int argc, char **argv)
{
	return driver_main(&subject_program, argc, argv);
}

int (*hosted_driver)(int argc, char **argv) = run_driver;
