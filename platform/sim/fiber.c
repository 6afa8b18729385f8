/* SPDX-License-Identifier: GPL-2.0-only */
#include "platform/sim/fiber.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "platform/sim/internal.h"

/*
 * Each of these exists only in builds with that sanitizer. This file is compiled the same
 * in all builds and asks at run time.
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
	FIBERS_MEASURED = 2,	/* besides those of tasks: see below, "measuring" */
	FIBERS_MAX = SIM_TASKS_MAX + FIBERS_MEASURED,
	FIBER_COLOR_BYTES = 9 * 64,
	FIBER_COLORS = 16,
	HUGE_PAGE_BYTES = 2 << 20,
	/* The switch itself makes no happens-before edge, because an edge would hide
	 * every race. The platform's operations make the edges that they promise. */
	TSAN_NO_SYNC = 1,
};

bool fiber_sanitized;

static struct {
	char *base;		/* NULL: not mapped yet */
	void *wanted;		/* where the caller wants them, or NULL */
	size_t size;		/* of one stack */
	size_t guard;		/* a page below each stack, which faults */
} stacks = { .size = SIM_STACK_BYTES };

static size_t below_top(unsigned number)
{
	return number % FIBER_COLORS * FIBER_COLOR_BYTES;
}

uintptr_t fiber_bottom(const struct fiber *f, unsigned number)
{
	return ((uintptr_t)f->stack + f->stack_size - below_top(number)) & ~(uintptr_t)63;
}

#if defined(__x86_64__)
/*
 * What fiber_swap() leaves on a stack, from fiber.sp up: site, addr, r15, r14, r13, r12,
 * rbx, rbp; then the return address. tools/gdb/kthrash_gdb/frames.py relies on it.
 */
enum { SAVED_WORDS = 8 };

/*
 * Not inline, so that its callers do not grow: a sixth of an execution's instructions is
 * here. Every fiber that does not run is inside this function. So after the stack has
 * changed the function just goes on, and returns to the caller on the new stack.
 */
__asm__(".text\n\t"
	".p2align 5\n\t"
	".globl fiber_swap\n\t"
	".type fiber_swap, @function\n"
	"fiber_swap:\n\t"
	"pushq %rbp\n\t"
	"pushq %rbx\n\t"
	"pushq %r12\n\t"
	"pushq %r13\n\t"
	"pushq %r14\n\t"
	"pushq %r15\n\t"
	"pushq %rdx\n\t"
	"pushq %rcx\n\t"
	"movq %rsp, (%rdi)\n\t"
	"movq (%rsi), %rsp\n\t"
	"popq %rsi\n\t"
	"popq %rdi\n\t"
	"popq %r15\n\t"
	"popq %r14\n\t"
	"popq %r13\n\t"
	"popq %r12\n\t"
	"popq %rbx\n\t"
	"popq %rbp\n\t"
	/* sim_memory_check() */
	"movl %edi, %eax\n\t"
	"shrl $4, %eax\n\t"
	"movzwl %ax, %eax\n\t"
	"leaq sim_memory_doubt(%rip), %rcx\n\t"
	"cmpb $0, (%rcx,%rax)\n\t"
	"jne sim_memory_check_slow\n\t"
	"movq %rdi, %rax\n\t"
	"ret\n\t"
	".size fiber_swap, . - fiber_swap\n");

_Static_assert(offsetof(struct fiber, sp) == 0 && SIM_GRANULE == 16 && SIM_GRANULES == 1 << 16,
	       "fiber_swap() relies on this");

static void context_make(struct fiber *f, unsigned number, void (*entry)(void))
{
	void **sp = (void **)fiber_bottom(f, number);

	*--sp = NULL;			/* entry's own return address: none */
	*--sp = (void *)entry;		/* keeps sp + 8 a multiple of 16 at entry */
	for (int i = 0; i < SAVED_WORDS; i++)
		*--sp = NULL;
	f->sp = sp;
}
#else
void *fiber_swap(struct fiber *from, struct fiber *to, const void *addr, struct kt_site *site)
{
	swapcontext(&from->context, &to->context);
	return sim_memory_check(addr, site);
}

static void context_make(struct fiber *f, unsigned number, void (*entry)(void))
{
	getcontext(&f->context);
	f->context.uc_stack.ss_sp = f->stack;
	f->context.uc_stack.ss_size = f->stack_size - below_top(number);
	f->context.uc_link = NULL;
	makecontext(&f->context, entry, 0);
}
#endif

bool sim_set_stacks(size_t bytes, void *base)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (stacks.base || !bytes)
		return false;
	stacks.size = (bytes + page - 1) / page * page;
	stacks.wanted = base;
	return true;
}

/*
 * One range of addresses for all stacks, so that the place of a stack depends on its number
 * alone. Nothing of it can be used until stack_map() says so.
 */
static void stacks_reserve(void)
{
	char *p;

	stacks.guard = (size_t)sysconf(_SC_PAGESIZE);
	p = mmap(stacks.wanted, FIBERS_MAX * (stacks.guard + stacks.size), PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED) {
		perror("kthrash: no addresses for the stacks of simulated threads");
		exit(3);
	}
	stacks.base = p;
}

static char *stack_map(unsigned number)
{
	char *p;

	if (!stacks.base)
		stacks_reserve();
	p = stacks.base + number * (stacks.guard + stacks.size) + stacks.guard;
	if (mprotect(p, stacks.size, PROT_READ | PROT_WRITE) != 0) {
		perror("kthrash: no memory for a simulated thread's stack");
		exit(3);
	}
	if (stacks.size >= HUGE_PAGE_BYTES)	/* most stacks use a few small pages only */
		madvise(p, stacks.size, MADV_NOHUGEPAGE);
	return p;
}

void fiber_host(struct fiber *host)
{
	fiber_sanitized = __sanitizer_start_switch_fiber || __tsan_switch_to_fiber;
	if (__tsan_get_current_fiber)
		host->tsan = __tsan_get_current_fiber();
}

/*
 * Tell ThreadSanitizer that all that an abandoned fiber did comes before what the host does
 * next. For that, switch to the fiber once with synchronization. Otherwise the reuse of its
 * memory would look like a race.
 */
static void tsan_bury(void *fiber)
{
	void *host = __tsan_get_current_fiber();

	__tsan_switch_to_fiber(fiber, 0);
	__tsan_switch_to_fiber(host, 0);
	__tsan_destroy_fiber(fiber);
}

void fiber_make(struct fiber *f, unsigned number, void (*entry)(void))
{
	KT_ASSERT(number < FIBERS_MAX);
	if (!f->stack) {
		f->stack = stack_map(number);
		f->stack_size = stacks.size;
	} else {
		sim_unpoison(f->stack, f->stack_size);
	}
	if (__tsan_create_fiber && __tsan_get_current_fiber) {	/* a build with TSan has both */
		if (f->tsan)
			tsan_bury(f->tsan);
		if (f->tsan_aside)
			tsan_bury(f->tsan_aside);
		f->tsan = __tsan_create_fiber(0);
		f->tsan_aside = NULL;
	}
	f->fake_stack = NULL;
	context_make(f, number, entry);
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

/* ASan tells the bounds of the host's stack when the host first enters a fiber. */
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
	fiber_swap(from, to, NULL, NULL);
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

/* ---- measuring ---------------------------------------------------------- */

static struct fiber bench_host, bench_bare, bench_own;

#if defined(__x86_64__)
/*
 * No switch can cost less, because the compiler saves only what is live, and the jump is
 * predicted.
 */
static inline __attribute__((always_inline))
void bare_swap(struct fiber *from, struct fiber *to)
{
	void **save = &from->sp, **load = &to->sp;

	__asm__ volatile("leaq -128(%%rsp), %%rsp\n\t"	/* the red zone */
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
static inline void bare_swap(struct fiber *from, struct fiber *to)
{
	swapcontext(&from->context, &to->context);
}
#endif

static inline __attribute__((always_inline))
void bench_switch(struct fiber *from, struct fiber *to, bool own)
{
	if (__builtin_expect(fiber_sanitized, false))
		fiber_before_switch(from, to, false);
	if (own)
		fiber_swap(from, to, NULL, NULL);
	else
		bare_swap(from, to);
	if (__builtin_expect(fiber_sanitized, false))
		fiber_after_switch(from);
}

static void bench_bare_main(void)
{
	fiber_entered();
	for (;;)
		bench_switch(&bench_bare, &bench_host, false);
}

static void bench_own_main(void)
{
	fiber_entered();
	for (;;)
		bench_switch(&bench_own, &bench_host, true);
}

static inline __attribute__((always_inline))
double bench_ns(struct fiber *f, bool own, uint64_t rounds)
{
	struct timespec a, b;

	bench_switch(&bench_host, f, own);
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (uint64_t i = 0; i < rounds; i++)
		bench_switch(&bench_host, f, own);
	clock_gettime(CLOCK_MONOTONIC, &b);
	return ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) /
	       (double)(2 * rounds);
}

double fiber_bare_ns(uint64_t rounds)
{
	if (!bench_bare.stack) {
		fiber_host(&bench_host);
		fiber_make(&bench_bare, SIM_TASKS_MAX, bench_bare_main);
#if defined(__x86_64__)
		bench_bare.sp = (void **)bench_bare.sp + SAVED_WORDS;
#endif
	}
	return bench_ns(&bench_bare, false, rounds);
}

double fiber_own_ns(uint64_t rounds)
{
	if (!bench_own.stack) {
		fiber_host(&bench_host);
		fiber_make(&bench_own, SIM_TASKS_MAX + 1, bench_own_main);
	}
	return bench_ns(&bench_own, true, rounds);
}
