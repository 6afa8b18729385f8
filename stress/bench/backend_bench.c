/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cost on real threads of the back ends that this binary was built with. The same run
 * also measures pthread's locks and semaphores, Concurrency Kit's locks, and bare
 * pthread_create() and join, for comparison.
 *
 * A measurement is the median of ROUNDS rounds. A round measures each row once, so that a
 * slow moment of the machine affects all rows alike. The result is one line of JSON on
 * standard output: nanoseconds per operation, by name.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ck_spinlock.h>

#include "core/kthread.h"
#include "core/kthreadd.h"
#include "platform/completion.h"
#include "platform/lock.h"
#include "platform/rcu.h"

enum { ROUNDS = 9, ROUND_MS = 20, THREADS = 2, ROWS_MAX = 16 };

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- a row: run() does n operations ------------------------------------------ */

struct measured {
	const char *name;
	void (*run)(unsigned n);
	double ns[ROUNDS];
	unsigned per_round;
};

static struct task_struct bench_task;

static kt_lock lock;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_spinlock_t spin;
static ck_spinlock_ticket_t ck_ticket = CK_SPINLOCK_TICKET_INITIALIZER;
static ck_spinlock_mcs_t ck_mcs = CK_SPINLOCK_MCS_INITIALIZER;
static volatile unsigned long guarded;

#define PAIRS(name, declare, acquire, release)                                 \
	static void name(unsigned n)                                           \
	{                                                                      \
		declare;                                                       \
		while (n-- > 0) {                                              \
			acquire;                                               \
			guarded++;                                             \
			release;                                               \
		}                                                              \
	}

PAIRS(own_pairs, , kt_lock_acquire(&lock), kt_lock_release(&lock))
PAIRS(mutex_pairs, , pthread_mutex_lock(&mutex), pthread_mutex_unlock(&mutex))
PAIRS(spin_pairs, , pthread_spin_lock(&spin), pthread_spin_unlock(&spin))
PAIRS(ck_ticket_pairs, , ck_spinlock_ticket_lock(&ck_ticket),
      ck_spinlock_ticket_unlock(&ck_ticket))
PAIRS(ck_mcs_pairs, ck_spinlock_mcs_context_t node, ck_spinlock_mcs_lock(&ck_mcs, &node),
      ck_spinlock_mcs_unlock(&ck_mcs, &node))

/* ---- n operations by THREADS threads at once ----------------------------------- */

static void (*share)(unsigned n);
static unsigned share_n;
static pthread_barrier_t start;

static void share_main(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&start);
	share(share_n);
}

static void together(void (*run)(unsigned n), unsigned n)
{
	static struct task_struct task[THREADS];

	share = run;
	share_n = n / THREADS;
	for (unsigned i = 0; i < THREADS; i++) {
		task_init(&task[i], bench_task.kthreadd, "share");
		if (os_spawn(&task[i].os, "share", OS_JOINABLE, share_main, NULL) != 0)
			abort();
	}
	for (unsigned i = 0; i < THREADS; i++) {
		os_join(&task[i].os);
		task_destroy(&task[i]);
	}
}

#define CONTENDED(name)                                                        \
	static void name##_contended(unsigned n)                               \
	{                                                                      \
		together(name, n);                                             \
	}

CONTENDED(own_pairs)
CONTENDED(mutex_pairs)
CONTENDED(spin_pairs)
CONTENDED(ck_ticket_pairs)
CONTENDED(ck_mcs_pairs)

/* ---- completions ------------------------------------------------------------- */

static kt_completion ping, pong;

static void own_local(unsigned n)
{
	while (n-- > 0) {
		kt_complete(&ping);
		kt_completion_wait(&ping);
	}
}

static sem_t sem_ping, sem_pong;

static void sem_local(unsigned n)
{
	while (n-- > 0) {
		sem_post(&sem_ping);
		sem_wait(&sem_ping);
	}
}

/* One mutex and one condition variable for both directions. */
static pthread_mutex_t turn_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static bool turn;

static void take_turns(unsigned n, bool mine)
{
	while (n-- > 0) {
		pthread_mutex_lock(&turn_lock);
		while (turn != mine)
			pthread_cond_wait(&turn_changed, &turn_lock);
		turn = !mine;
		pthread_cond_signal(&turn_changed);
		pthread_mutex_unlock(&turn_lock);
	}
}

enum partner { OWN, SEM, COND };

static enum partner partner;
static unsigned round_trips;

static void partner_main(void *unused)
{
	(void)unused;
	if (partner == COND)
		take_turns(round_trips, true);
	for (unsigned n = partner == COND ? 0 : round_trips; n > 0; n--) {
		if (partner == OWN) {
			kt_completion_wait(&ping);
			kt_complete(&pong);
		} else {
			sem_wait(&sem_ping);
			sem_post(&sem_pong);
		}
	}
}

static void round_trip(enum partner with, unsigned n)
{
	static struct task_struct other;

	partner = with;
	round_trips = n;
	task_init(&other, bench_task.kthreadd, "partner");
	if (os_spawn(&other.os, "partner", OS_JOINABLE, partner_main, NULL) != 0)
		abort();
	if (with == COND)
		take_turns(n, false);
	for (n = with == COND ? 0 : n; n > 0; n--) {
		if (with == OWN) {
			kt_complete(&ping);
			kt_completion_wait(&pong);
		} else {
			sem_post(&sem_ping);
			sem_wait(&sem_pong);
		}
	}
	os_join(&other.os);
	task_destroy(&other);
}

static void own_round_trips(unsigned n)
{
	round_trip(OWN, n);
}

static void sem_round_trips(unsigned n)
{
	round_trip(SEM, n);
}

static void cond_round_trips(unsigned n)
{
	round_trip(COND, n);
}

/* ---- RCU ----------------------------------------------------------------------- */

static void own_read_sections(unsigned n)
{
	while (n-- > 0) {
		rcu_read_lock();
		guarded++;
		rcu_read_unlock();
	}
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

static void rwlock_read_sections(unsigned n)
{
	while (n-- > 0) {
		pthread_rwlock_rdlock(&rwlock);
		guarded++;
		pthread_rwlock_unlock(&rwlock);
	}
}

static void own_grace_periods(unsigned n)
{
	while (n-- > 0)
		synchronize_rcu();
}

/* ---- threads --------------------------------------------------------------------- */

static int until_stop(void *unused)
{
	(void)unused;
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static void own_create_stop(unsigned n)
{
	while (n-- > 0) {
		struct task_struct *k = kthread_run(until_stop, NULL, "bench");

		if (IS_ERR(k))
			abort();
		kthread_stop(k);
	}
}

static void *nothing(void *unused)
{
	return unused;
}

static void pthread_create_join(unsigned n)
{
	while (n-- > 0) {
		pthread_t t;

		if (pthread_create(&t, NULL, nothing, NULL) != 0)
			abort();
		pthread_join(t, NULL);
	}
}

/* ---- measuring --------------------------------------------------------------------- */

static struct measured rows[] = {
	{ .name = "lock", .run = own_pairs },
	{ .name = "lock pthread_mutex", .run = mutex_pairs },
	{ .name = "lock pthread_spin", .run = spin_pairs },
	{ .name = "lock ck_ticket", .run = ck_ticket_pairs },
	{ .name = "lock ck_mcs", .run = ck_mcs_pairs },
	{ .name = "contended", .run = own_pairs_contended },
	{ .name = "contended pthread_mutex", .run = mutex_pairs_contended },
	{ .name = "contended pthread_spin", .run = spin_pairs_contended },
	{ .name = "contended ck_ticket", .run = ck_ticket_pairs_contended },
	{ .name = "contended ck_mcs", .run = ck_mcs_pairs_contended },
	{ .name = "local", .run = own_local },
	{ .name = "local sem", .run = sem_local },
	{ .name = "round_trip", .run = own_round_trips },
	{ .name = "round_trip sem", .run = sem_round_trips },
	{ .name = "round_trip cond", .run = cond_round_trips },
	{ .name = "read", .run = own_read_sections },
	{ .name = "read rwlock", .run = rwlock_read_sections },
	{ .name = "grace_period", .run = own_grace_periods },
	{ .name = "create_stop", .run = own_create_stop },
	{ .name = "create_stop pthread", .run = pthread_create_join },
};

enum { ROWS = sizeof rows / sizeof rows[0] };

/* Measure how many operations fill a round's time. Returns at least two. */
static unsigned calibrate(void (*run)(unsigned n))
{
	for (unsigned n = 2;; n *= 4) {
		double began = now_ns(), took;

		run(n);
		took = now_ns() - began;
		if (took >= ROUND_MS * 1e6 / 8 || n >= 1u << 28)
			return (unsigned)((double)n * ROUND_MS * 1e6 / took) / 2 * 2 + 2;
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(void)
{
	for (unsigned i = 0; i < ROWS; i++)
		rows[i].per_round = calibrate(rows[i].run);
	for (unsigned r = 0; r < ROUNDS; r++)
		for (unsigned i = 0; i < ROWS; i++) {
			double began = now_ns();

			rows[i].run(rows[i].per_round);
			rows[i].ns[r] = (now_ns() - began) / rows[i].per_round;
		}
}

static void report(void)
{
	printf("{");
	for (unsigned i = 0; i < ROWS; i++) {
		qsort(rows[i].ns, ROUNDS, sizeof rows[i].ns[0], by_value);
		printf("%s\"%s\": %.1f", i ? ", " : "", rows[i].name, rows[i].ns[ROUNDS / 2]);
	}
	printf("}\n");
}

int main(void)
{
	static struct kthreadd daemon;

	kthreadd_init(&daemon);
	task_init(&bench_task, &daemon, "bench");
	os_adopt(&bench_task.os, "bench");
	if (kthreadd_boot(&daemon) != 0) {
		fprintf(stderr, "backend_bench: no thread for kthreadd\n");
		return 3;
	}
	kthreadd_wait_ready(&daemon);
	kt_lock_init(&lock, "bench");
	kt_completion_init(&ping);
	kt_completion_init(&pong);
	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
	sem_init(&sem_ping, 0, 0);
	sem_init(&sem_pong, 0, 0);
	pthread_barrier_init(&start, NULL, THREADS);
	measure();
	report();
	kt_completion_destroy(&ping);
	kt_completion_destroy(&pong);
	kt_lock_destroy(&lock);
	kthreadd_shutdown(&daemon);
	os_wait_detached();
	os_unadopt();
	task_destroy(&bench_task);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 3;
}
