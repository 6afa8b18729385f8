/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Real threads as a driver sees them.
 *
 * The operating system decides the schedule; what a driver can do is to
 * disturb it from a seed, and to ask who waits where when nothing moves.
 * A run is not repeated exactly by the same seed.
 */
#ifndef PLATFORM_POSIX_POSIX_H
#define PLATFORM_POSIX_POSIX_H

#include <stdint.h>

/*
 * From now on a thread loses time at `permille` of the named points, parks and
 * unparks it comes to: it spins, yields, or sleeps up to 50 us. Which, is
 * drawn from a generator of its own, made from the seed and the thread's name.
 * 0 ends it. Any time, any thread.
 */
void posix_set_delays(uint64_t seed, unsigned permille);

/*
 * Write a line per live thread: its name, where it waits and for whom.
 * Async-signal-safe, takes no lock; what changes meanwhile may be wrong.
 */
void posix_dump_waits(int fd);

/*
 * No hooks, no delays, and no thread known but the caller, if it is: for the
 * child of a fork, in which the others don't exist.
 */
void posix_reset(void);

#endif
