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

bool fiber_sanitized;

uintptr_t fiber_bottom(const struct fiber *f, unsigned color)
{
	return ((uintptr_t)f->stack + f->stack_size - color * FIBER_COLOR_BYTES) & ~(uintptr_t)63;
}

#if defined(__x86_64__)
static void context_make(struct fiber *f, unsigned color, void (*entry)(void))
{
	void **sp = (void **)fiber_bottom(f, color);

	*--sp = NULL;			/* entry's own return address: none */
	*--sp = (void *)entry;		/* keeps sp + 8 a multiple of 16 at entry */
	f->sp = sp;
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
	fiber_sanitized = __sanitizer_start_switch_fiber || __tsan_switch_to_fiber;
	if (__tsan_get_current_fiber)
		host->tsan = __tsan_get_current_fiber();
}

/*
 * What an abandoned fiber did comes before whatever the host does next: visit
 * it with synchronization once, so that reused memory is no race.
 */
static void tsan_bury(void *fiber)
{
	void *host = __tsan_get_current_fiber();

	__tsan_switch_to_fiber(fiber, 0);
	__tsan_switch_to_fiber(host, 0);
	__tsan_destroy_fiber(fiber);
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
			tsan_bury(f->tsan);
		if (f->tsan_aside)
			tsan_bury(f->tsan_aside);
		f->tsan = __tsan_create_fiber(0);
		f->tsan_aside = NULL;
	}
	f->fake_stack = NULL;
	context_make(f, color, entry);
}

void fiber_aside(struct fiber *f)
{
	void *aside = f->tsan_aside;

	if (!__tsan_create_fiber)
		return;
	if (!aside)
		aside = __tsan_create_fiber(0);
	f->tsan_aside = f->tsan;
	f->tsan = aside;
	__tsan_switch_to_fiber(aside, TSAN_NO_SYNC);
}

/* ASan learns the host's stack bounds when a fiber first comes from there. */
static const void *host_bottom;
static size_t host_size;

void fiber_before_switch(struct fiber *from, struct fiber *to, bool for_good)
{
	if (__sanitizer_start_switch_fiber)
		__sanitizer_start_switch_fiber(for_good ? NULL : &from->fake_stack,
					       to->stack ? to->stack : host_bottom,
					       to->stack ? to->stack_size : host_size);
	if (__tsan_switch_to_fiber)
		__tsan_switch_to_fiber(to->tsan, TSAN_NO_SYNC);
}

void fiber_after_switch(struct fiber *from)
{
	if (__sanitizer_finish_switch_fiber)
		__sanitizer_finish_switch_fiber(from->fake_stack, NULL, NULL);
}

void fiber_leave(struct fiber *from, struct fiber *to)
{
	fiber_before_switch(from, to, true);
	fiber_swap(from, to);
	__builtin_unreachable();
}

void fiber_entered(void)
{
	const void *bottom;
	size_t size;

	if (!__sanitizer_finish_switch_fiber)
		return;
	__sanitizer_finish_switch_fiber(NULL, &bottom, &size);
	if (!host_bottom) {	/* the first fiber comes from the host */
		host_bottom = bottom;
		host_size = size;
	}
}
