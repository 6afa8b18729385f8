/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time is virtual: it goes on when a deadline passes, and a little each time it is read. All
 * clocks show the same time since the execution began, each from its own beginning.
 *
 * A loop that reads a clock until some time is over must end. So if a thread reads clocks often
 * without sleeping between, it lets others run, and time goes faster and faster.
 */
#include <sched.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <unistd.h>

#include "platform/hosted/models.h"

#define SECOND 1000000000ull

enum {
	TICK_NS = 1000,		/* what reading a clock takes */
	PATIENCE = 32,		/* reads in a row after which others run, and ticks double */
	TICK_SHIFT_MAX = 20,
};


uint64_t hosted_now(void)
{
	return sim_clock_ns();
}

/* What the clock shows when an execution begins. */
static uint64_t beginning(clockid_t clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI:
		return 1704067200 * SECOND;	/* the beginning of 2024 */
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		return 3600 * SECOND;
	default:	/* the processor time of a process or a thread */
		return 0;
	}
}

/* HOSTED_NEVER itself would be no deadline at all. */
uint64_t hosted_ns(const struct timespec *t)
{
	if (t->tv_sec < 0)
		return 0;
	if ((uint64_t)t->tv_sec >= HOSTED_NEVER / SECOND - 1)
		return HOSTED_NEVER - 1;
	return (uint64_t)t->tv_sec * SECOND + (uint64_t)t->tv_nsec;
}

uint64_t hosted_deadline(int clock, const struct timespec *t)
{
	uint64_t ns = hosted_ns(t), from = beginning(clock);

	return ns < from ? 0 : ns - from;
}

/* ---- reading clocks --------------------------------------------------- */

static uint64_t read_clock(clockid_t clock, uintptr_t pc)
{
	struct hosted_thread *self = hosted_self();
	uint32_t doubled = self->clock_reads++ / PATIENCE;

	sim_clock_advance((uint64_t)TICK_NS << (doubled < TICK_SHIFT_MAX ? doubled :
						TICK_SHIFT_MAX));
	if (self->clock_reads % PATIENCE == 0 && !hosted_is_alone())
		hosted_yield(hosted_site(pc, HOSTED_YIELD));
	return beginning(clock) + hosted_now();
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / SECOND), .tv_nsec = (long)(ns % SECOND) };
}

HOSTED_EXPORT int clock_gettime(clockid_t clock, struct timespec *t)
{
	if (!hosted_on())
		return HOSTED_REAL(clock_gettime)(clock, t);
	if (clock > CLOCK_TAI) {
		errno = EINVAL;
		return -1;
	}
	*t = timespec_of(read_clock(clock, HOSTED_CALLER));
	return 0;
}

HOSTED_EXPORT int timespec_get(struct timespec *t, int base)
{
	if (!hosted_on())
		return HOSTED_REAL(timespec_get)(t, base);
	if (base != TIME_UTC)
		return 0;
	*t = timespec_of(read_clock(CLOCK_REALTIME, HOSTED_CALLER));
	return base;
}

HOSTED_EXPORT int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
	uint64_t ns;

	if (!hosted_on())
		return HOSTED_REAL(gettimeofday)(t, zone);
	ns = read_clock(CLOCK_REALTIME, HOSTED_CALLER);
	t->tv_sec = (time_t)(ns / SECOND);
	t->tv_usec = (suseconds_t)(ns % SECOND / 1000);
	return 0;
}

HOSTED_EXPORT time_t time(time_t *t)
{
	time_t now;

	if (!hosted_on())
		return HOSTED_REAL(time)(t);
	now = (time_t)(read_clock(CLOCK_REALTIME, HOSTED_CALLER) / SECOND);
	if (t)
		*t = now;
	return now;
}

HOSTED_EXPORT clock_t clock(void)
{
	if (!hosted_on())
		return HOSTED_REAL(clock)();
	return (clock_t)(read_clock(CLOCK_PROCESS_CPUTIME_ID, HOSTED_CALLER) /
			 (SECOND / CLOCKS_PER_SEC));
}

HOSTED_EXPORT clock_t times(struct tms *t)
{
	clock_t ticks;

	if (!hosted_on())
		return HOSTED_REAL(times)(t);
	ticks = (clock_t)(read_clock(CLOCK_PROCESS_CPUTIME_ID, HOSTED_CALLER) / (SECOND / 100));
	if (t)
		*t = (struct tms){ .tms_utime = ticks };
	return ticks;
}

HOSTED_EXPORT int getrusage(__rusage_who_t who, struct rusage *r)
{
	uint64_t ns;

	if (!hosted_on())
		return HOSTED_REAL(getrusage)(who, r);
	ns = read_clock(CLOCK_PROCESS_CPUTIME_ID, HOSTED_CALLER);
	memset(r, 0, sizeof *r);
	r->ru_utime.tv_sec = (time_t)(ns / SECOND);
	r->ru_utime.tv_usec = (suseconds_t)(ns % SECOND / 1000);
	return 0;
}

/* The clock's number does not matter: it shows the time since the execution began. */
HOSTED_EXPORT int pthread_getcpuclockid(pthread_t t, clockid_t *clock)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_getcpuclockid)(t, clock);
	hosted_thread_of(t, "pthread_getcpuclockid()", HOSTED_CALLER);
	*clock = CLOCK_THREAD_CPUTIME_ID;
	return 0;
}

/* The clocks of the machine are not the program's. */
HOSTED_EXPORT int clock_settime(clockid_t clock, const struct timespec *t)
{
	if (hosted_on())
		hosted_refuse("clock_settime()", HOSTED_CALLER);
	return HOSTED_REAL(clock_settime)(clock, t);
}

HOSTED_EXPORT int settimeofday(const struct timeval *t, const struct timezone *zone)
{
	if (hosted_on())
		hosted_refuse("settimeofday()", HOSTED_CALLER);
	return HOSTED_REAL(settimeofday)(t, zone);
}

/* ---- waiting until a time -------------------------------------------------- */

bool hosted_deadlines_near;

/* To let a near deadline pass is a choice of the strategy. */
bool hosted_block_until(struct kt_site *site, const void *object, uint64_t deadline, int owner)
{
	uint64_t near = hosted_now() + SIM_NEAR_NS - 1;

	if (!hosted_deadlines_near || deadline == HOSTED_NEVER || deadline <= near)
		return hosted_block(site, object, deadline, owner);
	if (hosted_block(site, object, near, owner))
		return true;
	if (hosted_now() < deadline)
		sim_clock_advance(deadline - hosted_now());
	return false;
}

/* ---- sleeping --------------------------------------------------------- */

static void sleep_until(uint64_t deadline, uintptr_t pc)
{
	struct hosted_thread *self = hosted_self();
	struct kt_site *site = hosted_site(pc, HOSTED_SLEEP);

	self->clock_reads = 0;
	hosted_cancel_point();
	if (deadline <= hosted_now()) {
		hosted_yield(site);
		return;
	}
	/* Only the deadline ends the sleep, or a cancellation. */
	while (hosted_block_cancellable(site, self, deadline))
		;
}

void hosted_sleep(uint64_t ns, uintptr_t pc)
{
	uint64_t now = hosted_now();

	sleep_until(ns < HOSTED_NEVER - 1 - now ? now + ns : HOSTED_NEVER - 1, pc);
}

HOSTED_EXPORT unsigned sleep(unsigned seconds)
{
	if (!hosted_on())
		return HOSTED_REAL(sleep)(seconds);
	hosted_sleep(seconds * SECOND, HOSTED_CALLER);
	return 0;
}

HOSTED_EXPORT int usleep(useconds_t us)
{
	if (!hosted_on())
		return HOSTED_REAL(usleep)(us);
	hosted_sleep(us * 1000ull, HOSTED_CALLER);
	return 0;
}

HOSTED_EXPORT int nanosleep(const struct timespec *interval, struct timespec *remaining)
{
	if (!hosted_on())
		return HOSTED_REAL(nanosleep)(interval, remaining);
	if (!hosted_is_time(interval) || interval->tv_sec < 0) {
		errno = EINVAL;
		return -1;
	}
	hosted_sleep(hosted_ns(interval), HOSTED_CALLER);
	return 0;
}

HOSTED_EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *t,
				  struct timespec *remaining)
{
	if (!hosted_on())
		return HOSTED_REAL(clock_nanosleep)(clock, flags, t, remaining);
	if (!hosted_is_time(t) || t->tv_sec < 0 || clock == CLOCK_THREAD_CPUTIME_ID)
		return EINVAL;
	if (flags & TIMER_ABSTIME)
		sleep_until(hosted_deadline(clock, t), HOSTED_CALLER);
	else
		hosted_sleep(hosted_ns(t), HOSTED_CALLER);
	return 0;
}

HOSTED_EXPORT int sched_yield(void)
{
	if (!hosted_on())
		return HOSTED_REAL(sched_yield)();
	if (!hosted_is_alone())
		hosted_yield(hosted_site(HOSTED_CALLER, HOSTED_YIELD));
	return 0;
}
