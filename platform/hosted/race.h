/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The race detector and the frames of threads, as the compiler's hooks see them. What the models
 * of pthreads call is in internal.h: hosted_release() and hosted_acquire().
 */
#ifndef PLATFORM_HOSTED_RACE_H
#define PLATFORM_HOSTED_RACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/hosted/hosted.h"

/* Called before the driver forks. */
void hosted_race_init(void);
/* An execution begins. */
void hosted_race_begin(enum hosted_races races, enum hosted_volatile volatiles);
/* An execution has ended. `tasks`: how many it had. */
void hosted_race_end(uint32_t tasks);

/*
 * The calling task accesses the word at addr atomically. `order` is the compiler's:
 * __ATOMIC_ACQUIRE and so on. Call it when the operation happens, after its choice point, and
 * only if hosted_races_on.
 */
enum hosted_atomic_kind { HOSTED_READS, HOSTED_WRITES, HOSTED_UPDATES };
void hosted_race_atomic(const void *addr, size_t size, enum hosted_atomic_kind kind, int order,
			uintptr_t pc);

/* The same for a volatile access, unless it is a plain one. */
void hosted_race_volatile(const void *addr, size_t size, bool write, uintptr_t pc);
extern enum hosted_volatile hosted_volatiles;	/* of this execution */

/* ---- stack.c ----------------------------------------------------------------- */

/*
 * Frames are kept only if somebody will look at them: when races are reported, and when an
 * execution is shown. A frame is a number. 0 is the outermost frame of every thread.
 */
extern bool hosted_frames_on;
void hosted_frames_begin(bool on);
void hosted_frames_begin_task(uint32_t task);
/*
 * pc is in a function, of which is_inside() is true, that the program's own code has called,
 * maybe through others of the kind. Where has it called? pc itself if that is not known.
 */
uintptr_t hosted_frame_outside(uintptr_t pc, bool (*is_inside)(uintptr_t pc));
/* The innermost frame of the calling task. */
uint32_t hosted_frame(void);
/* The frame that called `frame`, and the place of that call; *pc becomes 0 for frame 0. */
uint32_t hosted_frame_caller(uint32_t frame, uintptr_t *pc);
/* Write "push q.c:12 < worker q.c:40" for the place pc in that frame. Returns buf. */
char *hosted_frame_words(uint32_t frame, uintptr_t pc, char *buf, size_t size);

#endif
