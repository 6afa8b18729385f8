/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Each strategy is measured against what its paper promises, computed for a small case: the
 * probability of an order, how even a draw is, or which executions there are.
 */
#include <stdio.h>
#include <string.h>

#include "platform/conformance/test.h"
#include "platform/lock.h"
#include "platform/sim/sim.h"
#include "platform/sim/test_tasks.h"

/* ---- two locks in two orders ------------------------------------------------ */

static void takes_ab(void *ab)
{
	kt_lock *l = ab;

	kt_lock_acquire(&l[0]);
	kt_lock_acquire(&l[1]);
	kt_lock_release(&l[1]);
	kt_lock_release(&l[0]);
}

static void takes_ba(void *ab)
{
	kt_lock *l = ab;

	kt_lock_acquire(&l[1]);
	kt_lock_acquire(&l[0]);
	kt_lock_release(&l[0]);
	kt_lock_release(&l[1]);
}

static void body_lock_order(void *unused)
{
	static kt_lock ab[2];

	(void)unused;
	kt_lock_init(&ab[0], "a");
	kt_lock_init(&ab[1], "b");
	spawn(0, "ab", takes_ab, ab);
	spawn(1, "ba", takes_ba, ab);
	os_join(&thread[0]);
	os_join(&thread[1]);
}

/* ---- strategies --------------------------------------------------------- */

static double share_found(struct sim_strategy *s, void (*body)(void *), unsigned runs)
{
	unsigned found = 0;

	for (uint64_t seed = 0; seed < runs; seed++)
		found += run(s, seed, body, NULL)->failure != KT_PASS;
	return (double)found / runs;
}

/*
 * The deadlock needs two ordering constraints, so its depth is 2: PCT(2) finds it with
 * probability at least 1/(n k), where n = 3 tasks and k is the number of steps.
 */
static void test_pct_meets_its_bound(void)
{
	const struct sim_record *r = run(sim_strategy_block(), 0, body_lock_order, NULL);
	double bound = 1.0 / (3.0 * r->steps), found;

	CHECK_EQ(r->failure, KT_PASS);	/* run to block never finds it */
	found = share_found(sim_strategy_pct(2), body_lock_order, 4000);
	if (found < bound)
		kt_fail(KT_ASSERTION, "pct(2) found it in %f of its runs, expected %f", found,
			bound);
	CHECK(share_found(sim_strategy_random(), body_lock_order, 1000) > 0);
	CHECK(share_found(sim_strategy_pct(1), body_lock_order, 1000) == 0);
	printf("ok pct meets its bound: %.3f, expected %.3f\n", found, bound);
}

/* The same deadlock needs exactly one delay, at one particular step of the estimated ones. */
static void test_delays_meet_their_bound(void)
{
	double found = share_found(sim_strategy_delay(1), body_lock_order, 40000);
	double bound = 1.0 / STEPS_ESTIMATE;

	if (found < bound * 0.9)	/* 40000 runs: 3 standard deviations are 9 % */
		kt_fail(KT_ASSERTION, "delay(1) found it in %f of its runs, expected %f", found,
			bound);
	CHECK(share_found(sim_strategy_delay(0), body_lock_order, 10) == 0);
	printf("ok delays meet their bound: %.4f, expected %.4f\n", found, bound);
}

#define OWN 9

static unsigned own[2][OWN], b_was_first;

static void races_first(void *unused)
{
	(void)unused;
	if (READ_ONCE(word))
		b_was_first++;
	for (unsigned i = 0; i < OWN; i++)
		WRITE_ONCE(own[0][i], 1);
}

static void races_last(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < OWN; i++)
		WRITE_ONCE(own[1][i], 1);
	WRITE_ONCE(word, 1);
}

static void body_race_at_the_ends(void *unused)
{
	(void)unused;
	word = 0;
	spawn(0, "a", races_first, NULL);
	spawn(1, "b", races_last, NULL);
	os_join(&thread[0]);
	os_join(&thread[1]);
}

static double share_b_first(struct sim_strategy *s)
{
	b_was_first = 0;
	CHECK(share_found(s, body_race_at_the_ends, 4000) == 0);
	return b_was_first / 4000.0;
}

/*
 * a's start comes first. Then a's event keeps its priority. b is first if each of OWN + 1
 * events of b draws a higher priority than a's event. So a's draw must be the lowest of OWN +
 * 2 draws. A random walk would have to choose b OWN + 1 times in a row.
 */
static void test_pos_does_not_count_what_is_independent(void)
{
	double expected = 1.0 / (OWN + 2), pos = share_b_first(sim_strategy_pos());
	double random = share_b_first(sim_strategy_random());

	if (pos < expected / 2 || random > expected / 4)
		kt_fail(KT_ASSERTION, "b is first in %f under pos, expected %f; in %f under random",
			pos, expected, random);
	printf("ok pos does not count what is independent: %.3f, expected %.3f, random %.4f\n", pos,
	       expected, random);
}

#define EACH 3
#define ORDERS 20	/* orders of two tasks with EACH events: 6 over 3 */

static unsigned order, done[2];

static void takes_part(void *me)
{
	unsigned i = me == &done[1];

	for (unsigned n = 0; n < EACH; n++) {
		WRITE_ONCE(word, i);
		/* This happens in the step of the store. It is not a choice point of its own. */
		__atomic_store_n(&order, __atomic_load_n(&order, __ATOMIC_RELAXED) * 2 + i,
				 __ATOMIC_RELAXED);
	}
}

static void body_orders(void *unused)
{
	(void)unused;
	order = 1;
	spawn(0, "a", takes_part, &done[0]);
	spawn(1, "b", takes_part, &done[1]);
	os_join(&thread[0]);
	os_join(&thread[1]);
}

/*
 * All orders are equally likely. Chi-square with 19 degrees of freedom exceeds 43.8 once in
 * 1000.
 */
static void test_surw_is_uniform(void)
{
	unsigned seen[1u << (2 * EACH + 1)] = { 0 }, orders = 0;
	double chi = 0, each = 10000.0 / ORDERS;

	sim_surw_profile(run(sim_strategy_block(), 0, body_orders, NULL));
	for (uint64_t seed = 0; seed < 10000; seed++) {
		CHECK_EQ(run(sim_strategy_surw(), seed, body_orders, NULL)->failure, KT_PASS);
		seen[order]++;
	}
	for (unsigned i = 0; i < sizeof seen / sizeof seen[0]; i++)
		if (seen[i]) {
			orders++;
			chi += (seen[i] - each) * (seen[i] - each) / each;
		}
	CHECK_EQ(orders, ORDERS);
	if (chi > 43.8)
		kt_fail(KT_ASSERTION, "surw is not uniform: chi-square %f", chi);
	printf("ok surw is uniform: chi-square %.1f\n", chi);
}

/* ---- a random walk of many tasks ----------------------------------------------- */

enum { MANY = 20 };

static void stores_often(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < 5; i++)
		WRITE_ONCE(word, i);
}

static void body_many(void *unused)
{
	static struct os_thread many[MANY];

	(void)unused;
	for (unsigned i = 0; i < MANY; i++)
		CHECK_EQ(os_spawn(&many[i], "many", OS_JOINABLE, stores_often, NULL), 0);
	for (unsigned i = 0; i < MANY; i++)
		os_join(&many[i]);
}

/*
 * The first and the last of the tasks that can run are chosen as often as expected, within
 * four standard deviations. More than eight tasks take another path in the draw.
 */
static void test_random_walk_is_uniform(void)
{
	double expected[2] = { 0, 0 }, first[2] = { 0, 0 }, last[2] = { 0, 0 };

	for (uint64_t seed = 0; seed < 200; seed++) {
		const struct sim_record *r = run(sim_strategy_random(), seed, body_many, NULL);

		CHECK_EQ(r->failure, KT_PASS);
		for (uint32_t i = 0; i < r->steps; i++) {
			uint64_t can = r->trace[i].runnable;
			int wide = can >> 8 != 0, n = __builtin_popcountll(can);

			if (r->trace[i].why != SIM_POINT || n < 2)
				continue;
			CHECK(can >> r->trace[i].next & 1);
			expected[wide] += 1.0 / n;
			first[wide] += r->trace[i].next == __builtin_ctzll(can);
			last[wide] += r->trace[i].next == 63 - __builtin_clzll(can);
		}
	}
	for (int wide = 0; wide < 2; wide++) {
		double off = 16 * expected[wide];

		CHECK(expected[wide] > 100);
		CHECK((first[wide] - expected[wide]) * (first[wide] - expected[wide]) < off);
		CHECK((last[wide] - expected[wide]) * (last[wide] - expected[wide]) < off);
	}
	printf("ok random walk is uniform: %.0f and %.0f first, expected %.0f and %.0f\n", first[0],
	       first[1], expected[0], expected[1]);
}

/* ---- few preemptions ------------------------------------------------------------ */

static void stores_twice(void *unused)
{
	(void)unused;
	WRITE_ONCE(word, 1);
	WRITE_ONCE(other, 1);
}

static void body_stores(void *unused)
{
	(void)unused;
	spawn(0, "a", stores_twice, NULL);
	spawn(1, "b", stores_twice, NULL);
	os_join(&thread[0]);
	os_join(&thread[1]);
}

enum { PREEMPTIONS_MAX = 16 };

/*
 * How often the schedule switched away from a task that could have gone on. If it did so at
 * a mark, where only the exploration may switch, the result is more than the maximum.
 */
static unsigned preemptions(const struct sim_record *r)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < r->steps; i++) {
		const struct sim_step *t = &r->trace[i];

		if (t->next != t->task)
			n += t->why == SIM_POINT ? 1 : t->why == SIM_MARK ? PREEMPTIONS_MAX : 0;
	}
	return n;
}

/* Try all interleavings one by one. with[n]: how many of them have n preemptions. */
static void count_all(unsigned *with)
{
	const struct sim_exploration all = { .brute = true };
	struct sim_explored e;
	unsigned n;

	CHECK(sim_explore(&all));
	do {
		n = preemptions(run(sim_strategy_dpor(), 0, body_stores, NULL));
		if (n < PREEMPTIONS_MAX)
			with[n]++;
	} while (sim_explored(&e));
}

static void test_bound_is_all_with_few_preemptions(void)
{
	unsigned with[PREEMPTIONS_MAX] = { 0 }, expected = 0;

	count_all(with);
	for (unsigned bound = 0; bound < PREEMPTIONS_MAX; bound++) {
		const struct sim_bounds b = { .total = bound, .preemptions = bound };
		unsigned n = 0, most = 0;
		bool too_long;

		expected += with[bound];
		sim_bound(&b);
		do {
			const struct sim_record *r;

			r = run(sim_strategy_bound(), 0, body_stores, NULL);
			CHECK_EQ(r->failure, KT_PASS);
			most = preemptions(r) > most ? preemptions(r) : most;
			n++;
		} while (sim_bounded(&too_long));
		CHECK(!too_long);
		CHECK_EQ(n, expected);
		CHECK(most <= bound);
	}
	printf("ok bound is all with few preemptions: %u without, %u in all\n", with[0], expected);
}

/* ---- creators go on ------------------------------------------------------------- */

static void makes_three(void *unused)
{
	(void)unused;
	for (unsigned i = 3; i < 6; i++) {
		spawn(i, "leaf", stores_twice, NULL);
		WRITE_ONCE(word, i);
	}
	for (unsigned i = 3; i < 6; i++)
		os_join(&thread[i]);
}

static void body_family(void *unused)
{
	(void)unused;
	word = other = 0;
	spawn(0, "maker", makes_three, NULL);
	spawn(1, "leaf", stores_twice, NULL);
	spawn(2, "leaf", stores_twice, NULL);
	os_join(&thread[0]);
	os_join(&thread[1]);
	os_join(&thread[2]);
}

/* Did each task wait until its creator was in os_join(), or had ended? */
static bool newborns_waited(const struct sim_record *r)
{
	bool joins[SIM_TASKS_MAX] = { false };

	for (uint32_t i = 0; i < r->steps; i++) {
		const struct sim_step *t = &r->trace[i];

		if (t->task && !joins[r->task[t->task].parent])
			return false;
		joins[t->task] |= t->why == SIM_BLOCKED || t->why == SIM_EXITED;
	}
	return true;
}

static void waits_long(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < 1000 && !READ_ONCE(word); i++)
		;
	CHECK(READ_ONCE(word));
}

static void body_works(void *unused)
{
	(void)unused;
	word = other = 0;
	spawn(0, "a", stores_twice, NULL);
	waits_long(NULL);
	os_join(&thread[0]);
}

static void test_creators_go_on(void)
{
	unsigned waited = 0;

	for (unsigned s = 0; s < KT_STRATEGY_COUNT; s++)
		for (uint64_t seed = 0; seed < 100; seed++) {
			struct sim_strategy *inner = sim_strategy_of((enum kt_strategy)s, 3);
			const struct sim_record *r = run(inner, seed, body_family, NULL);
			uint64_t hash;

			waited += newborns_waited(r);
			r = run(sim_strategy_creators(inner), seed, body_family, NULL);
			CHECK_EQ(r->failure, KT_PASS);
			CHECK(newborns_waited(r));
			hash = r->hash;
			CHECK_EQ(run(sim_strategy_creators(inner), seed, body_family, NULL)->hash,
				 hash);
		}
	CHECK(waited < 300);	/* of 600; run to block lets creators go on, too */
	CHECK_EQ(run(sim_strategy_creators(sim_strategy_random()), 1, body_works, NULL)->failure,
		 KT_PASS);
	printf("ok creators go on: without being told, in %u of %u\n", waited,
	       100 * KT_STRATEGY_COUNT);
}

int main(void)
{
	test_pct_meets_its_bound();
	test_delays_meet_their_bound();
	test_pos_does_not_count_what_is_independent();
	test_surw_is_uniform();
	test_random_walk_is_uniform();
	test_bound_is_all_with_few_preemptions();
	test_creators_go_on();
	return 0;
}
