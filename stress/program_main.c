/* SPDX-License-Identifier: GPL-2.0-only */
/* The driver that is loaded into a user's program, in libkthrash.so: it runs that program. */
#include <stdio.h>

#include "platform/hosted/hosted.h"
#include "stress/driver.h"
#include "stress/hunt/options.h"
#include "stress/run/subject_program.h"

int hosted_driver(int argc, char **argv)
{
	if (hosted_refusal()) {
		fprintf(stderr, "kthrash: %s: %s\n", hosted_argv()[0], hosted_refusal());
		return EXIT_USAGE;
	}
	return driver_main(&subject_program, argc, argv);
}
