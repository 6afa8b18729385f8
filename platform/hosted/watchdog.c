/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ends an execution from outside: a timer, if the program makes no progress, and a fault.
 *
 * A loop without any access to memory, or a call that blocks in the kernel, reaches no site.
 * A timer of the process looks every second whether the simulator has made a step or the
 * program an access. If there was none for SILENCE_S seconds, the signal's handler ends the
 * execution. This is the one place where a clock decides, and only about executions that would
 * never end.
 *
 * A fault says where it is. One just below a stack is an overflow of the stack.
 */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "platform/hosted/backbone.h"
#include "platform/hosted/site.h"

enum { SILENCE_S = 10, PAGE = 4096 };

static struct {
	uint64_t seen;
	uint32_t quiet_s;
} watchdog;

/* Changes whenever there is progress. */
static uint64_t progress(void)
{
	return (uint64_t)hosted_epoch << 40 ^ (uint64_t)hosted_record->steps << 16 ^
	       hosted_since_switch;
}

static uintptr_t pc_of(const void *context)
{
	const ucontext_t *u = context;

	return (uintptr_t)u->uc_mcontext.gregs[REG_RIP];
}

/* The next instruction of the program itself on the stack, from where it was interrupted. */
static uintptr_t program_pc_of(const void *context)
{
	const ucontext_t *u = context;
	const uintptr_t *sp = (const uintptr_t *)u->uc_mcontext.gregs[REG_RSP];
	uintptr_t pc = pc_of(context);
	char *low, *high;

	if (hosted_is_program(pc))
		return pc + 1; /* a place is that of the byte before */
	if (!sim_task_stack(hosted_me(), &low, &high) || (const char *)sp < low)
		return pc + 1;
	for (; (const char *)(sp + 1) <= high; sp++)
		if (hosted_is_program(*sp))
			return *sp;
	return pc + 1;
}

static void on_tick(int sig, siginfo_t *info, void *context)
{
	uint64_t now;

	(void)sig, (void)info;
	if (!hosted_on())
		return;
	now = progress();
	watchdog.quiet_s = now == watchdog.seen ? watchdog.quiet_s + 1 : 0;
	watchdog.seen = now;
	if (watchdog.quiet_s < SILENCE_S)
		return;
	watchdog.quiet_s = 0;
	hosted_fail(KT_LIVELOCK, program_pc_of(context),
		    "%s has run for %d seconds without an access that another thread could see",
		    hosted_record->task[hosted_me()].name, SILENCE_S);
}

/* A fuzzing engine's own handlers. They count outside of executions. */
static struct sigaction before[_NSIG];

static bool is_overflow(uintptr_t addr)
{
	char *low, *high;

	return sim_task_stack(hosted_me(), &low, &high) && addr < (uintptr_t)low &&
	       addr >= (uintptr_t)low - PAGE;
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	static const char *const names[] = {
		[SIGSEGV] = "SIGSEGV",
		[SIGBUS] = "SIGBUS",
		[SIGILL] = "SIGILL",
		[SIGFPE] = "SIGFPE",
	};

	if (!hosted_on()) {
		HOSTED_REAL(sigaction)(sig, &before[sig], NULL);
		raise(sig);
		return;
	}
	/* The message has no address, because that may differ from process to process. */
	if (sig == SIGSEGV && is_overflow((uintptr_t)info->si_addr))
		hosted_fail(KT_MEMORY, program_pc_of(context), "the stack of %s overflows",
			    hosted_record->task[hosted_me()].name);
	hosted_fail(KT_MEMORY, program_pc_of(context), "signal %d (%s): %s", sig, names[sig],
		    sig == SIGFPE   ? "division by zero or the like"
		    : sig == SIGILL ? "no instruction"
				    : "wild access");
}

/*
 * The handlers leave by switching stacks, so the signal must not stay blocked. They run on the
 * stack that the simulator has set for faults (sim/crash.c).
 */
static void handle(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof sa);
	sa.sa_sigaction = handler;
	sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | flags;
	HOSTED_REAL(sigaction)(sig, &sa, NULL);
}

/* Each process has its own timer: a fork leaves it behind. */
static void begin(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL };
	struct itimerspec every_second = { { 1, 0 }, { 1, 0 } };
	int timer;

	if (hosted_process->watchdog)
		return;
	hosted_process->watchdog = true;
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		struct sigaction now;

		HOSTED_REAL(sigaction)(faults[i], NULL, &now);
		if (now.sa_sigaction != on_fault && !hosted_is_driven())
			before[faults[i]] = now;
		handle(faults[i], on_fault, 0);
	}
	event.sigev_signo = SIGRTMAX - 1;
	handle(event.sigev_signo, on_tick, SA_RESTART);
	if (HOSTED_RAW_3(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) == 0)
		hosted_raw(SYS_timer_settime, timer, 0, (long)&every_second, 0, 0, 0);
}
HOSTED_AT_BEGIN(begin);
