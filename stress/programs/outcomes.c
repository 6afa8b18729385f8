/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small programs whose outcomes depend on the schedule: argv[1] names one, and each execution
 * appends its outcome to the file argv[2]. verify_outcomes_test.py compares the sets of outcomes
 * that different explorations find.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS_MAX = 3 };

static int x, y, z, r[4];
static atomic_int ax, ay, az;
static union { int64_t all; int32_t half[2]; int8_t byte[8]; } word;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, n = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t b;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_spinlock_t spin;
static sem_t s;
static int log_of[8], logged;

static void note(int value)
{
	log_of[atomic_fetch_add(&az, 1)] = value;
	logged = az;
}

/* ---- each case: up to three threads, and what its outcome is ---------------- */

/* Plain stores and loads: all orders of two writers and a reader. */
static void plain_a(void) { x = 1; r[0] = y; }
static void plain_b(void) { y = 1; r[1] = x; }

/* A write, and a write of a part of the same word. */
static void part_a(void) { word.all = 0x0101010101010101; r[0] = word.half[1]; }
static void part_b(void) { word.byte[5] = 7; r[1] = word.half[0]; }

/* An atomic word, and a plain byte of it. */
static void mixed_a(void) { atomic_fetch_add((_Atomic int32_t *)&word.half[0], 1); }
static void mixed_b(void) { word.byte[1] = 1; r[0] = word.half[0]; }

static void add_a(void) { x++; }
static void add_b(void) { x += 2; }
static void add_c(void) { x *= 3; }

static void lock_a(void)
{
	pthread_mutex_lock(&m);
	x = x * 2 + 1;
	pthread_mutex_unlock(&m);
}
static void lock_b(void)
{
	pthread_mutex_lock(&m);
	x = x * 3;
	pthread_mutex_unlock(&m);
	r[1] = y;
}
static void lock_c(void)
{
	y = 1;
	pthread_mutex_lock(&m);
	x = x + 5;
	pthread_mutex_unlock(&m);
}

static void try_a(void)
{
	pthread_mutex_lock(&m);
	x++;
	pthread_mutex_unlock(&m);
	x += 10;
}
static void try_b(void)
{
	r[0] = pthread_mutex_trylock(&m);
	if (!r[0]) {
		r[1] = x;
		pthread_mutex_unlock(&m);
	}
}

static void try_c(void)
{
	r[2] = pthread_mutex_trylock(&m);
	if (!r[2])
		pthread_mutex_unlock(&m);
}

static void crossed_a(void)
{
	pthread_mutex_lock(&m);
	if (!pthread_mutex_trylock(&n)) {
		x = x * 2 + 1;
		pthread_mutex_unlock(&n);
	}
	pthread_mutex_unlock(&m);
}
static void crossed_b(void)
{
	pthread_mutex_lock(&n);
	if (!pthread_mutex_trylock(&m)) {
		x = x * 3;
		pthread_mutex_unlock(&m);
	}
	pthread_mutex_unlock(&n);
}

static void wait_a(void)
{
	pthread_mutex_lock(&m);
	while (!x)
		pthread_cond_wait(&c, &m);
	r[0] = x;
	x = 0;
	pthread_mutex_unlock(&m);
}
static void wait_b(void)
{
	pthread_mutex_lock(&m);
	x++;
	pthread_cond_broadcast(&c);
	pthread_mutex_unlock(&m);
	r[1] = y;
}
static void wait_c(void)
{
	pthread_mutex_lock(&m);
	y = x;
	x = 2;
	pthread_cond_signal(&c);
	pthread_mutex_unlock(&m);
}

static void timed_a(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 1000;
	pthread_mutex_lock(&m);
	r[0] = pthread_cond_timedwait(&c, &m, &until) ? 1 : 2;
	r[1] = x;
	pthread_mutex_unlock(&m);
}
static void timed_b(void)
{
	pthread_mutex_lock(&m);
	x = 1;
	pthread_cond_signal(&c);
	pthread_mutex_unlock(&m);
}

static void sleep_a(void) { usleep(10); x = 1; r[0] = y; }
static void sleep_b(void) { y = 1; usleep(20); r[1] = x; y = 2; }

static void yield_a(void) { sched_yield(); x = 1; }
static void yield_b(void) { r[0] = x; sched_yield(); r[1] = x; x = 2; }

static void busy_a(void) { while (!ax) ; r[0] = x; }
static void busy_b(void) { x = 1; ax = 1; x = 2; }

static void poll_a(void)
{
	for (int done = 0; !done; sched_yield()) {
		pthread_mutex_lock(&m);
		done = y;
		pthread_mutex_unlock(&m);
	}
	r[0] = x;
}
static void poll_b(void)
{
	x = 1;
	pthread_mutex_lock(&m);
	y = 1;
	pthread_mutex_unlock(&m);
	x = 2;
}

static void sem_a(void) { sem_wait(&s); note(1); }
static void sem_b(void) { note(2); sem_post(&s); note(3); }
static void sem_c(void) { r[0] = sem_trywait(&s) ? 1 : 0; if (r[0]) note(4); else sem_post(&s); }

static void rw_a(void)
{
	pthread_rwlock_wrlock(&rw);
	x = x * 2 + 1;
	pthread_rwlock_unlock(&rw);
}
static void rw_b(void)
{
	pthread_rwlock_rdlock(&rw);
	r[0] = x;
	pthread_rwlock_unlock(&rw);
}
static void rw_c(void)
{
	r[1] = pthread_rwlock_trywrlock(&rw) ? 1 : 0;
	if (!r[1]) {
		x += 5;
		pthread_rwlock_unlock(&rw);
	}
}

static void spin_a(void)
{
	pthread_spin_lock(&spin);
	x = x * 2 + 1;
	pthread_spin_unlock(&spin);
}
static void spin_b(void)
{
	pthread_spin_lock(&spin);
	x = x * 3;
	pthread_spin_unlock(&spin);
	r[0] = x;
}

static void barrier_a(void)
{
	note(1);
	if (pthread_barrier_wait(&b))
		r[0] = 1;
	note(3);
}
static void barrier_b(void)
{
	note(2);
	pthread_barrier_wait(&b);
	note(4);
}

static void at_once(void) { x = x * 2 + 1; y = ax; }
static void once_a(void) { pthread_once(&once, at_once); r[0] = x; }
static void once_b(void) { ax = 1; pthread_once(&once, at_once); r[1] = x; }

static void cas_a(void)
{
	int old = 0;

	while (!atomic_compare_exchange_strong(&ax, &old, old * 2 + 1))
		;
}
static void cas_b(void)
{
	int old = 0;

	r[0] = atomic_compare_exchange_strong(&ax, &old, 5);
	r[1] = old;
}
static void cas_c(void) { r[2] = atomic_exchange(&ax, 9); }

/* What comes after the last other thread has ended is a choice, too, if it was not joined. */
static void after_b(void) { sem_post(&s); x = 1; }

static char *block;

static void heap_a(void)
{
	char *mine = malloc(16);

	mine[0] = block[3];
	r[0] = mine[0];
	free(mine);
}
static void heap_b(void) { block[3] = 1; r[1] = block[4]; }
static void heap_c(void) { memset(block, 2, 8); }

static void *thread_in_thread(void *unused) { (void)unused; x = x * 2 + 1; return NULL; }
static void nested_a(void)
{
	pthread_t t;

	pthread_create(&t, NULL, thread_in_thread, NULL);
	r[0] = x;
	pthread_join(t, NULL);
}
static void nested_b(void)
{
	pthread_t t;

	pthread_create(&t, NULL, thread_in_thread, NULL);
	pthread_join(t, NULL);
	r[1] = x;
}

static void cancelled(void)
{
	x = 1;
	pthread_testcancel();
	x = 2;
}

static const struct {
	const char *name;
	void (*fn[THREADS_MAX])(void);
} cases[] = {
	{ "plain", { plain_a, plain_b } },
	{ "part", { part_a, part_b } },
	{ "mixed", { mixed_a, mixed_b } },
	{ "add", { add_a, add_b } },
	{ "add3", { add_a, add_b, add_c } },
	{ "lock", { lock_a, lock_b } },
	{ "lock3", { lock_a, lock_b, lock_c } },
	{ "try", { try_a, try_b } },
	{ "try3", { try_a, try_b, try_c } },
	{ "crossed", { crossed_a, crossed_b } },
	{ "wait", { wait_a, wait_b } },
	{ "wait3", { wait_a, wait_b, wait_c } },
	{ "timed", { timed_a, timed_b } },
	{ "sleep", { sleep_a, sleep_b } },
	{ "yield", { yield_a, yield_b } },
	{ "busy", { busy_a, busy_b } },
	{ "poll", { poll_a, poll_b } },
	{ "sem", { sem_a, sem_b } },
	{ "sem3", { sem_a, sem_b, sem_c } },
	{ "rw", { rw_a, rw_b } },
	{ "rw3", { rw_a, rw_b, rw_c } },
	{ "spin", { spin_a, spin_b } },
	{ "barrier", { barrier_a, barrier_b } },
	{ "once", { once_a, once_b } },
	{ "cas", { cas_a, cas_b } },
	{ "cas3", { cas_a, cas_b, cas_c } },
	{ "heap", { heap_a, heap_b } },
	{ "heap3", { heap_a, heap_b, heap_c } },
	{ "nested", { nested_a, nested_b } },
	{ "after", { after_b } },
	{ "cancel", { cancelled } },
	{ "detach", { plain_a, plain_b } },
};

static void *run(void *fn)
{
	(*(void (*const *)(void))fn)();
	return NULL;
}

static void say(const char *file)
{
	char text[128];
	int fd = open(file, O_WRONLY | O_APPEND | O_CREAT, 0600), used;

	used = snprintf(text, sizeof text, "%d %d %d %d | %d %d %d %d | %d %llx |", x, y, z, ax,
			r[0], r[1], r[2], r[3], ay, (unsigned long long)word.all);
	for (int i = 0; i < logged; i++)
		used += snprintf(text + used, sizeof text - (size_t)used, " %d", log_of[i]);
	text[used++] = '\n';
	if (write(fd, text, (size_t)used) != used)
		abort();
	close(fd);
}

int main(int argc, char **argv)
{
	pthread_t t[THREADS_MAX];
	int count = 0;

	if (argc < 3)
		return 0;
	block = calloc(1, 16);
	sem_init(&s, 0, 0);
	pthread_barrier_init(&b, NULL, 2);
	pthread_spin_init(&spin, 0);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		while (strcmp(argv[1], cases[i].name) == 0 && count < THREADS_MAX &&
		       cases[i].fn[count]) {
			pthread_create(&t[count], NULL, run, (void *)&cases[i].fn[count]);
			count++;
		}
	if (strcmp(argv[1], "after") == 0) {
		sem_wait(&s);
		r[0] = x;
	}
	if (strcmp(argv[1], "cancel") == 0)
		pthread_cancel(t[0]);
	if (strcmp(argv[1], "detach") == 0) {
		pthread_detach(t[0]);
		r[2] = x;
		count = 0;
		pthread_join(t[1], NULL);
	}
	for (int i = 0; i < count; i++)
		pthread_join(t[i], NULL);
	say(argv[2]);
	return 0;
}
