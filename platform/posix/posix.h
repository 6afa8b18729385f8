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
 * 0 ends the delays. Any thread may call this at any time.
 */
void posix_set_delays(uint64_t seed, unsigned permille);

/*
 * Write a line for each live thread: its name, where it waits, and for which thread.
 * Async-signal-safe. Takes no lock, so if threads go on meanwhile, some lines may be wrong.
 */
void posix_dump_waits(int fd);

/*
 * For the child of a fork, in which the other threads don't exist. After this call there are
 * no hooks and no delays. The platform then knows at most one thread: the caller, if it knew
 * the caller before.
 */
void posix_reset(void);

#endif
