/* SPDX-License-Identifier: GPL-2.0-only */
/* What a task does that makes no progress: watchdog.c asks. */
#ifndef PLATFORM_HOSTED_LOOP_H
#define PLATFORM_HOSTED_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

enum loop_kind {
	LOOP_ENDLESS, /* it waits for nothing that another thread could change */
	LOOP_UNSEEN,  /* it waits for memory, without a hook: inline assembly */
	LOOP_FOREIGN, /* it runs code that kthrash-cc has not compiled */
	LOOP_BLOCKED, /* it does not run: a system call waits */
};

/* The task will be stopped before each instruction. */
void loop_begin(void);
/* It is about to run the instruction of *u. True: enough is known. */
bool loop_step(const ucontext_t *u);

/* What was seen since loop_begin(). */
enum loop_kind loop_kind(void);
/* The first instruction of the program in the loop, by address; 0 if it ran none. */
uintptr_t loop_place(void);

#endif
