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
#include <stdint.h>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

struct fiber {
	void *sp;		/* while it does not run */
	char *stack;		/* lowest address; NULL for the host */
	size_t stack_size;
	void *fake_stack;	/* ASan's, while it does not run */
	void *tsan;		/* TSan's */
	void *tsan_aside;	/* the other context of fiber_aside() */
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

/* Where its frames begin, which is the same for the same color but for the stack's place. */
uintptr_t fiber_bottom(const struct fiber *f, unsigned color);

/* First thing an entry function does. */
void fiber_entered(void);

/*
 * To ThreadSanitizer what follows is done by somebody else, always the same for
 * f, which runs; called again, by f. Without it nothing.
 */
void fiber_aside(struct fiber *f);

/* Never to return to `from`: its frames are dropped. */
void fiber_leave(struct fiber *from, struct fiber *to) __attribute__((noreturn));

/* Is there a sanitizer that must hear of switches? Then the two hooks do it. */
extern bool fiber_sanitized;
void fiber_before_switch(struct fiber *from, struct fiber *to, bool for_good);
void fiber_after_switch(struct fiber *from);

#if defined(__x86_64__)
/*
 * Inline, and the resume address is a label here: if nearly all switches come
 * from one place in the source, the processor predicts where they resume. All
 * registers but the stack and frame pointers are declared clobbered, so the
 * compiler saves what is live. 128: the red zone.
 */
static inline __attribute__((always_inline))
void fiber_swap(struct fiber *from, struct fiber *to)
{
	void **save = &from->sp, **load = &to->sp;

	__asm__ volatile("leaq -128(%%rsp), %%rsp\n\t"
			 "pushq %%rbp\n\t"
			 "leaq 1f(%%rip), %%rcx\n\t"
			 "pushq %%rcx\n\t"
			 "movq %%rsp, (%0)\n\t"
			 "movq (%1), %%rsp\n\t"
			 "popq %%rcx\n\t"
			 "jmp *%%rcx\n"
			 "1:\tpopq %%rbp\n\t"
			 "leaq 128(%%rsp), %%rsp"
			 : "+a"(save), "+d"(load)
			 :
			 : "rbx", "rcx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
			   "r14", "r15", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
			   "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
			   "xmm13", "xmm14", "xmm15");
}
#else
static inline void fiber_swap(struct fiber *from, struct fiber *to)
{
	swapcontext(&from->context, &to->context);
}
#endif

/* Go on with `to`; returns when somebody switches back. */
static inline __attribute__((always_inline))
void fiber_switch(struct fiber *from, struct fiber *to)
{
	if (__builtin_expect(fiber_sanitized, false))
		fiber_before_switch(from, to, false);
	fiber_swap(from, to);
	if (__builtin_expect(fiber_sanitized, false))
		fiber_after_switch(from);
}

#endif
