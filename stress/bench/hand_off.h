/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hand-off of kthreadd as a bare protocol, without core/. Other engines were measured
 * with this protocol, so `bench` measures this engine with it, too. Its only oracle is that
 * each creator gets the answer to its own request.
 */
#ifndef STRESS_BENCH_HAND_OFF_H
#define STRESS_BENCH_HAND_OFF_H

#define HAND_OFF_CREATORS_MAX 16

/* Make the hand-off with that many creators the subject of this process, and load it. */
void hand_off_load(unsigned creators);

#endif
