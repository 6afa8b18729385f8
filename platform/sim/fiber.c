/* SPDX-License-Identifier: GPL-2.0-only */
#include "platform/sim/fiber.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform/sim/internal.h"

/*
 * Present only in builds with that sanitizer: this file is compiled the same
 * in all of them and asks at run time.
 */
extern void __sanitizer_start_switch_fiber(void **save, const void *bottom, size_t size)
	__attribute__((weak));
extern void __sanitizer_finish_switch_fiber(void *save, const void **bottom, size_t *size)
	__attribute__((weak));
extern void *__tsan_get_current_fiber(void) __attribute__((weak));
extern void *__tsan_create_fiber(unsigned flags) __attribute__((weak));
extern void __tsan_destroy_fiber(void *fiber) __attribute__((weak));
extern void __tsan_switch_to_fiber(void *fiber, unsigned flags) __attribute__((weak));

enum {
	FIBER_STACK_BYTES = 256 * 1024,
	FIBER_COLOR_BYTES = 9 * 64,
	/* No happens-before edge by the switch itself: an edge would hide
	 * every race. The platform's operations make the edges they promise. */
	TSAN_NO_SYNC = 1,
};

#if defined(__x86_64__)
/*
 * void fiber_swap(void **save_sp, void *load_sp)
 * Registers a function must preserve (System V ABI) go to the old stack. The
 * return address is popped and jumped to: a `ret` here is mispredicted each
 * time, because the processor's return stack belongs to the other fiber.
 */
__asm__(".text\n"
	".p2align 4\n"
	".type fiber_swap, @function\n"
	"fiber_swap:\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	popq %rcx\n"
	"	jmp *%rcx\n"
	".size fiber_swap, . - fiber_swap\n");
void fiber_swap(void **save_sp, void *load_sp);

static void context_make(struct fiber *f, unsigned color, void (*entry)(void))
{
	uintptr_t top = (uintptr_t)f->stack + f->stack_size - color * FIBER_COLOR_BYTES;
	void **sp = (void **)(top & ~(uintptr_t)63);

	*--sp = NULL;			/* entry's own return address: none */
	*--sp = (void *)entry;		/* keeps sp + 8 a multiple of 16 at entry */
	for (int i = 0; i < 6; i++)
		*--sp = NULL;
	f->sp = sp;
}

static inline void context_switch(struct fiber *from, struct fiber *to)
{
	fiber_swap(&from->sp, to->sp);
}
#else
static void context_make(struct fiber *f, unsigned color, void (*entry)(void))
{
	getcontext(&f->context);
	f->context.uc_stack.ss_sp = f->stack;
	f->context.uc_stack.ss_size = f->stack_size - color * FIBER_COLOR_BYTES;
	f->context.uc_link = NULL;
	makecontext(&f->context, entry, 0);
}

static inline void context_switch(struct fiber *from, struct fiber *to)
{
	swapcontext(&from->context, &to->context);
}
#endif

static char *stack_map(size_t size)
{
	size_t guard = (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, guard + size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED || mprotect(p, guard, PROT_NONE) != 0) {
		perror("kthrash: no memory for a simulated thread's stack");
		exit(3);
	}
	return p + guard;
}

void fiber_host(struct fiber *host)
{
	if (__tsan_get_current_fiber)
		host->tsan = __tsan_get_current_fiber();
}

void fiber_make(struct fiber *f, unsigned color, void (*entry)(void))
{
	if (!f->stack) {
		f->stack_size = FIBER_STACK_BYTES;
		f->stack = stack_map(f->stack_size);
	} else {
		sim_unpoison(f->stack, f->stack_size);
	}
	if (__tsan_create_fiber) {
		if (f->tsan)
			__tsan_destroy_fiber(f->tsan);
		f->tsan = __tsan_create_fiber(0);
	}
	f->fake_stack = NULL;
	f->fresh = true;
	context_make(f, color, entry);
}

/* ASan learns the host's stack bounds when a fiber first comes from there. */
static const void *host_bottom;
static size_t host_size;

static inline void before_switch(struct fiber *from, struct fiber *to, bool for_good)
{
	if (__sanitizer_start_switch_fiber)
		__sanitizer_start_switch_fiber(for_good ? NULL : &from->fake_stack,
					       to->stack ? to->stack : host_bottom,
					       to->stack ? to->stack_size : host_size);
	if (__tsan_switch_to_fiber)
		__tsan_switch_to_fiber(to->tsan, TSAN_NO_SYNC);
}

void fiber_switch(struct fiber *from, struct fiber *to)
{
	before_switch(from, to, false);
	context_switch(from, to);
	if (__sanitizer_finish_switch_fiber)
		__sanitizer_finish_switch_fiber(from->fake_stack, NULL, NULL);
}

void fiber_leave(struct fiber *from, struct fiber *to)
{
	before_switch(from, to, true);
	context_switch(from, to);
	__builtin_unreachable();
}

void fiber_entered(struct fiber *f)
{
	const void *bottom;
	size_t size;

	f->fresh = false;
	if (__sanitizer_finish_switch_fiber) {
		__sanitizer_finish_switch_fiber(NULL, &bottom, &size);
		if (!host_bottom) {	/* the first fiber comes from the host */
			host_bottom = bottom;
			host_size = size;
		}
	}
}
