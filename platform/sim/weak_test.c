/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Store buffers, as far as litmus_test.c does not test them: no store is held back for
 * ever; plain accesses see what they must; an edge makes visible what it must; memory may
 * end while a store to it is held back.
 */
#include <stdio.h>
#include <string.h>

#include "platform/atomic.h"
#include "platform/conformance/test.h"
#include "platform/os.h"
#include "platform/sim/sim.h"

enum { SEEDS = 300 };

static struct os_thread thread[2];
static unsigned flag, word, seen;	/* atomic */
static unsigned *block;

static void spawn(unsigned i, void (*fn)(void *))
{
	CHECK_EQ(os_spawn(&thread[i], i ? "b" : "a", OS_JOINABLE, fn, NULL), 0);
}

static void begin(void)
{
	flag = word = seen = 0;
}

/* ---- every store becomes visible -------------------------------------------- */

static void sets_flag(void *unused)
{
	(void)unused;
	WRITE_ONCE(flag, 1);
}

static void sets_flag_and_sleeps(void *unused)
{
	(void)unused;
	WRITE_ONCE(flag, 1);
	os_park(KT_SITE("park", "until joined"));
}

static void body_spins_for_one_who_sleeps(void *unused)
{
	(void)unused;
	begin();
	spawn(0, sets_flag_and_sleeps);
	while (!READ_ONCE(flag))
		cpu_relax();
	os_unpark(&thread[0]);
	os_join(&thread[0]);
}

static void waits_for_flag(void *unused)
{
	(void)unused;
	while (!READ_ONCE(flag))
		cpu_relax();
}

static void body_two_spin_for_one_who_has_gone(void *unused)
{
	(void)unused;
	begin();
	spawn(0, waits_for_flag);
	spawn(1, sets_flag);
	waits_for_flag(NULL);
	os_join(&thread[1]);
	os_join(&thread[0]);
}

static void body_more_stores_than_there_is_room_for(void *unused)
{
	static unsigned words[100];

	(void)unused;
	for (unsigned i = 0; i < 100; i++)
		WRITE_ONCE(words[i], i);
	for (unsigned i = 0; i < 100; i++)
		CHECK_EQ(READ_ONCE(words[i]), i);
}

/* ---- plain accesses ------------------------------------------------------------ */

static void body_own_stores_are_seen(void *unused)
{
	volatile unsigned *plain = &word;

	(void)unused;
	begin();
	WRITE_ONCE(word, 1);
	CHECK_EQ(*plain, 1);
	WRITE_ONCE(word, 2);
	CHECK_EQ(READ_ONCE(word), 2);
	*plain = 3;		/* the last store, no matter when the others become visible */
	spawn(0, sets_flag);
	os_join(&thread[0]);
	CHECK_EQ(READ_ONCE(word), 3);
	CHECK_EQ(xchg(&word, 4), 3);
}

/* A plain store that follows a held-back store to the same word is seen by other tasks, too. */
static void sees_the_plain_store(void *unused)
{
	unsigned value = READ_ONCE(word);

	(void)unused;
	CHECK(value == 3 || value == 4);
}

static void body_a_plain_store_on_top(void *unused)
{
	volatile unsigned *plain = &word;

	(void)unused;
	begin();
	WRITE_ONCE(word, 1);
	CHECK_EQ(READ_ONCE(flag), 0);
	*plain = 3;
	spawn(0, sees_the_plain_store);
	WRITE_ONCE(word, 4);
	os_join(&thread[0]);
	CHECK_EQ(READ_ONCE(word), 4);
}

static union {
	uint64_t whole;
	uint32_t half[2];
} parts;

/* A plain access is done on memory as it is, so the store must be visible to all by then. */
static void body_a_plain_point_shows_stores(void *unused)
{
	static struct kt_site site = {
		.func = "body", .op = "load", .what = "flag", .access = KT_LOAD,
		.size = sizeof flag, .plain = true,
	};

	(void)unused;
	begin();
	spawn(0, sets_flag_and_sleeps);
	while (!*(volatile unsigned *)&flag)	/* not seen, perhaps, but done */
		cpu_relax();
	sim_plain_point(&site, &flag, sizeof flag);
	CHECK_EQ(READ_ONCE(flag), 1);
	os_unpark(&thread[0]);
	os_join(&thread[0]);
}

static void looks_at_both(void *unused)
{
	(void)unused;
	if (READ_ONCE(parts.whole) != 0)
		CHECK_EQ(READ_ONCE(parts.half[1]), 7);
}

static void body_a_part_of_a_word(void *unused)
{
	(void)unused;
	parts.whole = 0;
	spawn(0, looks_at_both);
	WRITE_ONCE(parts.half[1], 7);
	CHECK(READ_ONCE(parts.whole) != 0);
	os_join(&thread[0]);
	WRITE_ONCE(parts.whole, 0);
	CHECK_EQ(READ_ONCE(parts.half[1]), 0);
}

/* ---- edges ------------------------------------------------------------------------ */

static void stores_and_unparks(void *unused)
{
	(void)unused;
	WRITE_ONCE(word, 1);
	os_unpark(&thread[0]);
}

static void parks_and_loads(void *unused)
{
	(void)unused;
	os_park(KT_SITE("park", "word"));
	CHECK_EQ(READ_ONCE(word), 1);
}

static void body_unpark_publishes(void *unused)
{
	(void)unused;
	begin();
	spawn(0, parks_and_loads);
	spawn(1, stores_and_unparks);
	os_join(&thread[0]);
	os_join(&thread[1]);
}

static void loads_word(void *unused)
{
	(void)unused;
	CHECK_EQ(READ_ONCE(word), 1);
}

static void body_spawn_and_join_publish(void *unused)
{
	(void)unused;
	begin();
	WRITE_ONCE(word, 1);
	spawn(0, loads_word);
	spawn(1, sets_flag);
	os_join(&thread[1]);
	CHECK_EQ(READ_ONCE(flag), 1);
	os_join(&thread[0]);
}

/* The waker stores, then wakes: the sleeper finds the word changed or is woken. */
static void changes_and_wakes(void *unused)
{
	(void)unused;
	WRITE_ONCE(word, 1);
	os_futex_wake(&word, 1);
}

static void body_futex_loses_no_wake_up(void *unused)
{
	(void)unused;
	begin();
	spawn(0, changes_and_wakes);
	while (READ_ONCE(word) == 0)
		os_futex_wait_at(&word, 0, NULL, KT_SITE("futex", "word"));
	os_join(&thread[0]);
}

/* ---- memory that ends ---------------------------------------------------------------- */

static void body_frees_what_it_stored_to(void *unused)
{
	unsigned *p = os_alloc(KT_ROLE_TEST, sizeof *p);

	(void)unused;
	begin();
	CHECK(p != NULL);
	WRITE_ONCE(*p, 1);
	os_free(p);
	sets_flag(NULL);
	spawn(0, waits_for_flag);
	os_join(&thread[0]);
}

static void tells_relaxed(void *unused)
{
	(void)unused;
	WRITE_ONCE(*block, 1);
	WRITE_ONCE(flag, 1);
}

static void tells(void *unused)
{
	(void)unused;
	WRITE_ONCE(*block, 1);
	smp_store_release(&flag, 1);
}

static void frees_when_told(void (*fn)(void *))
{
	begin();
	block = os_alloc(KT_ROLE_TEST, sizeof *block);
	CHECK(block != NULL);
	spawn(0, fn);
	waits_for_flag(NULL);
	os_free(block);
	os_join(&thread[0]);
}

static void body_told_relaxed(void *unused)
{
	(void)unused;
	frees_when_told(tells_relaxed);
}

static void body_told(void *unused)
{
	(void)unused;
	frees_when_told(tells);
}

/* ---- the table ------------------------------------------------------------------------ */

static const struct {
	const char *name;
	void (*body)(void *);
	enum kt_failure in_pso;	/* the failure of some executions; all others pass */
} tests[] = {
	{ "spins for one who sleeps", body_spins_for_one_who_sleeps, KT_PASS },
	{ "two spin for one who has gone", body_two_spin_for_one_who_has_gone, KT_PASS },
	{ "more stores than there is room for", body_more_stores_than_there_is_room_for, KT_PASS },
	{ "own stores are seen", body_own_stores_are_seen, KT_PASS },
	{ "a plain store on top", body_a_plain_store_on_top, KT_PASS },
	{ "a plain point shows stores", body_a_plain_point_shows_stores, KT_PASS },
	{ "a part of a word", body_a_part_of_a_word, KT_PASS },
	{ "unpark publishes", body_unpark_publishes, KT_PASS },
	{ "spawn and join publish", body_spawn_and_join_publish, KT_PASS },
	{ "futex loses no wake-up", body_futex_loses_no_wake_up, KT_PASS },
	{ "frees what it stored to", body_frees_what_it_stored_to, KT_PASS },
	{ "freed before a store comes", body_told_relaxed, KT_MEMORY },
	{ "freed after a store has come", body_told, KT_PASS },
};

static void body(void *fn)
{
	struct os_thread init;

	os_adopt(&init, "init");
	(*(void (*const *)(void *))fn)(NULL);
	os_unadopt();
}

static unsigned failures(unsigned i, struct sim_strategy *s, enum sim_model memory)
{
	unsigned failed = 0;

	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		const struct sim_options o = { .strategy = s, .seed = seed, .memory = memory };
		const struct sim_record *r = sim_run(&o, body, (void *)&tests[i].body);

		/* Under run to block no task spins for long: what it spins for becomes visible. */
		CHECK(s != sim_strategy_block() || r->steps < 500);
		if (r->failure == KT_PASS)
			continue;
		if (memory != SIM_PSO || r->failure != tests[i].in_pso)
			kt_fail(KT_ASSERTION, "%s: memory %d, %s, seed %llu: %s: %s", tests[i].name,
				memory, s->name, (unsigned long long)seed,
				kt_failure_name(r->failure), r->message);
		failed++;
	}
	return failed;
}

int main(void)
{
	struct sim_strategy *s[] = { sim_strategy_block(), sim_strategy_random(),
				     sim_strategy_pct(3), sim_strategy_pos(),
				     sim_strategy_delay(3), sim_strategy_surw() };

	for (unsigned i = 0; i < sizeof tests / sizeof tests[0]; i++) {
		unsigned failed = 0;

		for (size_t k = 0; k < sizeof s / sizeof s[0]; k++)
			for (enum sim_model m = SIM_SC; m <= SIM_PSO; m++)
				failed += failures(i, s[k], m);
		CHECK_EQ(failed > 0, tests[i].in_pso != KT_PASS);
		printf("ok %s\n", tests[i].name);
	}
	return 0;
}
