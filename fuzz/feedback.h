/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Presents schedule coverage (platform/sim/sim.h) to a fuzzing engine as code coverage, so
 * that the engine keeps an input with a new interleaving.
 *
 * libFuzzer looks at every byte of the section __libfuzzer_extra_counters. AFL++ gives
 * each entry of the section __sancov_guards a byte of its map, as it does for an edge of
 * the code. In a binary without an engine this does nothing.
 */
#ifndef FUZZ_FEEDBACK_H
#define FUZZ_FEEDBACK_H

/*
 * Call it before each input. The executions after it count for that input. In blind.c it does
 * nothing.
 */
void fuzz_feedback(void);

#endif
