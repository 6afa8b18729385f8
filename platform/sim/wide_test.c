/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executions of more than 64 tasks, under each strategy: tasks that block, sleep, spin and
 * wake each other. Two runs are the same, and so is a run that only repeats where the first
 * one deviated from the usual course. What can't do so many tasks says so.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/conformance/test.h"
#include "platform/os.h"
#include "platform/sim/engine.h"
#include "platform/sim/sim.h"

enum { TASKS = 200, TURNS = 2 };

static struct kt_site
	lock_site = { .func = "wide", .op = "lock", .what = "m", .file = "wide_test.c" },
	join_site = { .func = "wide", .op = "join", .what = "t", .file = "wide_test.c" },
	spin_site = { .func = "wide", .op = "spin", .what = "go", .file = "wide_test.c" },
	nap_site = { .func = "wide", .op = "nap", .what = "t", .file = "wide_test.c" };

static uint32_t holder;		/* of a mutex: task + 1 */
static bool waits[SIM_TASKS_MAX];
static unsigned counter, naps;
static bool go;

static void lock(void)
{
	sim_point(&lock_site, &holder);
	while (holder) {
		sim_waits_for(holder - 1);
		waits[sim_who()] = true;
		sim_block(&lock_site);
		sim_waits_for(SIM_NOBODY);
	}
	holder = sim_who() + 1;
}

static void unlock(void)
{
	holder = 0;
	for (uint32_t i = 0; i < sim_record()->tasks; i++)
		if (waits[i]) {
			waits[i] = false;
			sim_wake(i);
		}
	sim_point(&lock_site, NULL);
}

static void works(void *unused)
{
	uint32_t me = sim_who();

	(void)unused;
	while (!go)
		sim_yield(&spin_site);
	for (unsigned i = 0; i < TURNS; i++) {
		lock();
		CHECK_EQ(holder, me + 1);
		counter++;
		unlock();
	}
	if (me % 8 == 0) {
		while (sim_block_until(&nap_site, sim_clock_ns() + me))
			;
		naps++;
	}
}

static void body(void *unused)
{
	uint32_t id[TASKS];
	char name[OS_NAME_MAX];

	(void)unused;
	holder = 0;
	counter = naps = 0;
	go = false;
	memset(waits, 0, sizeof waits);
	for (unsigned i = 0; i < TASKS; i++) {
		snprintf(name, sizeof name, "t%u", i);
		id[i] = sim_task_spawn(name, works, NULL);
		sim_point(&nap_site, NULL);
	}
	go = true;
	for (unsigned i = TASKS; i-- > 0; )
		CHECK(sim_task_join(id[i], NULL, &join_site));
	CHECK_EQ(counter, TASKS * TURNS);
	CHECK_EQ(naps, TASKS / 8);
}

static const struct sim_record *run(struct sim_strategy *s, uint64_t seed)
{
	const struct sim_options o = {
		.strategy = s, .seed = seed, .steps_estimate = 2000, .steps_max = SIM_STEPS_MAX,
	};

	return sim_run(&o, body, NULL);
}

/* ---- a run that repeats only what was unusual -------------------------------------- */

static struct {
	uint8_t next[1 << 16];
	bool unusual[1 << 16];
	uint32_t count;
} kept;

static void keep(const struct sim_record *r)
{
	memset(&kept, 0, sizeof kept);
	CHECK(r->steps < sizeof kept.next);
	for (uint32_t i = 0; i < r->steps; i++) {
		const struct sim_step *t = &r->trace[i];

		if (t->why == SIM_MARK || !sim_step_decides(r, i) ||
		    t->next == sim_default_next_at(r, i))
			continue;
		CHECK(sim_step_can(r, i, t->next));
		kept.unusual[i] = true;
		kept.next[i] = t->next;
		kept.count++;
	}
}

static void repeat_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s, (void)seed, (void)steps_estimate;
}

static uint32_t repeat_next(struct sim_strategy *s, const struct sim_decision *d)
{
	(void)s;
	return kept.unusual[d->step] ? kept.next[d->step] : sim_default_next(d);
}

/* A process may read the record of another one, and has run no such execution itself. */
static void test_parent_reads_record(void)
{
	uint32_t count;
	pid_t pid;

	sim_record();
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0)
		_exit(run(sim_strategy_pct(3), 1)->failure != KT_PASS);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	keep(sim_record());
	count = kept.count;
	keep(run(sim_strategy_pct(3), 1));
	CHECK_EQ(kept.count, count);
	printf("ok a parent reads the record: %u unusual steps\n", count);
}

static void test_each_strategy(void)
{
	static struct sim_strategy repeat = {
		.name = "repeat", .begin = repeat_begin, .next = repeat_next,
	};

	const struct sim_options profile = {
		.strategy = sim_strategy_block(), .profiles = true, .steps_max = SIM_STEPS_MAX,
	};

	sim_strategies_profile(sim_run(&profile, body, NULL));
	for (unsigned s = 0; s < KT_STRATEGY_COUNT; s++)
		for (uint64_t seed = 1; seed <= 3; seed++) {
			struct sim_strategy *strategy = sim_strategy_of((enum kt_strategy)s, 3);
			const struct sim_record *r = run(strategy, seed);
			uint64_t hash = r->hash;
			uint32_t steps = r->steps, wide = 0;

			if (r->failure != KT_PASS)
				kt_fail(r->failure, "%s: %s", strategy->name, r->message);
			CHECK_EQ(r->tasks, TASKS + 1);
			for (uint32_t i = 0; i < steps; i++)
				wide += r->trace[i].wide && r->trace[i].next >= SIM_WORD_TASKS;
			CHECK(wide > TASKS);
			CHECK_EQ(run(strategy, seed)->hash, hash);
			keep(sim_record());
			CHECK_EQ(run(&repeat, 0)->hash, hash);
			printf("ok %s: %u steps, %u unusual\n", strategy->name, steps, kept.count);
		}
}

static void test_laps(void)
{
	struct sim_options o = {
		.strategy = sim_strategy_random(),
		.seed = 1,
		.steps_max = 1000,
	};

	CHECK_EQ(sim_run(&o, body, NULL)->failure, KT_LIVELOCK);
	o.laps = 1000;
	CHECK_EQ(sim_run(&o, body, NULL)->failure, KT_PASS);
	printf("ok an execution that is longer than its record ends in a lap\n");
}

/* The draws of a random walk reach each task about equally often. */
static void test_random_walk_is_uniform(void)
{
	double expected = 0, low = 0, high = 0;

	for (uint64_t seed = 0; seed < 20; seed++) {
		const struct sim_record *r = run(sim_strategy_random(), seed);

		for (uint32_t i = 0; i < r->steps; i++) {
			uint32_t first = SIM_TASKS_MAX, last = 0, n = 0;

			if (!r->trace[i].wide || r->trace[i].why != SIM_POINT)
				continue;
			for (uint32_t k = 0; k < r->tasks; k++)
				if (sim_step_can(r, i, k)) {
					first = first < k ? first : k;
					last = k;
					n++;
				}
			expected += 1.0 / n;
			low += r->trace[i].next == first;
			high += r->trace[i].next == last;
		}
	}
	CHECK(expected > 100);
	CHECK((low - expected) * (low - expected) < 16 * expected);
	CHECK((high - expected) * (high - expected) < 16 * expected);
	printf("ok random walk is uniform: %.0f and %.0f, expected %.0f\n", low, high, expected);
}

/* ---- failures ----------------------------------------------------------------------- */

static void blocks(void *unused)
{
	(void)unused;
	sim_waits_for(sim_who() - 1);
	sim_block(&lock_site);
}

static void body_deadlock(void *unused)
{
	char name[OS_NAME_MAX];
	uint32_t last = 0;

	(void)unused;
	for (unsigned i = 0; i < SIM_TASKS_MAX - 1; i++) {
		snprintf(name, sizeof name, "task%u", i);
		last = sim_task_spawn(name, blocks, NULL);
	}
	CHECK_EQ(last, SIM_TASKS_MAX - 1);
	sim_task_join(last, NULL, &join_site);
}

static void nothing(void *unused)
{
	(void)unused;
}

static void body_more(void *unused)
{
	(void)unused;
	for (;;)
		sim_task_spawn("more", nothing, NULL);
}

static struct os_thread thread[SIM_WORD_TASKS];

static void body_os(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < SIM_WORD_TASKS; i++)
		CHECK_EQ(os_spawn(&thread[i], "more", OS_JOINABLE, nothing, NULL), 0);
}

static const struct sim_record *fails(struct sim_strategy *s, void (*program)(void *),
				      enum sim_model memory)
{
	const struct sim_options o = { .strategy = s, .memory = memory };

	return sim_run(&o, program, NULL);
}

static void test_failures(void)
{
	const struct sim_bounds b = { 0 };
	const struct sim_exploration e = { 0 };
	const struct sim_record *r = fails(sim_strategy_block(), body_deadlock, SIM_SC);

	CHECK_EQ(r->failure, KT_DEADLOCK);
	CHECK(strstr(r->message, "task1 waits at wide:lock(m) [wide_test.c:0] for task0; "));
	CHECK(strstr(r->message, " more wait"));
	CHECK_STR(r->task[SIM_TASKS_MAX - 1].name, "task254");
	CHECK_EQ(r->task[SIM_TASKS_MAX - 1].waits_for, SIM_TASKS_MAX - 2);
	r = fails(sim_strategy_random(), body_more, SIM_SC);
	CHECK_STR(r->message, "more than 256 threads in one execution");
	r = fails(sim_strategy_random(), body_more, SIM_TSO);
	CHECK_STR(r->message, "more than 52 threads in one execution");
	r = fails(sim_strategy_random(), body_os, SIM_SC);
	CHECK_STR(r->message, "more than 64 threads in one execution");
	CHECK(sim_explore(&e));
	r = fails(sim_strategy_dpor(), body_more, SIM_SC);
	CHECK_STR(r->message, "more than 64 threads in one execution");
	sim_bound(&b);
	r = fails(sim_strategy_bound(), body_more, SIM_SC);
	CHECK_STR(r->message, "more than 64 threads in one execution");
	CHECK_EQ(run(sim_strategy_random(), 1)->failure, KT_PASS);
	printf("ok what does not fit is refused\n");
}

int main(void)
{
	test_parent_reads_record();
	test_each_strategy();
	test_laps();
	test_random_walk_is_uniform();
	test_failures();
	return 0;
}
