/* SPDX-License-Identifier: GPL-2.0-only */
/* Threads: ends, joining, cancellation, names, attributes. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/sysinfo.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "cases.h"

static atomic_int count;
static sem_t sem;
static pthread_t main_thread;

static pthread_t start(void *(*fn)(void *), void *arg)
{
	pthread_t t;

	assert(!pthread_create(&t, NULL, fn, arg));
	return t;
}

static void *join(pthread_t t)
{
	void *result;

	assert(!pthread_join(t, &result));
	return result;
}

static void *same(void *arg)
{
	return arg;
}

static void *exits(void *arg)
{
	pthread_exit(arg);
}

static void *pass_sem(void *arg)
{
	sem_wait(&sem);
	return arg;
}

/* ---- joining ---------------------------------------------------------- */

CASE(join_results)
{
	int x;

	assert(join(start(same, &x)) == &x);
	assert(join(start(exits, &x)) == &x);
	assert(join(start(same, NULL)) == NULL);
}

static void *join_main(void *arg)
{
	assert(pthread_join(main_thread, NULL) == EDEADLK);
	return arg;
}

CASE(join_deadlocks)
{
	assert(pthread_join(pthread_self(), NULL) == EDEADLK);
}

/* Only one of them can see the other wait. */
SIM_CASE(join_each_other)
{
	(void)join_main;
	main_thread = pthread_self();
	join(start(same, NULL));
}

CASE(join_tries)
{
	struct timespec t;
	pthread_t thread;

	sem_init(&sem, 0, 0);
	thread = start(pass_sem, NULL);
	assert(pthread_tryjoin_np(thread, NULL) == EBUSY);
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec = (t.tv_nsec + 1000000) % 1000000000;
	assert(pthread_timedjoin_np(thread, NULL, &t) == ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &t);
	assert(pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &t) == ETIMEDOUT);
	sem_post(&sem);
	join(thread);
}

CASE(detached)
{
	pthread_attr_t a;
	pthread_t t;

	sem_init(&sem, 0, 0);
	pthread_attr_init(&a);
	pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
	assert(!pthread_create(&t, &a, pass_sem, NULL));
	assert(pthread_join(t, NULL) == EINVAL);
	assert(pthread_detach(t) == EINVAL);
	t = start(pass_sem, NULL);
	assert(!pthread_detach(t));
	assert(pthread_join(t, NULL) == EINVAL);
	sem_post(&sem);
	sem_post(&sem);
	pthread_attr_destroy(&a);
}

static void *for_ever(void *arg)
{
	for (;;)
		sem_wait(&sem);
	return arg;
}

CASE(detached_outlives_main)
{
	sem_init(&sem, 0, 0);
	pthread_detach(start(for_ever, NULL));
}

BAD_CASE(join_twice, "pthread_join() of T1, which was joined before")
{
	pthread_t t = start(same, NULL);

	join(t);
	pthread_join(t, NULL);
}

BAD_CASE(join_nothing, "pthread_join() of a thread that does not exist")
{
	pthread_join(12345, NULL);
}

BAD_CASE(never_joined, "T1 was neither joined nor detached")
{
	start(same, NULL);
}

static void *count_late(void *arg)
{
	sem_wait(&sem);
	atomic_fetch_add(&count, 1);
	return arg;
}

static void check_count(void)
{
	if (atomic_load(&count) != 1)
		abort();
}

CASE(main_exits_first)
{
	sem_init(&sem, 0, 0);
	atexit(check_count);	/* the last thread that ends runs it */
	start(count_late, NULL);
	sem_post(&sem);
	pthread_exit(NULL);
}

static int c11(void *arg)
{
	if (arg)
		thrd_exit(5);
	return 6;
}

CASE(c11_threads)
{
	thrd_t t;
	int result;

	assert(thrd_create(&t, c11, NULL) == thrd_success);
	assert(thrd_join(t, &result) == thrd_success && result == 6);
	assert(thrd_create(&t, c11, &t) == thrd_success);
	assert(thrd_join(t, &result) == thrd_success && result == 5);
	assert(thrd_equal(thrd_current(), thrd_current()));
	assert(thrd_create(&t, c11, NULL) == thrd_success);
	assert(thrd_detach(t) == thrd_success);
	thrd_yield();
}

SIM_CASE(no_thread_left)
{
	pthread_t t;
	thrd_t u;

	assert(pthread_create(&t, NULL, same, NULL) == EAGAIN);
	assert(thrd_create(&u, c11, NULL) == thrd_error);
}

/* ---- cancellation ----------------------------------------------------- */

static void counts(void *arg)
{
	atomic_fetch_add(&count, (int)(intptr_t)arg);
}

static void *cancelled_in_sem(void *arg)
{
	pthread_cleanup_push(counts, (void *)1);
	pthread_cleanup_push(counts, (void *)10);
	sem_wait(&sem);
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return arg;
}

CASE(cancel_runs_handlers)
{
	pthread_t t;

	sem_init(&sem, 0, 0);
	t = start(cancelled_in_sem, NULL);
	assert(!pthread_cancel(t));
	assert(join(t) == PTHREAD_CANCELED);
	/* Or it was cancelled before it began to wait: the handlers were there in any case. */
	assert(atomic_load(&count) == 11);
	assert(!sem_destroy(&sem));
}

static void *exits_with_handlers(void *arg)
{
	pthread_cleanup_push(counts, (void *)1);
	pthread_cleanup_push(counts, (void *)10);
	pthread_cleanup_pop(1);
	pthread_exit(arg);
	pthread_cleanup_pop(0);
	return NULL;
}

CASE(exit_runs_handlers)
{
	assert(join(start(exits_with_handlers, &sem)) == &sem);
	assert(atomic_load(&count) == 11);
}

static void *disabled(void *arg)
{
	int old;

	assert(!pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old));
	assert(old == PTHREAD_CANCEL_ENABLE);
	sem_wait(&sem);
	pthread_testcancel();
	atomic_fetch_add(&count, 1);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
	assert(old == PTHREAD_CANCEL_DISABLE);
	assert(!pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &old));
	pthread_testcancel();
	atomic_fetch_add(&count, 100);
	return arg;
}

SIM_CASE(cancel_disabled)
{
	pthread_t t;

	sem_init(&sem, 0, 0);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	t = start(disabled, NULL);
	sched_yield();
	sem_post(&sem);
	while (!atomic_load(&count))
		sched_yield();
	pthread_cancel(t);
	join(t);
	assert(atomic_load(&count) == 1 || atomic_load(&count) == 101);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static void unlock(void *arg)
{
	assert(!pthread_mutex_unlock(arg));
}

static void *cancelled_in_cond(void *arg)
{
	pthread_mutex_lock(&mutex);
	pthread_cleanup_push(unlock, &mutex);
	for (;;)
		pthread_cond_wait(&cond, &mutex);
	pthread_cleanup_pop(0);
	return arg;
}

CASE(cancel_in_cond_locks_again)
{
	pthread_t t = start(cancelled_in_cond, NULL);

	assert(!pthread_cancel(t));
	assert(join(t) == PTHREAD_CANCELED);
	assert(!pthread_mutex_lock(&mutex) && !pthread_mutex_unlock(&mutex));
}

static void *sleeps(void *arg)
{
	sleep(1000);
	return arg;
}

CASE(cancel_in_sleep)
{
	pthread_t t = start(sleeps, NULL);

	pthread_cancel(t);
	assert(join(t) == PTHREAD_CANCELED);
}

static void *joins(void *arg)
{
	pthread_join(*(pthread_t *)arg, NULL);
	return arg;
}

CASE(cancel_in_join)
{
	pthread_t a, b;

	sem_init(&sem, 0, 0);
	a = start(pass_sem, NULL);
	b = start(joins, &a);
	pthread_cancel(b);
	assert(join(b) == PTHREAD_CANCELED);
	sem_post(&sem);
	join(a);
}

static atomic_int looping;

static void *loops(void *arg)
{
	int old;

	assert(!pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old));
	assert(old == PTHREAD_CANCEL_DEFERRED);
	for (atomic_store(&looping, 1);; )
		sched_yield();
	return arg;
}

BAD_CASE(cancel_asynchronous, "pthread_cancel() of a thread with asynchronous cancellation")
{
	pthread_t t = start(loops, NULL);

	while (!atomic_load(&looping))
		sched_yield();
	pthread_cancel(t);
	join(t);
}

static void *cancels_itself(void *arg)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	pthread_cancel(pthread_self());
	abort();
	return arg;
}

CASE(cancel_itself)
{
	assert(join(start(cancels_itself, NULL)) == PTHREAD_CANCELED);
}

/* ---- names and attributes --------------------------------------------- */

static void *named(void *arg)
{
	char name[16];

	assert(!pthread_setname_np(pthread_self(), arg));
	assert(!pthread_getname_np(pthread_self(), name, sizeof name));
	assert(!strcmp(name, arg));
	assert(pthread_getname_np(pthread_self(), name, 3) == ERANGE);
	return NULL;
}

CASE(names)
{
	assert(pthread_setname_np(pthread_self(), "more than fifteen bytes") == ERANGE);
	join(start(named, "worker"));
	join(start(named, "worker"));
	join(start(named, "two words"));
}

static pthread_mutex_t never = PTHREAD_MUTEX_INITIALIZER;

static void *named_deadlock(void *arg)
{
	pthread_setname_np(pthread_self(), arg);
	sem_wait(&sem);
	return NULL;
}

BAD_CASE(names_in_reports, "worker#2 waits")
{
	(void)never;
	sem_init(&sem, 0, 0);
	start(named_deadlock, "worker");
	sleep(1);
	join(start(named_deadlock, "worker"));
}

CASE(attributes)
{
	struct sched_param p;
	pthread_attr_t a;
	cpu_set_t cpus;
	void *low;
	size_t size;
	int policy;
	clockid_t clock;

	assert(!pthread_getattr_np(pthread_self(), &a));
	assert(!pthread_attr_getstack(&a, &low, &size));
	assert((char *)&a >= (char *)low && (char *)&a < (char *)low + size);
	pthread_attr_destroy(&a);
	assert(!pthread_getaffinity_np(pthread_self(), sizeof cpus, &cpus));
	assert(CPU_COUNT(&cpus) > 0);
	assert(!pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus));
	assert(!sched_getaffinity(0, sizeof cpus, &cpus) && CPU_COUNT(&cpus) <= get_nprocs());
	CPU_ZERO(&cpus);
	assert(pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus) == EINVAL);
	assert(sched_getcpu() >= 0);
	assert(!pthread_getschedparam(pthread_self(), &policy, &p) && policy == SCHED_OTHER);
	assert(!pthread_setschedparam(pthread_self(), policy, &p));
	assert(!pthread_setschedprio(pthread_self(), 0));
	assert(!pthread_getcpuclockid(pthread_self(), &clock));
	assert(!pthread_kill(pthread_self(), 0));
	assert(pthread_equal(pthread_self(), pthread_self()));
	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 65536);
	assert(!pthread_create(&main_thread, &a, same, NULL));
	join(main_thread);
}

BAD_CASE(kill_other, "pthread_kill() of another thread")
{
	sem_init(&sem, 0, 0);
	pthread_kill(start(pass_sem, NULL), SIGUSR1);
}

/* Handles that code before main() has kept. */
static pthread_t before_main;

__attribute__((constructor))
static void keep(void)
{
	before_main = pthread_self();
}

CASE(self_before_main)
{
	assert(pthread_equal(before_main, pthread_self()));
}

static int joined_before_main;

static void *sets(void *arg)
{
	joined_before_main = 1;
	return arg;
}

__attribute__((constructor))
static void join_before_main(void)
{
	pthread_join(start(sets, NULL), NULL);
}

/* A thread that has ended by then left its traces in the memory that each execution gets. */
CASE(thread_before_main)
{
	assert(joined_before_main);
}

int main(int argc, char **argv)
{
	return run_case(argc, argv);
}
