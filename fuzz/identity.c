/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An engine calls this function before the first input. So a fuzzer's first line says which binary
 * it is, as a driver's first line does.
 */
#include <stdio.h>

#include "stress/hunt/build.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fprintf(stderr, "kthrash fuzz: %s\n", build_name());
	return 0;
}
