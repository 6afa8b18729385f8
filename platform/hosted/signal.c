/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signals that a thread sends to itself are delivered at once, on that thread: its handler is
 * called, or the signal's default is a finding. Nothing else sends signals: what would need
 * that is refused. Handlers are kept here and not given to the kernel, because kthrash itself
 * needs the kernel's.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "platform/hosted/models.h"

enum { SIGNALS = 65 };

static struct sigaction before[SIGNALS], now[SIGNALS];
static bool any_before, any_now;

void hosted_signals_begin(void)
{
	if (any_before || any_now)
		memcpy(now, before, sizeof now);
	any_now = false;
}

static bool is_signal(int signal)
{
	return signal > 0 && signal < SIGNALS;
}

static uint64_t bit(int signal)
{
	return 1ull << (signal - 1);
}

static int fail_with(int error)
{
	errno = error;
	return -1;
}

/* ---- delivery --------------------------------------------------------- */

static bool is_ignored_by_default(int signal)
{
	return signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH || signal == SIGCONT;
}

static void call(int signal, const struct sigaction *a)
{
	siginfo_t info = { .si_signo = signal, .si_code = SI_TKILL };
	ucontext_t context;

	if (!(a->sa_flags & SA_SIGINFO)) {
		a->sa_handler(signal);
		return;
	}
	info.si_pid = getpid();
	memset(&context, 0, sizeof context);
	a->sa_sigaction(signal, &info, &context);
}

int hosted_raise(int signal, uintptr_t pc)
{
	const struct sigaction a = now[is_signal(signal) ? signal : 0];

	if (signal == 0)
		return 0;
	if (!is_signal(signal))
		return EINVAL;
	if (hosted_self()->blocked_signals & bit(signal))
		hosted_refuse("raise() of a blocked signal", pc);
	if (a.sa_handler == SIG_IGN)
		return 0;
	if (a.sa_handler == SIG_DFL) {
		if (is_ignored_by_default(signal))
			return 0;
		hosted_fail(KT_ASSERTION, pc, "signal SIG%s", sigabbrev_np(signal) ?
			    sigabbrev_np(signal) : "RT");
	}
	if (a.sa_flags & (int)SA_RESETHAND)
		now[signal].sa_handler = SIG_DFL;
	call(signal, &a);
	return 0;
}

HOSTED_EXPORT int raise(int signal)
{
	int error;

	if (!hosted_on())
		return HOSTED_REAL(raise)(signal);
	error = hosted_raise(signal, HOSTED_CALLER);
	return error ? fail_with(error) : 0;
}

HOSTED_EXPORT int kill(pid_t pid, int signal)
{
	int error;

	if (!hosted_on() || (pid != getpid() && signal == 0))
		return HOSTED_REAL(kill)(pid, signal);
	if (pid != getpid() && pid != 0)
		hosted_refuse("kill() of another process", HOSTED_CALLER);
	error = hosted_raise(signal, HOSTED_CALLER);
	return error ? fail_with(error) : 0;
}

static int thread_kill(uint32_t thread, int signal, const char *call, uintptr_t pc)
{
	if (!signal)
		return 0;
	if (thread != hosted_me())
		hosted_refuse(call, pc);
	return hosted_raise(signal, pc);
}

HOSTED_EXPORT int pthread_kill(pthread_t t, int signal)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_kill)(t, signal);
	return thread_kill(hosted_thread_of(t, "pthread_kill()", HOSTED_CALLER), signal,
			   "pthread_kill() of another thread", HOSTED_CALLER);
}

HOSTED_EXPORT int tgkill(pid_t group, pid_t tid, int signal)
{
	int error;

	if (!hosted_on())
		return HOSTED_REAL(tgkill)(group, tid, signal);
	error = thread_kill((uint32_t)(tid - hosted_tid(0)), signal,
			    "tgkill() of another thread", HOSTED_CALLER);
	return error ? fail_with(error) : 0;
}

/* ---- handlers --------------------------------------------------------- */

bool hosted_is_ours(uintptr_t pc)
{
	Dl_info info, own;

	return dladdr((const void *)pc, &info) && dladdr((const void *)hosted_raise, &own) &&
	       info.dli_fbase == own.dli_fbase;
}

static void note(struct sigaction *table, int signal, const struct sigaction *a)
{
	table[signal] = *a;
	if (hosted_on())
		any_now = true;
	else
		any_before = true;
}

HOSTED_EXPORT int sigaction(int signal, const struct sigaction *restrict a,
			    struct sigaction *restrict old)
{
	if (!hosted_on()) {
		int error = HOSTED_REAL(sigaction)(signal, a, old);

		if (!error && a && is_signal(signal) && !hosted_is_ours(HOSTED_CALLER))
			note(before, signal, a);
		return error;
	}
	if (!is_signal(signal) || (a && (signal == SIGKILL || signal == SIGSTOP)))
		return fail_with(EINVAL);
	if (old)
		*old = now[signal];
	if (a)
		note(now, signal, a);
	return 0;
}

HOSTED_EXPORT __sighandler_t signal(int number, __sighandler_t handler)
{
	struct sigaction a = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;

	if (!hosted_on()) {
		if (is_signal(number) && !hosted_is_ours(HOSTED_CALLER))
			note(before, number, &a);
		return HOSTED_REAL(signal)(number, handler);
	}
	return sigaction(number, &a, &old) ? SIG_ERR : old.sa_handler;
}

/* ---- masks ------------------------------------------------------------ */

static uint64_t word_of(const sigset_t *set)
{
	uint64_t word;

	memcpy(&word, set, sizeof word);
	return word & ~(bit(SIGKILL) | bit(SIGSTOP));
}

static int set_mask(int how, const sigset_t *set, sigset_t *old)
{
	struct hosted_thread *self = hosted_self();
	const uint64_t was = self->blocked_signals;

	if (set && how == SIG_BLOCK)
		self->blocked_signals |= word_of(set);
	else if (set && how == SIG_UNBLOCK)
		self->blocked_signals &= ~word_of(set);
	else if (set && how == SIG_SETMASK)
		self->blocked_signals = word_of(set);
	else if (set)
		return EINVAL;
	if (old) {
		sigemptyset(old);
		memcpy(old, &was, sizeof was);
	}
	return 0;
}

HOSTED_EXPORT int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
	return hosted_on() ? set_mask(how, set, old) : HOSTED_REAL(pthread_sigmask)(how, set, old);
}

HOSTED_EXPORT int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
	int error;

	if (!hosted_on())
		return HOSTED_REAL(sigprocmask)(how, set, old);
	error = set_mask(how, set, old);
	return error ? fail_with(error) : 0;
}

/* Handlers run on the thread's own stack. */
HOSTED_EXPORT int sigaltstack(const stack_t *restrict stack, stack_t *restrict old)
{
	if (!hosted_on())
		return HOSTED_REAL(sigaltstack)(stack, old);
	if (old)
		*old = (stack_t){ .ss_flags = SS_DISABLE };
	return 0;
}

/* ---- what needs signals that come from elsewhere ---------------------- */

HOSTED_REFUSED(int, sigwait, (const sigset_t *restrict set, int *restrict signal), (set, signal))
HOSTED_REFUSED(int, sigwaitinfo, (const sigset_t *restrict set, siginfo_t *restrict info),
	(set, info))
HOSTED_REFUSED(int, sigtimedwait, (const sigset_t *restrict set, siginfo_t *restrict info,
		const struct timespec *restrict interval),
	(set, info, interval))
HOSTED_REFUSED(int, sigsuspend, (const sigset_t *set), (set))
HOSTED_REFUSED(int, sigqueue, (pid_t pid, int signal, const union sigval value),
	(pid, signal, value))
HOSTED_REFUSED(int, pthread_sigqueue, (pthread_t t, int signal, const union sigval value),
	(t, signal, value))
HOSTED_REFUSED(int, killpg, (pid_t group, int signal), (group, signal))
HOSTED_REFUSED(int, pause, (void), ())
HOSTED_REFUSED(unsigned, alarm, (unsigned seconds), (seconds))
HOSTED_REFUSED(useconds_t, ualarm, (useconds_t us, useconds_t interval), (us, interval))
HOSTED_REFUSED(int, setitimer, (__itimer_which_t which, const struct itimerval *restrict value,
		struct itimerval *restrict old),
	(which, value, old))
HOSTED_REFUSED(int, timer_create, (clockid_t clock, struct sigevent *restrict event,
		timer_t *restrict timer),
	(clock, event, timer))
/* These are obsolete. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
HOSTED_REFUSED(int, sighold, (int signal), (signal))
HOSTED_REFUSED(int, sigrelse, (int signal), (signal))
HOSTED_REFUSED(int, sigignore, (int signal), (signal))
HOSTED_REFUSED(__sighandler_t, sigset, (int signal, __sighandler_t handler), (signal, handler))
HOSTED_REFUSED(__sighandler_t, sysv_signal, (int signal, __sighandler_t handler), (signal, handler))
