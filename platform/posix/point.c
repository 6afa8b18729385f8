/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hooks, named points, random delays, and failures on real threads.
 *
 * The hooks change only while no other thread of ours runs. The seed and the rate of
 * the delays are atomics. A thread that sees a new epoch makes itself a new generator, from
 * the seed and from the thread's name. If it sees the seed of one setting and the rate of
 * another, that is harmless.
 */
#include "platform/posix/posix.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "platform/posix/internal.h"

struct os_hooks posix_hooks;

static struct {
	uint64_t seed;
	uint32_t permille;	/* 0: no delays */
	uint32_t epoch;		/* counts the seeds; never 0 once set */
} delays;

void os_set_hooks(const struct os_hooks *hooks)
{
	posix_hooks = *hooks;
}

/* ---- delays -------------------------------------------------------------- */

void posix_set_delays(uint64_t seed, unsigned permille)
{
	uint32_t epoch = __atomic_load_n(&delays.epoch, __ATOMIC_RELAXED) + 1;

	__atomic_store_n(&delays.seed, seed, __ATOMIC_RELAXED);
	__atomic_store_n(&delays.permille, permille, __ATOMIC_RELAXED);
	/* Release pairs with the acquire in generator_of(). */
	__atomic_store_n(&delays.epoch, epoch ? epoch : 1, __ATOMIC_RELEASE);
}

static struct kt_rng *generator_of(struct posix_thread *me)
{
	uint32_t epoch = __atomic_load_n(&delays.epoch, __ATOMIC_ACQUIRE);
	uint64_t seed, name = 0;

	if (me->delays_epoch == epoch)
		return &me->delays;
	seed = __atomic_load_n(&delays.seed, __ATOMIC_RELAXED);
	/* The name is taken from the record, because the os_thread may be gone. */
	for (size_t i = 0; i < sizeof me->name / sizeof me->name[0]; i++)
		name = kt_rng_derive(name, __atomic_load_n(&me->name[i], __ATOMIC_RELAXED));
	kt_rng_seed(&me->delays, kt_rng_derive(seed, name));
	me->delays_epoch = epoch;
	return &me->delays;
}

static void spin(uint32_t turns)
{
	for (volatile uint32_t i = 0; i < turns; i++)
		;
}

void posix_delay(void)
{
	uint32_t permille = __atomic_load_n(&delays.permille, __ATOMIC_RELAXED);
	struct posix_thread *me = posix_self();
	struct timespec ts = { 0, 0 };
	struct kt_rng *rng;

	if (permille == 0 || !me)
		return;
	rng = generator_of(me);
	if (kt_rng_below(rng, 1000) >= permille)
		return;
	/* Mostly short delays, because the windows that matter are a few instructions. */
	switch (kt_rng_below(rng, 8)) {
	case 0: case 1: case 2: case 3:
		spin(kt_rng_below(rng, 2000));
		return;
	case 4: case 5: case 6:
		sched_yield();
		return;
	default:
		ts.tv_nsec = (long)kt_rng_below(rng, 50000);
		nanosleep(&ts, NULL);
	}
}

void kt_point(struct kt_site *site, const void *subject)
{
	/* The hook comes before the delay, because what the point stands for has just happened. */
	if (posix_hooks.point)
		posix_hooks.point(site, subject);
	posix_delay();
}

/* ---- failures ------------------------------------------------------------ */

/*
 * The first failure is the finding. A thread that fails later would overwrite it with a
 * consequence, so that thread waits for the end of the process. If the hook itself
 * fails, the process ends at once.
 */
static void become_the_finding(void)
{
	static bool taken;
	static __thread bool mine;

	if (mine)
		abort();
	if (__atomic_exchange_n(&taken, true, __ATOMIC_SEQ_CST)) {
		for (;;)
			pause();
	}
	mine = true;
}

void kt_fail(enum kt_failure kind, const char *fmt, ...)
{
	char message[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	become_the_finding();
	if (posix_hooks.failed)
		posix_hooks.failed(kind, message);
	fprintf(stderr, "kthrash: %s: %s\n", kt_failure_name(kind), message);
	abort();
}

void kt_assert_failed(const char *file, int line, const char *func, const char *expr)
{
	struct kt_site here = { .file = file };

	kt_fail(KT_ASSERTION, "%s:%d: %s: %s", kt_site_file(&here), line, func, expr);
}
