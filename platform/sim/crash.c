/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fault inside an execution becomes a verdict like any other. The code may have followed
 * a poisoned pointer or overflowed its stack. A fault outside an execution is a bug of the
 * harness, and the signal has its usual effect.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/sim/internal.h"

static char alternate_stack[64 * 1024];

static void on_fault(int sig)
{
	if (!sim.running) {
		signal(sig, SIG_DFL);
		raise(sig);
		return;
	}
	/* The message has no address, because that differs from run to run. */
	kt_fail(KT_MEMORY, "signal %d (%s): wild access", sig,
		sig == SIGSEGV ? "SIGSEGV" : sig == SIGBUS ? "SIGBUS" :
		sig == SIGILL ? "SIGILL" : "SIGFPE");
}

void sim_crash_init(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE };
	stack_t ss = { .ss_sp = alternate_stack, .ss_size = sizeof alternate_stack };
	struct sigaction sa;

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = on_fault;
	/* NODEFER, because the handler leaves by switching stacks and never returns. */
	sa.sa_flags = SA_ONSTACK | SA_NODEFER;
	if (sigaltstack(&ss, NULL) != 0) {
		perror("kthrash: sigaltstack");
		exit(3);
	}
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaction(signals[i], &sa, NULL);
}
