/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stackful fibers: a stack, a switch, and the sanitizers' hooks for both.
 * Nothing else in the simulator knows about stacks. On x86-64 the switch is
 * our own. It saves the callee-saved registers only; it does not switch the
 * floating-point control words, because no code here changes them. Elsewhere
 * the switch is ucontext.
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

struct kt_site;

struct fiber {
	void *sp;		/* while it does not run */
	char *stack;		/* lowest address; NULL for the host */
	size_t stack_size;
	void *fake_stack;	/* ASan's, while it does not run */
	void *tsan;		/* TSan's */
	void *tsan_aside;	/* the second context: see fiber_aside() */
#if !defined(__x86_64__)
	ucontext_t context;
#endif
};

/* The calling thread becomes a fiber. */
void fiber_host(struct fiber *host);

/*
 * (Re)make f so that its first switch enters `entry`, which never returns. Its stack is
 * the one with that number, so no other fiber has the number. The tasks' numbers are those
 * below SIM_TASKS_MAX. If f was made before, the frames on its stack are dropped.
 */
void fiber_make(struct fiber *f, unsigned number, void (*entry)(void));

/*
 * The address at which the frames of fiber `number` begin. Its distance from the stack's end
 * depends only on the number: stacks are staggered over cache sets.
 */
uintptr_t fiber_bottom(const struct fiber *f, unsigned number);

/* The first thing that an entry function does. */
void fiber_entered(void);

/*
 * Called while f runs. ThreadSanitizer attributes what follows to a second context of f,
 * until the next call, which switches back to f's own. Without ThreadSanitizer this does
 * nothing.
 */
void fiber_aside(struct fiber *f);

/* Go to `to` and never return to `from`, whose frames are dropped. */
void fiber_leave(struct fiber *from, struct fiber *to) __attribute__((noreturn));

/* Must a sanitizer hear of switches? Then the caller calls these two hooks around each switch. */
extern bool fiber_sanitized;
void fiber_before_switch(struct fiber *from, struct fiber *to, bool for_good);
void fiber_after_switch(struct fiber *from);

/*
 * Go on with `to`. When another fiber switches back, check that addr points to a live
 * object (sim_memory_check() at site), and return addr. Make the call the last thing that a
 * function does, because the processor mispredicts each return after a switch.
 */
void *fiber_swap(struct fiber *from, struct fiber *to, const void *addr, struct kt_site *site);

/* As fiber_swap(), and tells the sanitizers. */
static inline void fiber_switch(struct fiber *from, struct fiber *to)
{
	if (__builtin_expect(fiber_sanitized, false))
		fiber_before_switch(from, to, false);
	fiber_swap(from, to, NULL, NULL);
	if (__builtin_expect(fiber_sanitized, false))
		fiber_after_switch(from);
}

/*
 * The cost of one switch in ns, measured over `rounds` round trips. The first function
 * measures the cheapest switch that is possible, the second one fiber_swap().
 */
double fiber_bare_ns(uint64_t rounds);
double fiber_own_ns(uint64_t rounds);

#endif
