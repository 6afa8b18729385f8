/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stackful fibers: a stack, a switch, and the sanitizers' hooks for both.
 * Nothing else in the simulator knows about stacks. On x86-64 the switch is
 * our own (callee-saved registers only; the floating-point control words are
 * not switched, since nobody here changes them); elsewhere it is ucontext.
 *
 * A fiber is reused: its function returns from every frame before the fiber
 * is given new work. Abandoned frames would fill ASan's fake stacks.
 */
#ifndef PLATFORM_SIM_FIBER_H
#define PLATFORM_SIM_FIBER_H

#include <stdbool.h>
#include <stddef.h>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

struct fiber {
	void *sp;		/* while it does not run */
	char *stack;		/* lowest address; NULL for the host */
	size_t stack_size;
	void *fake_stack;	/* ASan's, while it does not run */
	void *tsan;		/* TSan's */
	bool fresh;		/* has never run since fiber_make() */
#if !defined(__x86_64__)
	ucontext_t context;
#endif
};

/* The thread that calls becomes a fiber. */
void fiber_host(struct fiber *host);

/*
 * (Re)make f so that its first switch enters `entry`, which never returns.
 * `color` staggers stacks over cache sets. The stack is kept from a former
 * life; frames on it are dropped.
 */
void fiber_make(struct fiber *f, unsigned color, void (*entry)(void));

/* Go on with `to`; returns when somebody switches back. */
void fiber_switch(struct fiber *from, struct fiber *to);

/* The same, never to return to `from`: its frames are dropped. */
void fiber_leave(struct fiber *from, struct fiber *to) __attribute__((noreturn));

/* First thing an entry function does. */
void fiber_entered(struct fiber *f);

#endif
