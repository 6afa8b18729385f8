/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ends an execution from outside: a timer, if the program makes no progress, and a fault.
 *
 * A loop without any access to memory, or a call that blocks in the kernel, reaches no site.
 * A timer of the process looks every second whether the simulator has made a step or the
 * program an access. If there was none for some seconds, the signal's handler lets the
 * processor stop after each of the next instructions. What these do decides how the execution
 * ends (loop.c). This is the one place where a clock decides, and only about executions that
 * would never end.
 *
 * A fault says where it is. One just below a stack is an overflow of the stack. A trap that the
 * compiler has put at an error that UBSan finds says which error it is (trap.c).
 */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "platform/hosted/backbone.h"
#include "platform/hosted/loop.h"
#include "platform/hosted/site.h"
#include "platform/hosted/trap.h"

enum { SILENCE_USUAL_S = 10, PAGE = 4096, TRAP_FLAG = 0x100 };

static uint32_t silence_s;

static struct {
	uint64_t seen;
	uint32_t quiet_s;
	bool steps;	/* the processor stops after each instruction */
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

__attribute__((noreturn)) static void end_execution(const void *context)
{
	const char *name = hosted_record->task[hosted_me()].name;
	uintptr_t pc = loop_place() ? loop_place() + 1 : program_pc_of(context);

	watchdog.steps = false;
	watchdog.quiet_s = 0;
	switch (loop_kind()) {
	case LOOP_UNSEEN:
		hosted_fail(KT_UNSUPPORTED, pc, "kthrash does not see what inline assembly "
			    "does, and %s has run for %u seconds in a loop of it", name,
			    silence_s);
	case LOOP_FOREIGN:
		hosted_fail(KT_UNSUPPORTED, program_pc_of(context), "kthrash does not see what "
			    "code does that kthrash-cc did not compile, and %s has run for %u "
			    "seconds in such code", name, silence_s);
	case LOOP_BLOCKED:
		hosted_fail(KT_UNSUPPORTED, program_pc_of(context), "%s has waited for %u "
			    "seconds in a system call that kthrash does not know", name, silence_s);
	default:
		hosted_fail(KT_LIVELOCK, pc, "%s has run for %u seconds without an access that "
			    "another thread could see", name, silence_s);
	}
}

static void set_trap_flag(void *context, bool on)
{
	ucontext_t *u = context;
	greg_t *flags = &u->uc_mcontext.gregs[REG_EFL];

	watchdog.steps = on;
	*flags = on ? *flags | TRAP_FLAG : *flags & ~TRAP_FLAG;
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
	if (watchdog.quiet_s == silence_s) {
		loop_begin();
		set_trap_flag(context, true);
	} else if (watchdog.quiet_s > silence_s) {
		end_execution(context);	/* a second has brought no instruction, or not enough */
	}
}

/* The processor has stopped after an instruction. */
static void on_step(void *context)
{
	if (!hosted_on() || progress() != watchdog.seen)
		set_trap_flag(context, false);
	else if (loop_step(context))
		end_execution(context);
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
		[SIGTRAP] = "SIGTRAP",
		[SIGSEGV] = "SIGSEGV",
		[SIGBUS] = "SIGBUS",
		[SIGILL] = "SIGILL",
		[SIGFPE] = "SIGFPE",
	};

	if (sig == SIGTRAP && watchdog.steps) {
		on_step(context);
		return;
	}
	if (!hosted_on()) {
		HOSTED_REAL(sigaction)(sig, &before[sig], NULL);
		raise(sig);
		return;
	}
	/* The message has no address, because that may differ from process to process. */
	if (sig == SIGSEGV && is_overflow((uintptr_t)info->si_addr))
		hosted_fail(KT_MEMORY, program_pc_of(context), "the stack of %s overflows",
			    hosted_record->task[hosted_me()].name);
	if (sig == SIGILL && trap_error(pc_of(context)))
		hosted_fail(KT_UNDEFINED, program_pc_of(context), "%s",
			    trap_error(pc_of(context)));
	hosted_fail(KT_MEMORY, program_pc_of(context), "signal %d (%s): %s", sig, names[sig],
		    sig == SIGFPE    ? "division by zero or the like"
		    : sig == SIGILL  ? "no instruction"
		    : sig == SIGTRAP ? "a breakpoint in the program"
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

void watchdog_begin(uint32_t silence)
{
	silence_s = silence ? silence : SILENCE_USUAL_S;
}

/* Each process has its own timer: a fork leaves it behind. */
static void begin(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
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
