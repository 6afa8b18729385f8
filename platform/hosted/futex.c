/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System calls made by syscall(), above all the futex. libstdc++ builds std::atomic::wait(),
 * std::latch, std::barrier and std::counting_semaphore on it.
 *
 * The sleepers are kept here and not by hosted_wake_one(), because a sleeper can be moved to
 * another word. Sleepers of one word are woken in the order in which they came. A futex makes
 * no edge: only accesses to words do.
 */
#include <linux/futex.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/hosted/models.h"

static uint64_t turn;	/* of the sleeper that comes next */

void hosted_futex_begin(void)
{
	turn = 0;
}

static long fail_with(int error)
{
	errno = error;
	return -1;
}

/* The sleeper on that word that came first, or -1. */
static int first_sleeper(const void *word, uint32_t bits)
{
	int first = -1;

	for (uint32_t i = 0; i < hosted_threads; i++) {
		const struct hosted_thread *t = &hosted_thread[i];

		if (t->futex == word && t->futex_bits & bits &&
		    (first < 0 || t->futex_turn < hosted_thread[first].futex_turn))
			first = (int)i;
	}
	return first;
}

static long wake(const void *word, int count, uint32_t bits)
{
	int thread;
	long woken = 0;

	while (woken < count && (thread = first_sleeper(word, bits)) >= 0) {
		hosted_thread[thread].futex = NULL;
		hosted_wake_task((uint32_t)thread);
		woken++;
	}
	return woken;
}

static long sleep_on(const uint32_t *word, uint64_t deadline, uint32_t bits, struct kt_site *site)
{
	struct hosted_thread *self = hosted_self();
	bool in_time;

	if (hosted_spurious(site))
		return 0;
	self->futex = word;
	self->futex_bits = bits;
	self->futex_turn = turn++;
	in_time = hosted_block_until(site, self, deadline, -1);
	if (!self->futex)
		return 0;
	self->futex = NULL;
	return in_time ? 0 : fail_with(ETIMEDOUT);
}

static long move(const void *word, int count, const void *to)
{
	int thread;
	long moved = 0;

	while (moved < count && word != to && (thread = first_sleeper(word, UINT32_MAX)) >= 0) {
		hosted_thread[thread].futex = to;
		hosted_thread[thread].futex_turn = turn++;
		moved++;
	}
	return moved;
}

/* ---- FUTEX_WAKE_OP ---------------------------------------------------- */

static int32_t signed12(uint32_t field)
{
	return (int32_t)(field << 20) >> 20;
}

static bool operate(uint32_t *word, uint32_t code)
{
	int32_t arg = signed12(code >> 12), than = signed12(code), old = (int32_t)*word;

	if (code >> 28 & FUTEX_OP_OPARG_SHIFT)
		arg = (int32_t)(1u << (arg & 31));
	switch (code >> 28 & 7) {
	case FUTEX_OP_SET:	*word = (uint32_t)arg; break;
	case FUTEX_OP_ADD:	*word += (uint32_t)arg; break;
	case FUTEX_OP_OR:	*word |= (uint32_t)arg; break;
	case FUTEX_OP_ANDN:	*word &= ~(uint32_t)arg; break;
	case FUTEX_OP_XOR:	*word ^= (uint32_t)arg; break;
	default:		break;
	}
	switch (code >> 24 & 15) {
	case FUTEX_OP_CMP_EQ:	return old == than;
	case FUTEX_OP_CMP_NE:	return old != than;
	case FUTEX_OP_CMP_LT:	return old < than;
	case FUTEX_OP_CMP_LE:	return old <= than;
	case FUTEX_OP_CMP_GT:	return old > than;
	default:		return old >= than;
	}
}

/* ---- the call --------------------------------------------------------- */

/* FUTEX_WAIT's time is an interval, FUTEX_WAIT_BITSET's a point of a clock. */
static int deadline_of(int op, const struct timespec *t, uint64_t *deadline)
{
	clockid_t clock = op & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;

	*deadline = HOSTED_NEVER;
	if (!t)
		return 0;
	if (!hosted_is_time(t) || t->tv_sec < 0)
		return EINVAL;
	*deadline = (op & FUTEX_CMD_MASK) == FUTEX_WAIT ? hosted_now() + hosted_ns(t) :
		    hosted_deadline(clock, t);
	return 0;
}

static long futex_wait(uint32_t *word, int op, const long *a, uint32_t bits, uintptr_t pc)
{
	struct kt_site *site = hosted_site(pc, HOSTED_FUTEX_WAIT);
	uint64_t deadline;

	if (!bits || deadline_of(op, (const struct timespec *)a[3], &deadline))
		return fail_with(EINVAL);
	hosted_arrive(site, word);
	hosted_heap_check(word, sizeof *word, pc);
	/* Comparing and falling asleep are one step. */
	if (*word != (uint32_t)a[2])
		return fail_with(EAGAIN);
	return sleep_on(word, deadline, bits, site);
}

/* The memory of the word may be gone for a mere wake, so it is not looked at. */
static long futex(const long *a, uintptr_t pc)
{
	uint32_t *word = (uint32_t *)a[0], *other = (uint32_t *)a[4];
	int op = (int)a[1], count = (int)a[2], others = (int)a[3];
	uint32_t bits = (uint32_t)a[5];	/* or what the word is compared with, or an operation */
	struct kt_site *site;
	long woken;

	if ((op & FUTEX_CMD_MASK) == FUTEX_WAIT)
		return futex_wait(word, op, a, FUTEX_BITSET_MATCH_ANY, pc);
	if ((op & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET)
		return futex_wait(word, op, a, bits, pc);
	site = hosted_site(pc, HOSTED_FUTEX_WAKE);
	switch (op & FUTEX_CMD_MASK) {
	case FUTEX_WAKE:
		hosted_arrive(site, NULL);
		return wake(word, count, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		hosted_arrive(site, NULL);
		return bits ? wake(word, count, bits) : fail_with(EINVAL);
	case FUTEX_REQUEUE:
		hosted_arrive(site, NULL);
		woken = wake(word, count, FUTEX_BITSET_MATCH_ANY);
		return woken + move(word, others, other);
	case FUTEX_CMP_REQUEUE:
		hosted_arrive(site, word);
		if (*word != bits)
			return fail_with(EAGAIN);
		woken = wake(word, count, FUTEX_BITSET_MATCH_ANY);
		return woken + move(word, others, other);
	case FUTEX_WAKE_OP:
		hosted_arrive(site, other);
		if (operate(other, bits))
			return wake(word, count, FUTEX_BITSET_MATCH_ANY) +
			       wake(other, others, FUTEX_BITSET_MATCH_ANY);
		return wake(word, count, FUTEX_BITSET_MATCH_ANY);
	default:
		hosted_refuse("syscall(SYS_futex) with priority inheritance", pc);
	}
}

/* ---- syscall() -------------------------------------------------------- */

pid_t hosted_tid(uint32_t thread)
{
	static pid_t pid;

	if (!pid)
		pid = getpid();
	return pid + (pid_t)thread;
}

HOSTED_EXPORT pid_t gettid(void)
{
	return hosted_on() ? hosted_tid(hosted_me()) : HOSTED_REAL(gettid)();
}

/* Those that block, or make what an execution can't have. */
static const struct {
	long number;
	const char *name;
} refused[] = {
#define REFUSED(call) { SYS_##call, "syscall(SYS_" #call ")" }
	REFUSED(fork), REFUSED(vfork), REFUSED(clone), REFUSED(clone3), REFUSED(execve),
	REFUSED(execveat), REFUSED(wait4), REFUSED(waitid), REFUSED(pause),
	REFUSED(rt_sigsuspend), REFUSED(rt_sigtimedwait), REFUSED(rt_sigaction),
	REFUSED(kill), REFUSED(tkill), REFUSED(tgkill),
	REFUSED(alarm), REFUSED(setitimer), REFUSED(timer_create), REFUSED(timerfd_create),
	REFUSED(eventfd), REFUSED(eventfd2), REFUSED(signalfd), REFUSED(signalfd4),
	REFUSED(inotify_init), REFUSED(inotify_init1), REFUSED(pipe), REFUSED(pipe2),
	REFUSED(socket), REFUSED(socketpair), REFUSED(accept), REFUSED(accept4),
	REFUSED(connect), REFUSED(poll), REFUSED(ppoll), REFUSED(select), REFUSED(pselect6),
	REFUSED(epoll_create), REFUSED(epoll_create1), REFUSED(epoll_wait),
	REFUSED(epoll_pwait), REFUSED(flock), REFUSED(semop), REFUSED(semtimedop),
	REFUSED(msgrcv), REFUSED(msgsnd), REFUSED(mq_open), REFUSED(io_uring_setup),
	REFUSED(ptrace), REFUSED(seccomp), REFUSED(exit), REFUSED(userfaultfd),
	REFUSED(futex_waitv),
#undef REFUSED
};

static long pass_on(long number, const long *a, uintptr_t pc)
{
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		if (refused[i].number == number)
			hosted_refuse(refused[i].name, pc);
	return HOSTED_REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static long system_call(long number, const long *a, uintptr_t pc)
{
	switch (number) {
	case SYS_futex:		return futex(a, pc);
	case SYS_gettid:	return hosted_tid(hosted_me());
	case SYS_sched_yield:	return sched_yield();
	case SYS_clock_gettime:
		return clock_gettime((clockid_t)a[0], (struct timespec *)a[1]);
	case SYS_nanosleep:
		return nanosleep((const struct timespec *)a[0], (struct timespec *)a[1]);
	case SYS_getrandom:	return hosted_getrandom((void *)a[0], (size_t)a[1]);
	case SYS_exit_group:	hosted_exit_now((int)a[0], pc);
	case SYS_membarrier:
		/* A fence in each thread: all else that a thread stores is visible at points. */
		if (a[0])
			hosted_arrive(hosted_site(pc, HOSTED_FENCE), NULL);
		return a[0] ? 0 : HOSTED_REAL(syscall)(number, a[0], a[1]);
	default:
		return pass_on(number, a, pc);
	}
}

HOSTED_EXPORT long syscall(long number, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (!hosted_on())
		return HOSTED_REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	return system_call(number, a, HOSTED_CALLER);
}
