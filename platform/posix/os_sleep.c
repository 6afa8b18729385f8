/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * platform/os.h on real threads: park, kill, relax, clock.
 *
 * park and unpark meet on one futex word per thread (os_thread.permit), and on
 * another for locks (posix_thread.permit):
 *
 *	park				unpark
 *	EMPTY -> PARKED			any -> PERMIT
 *	sleep while PARKED		was it PARKED? wake
 *	PERMIT -> EMPTY
 *
 * No wake-up is lost: the kernel compares the word again before it puts the
 * thread to sleep, so either it finds PERMIT or the unparker finds PARKED.
 *
 * A wait that does not sleep by os_park() tells by os_wait_begin() how to interrupt it.
 * wait_lock is held while interrupt() runs, so interrupt() never runs after os_wait_end().
 */
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "platform/posix/internal.h"

enum { EMPTY, PERMIT, PARKED };

enum { RELAX_YIELD = 32 };

/* ---- futex --------------------------------------------------------------- */

bool posix_futex_wait(const uint32_t *word, uint32_t expected, const uint64_t *deadline_ns)
{
	struct timespec ts = { 0, 0 };
	int errno_kept = errno;
	long err;

	if (deadline_ns)
		ts = posix_timespec(*deadline_ns);
	/* WAIT_BITSET, because its deadline is absolute and on CLOCK_MONOTONIC. */
	err = syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected,
		      deadline_ns ? &ts : NULL, NULL, FUTEX_BITSET_MATCH_ANY);
	if (err < 0)
		err = errno;
	errno = errno_kept;
	return err != ETIMEDOUT;
}

void posix_futex_wake(const uint32_t *word, int count)
{
	int errno_kept = errno;

	syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, count, NULL, NULL, 0);
	errno = errno_kept;
}

bool os_futex_wait_at(const uint32_t *word, uint32_t expected, const uint64_t *deadline_ns,
		      struct kt_site *why)
{
	bool in_time;

	(void)kt_may_sleep(why);
	posix_delay();
	posix_waits_at(why);
	in_time = posix_futex_wait(word, expected, deadline_ns);
	posix_waits_at(NULL);
	return in_time;
}

void os_futex_wake_at(const uint32_t *word, uint32_t count, struct kt_site *site)
{
	(void)site;
	posix_delay();
	posix_futex_wake(word, (int)count);
}

/* ---- park ---------------------------------------------------------------- */

/* Acquire pairs with the release in grant(). */
static bool take(uint32_t *permit)
{
	uint32_t there = PERMIT;

	return __atomic_compare_exchange_n(permit, &there, EMPTY, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static bool park(uint32_t *permit, const uint64_t *deadline_ns, struct kt_site *why)
{
	uint32_t empty = EMPTY;
	bool in_time = true;

	(void)kt_may_sleep(why);
	posix_delay();
	if (take(permit))
		return true;
	if (__atomic_compare_exchange_n(permit, &empty, PARKED, false, __ATOMIC_RELAXED,
					__ATOMIC_RELAXED)) {
		posix_waits_at(why);
		in_time = posix_futex_wait(permit, PARKED, deadline_ns);
		posix_waits_at(NULL);
	}
	/* The thread is awake, for any reason: take a permit that came meanwhile. */
	if (__atomic_exchange_n(permit, EMPTY, __ATOMIC_ACQUIRE) == PERMIT)
		return true;
	return in_time;
}

static void grant(uint32_t *permit)
{
	posix_delay();
	if (__atomic_exchange_n(permit, PERMIT, __ATOMIC_RELEASE) == PARKED)
		posix_futex_wake(permit, 1);
}

void os_park(struct kt_site *why)
{
	KT_ASSERT(os_self() != NULL);
	park(&os_self()->permit, NULL, why);
}

bool os_park_until(uint64_t deadline_ns, struct kt_site *why)
{
	KT_ASSERT(os_self() != NULL);
	return park(&os_self()->permit, &deadline_ns, why);
}

void os_unpark_at(struct os_thread *t, struct kt_site *site)
{
	(void)site;
	grant(&t->permit);
}

void os_sleeper_park(struct kt_site *why)
{
	KT_ASSERT(posix_self() != NULL);
	park(&posix_self()->permit, NULL, why);
}

void os_sleeper_unpark_at(os_sleeper *s, struct kt_site *site)
{
	(void)site;
	grant(&s->permit);
}

/* ---- kill ---------------------------------------------------------------- */

/* The caller holds wait_lock. */
static void interrupt_once_locked(struct os_thread *t)
{
	void (*interrupt)(void *arg) = t->interrupt;

	t->interrupt = NULL;
	if (interrupt)
		interrupt(t->interrupt_arg);
}

void os_kill(struct os_thread *t)
{
	pthread_mutex_lock(&t->wait_lock);
	__atomic_store_n(&t->killed, true, __ATOMIC_RELEASE);
	interrupt_once_locked(t);
	pthread_mutex_unlock(&t->wait_lock);
	os_unpark(t);
}

bool os_is_killed(const struct os_thread *t)
{
	return __atomic_load_n(&t->killed, __ATOMIC_ACQUIRE);
}

void os_wait_begin(void (*interrupt)(void *arg), void *arg)
{
	struct os_thread *t = os_self();

	KT_ASSERT(t != NULL);
	pthread_mutex_lock(&t->wait_lock);
	KT_ASSERT(t->interrupt == NULL);
	t->interrupt = interrupt;
	t->interrupt_arg = arg;
	/* The thread was killed before, and that kill found no interrupt() to call. */
	if (os_is_killed(t))
		interrupt_once_locked(t);
	pthread_mutex_unlock(&t->wait_lock);
}

void os_wait_end(void)
{
	struct os_thread *t = os_self();

	pthread_mutex_lock(&t->wait_lock);
	t->interrupt = NULL;
	pthread_mutex_unlock(&t->wait_lock);
}

/* ---- spinning and time --------------------------------------------------- */

static inline void pause_processor(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

void os_relax(struct kt_site *where)
{
	struct posix_thread *me = posix_self();

	pause_processor();
	if (me && ++me->relaxed % RELAX_YIELD != 0)
		return;
	/* The thread that this one waits for may need this processor. */
	posix_waits_at(where);
	sched_yield();
	posix_waits_at(NULL);
}

uint64_t os_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}
