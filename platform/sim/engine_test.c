/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls by which another part of platform/ builds tasks and blocking operations: a mutex
 * and a condition made of them, sleeps, joins, names, stacks, long executions. All sites are
 * made at run time.
 */
#include "platform/sim/engine.h"

#include <stdio.h>
#include <string.h>

#include "platform/conformance/test.h"
#include "platform/sim/sim.h"

/* ---- sites --------------------------------------------------------------------- */

enum { LOCK, UNLOCK, WAIT, SIGNAL, JOIN, SPAWN, SLEEP, SPIN, STEP, SITES };

static struct kt_site *sites;	/* in memory that a parent process would share */
static unsigned named;

static void name_site(struct kt_site *site)
{
	static const char *const what[SITES] = {
		"m", "m", "c", "c", "thread", "thread", "time", "flag", "step",
	};

	named++;
	site->func = "test";
	site->what = what[site - sites];
	site->file = "engine_test.c";
	site->line = (uint16_t)(100 + (site - sites));
}

static void make_sites(void)
{
	static const char *const op[SITES] = {
		"lock", "unlock", "wait", "signal", "join", "create", "sleep", "spin", "op",
	};

	sites = sim_shared_map(SITES * sizeof sites[0]);
	CHECK(sites);
	for (unsigned i = 0; i < SITES; i++)
		sites[i] = (struct kt_site){ .func = kt_site_later, .op = op[i] };
	kt_site_set_namer(name_site);
}

/* ---- a mutex and a condition ------------------------------------------------------ */

static struct mutex {
	uint32_t holder;	/* task + 1; 0: none */
} mutex;

static struct {
	bool waits[SIM_TASKS_MAX];	/* for the mutex */
	bool waits_for_signal[SIM_TASKS_MAX];
} task;

static void wake_all(bool *waits)
{
	for (uint32_t i = 0; i < sim_record()->tasks; i++)
		if (waits[i]) {
			waits[i] = false;
			sim_touch_wake(i, true);
			sim_wake_ahead(i);
		}
}

static void lock(struct mutex *m)
{
	sim_waits(SIM_WAIT_FREE, 0);
	sim_point(&sites[LOCK], m);
	while (m->holder) {
		sim_waits_for(m->holder - 1);
		task.waits[sim_who()] = true;
		sim_waits(SIM_WAIT_WOKEN, 0);
		sim_block(&sites[LOCK]);
		sim_waits_for(SIM_NOBODY);
	}
	m->holder = sim_who() + 1;
	sim_hb_acquire(m);
}

static void unlock(struct mutex *m)
{
	CHECK_EQ(m->holder, sim_who() + 1);
	sim_touch(m, SIM_RELEASE);
	sim_hb_release(m);
	m->holder = 0;
	wake_all(task.waits);
	sim_point(&sites[UNLOCK], NULL);
}

/* False if the deadline came first. */
static bool wait_signal(struct mutex *m, const uint64_t *deadline)
{
	uint32_t me = sim_who();
	bool in_time = true;

	unlock(m);
	task.waits_for_signal[me] = true;
	while (task.waits_for_signal[me] && in_time) {
		sim_waits(SIM_WAIT_WOKEN, 0);
		if (deadline)
			in_time = sim_block_until(&sites[WAIT], *deadline);
		else
			sim_block(&sites[WAIT]);
	}
	task.waits_for_signal[me] = false;
	lock(m);
	return in_time;
}

static void signal_all(void)
{
	sim_point(&sites[SIGNAL], &task);
	wake_all(task.waits_for_signal);
}

static uint32_t create(const char *name, void (*fn)(void *), void *arg)
{
	uint32_t id = sim_task_spawn(name, fn, arg);

	sim_point(&sites[SPAWN], NULL);
	return id;
}

static void join(uint32_t id)
{
	CHECK(sim_task_join(id, NULL, &sites[JOIN]));
	CHECK(sim_task_has_finished(id));
}

static const struct sim_record *run(struct sim_strategy *s, uint64_t seed, void (*body)(void *))
{
	const struct sim_options o = { .strategy = s, .seed = seed, .steps_estimate = 60 };

	memset(&task, 0, sizeof task);
	mutex.holder = 0;
	return sim_run(&o, body, NULL);
}

/* ---- tests ------------------------------------------------------------------------- */

static unsigned counter, ended;

static void counts(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < 3; i++) {
		lock(&mutex);
		counter++;
		unlock(&mutex);
	}
}

static void task_ends(uint32_t id)
{
	CHECK_EQ(id, sim_who());
	ended++;
}

static void body_counts(void *unused)
{
	uint32_t a, b;

	(void)unused;
	CHECK(sim_is_running());
	CHECK_EQ(sim_who(), 0);
	counter = 0;
	a = create("a", counts, NULL);
	b = create("b", counts, NULL);
	CHECK_EQ(b, a + 1);
	join(b);
	join(a);
	CHECK_EQ(sim_unfinished(), 1);
	CHECK_EQ(counter, 6);
}

static void test_mutex_excludes(void)
{
	const struct sim_program p = { .task_ends = task_ends };
	uint64_t hash;

	sim_set_program(&p);
	for (unsigned s = 0; s < KT_STRATEGY_COUNT; s++)
		for (uint64_t seed = 0; seed < 50; seed++) {
			const struct sim_record *r;

			ended = 0;
			r = run(sim_strategy_of((enum kt_strategy)s, 3), seed, body_counts);
			if (r->failure != KT_PASS)
				kt_fail(r->failure, "%s", r->message);
			CHECK_EQ(ended, 3);
			hash = r->hash;
			CHECK_EQ(run(sim_strategy_of((enum kt_strategy)s, 3), seed,
				     body_counts)->hash, hash);
		}
	sim_set_program(&(struct sim_program){ 0 });
	CHECK(!sim_is_running());
	printf("ok a mutex made of blocks and wake-ups excludes\n");
}

static void test_verify_sees_all(void)
{
	const struct sim_exploration all = { .brute = false };
	struct sim_explored e;

	CHECK(sim_explore(&all));
	do
		CHECK_EQ(run(sim_strategy_dpor(), 0, body_counts)->failure, KT_PASS);
	while (sim_explored(&e));
	CHECK_EQ(e.executions, 20);	/* orders of three and three sections */
	printf("ok verify knows what the mutex touches: %u executions, %u cut short\n",
	       (unsigned)e.executions, (unsigned)e.blocked);
}

static struct mutex crossed[2];

static void crosses(void *first)
{
	unsigned i = first != NULL;

	lock(&crossed[i]);
	lock(&crossed[!i]);
	unlock(&crossed[!i]);
	unlock(&crossed[i]);
}

static void body_crosses(void *unused)
{
	uint32_t a, b;

	(void)unused;
	crossed[0].holder = crossed[1].holder = 0;
	a = create("left", crosses, NULL);
	b = create("right", crosses, &crossed);
	sim_task_rename(a, "a name that is longer than any task may have, however long that is");
	sim_task_rename(a, "west");
	join(a);
	join(b);
}

static void test_deadlock_is_told(void)
{
	static const char *const told[] = {
		"west waits at test:lock(m) [engine_test.c:100] for right",
		"right waits at test:lock(m) [engine_test.c:100] for west",
		"init waits at test:join(thread) [engine_test.c:104] for west",
	};
	unsigned found = 0;

	for (uint64_t seed = 0; seed < 200; seed++) {
		const struct sim_record *r = run(sim_strategy_random(), seed, body_crosses);

		if (r->failure == KT_PASS)
			continue;
		CHECK_EQ(r->failure, KT_DEADLOCK);
		for (unsigned i = 0; i < sizeof told / sizeof told[0]; i++)
			CHECK(strstr(r->message, told[i]));
		found++;
	}
	CHECK(found > 10);
	CHECK(named > 0 && named <= SITES);	/* each once */
	printf("ok a deadlock names tasks and places: %u of 200\n", found);
}

static bool flag, timed_out;

static void signals(void *unused)
{
	(void)unused;
	lock(&mutex);
	flag = true;
	signal_all();
	unlock(&mutex);
}

/* Near enough for the strategy to let it pass early. */
static void body_waits(void *unused)
{
	uint64_t deadline;
	uint32_t id;

	(void)unused;
	flag = timed_out = false;
	id = create("signals", signals, NULL);
	lock(&mutex);
	deadline = sim_clock_ns() + 1000;
	while (!flag && !timed_out)
		timed_out = !wait_signal(&mutex, &deadline);
	CHECK_EQ(sim_clock_ns(), timed_out ? deadline : 0);
	unlock(&mutex);
	join(id);
}

static void test_deadlines_pass_or_not(void)
{
	unsigned late = 0;

	for (uint64_t seed = 0; seed < 200; seed++) {
		CHECK_EQ(run(sim_strategy_random(), seed, body_waits)->failure, KT_PASS);
		late += timed_out;
	}
	CHECK(late > 10 && late < 190);
	printf("ok deadlines pass, or do not: %u of 200\n", late);
}

enum { HOUR = 3600 };
static const uint64_t second = 1000000000;

static void sleeps(void *unused)
{
	uint64_t deadline = sim_clock_ns() + HOUR * second;

	(void)unused;
	while (sim_block_until(&sites[SLEEP], deadline))
		;
	flag = true;
}

static void body_spins(void *unused)
{
	uint32_t id;

	(void)unused;
	flag = false;
	id = create("sleeps", sleeps, NULL);
	while (!flag)
		sim_yield(&sites[SPIN]);
	join(id);
	CHECK_EQ(sim_clock_ns(), HOUR * second);
}

/* A task that works, and never spins, until another one has slept. */
static void body_works(void *unused)
{
	uint32_t id;

	(void)unused;
	flag = false;
	id = create("sleeps", sleeps, NULL);
	while (!flag)
		sim_point(&sites[STEP], NULL);
	join(id);
	CHECK(sim_clock_ns() >= HOUR * second);
}

static void test_steps_take_time(void)
{
	const struct sim_program p = { .steps_take_time = true };

	CHECK_EQ(run(sim_strategy_block(), 0, body_spins)->failure, KT_LIVELOCK);
	CHECK_EQ(run(sim_strategy_block(), 0, body_works)->failure, KT_LIVELOCK);
	sim_set_program(&p);
	CHECK_EQ(run(sim_strategy_block(), 0, body_works)->failure, KT_PASS);
	for (uint64_t seed = 0; seed < 20; seed++) {
		CHECK_EQ(run(sim_strategy_random(), seed, body_spins)->failure, KT_PASS);
		CHECK_EQ(run(sim_strategy_pct(3), seed, body_spins)->failure, KT_PASS);
		CHECK_EQ(run(sim_strategy_random(), seed, body_works)->failure, KT_PASS);
		CHECK_EQ(run(sim_strategy_pct(3), seed, body_works)->failure, KT_PASS);
	}
	sim_set_program(&(struct sim_program){ 0 });
	printf("ok steps take time\n");
}

/* Its timer fires for ever, unless another task has a turn. */
static void ticks(void *unused)
{
	(void)unused;
	while (!flag) {
		uint64_t deadline = sim_clock_ns() + 1000;

		while (!flag && sim_block_until(&sites[SLEEP], deadline))
			;
		for (unsigned i = 0; i < 20; i++)
			sim_point(&sites[STEP], NULL);
	}
}

static void body_starves(void *unused)
{
	uint32_t id;

	(void)unused;
	flag = false;
	id = create("ticks", ticks, NULL);
	sim_point(&sites[STEP], NULL);
	flag = true;
	join(id);
}

static void test_a_task_does_not_starve(void)
{
	const struct sim_program p = { .steps_take_time = true };
	unsigned starved = 0;

	sim_set_program(&p);
	for (uint64_t seed = 0; seed < 20; seed++) {
		const struct sim_record *r = run(sim_strategy_pct(1), seed, body_starves);

		CHECK_EQ(r->failure, KT_PASS);
		CHECK(r->steps < 4096);
		starved += r->steps > 1024;
	}
	CHECK(starved > 0);
	sim_set_program(&(struct sim_program){ 0 });
	printf("ok a task does not starve beside timers: %u of 20\n", starved);
}

/* A deadline that was far comes near when time passes. */
static void body_advances(void *unused)
{
	uint64_t soon = 10;
	uint32_t id;

	(void)unused;
	flag = false;
	id = create("sleeps", sleeps, NULL);
	CHECK(!sim_task_join(id, &soon, &sites[JOIN]));
	sim_clock_advance((HOUR - 1) * second + second / 2);
	for (unsigned i = 0; !flag && i < 1000; i++)
		sim_point(&sites[STEP], NULL);
	CHECK(flag);
	join(id);
}

static void test_time_advances(void)
{
	CHECK_EQ(run(sim_strategy_random(), 1, body_advances)->failure, KT_PASS);
	printf("ok far deadlines come near\n");
}

static void body_exits(void *unused)
{
	(void)unused;
	create("counts", counts, NULL);
	lock(&mutex);
	sim_cut();
}

static void test_cut(void)
{
	for (uint64_t seed = 0; seed < 20; seed++) {
		CHECK_EQ(run(sim_strategy_random(), seed, body_exits)->failure, KT_PASS);
		CHECK(sim_was_cut());
		CHECK_EQ(run(sim_strategy_random(), seed, body_counts)->failure, KT_PASS);
		CHECK(!sim_was_cut());
	}
	printf("ok an execution that is cut leaves nothing behind\n");
}

/* ---- classes of objects ------------------------------------------------------------- */

static int object[3];	/* 0 and 2 belong to one task each; 1 is shared */
static unsigned order, first;

static uint32_t class_of(const void *addr)
{
	return (uint32_t)((const int *)addr - object) + 1;
}

static void is_slow(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < 7; i++)
		sim_point(&sites[STEP], &object[0]);
	sim_point(&sites[STEP], &object[1]);
	if (order++ == 0)
		first = 0;
	sim_point(&sites[STEP], &object[0]);
}

static void is_quick(void *unused)
{
	(void)unused;
	sim_point(&sites[STEP], &object[1]);
	if (order++ == 0)
		first = 1;
	sim_point(&sites[STEP], &object[2]);
}

static void body_shares(void *unused)
{
	uint32_t a, b;

	(void)unused;
	order = 0;
	a = create("slow", is_slow, NULL);
	b = create("quick", is_quick, NULL);
	join(a);
	join(b);
}

/* All sites are the same, so only the objects tell which events are interesting. */
static void test_surw_knows_objects(void)
{
	const struct sim_program p = { .class_of = class_of };
	const struct sim_options o = { .strategy = sim_strategy_block(), .profiles = true };
	unsigned quick = 0;

	sim_set_program(&p);
	sim_strategies_profile(sim_run(&o, body_shares, NULL));
	for (uint64_t seed = 0; seed < 1000; seed++) {
		CHECK_EQ(run(sim_strategy_surw(), seed, body_shares)->failure, KT_PASS);
		quick += first;
	}
	sim_set_program(&(struct sim_program){ 0 });
	CHECK(quick > 436 && quick < 564);	/* four standard deviations */
	printf("ok surw knows objects: the quick task was first in %u of 1000\n", quick);
}

/* ---- many steps ------------------------------------------------------------------- */

enum { LONG = 300000 };

static void steps_long(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < LONG; i++)
		sim_point(&sites[STEP], &counter);
}

static void body_long(void *unused)
{
	uint32_t a, b;

	(void)unused;
	a = create("a", steps_long, NULL);
	b = create("b", steps_long, NULL);
	join(a);
	join(b);
}

static void test_a_million_steps(void)
{
	for (unsigned s = 0; s < KT_STRATEGY_COUNT; s++) {
		const struct sim_options o = {
			.strategy = sim_strategy_of((enum kt_strategy)s, 3), .seed = s,
			.steps_estimate = 2 * LONG, .steps_max = SIM_STEPS_MAX,
			.steps_fair = SIM_STEPS_MAX - 1,
		};
		const struct sim_record *r = sim_run(&o, body_long, NULL);

		CHECK_EQ(r->failure, KT_PASS);
		CHECK(r->steps > 2 * LONG);
		CHECK_EQ(r->trace[r->steps - 1].why, SIM_EXITED);
	}
	/* Without steps_max, an execution of so many steps is a livelock. */
	CHECK_EQ(run(sim_strategy_block(), 0, body_long)->failure, KT_LIVELOCK);
	printf("ok executions of many steps\n");
}

/* ---- stacks ------------------------------------------------------------------------- */

enum { STACK = 2 << 20 };

static char *deep_at[3];

static void is_deep(void *unused)
{
	char low[STACK - 65536], *from, *to;

	(void)unused;
	memset(low, 1, sizeof low);
	sim_point(&sites[STEP], low);
	CHECK(sim_task_stack(sim_who(), &from, &to));
	CHECK_EQ(to - from, STACK);
	deep_at[sim_who()] = from;
}

static void body_deep(void *unused)
{
	(void)unused;
	join(create("a", is_deep, NULL));
	join(create("b", is_deep, NULL));
}

static void test_stacks(void)
{
	CHECK_EQ(run(sim_strategy_random(), 0, body_deep)->failure, KT_PASS);
	CHECK_EQ((deep_at[2] - deep_at[1]) % 4096, 0);
	CHECK(deep_at[2] - deep_at[1] > STACK && deep_at[2] - deep_at[1] <= STACK + 65536);
	CHECK(!sim_set_stacks(STACK, NULL));	/* too late */
	printf("ok stacks have the size that was set\n");
}

int main(void)
{
	CHECK(sim_set_stacks(STACK - 100, NULL));
	make_sites();
	test_mutex_excludes();
	test_verify_sees_all();
	test_deadlock_is_told();
	test_deadlines_pass_or_not();
	test_steps_take_time();
	test_a_task_does_not_starve();
	test_time_advances();
	test_cut();
	test_surw_knows_objects();
	test_a_million_steps();
	test_stacks();
	return 0;
}
