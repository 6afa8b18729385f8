/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Schedule coverage (platform/sim/sim.h) as something that a fuzzing engine takes
 * for code coverage: an input with a new interleaving is kept.
 *
 * libFuzzer looks at every byte of a section of that name; AFL++ gives each entry of
 * another section a byte of its map, as it does for an edge that the compiler found.
 * Linked into a binary that has neither, this does nothing.
 */
#ifndef FUZZ_FEEDBACK_H
#define FUZZ_FEEDBACK_H

/* Before each input: what runs now counts for it. In blind.c: nothing does. */
void fuzz_feedback(void);

#endif
