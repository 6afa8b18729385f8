/* SPDX-License-Identifier: GPL-2.0-only */
/* Conditions, semaphores, barriers, futexes, clocks. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "cases.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t sem;
static int ready, count;

static pthread_t start(void *(*fn)(void *))
{
	pthread_t t;

	assert(!pthread_create(&t, NULL, fn, NULL));
	return t;
}

static struct timespec in_ms(clockid_t clock, long ms)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

/* ---- conditions ------------------------------------------------------- */

static void *wait_ready(void *arg)
{
	pthread_mutex_lock(&mutex);
	while (!ready)
		pthread_cond_wait(&cond, &mutex);
	count++;
	pthread_mutex_unlock(&mutex);
	return arg;
}

static void set_ready(void)
{
	pthread_mutex_lock(&mutex);
	ready = 1;
	pthread_mutex_unlock(&mutex);
}

CASE(cond_signal)
{
	pthread_t t = start(wait_ready);

	set_ready();
	pthread_cond_signal(&cond);
	pthread_join(t, NULL);
	assert(!pthread_cond_destroy(&cond));
}

CASE(cond_broadcast)
{
	pthread_t a = start(wait_ready), b = start(wait_ready);

	set_ready();
	pthread_cond_broadcast(&cond);
	pthread_cond_destroy(&cond);	/* allowed: nobody is blocked on it */
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(count == 2);
}

BAD_CASE(cond_signal_lost, "nobody can run")
{
	pthread_t a = start(wait_ready), b = start(wait_ready);

	set_ready();
	pthread_cond_signal(&cond);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
}

static void *wait_once(void *arg)
{
	pthread_mutex_lock(&mutex);
	pthread_cond_wait(&cond, &mutex);
	assert(ready);
	pthread_mutex_unlock(&mutex);
	return arg;
}

BAD_CASE(cond_spurious, "assertion|deadlock")
{
	pthread_t t = start(wait_once);

	set_ready();
	pthread_cond_signal(&cond);
	pthread_join(t, NULL);
}

CASE(cond_timedwait)
{
	struct timespec t = in_ms(CLOCK_REALTIME, 1), bad = { 0, 1000000000 };

	pthread_mutex_lock(&mutex);
	assert(pthread_cond_timedwait(&cond, &mutex, &bad) == EINVAL);
	while (pthread_cond_timedwait(&cond, &mutex, &t) != ETIMEDOUT)
		;
	t = in_ms(CLOCK_MONOTONIC, 1);
	while (pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &t) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&mutex);
}

CASE(cond_monotonic)
{
	struct timespec t = in_ms(CLOCK_MONOTONIC, 1), now;
	pthread_condattr_t a;
	pthread_cond_t c;

	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&c, &a);
	pthread_mutex_lock(&mutex);
	while (pthread_cond_timedwait(&c, &mutex, &t) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&mutex);
	clock_gettime(CLOCK_MONOTONIC, &now);
	assert(now.tv_sec > t.tv_sec || (now.tv_sec == t.tv_sec && now.tv_nsec >= t.tv_nsec));
	pthread_cond_destroy(&c);
}

static void *wait_or_time_out(void *arg)
{
	struct timespec t = in_ms(CLOCK_REALTIME, 1);

	pthread_mutex_lock(&mutex);
	while (!ready)
		assert(!pthread_cond_timedwait(&cond, &mutex, &t));
	pthread_mutex_unlock(&mutex);
	return arg;
}

BAD_CASE(cond_timeout_early, "pthread_cond_timedwait")
{
	pthread_t t = start(wait_or_time_out);

	set_ready();
	pthread_cond_signal(&cond);
	pthread_join(t, NULL);
}

/* Ten seconds are long: they pass only if nothing else can. */
static void *wait_or_time_out_late(void *arg)
{
	struct timespec t = in_ms(CLOCK_REALTIME, 10000);

	pthread_mutex_lock(&mutex);
	while (!ready)
		assert(!pthread_cond_timedwait(&cond, &mutex, &t));
	pthread_mutex_unlock(&mutex);
	return arg;
}

static void run_late(void)
{
	pthread_t t = start(wait_or_time_out_late);

	set_ready();
	pthread_cond_signal(&cond);
	pthread_join(t, NULL);
}

CASE(cond_timeout_far)
{
	run_late();
}

BAD_CASE(cond_timeout_near, "pthread_cond_timedwait")
{
	run_late();
}

BAD_CASE(cond_without_mutex, "unlocks mutex mutex, which nobody holds")
{
	pthread_cond_wait(&cond, &mutex);
}

CASE(cond_errorcheck_without_mutex)
{
	pthread_mutex_t m = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;

	assert(pthread_cond_wait(&cond, &m) == EPERM);
}

static void *wait_other(void *arg)
{
	pthread_mutex_lock(&other);
	while (!ready)
		pthread_cond_wait(&cond, &other);
	pthread_mutex_unlock(&other);
	return arg;
}

BAD_CASE(cond_two_mutexes, "waits for condition cond with mutex")
{
	pthread_t a = start(wait_ready), b = start(wait_other);

	pthread_mutex_lock(&other);
	set_ready();
	pthread_mutex_unlock(&other);
	pthread_cond_broadcast(&cond);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
}

BAD_CASE(cond_destroy_waited, "condition cond is destroyed while T1 waits for it|was destroyed")
{
	pthread_t t = start(wait_ready);

	pthread_cond_destroy(&cond);
	pthread_cond_init(&cond, NULL);
	set_ready();
	pthread_cond_signal(&cond);
	pthread_join(t, NULL);
}

BAD_CASE(cond_use_destroyed, "condition cond was destroyed")
{
	pthread_cond_destroy(&cond);
	pthread_cond_signal(&cond);
}

static cnd_t c11_cond;
static mtx_t c11_mutex;

static int c11_wait(void *arg)
{
	(void)arg;
	mtx_lock(&c11_mutex);
	while (!ready)
		cnd_wait(&c11_cond, &c11_mutex);
	mtx_unlock(&c11_mutex);
	return 7;
}

CASE(cnd)
{
	struct timespec t = in_ms(CLOCK_REALTIME, 1);
	thrd_t thread;
	int result;

	assert(cnd_init(&c11_cond) == thrd_success);
	assert(mtx_init(&c11_mutex, mtx_plain) == thrd_success);
	assert(thrd_create(&thread, c11_wait, NULL) == thrd_success);
	mtx_lock(&c11_mutex);
	ready = 1;
	assert(cnd_broadcast(&c11_cond) == thrd_success);
	while (cnd_timedwait(&c11_cond, &c11_mutex, &t) != thrd_timedout)
		;
	mtx_unlock(&c11_mutex);
	assert(thrd_join(thread, &result) == thrd_success && result == 7);
	cnd_destroy(&c11_cond);
	mtx_destroy(&c11_mutex);
}

/* ---- semaphores ------------------------------------------------------- */

static void *take_sem(void *arg)
{
	assert(!sem_wait(&sem));
	return arg;
}

CASE(sem_counts)
{
	struct timespec t = in_ms(CLOCK_REALTIME, 1), u = in_ms(CLOCK_MONOTONIC, 1);
	struct timespec bad = { 0, -1 };
	pthread_t a, b;
	int value;

	assert(!sem_init(&sem, 0, 1));
	a = start(take_sem);
	b = start(take_sem);
	assert(!sem_post(&sem));
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(!sem_getvalue(&sem, &value) && value == 0);
	assert(sem_trywait(&sem) && errno == EAGAIN);
	assert(sem_timedwait(&sem, &t) && errno == ETIMEDOUT);
	assert(sem_clockwait(&sem, CLOCK_MONOTONIC, &u) && errno == ETIMEDOUT);
	assert(sem_timedwait(&sem, &bad) && errno == EINVAL);
	assert(!sem_destroy(&sem));
}

CASE(sem_limits)
{
	assert(sem_init(&sem, 0, (unsigned)SEM_VALUE_MAX + 1) && errno == EINVAL);
	assert(!sem_init(&sem, 0, SEM_VALUE_MAX));
	assert(sem_post(&sem) && errno == EOVERFLOW);
}

static void *take_and_end(void *arg)
{
	sem_wait(&sem);
	sem_destroy(&sem);
	return arg;
}

/* The poster must not touch the semaphore after the waiter can go on. */
SIM_CASE(sem_destroyed_by_waiter)
{
	pthread_t t;

	sem_init(&sem, 0, 0);
	t = start(take_and_end);
	sem_post(&sem);
	pthread_join(t, NULL);
}

BAD_CASE(sem_destroy_waited, "semaphore sem is destroyed while T1 waits for it|was destroyed")
{
	pthread_t t;

	sem_init(&sem, 0, 0);
	t = start(take_sem);
	sem_destroy(&sem);
	sem_init(&sem, 0, 1);
	pthread_join(t, NULL);
}

BAD_CASE(sem_named, "sem_open()")
{
	sem_open("/kthrash", 0);
}

/* ---- barriers --------------------------------------------------------- */

static atomic_int serial, arrived;

static void *meet(void *arg)
{
	for (int round = 1; round <= 3; round++) {
		atomic_fetch_add(&arrived, 1);
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			atomic_fetch_add(&serial, 1);
		assert(atomic_load(&arrived) >= 3 * round);
	}
	return arg;
}

CASE(barrier_rounds)
{
	pthread_t a, b;

	assert(pthread_barrier_init(&barrier, NULL, 0) == EINVAL);
	assert(!pthread_barrier_init(&barrier, NULL, 3));
	a = start(meet);
	b = start(meet);
	meet(NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(atomic_load(&serial) == 3);
	assert(!pthread_barrier_destroy(&barrier));
}

static void *meet_once(void *arg)
{
	pthread_barrier_wait(&barrier);
	return arg;
}

/* The first thread that leaves may destroy it. */
CASE(barrier_destroyed_by_first)
{
	pthread_t t;

	pthread_barrier_init(&barrier, NULL, 2);
	t = start(meet_once);
	meet_once(NULL);
	assert(!pthread_barrier_destroy(&barrier));
	pthread_join(t, NULL);
}

BAD_CASE(barrier_destroy_waited, "barrier barrier is destroyed while T1 waits for it|was destroyed")
{
	pthread_t t;

	pthread_barrier_init(&barrier, NULL, 2);
	t = start(meet_once);
	pthread_barrier_destroy(&barrier);
	pthread_barrier_init(&barrier, NULL, 1);
	pthread_join(t, NULL);
}

BAD_CASE(barrier_one_too_few, "nobody can run")
{
	pthread_t t;

	pthread_barrier_init(&barrier, NULL, 3);
	t = start(meet_once);
	meet_once(NULL);
	pthread_join(t, NULL);
}

/* ---- futexes ---------------------------------------------------------- */

static atomic_uint word, second;

static long futex(atomic_uint *at, int op, unsigned value, const void *time, atomic_uint *to,
		  unsigned more)
{
	return syscall(SYS_futex, at, op, value, time, to, more);
}

static void *futex_sleeper(void *arg)
{
	while (!atomic_load(&word))
		futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	return arg;
}

CASE(futex_wakes)
{
	pthread_t a = start(futex_sleeper), b = start(futex_sleeper);

	atomic_store(&word, 1);
	assert(futex(&word, FUTEX_WAKE_PRIVATE, 8, NULL, NULL, 0) <= 2);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
}

BAD_CASE(futex_wakes_one, "nobody can run")
{
	pthread_t a = start(futex_sleeper), b = start(futex_sleeper);

	atomic_store(&word, 1);
	futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
}

CASE(futex_results)
{
	struct timespec interval = { 0, 1000000 }, bad = { -1, 0 };
	struct timespec real = in_ms(CLOCK_REALTIME, 1), mono = in_ms(CLOCK_MONOTONIC, 1);

	assert(futex(&word, FUTEX_WAIT, 1, NULL, NULL, 0) == -1 && errno == EAGAIN);
	assert(futex(&word, FUTEX_WAIT, 0, &interval, NULL, 0) == -1 && errno == ETIMEDOUT);
	assert(futex(&word, FUTEX_WAIT, 0, &bad, NULL, 0) == -1 && errno == EINVAL);
	assert(futex(&word, FUTEX_WAIT_BITSET, 0, &mono, NULL, 0) == -1 && errno == EINVAL);
	assert(futex(&word, FUTEX_WAIT_BITSET, 0, &mono, NULL, 1) == -1 && errno == ETIMEDOUT);
	assert(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &real, NULL, 1) == -1 &&
	       errno == ETIMEDOUT);
	assert(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0) == 0);
	assert(futex(&word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0) == -1 && errno == EINVAL);
	assert(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, &second, 1) == -1 &&
	       errno == EAGAIN);
	assert(futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &second,
		     FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_EQ, 0)) == 0);
	assert(atomic_load(&second) == 5);
}

static void *requeued(void *arg)
{
	while (!atomic_load(&word))
		if (!futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0))
			break;
	return arg;
}

SIM_CASE(futex_requeue)
{
	pthread_t t = start(requeued);
	long moved = futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)1, &second, 0);

	assert(moved == 0 || moved == 1);
	atomic_store(&word, 1);
	futex(&second, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	pthread_join(t, NULL);
}

BAD_CASE(futex_priority, "priority inheritance")
{
	futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
}

/* ---- time ------------------------------------------------------------- */

static int64_t ns(clockid_t clock)
{
	struct timespec t;

	assert(!clock_gettime(clock, &t));
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

CASE(clocks_go_on)
{
	int64_t real = ns(CLOCK_REALTIME), mono = ns(CLOCK_MONOTONIC);
	struct timespec t = { 0, 2000000 }, bad = { 0, -1 }, rest;
	struct timeval tv;

	assert(!nanosleep(&t, &rest));
	assert(nanosleep(&bad, NULL) == -1 && errno == EINVAL);
	assert(ns(CLOCK_MONOTONIC) - mono >= 2000000);
	assert(ns(CLOCK_REALTIME) > real);
	assert(!usleep(1000) && !poll(NULL, 0, 1));
	tv = (struct timeval){ 0, 1000 };
	assert(!select(0, NULL, NULL, NULL, &tv));
	t = in_ms(CLOCK_MONOTONIC, 2);
	assert(!clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL));
	assert(ns(CLOCK_MONOTONIC) >= t.tv_sec * 1000000000ll + t.tv_nsec);
	assert(!gettimeofday(&tv, NULL) && tv.tv_sec == time(NULL));
	assert(clock() >= 0);
	assert(!thrd_sleep(&(struct timespec){ 0, 1000 }, NULL));
}

SIM_CASE(sleep_takes_no_time)
{
	for (int i = 0; i < 5; i++)
		sleep(100000);
}

SIM_CASE(loop_until_time)
{
	int64_t end = ns(CLOCK_MONOTONIC) + 3600 * 1000000000ll;

	while (ns(CLOCK_MONOTONIC) < end)
		;
}

static atomic_int flag;

static void *set_flag(void *arg)
{
	atomic_store(&flag, 1);
	return arg;
}

CASE(spin_yields)
{
	pthread_t t = start(set_flag);

	while (!atomic_load(&flag))
		sched_yield();
	pthread_join(t, NULL);
}

static void *late(void *arg)
{
	usleep(1000);
	atomic_store(&flag, 1);
	return arg;
}

/* Sleeping is no order: the sleeper may be late. */
BAD_CASE(sleep_is_no_order, "atomic_load(&flag)")
{
	pthread_t t = start(late);

	usleep(2000);
	assert(atomic_load(&flag));
	pthread_join(t, NULL);
}

int main(int argc, char **argv)
{
	return run_case(argc, argv);
}
