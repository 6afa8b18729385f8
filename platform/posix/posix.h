/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Real threads as a driver sees them.
 *
 * The operating system decides the schedule. A driver can disturb it from a seed, and
 * can ask where each thread waits when nothing moves. The same seed does not repeat a
 * run exactly.
 */
#ifndef PLATFORM_POSIX_POSIX_H
#define PLATFORM_POSIX_POSIX_H

#include <stdint.h>

/*
 * From now on a thread loses time at `permille` of the named points, parks and
 * unparks that it reaches: it spins, yields, or sleeps up to 50 us. The thread draws
 * which of these from a generator of its own, made from the seed and its name.
 * 0 ends it. May be called at any time, by any thread.
 */
void posix_set_delays(uint64_t seed, unsigned permille);

/*
 * Write a line for each live thread: its name, where it waits, and for which thread.
 * Async-signal-safe; takes no lock, so what changes meanwhile may be shown wrong.
 */
void posix_dump_waits(int fd);

/*
 * For the child of a fork, in which the other threads don't exist: no hooks, no
 * delays, and no known thread except the caller, if it was known.
 */
void posix_reset(void);

#endif
