// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes the place of feedback.c in binaries whose engine sees code coverage only. They are
 * compared with the others, to measure what schedule coverage is worth.
 */
#include "fuzz/feedback.h"

void fuzz_feedback(void)
{
}
