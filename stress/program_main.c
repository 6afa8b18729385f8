/* SPDX-License-Identifier: GPL-2.0-only */
/* The driver that is loaded into a user's program, in libkthrash.so: it runs that program. */
#include <stdio.h>

#include "platform/hosted/hosted.h"
#include "stress/driver.h"
#include "stress/hunt/build.h"
#include "stress/hunt/options.h"
#include "stress/run/subject_program.h"

enum { WORDS_MAX = 4096 };

static char name[] = "kthrash";

/* The words of KTHRASH_DRIVER begin with the command. A command line begins with a name. */
static int run_driver(int argc, char **argv)
{
	static char *words[WORDS_MAX + 2] = { name };

	if (argc > WORDS_MAX) {
		fprintf(stderr, "kthrash: more than %d words for the driver\n", WORDS_MAX);
		return EXIT_USAGE;
	}
	for (int i = 0; i < argc; i++)
		words[i + 1] = argv[i];
	return driver_main(&subject_program, argc + 1, words);
}

/* A driver for the Linux kernel may run on the kernel's own files. */
const char *linux_version(void)
{
	return hosted_core_version();
}

const char *linux_tree(void)
{
	return hosted_core_tree();
}

int (*hosted_driver)(int argc, char **argv) = run_driver;
