/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executions in the process of a fuzzing engine: kthrash_fuzz(), which include/kthrash.h
 * describes. There is no driver, and no memory is put back, because the engine's own state is
 * among the program's data. The first call makes what start.c makes for a driver.
 *
 * Which plain accesses are choice points is learned anew for each input, by a first run of it.
 * So the steps of the second run, which the bytes of the schedule count, depend on the input
 * alone.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/check.h"
#include "platform/hosted/backbone.h"
#include "platform/hosted/hosted.h"
#include "platform/hosted/include/kthrash.h"
#include "platform/hosted/models.h"
#include "platform/sim/sim.h"

enum {
	STEPS_MAX = 1 << 17,
	STEPS_SHOWN = 24,
	SWITCHES_MAX = 256,	/* an input has no more bytes for its schedule */
	PICK_BITS = 3,
};

static struct {
	bool started;
	pthread_t thread;
	struct hosted_options how;
	enum sim_model memory;
} fuzz;

static struct {
	const uint8_t *data;
	size_t size;
	int (*test)(const uint8_t *data, size_t size);
	int result;
} input;

/* ---- the schedule ------------------------------------------------------------------- */

static struct {
	const uint8_t *at, *end;
	uint32_t wait, pick;	/* of the byte under way */
	bool is_over;
	uint32_t step[SWITCHES_MAX], switches;	/* steps at which not the usual task goes on */
} schedule;

static void take_byte(void)
{
	schedule.is_over = schedule.at == schedule.end;
	if (schedule.is_over)
		return;
	schedule.wait = *schedule.at >> PICK_BITS;
	schedule.pick = *schedule.at++ & ((1 << PICK_BITS) - 1);
}

static void begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s, (void)seed, (void)steps_estimate;
	schedule.switches = 0;
	take_byte();
}

static uint32_t following(const struct sim_set *can, uint32_t task)
{
	uint32_t after = sim_set_next(can, task + 1);

	return after < SIM_TASKS_MAX ? after : sim_set_next(can, 0);
}

/* Those that can run form a circle. 0 is the one after the usual one. */
static uint32_t picked(const struct sim_set *can, uint32_t usual)
{
	uint32_t task = following(can, usual);

	for (uint32_t i = 0; i < schedule.pick; i++)
		task = following(can, task);
	return task;
}

static uint32_t next(struct sim_strategy *s, const struct sim_decision *d)
{
	const struct sim_set can = sim_can_run(d);
	uint32_t usual = sim_default_next(d), task;

	(void)s;
	if (schedule.is_over || schedule.wait) {
		schedule.wait -= !schedule.is_over;
		return usual;
	}
	task = picked(&can, usual);
	take_byte();
	if (task != usual && schedule.switches < SWITCHES_MAX)
		schedule.step[schedule.switches++] = d->step;
	return task;
}

static struct sim_strategy by_bytes = { .name = "bytes", .begin = begin, .next = next };

/* ---- a failure ---------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2)))
static void say(const char *fmt, ...)
{
	char line[SIM_MESSAGE_MAX + 256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof line)
		n = sizeof line - 1;
	HOSTED_RAW_3(SYS_write, STDERR_FILENO, line, n);
}

static void say_step(const struct sim_record *r, uint32_t step)
{
	const struct sim_step *t = &r->trace[step];
	char name[KT_SITE_NAME_MAX];

	say("%7u  %-8s %s%s", step, r->task[t->task].name, t->why == SIM_BLOCKED ? "sleeps " : "",
	    kt_site_name(t->site, name, sizeof name));
	if (t->next != t->task)
		say(", then %s goes on", r->task[t->next].name);
	say("\n");
}

__attribute__((noreturn))
static void fail(const struct sim_record *r)
{
	uint32_t from = r->steps > STEPS_SHOWN ? r->steps - STEPS_SHOWN : 0;

	say("kthrash: %s: %s\n", kt_failure_name(r->failure), r->message);
	say("kthrash: the test got %zu byte%s; ", input.size, kt_plural(input.size));
	if (schedule.switches)
		say("its schedule makes %u choice%s that %s not usual:\n", schedule.switches,
		    kt_plural(schedule.switches), schedule.switches == 1 ? "is" : "are");
	else
		say("each thread goes on until it blocks\n");
	for (uint32_t i = 0; i < schedule.switches; i++)
		say_step(r, schedule.step[i]);
	say("kthrash: the last %u of %u step%s:\n", r->steps - from, r->steps, kt_plural(r->steps));
	for (uint32_t i = from; i < r->steps; i++)
		say_step(r, i);
	HOSTED_REAL(abort)();
	__builtin_unreachable();
}

/* ---- a run -------------------------------------------------------------------------- */

static void *call_test(void *arg)
{
	/* A block of its own: an access beyond it is seen. */
	uint8_t *copy = hosted_heap_alloc(input.size, 1, (uintptr_t)input.test + 1, false);

	memcpy(copy, input.data, input.size);
	input.result = input.test(copy, input.size);
	hosted_heap_free(copy, (uintptr_t)input.test + 1);
	hosted_test_returned();
	return arg;
}

static void body(void)
{
	hosted_models_test(call_test, NULL);
}

static void run(struct sim_strategy *strategy)
{
	const struct sim_options o = {
		.strategy = strategy, .steps_max = STEPS_MAX, .memory = fuzz.memory,
	};
	const struct sim_record *r = hosted_run_test(&o, &fuzz.how, body);

	if (r->failure != KT_PASS)
		fail(r);
}

/*
 * An engine's handlers read clocks, and an execution's clock is virtual. So signals wait, but
 * for faults and the tick of watchdog.c.
 */
static uint64_t hold_signals(void)
{
	static const int needed[] = {
		SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS,
	};
	uint64_t held = ~(1ull << (SIGRTMAX - 2)), old = 0;

	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
		held &= ~(1ull << (needed[i] - 1));
	hosted_raw(SYS_rt_sigprocmask, SIG_BLOCK, (long)&held, (long)&old, sizeof held, 0, 0);
	return old;
}

static void release_signals(uint64_t mask)
{
	hosted_raw(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, sizeof mask, 0, 0);
}

/* ---- the first call ------------------------------------------------------------------- */

static void take_word(const char *word, size_t len)
{
	if (len == 5 && memcmp(word, "races", len) == 0)
		fuzz.how.races = HOSTED_RACES_REPORTED;
	else if (len == 5 && memcmp(word, "leaky", len) == 0)
		fuzz.how.leaks = false;
	else if (len == 3 && memcmp(word, "tso", len) == 0)
		fuzz.memory = SIM_TSO;
	else if (len == 3 && memcmp(word, "pso", len) == 0)
		fuzz.memory = SIM_PSO;
	else if (len == 3 && memcmp(word, "arm", len) == 0)
		fuzz.memory = SIM_ARM;
	else
		hosted_give_up("KTHRASH_FUZZ: unexpected '%.*s', expected races, leaky, tso, pso "
			       "or arm",
			       (int)len, word);
}

static void start(void)
{
	const char *words = hosted_variable("KTHRASH_FUZZ");

	fuzz.how.points = HOSTED_POINTS_FINE;
	fuzz.how.leaks = true;
	while (words && *words) {
		size_t len = strcspn(words, ",");

		take_word(words, len);
		words += len + (words[len] == ',');
	}
	hosted_start_undriven();
	fuzz.thread = HOSTED_REAL(pthread_self)();
	fuzz.started = true;
}

HOSTED_EXPORT int kthrash_fuzz(const uint8_t *data, size_t size,
			       int (*test)(const uint8_t *data, size_t size))
{
	size_t length = 0;
	uint64_t mask;

	if (size) {
		length = data[size - 1];
		if (length > (size - 1) / 2)
			length = (size - 1) / 2;
		size -= 1 + length;
	}
	if (hosted_is_driven())
		return test(data, size);	/* the driver's strategy schedules */
	if (hosted_on())
		hosted_refuse("kthrash_fuzz() within kthrash_fuzz()", HOSTED_CALLER);
	if (!fuzz.started)
		start();
	if (fuzz.thread != HOSTED_REAL(pthread_self)())
		hosted_give_up("kthrash_fuzz() is called by two threads of the engine");
	input.data = data;
	input.size = size;
	input.test = test;
	mask = hold_signals();
	hosted_filter_forget();
	schedule.switches = 0;
	run(sim_strategy_block());
	schedule.at = data + size;
	schedule.end = schedule.at + length;
	run(&by_bytes);
	release_signals(mask);
	return input.result;
}
