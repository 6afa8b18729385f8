/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulator, tested before anything that uses it: what it must report it
 * reports, what is correct passes, and the same seed is the same execution.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "platform/conformance/test.h"
#include "platform/lock.h"
#include "platform/sim/sim.h"

#define STEPS_ESTIMATE 40

static struct os_thread thread[8];
static kt_lock lock;
static unsigned word, other;

static const struct sim_record *run(struct sim_strategy *s, uint64_t seed, void (*body)(void *),
				    void *arg)
{
	struct sim_options o = {
		.strategy = s, .seed = seed, .steps_estimate = STEPS_ESTIMATE,
	};

	return sim_run(&o, body, arg);
}

static void spawn(unsigned i, const char *name, void (*fn)(void *), void *arg)
{
	CHECK_EQ(os_spawn(&thread[i], name, OS_JOINABLE, fn, arg), 0);
}

/* ---- what must be reported ---------------------------------------------- */

static void nothing(void *unused)
{
	(void)unused;
}

static void parks(void *unused)
{
	(void)unused;
	os_park(KT_SITE("park", "never"));
}

static void body_deadlock(void *unused)
{
	(void)unused;
	spawn(0, "sleeper", parks, NULL);
	os_join(&thread[0]);
}

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

static void body_spins(void *unused)
{
	(void)unused;
	word = 0;
	while (!READ_ONCE(word))
		cpu_relax();
}

static void body_release_unheld(void *unused)
{
	(void)unused;
	kt_lock_init(&lock, "lock");
	kt_lock_release(&lock);
}

static void body_asserts(void *unused)
{
	(void)unused;
	KT_ASSERT(!"reached");
}

static void body_leaks(void *unused)
{
	(void)unused;
	os_alloc(KT_ROLE_TEST, 10);
}

static void body_frees_twice(void *unused)
{
	void *p = os_alloc(KT_ROLE_TEST, 10);

	(void)unused;
	os_free(p);
	os_free(p);
}

static void body_loads_freed(void *unused)
{
	unsigned *p = os_alloc(KT_ROLE_TEST, sizeof *p);

	(void)unused;
	os_free(p);
	(void)READ_ONCE(*p);
}

static void body_writes_freed(void *unused)
{
	volatile char *p = os_alloc(KT_ROLE_TEST, 10);

	(void)unused;
	os_free((void *)p);
	p[3] = 1;
}

static void body_uses_ended_object(void *unused)
{
	unsigned on_stack = 0;

	(void)unused;
	os_object_begin(&on_stack, sizeof on_stack);
	WRITE_ONCE(on_stack, 1);
	os_object_end(&on_stack, sizeof on_stack);
	WRITE_ONCE(on_stack, 2);
}

static void body_wild_access(void *unused)
{
	static volatile uintptr_t nowhere = 8;

	(void)unused;
	*(volatile int *)nowhere = 1;
}

static void body_unparks_gone(void *unused)
{
	(void)unused;
	spawn(0, "short", nothing, NULL);
	os_join(&thread[0]);
	os_unpark(&thread[0]);
}

static const struct {
	const char *name;
	void (*body)(void *);
	enum kt_failure due;
	const char *says;
} reports[] = {
	{ "deadlock", body_deadlock, KT_DEADLOCK, "init waits at os.join" },
	{ "livelock", body_spins, KT_LIVELOCK, "scheduled fairly" },
	{ "release_unheld", body_release_unheld, KT_DISCIPLINE, "lock released by init" },
	{ "assertion", body_asserts, KT_ASSERTION, "reached" },
	{ "leak", body_leaks, KT_LEAK, "test block allocated by init" },
	{ "double_free", body_frees_twice, KT_MEMORY, "freed twice" },
	{ "load_freed", body_loads_freed, KT_MEMORY, "after free" },
	{ "write_freed", body_writes_freed, KT_MEMORY, "written after it was freed" },
	{ "ended_object", body_uses_ended_object, KT_MEMORY, "whose frame has returned" },
	{ "wild_access", body_wild_access, KT_MEMORY, "SIGSEGV" },
	{ "unpark_gone", body_unparks_gone, KT_MEMORY, "thread that is gone" },
};

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#endif

/* ASan ends the process at the plain access itself. */
static bool skipped_here(const char *name)
{
#if defined(HAS_ASAN)
	return strcmp(name, "write_freed") == 0;
#else
	(void)name;
	return false;
#endif
}

static void test_reports(void)
{
	for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++) {
		const struct sim_record *r;

		if (skipped_here(reports[i].name))
			continue;
		r = run(sim_strategy_block(), 0, reports[i].body, NULL);
		if (r->failure != reports[i].due || !strstr(r->message, reports[i].says))
			kt_fail(KT_ASSERTION, "%s: %s: %s; due: %s: ...%s...", reports[i].name,
				kt_failure_name(r->failure), r->message,
				kt_failure_name(reports[i].due), reports[i].says);
		/* And the simulator goes on as if nothing had been. */
		CHECK_EQ(run(sim_strategy_block(), 0, nothing, NULL)->failure, KT_PASS);
		printf("ok reports %s\n", reports[i].name);
	}
}

/* ---- what must pass ----------------------------------------------------- */

static void adds(void *unused)
{
	(void)unused;
	for (int i = 0; i < 3; i++) {
		kt_lock_acquire(&lock);
		word++;
		kt_lock_release(&lock);
	}
}

static void body_counts(void *unused)
{
	(void)unused;
	word = 0;
	kt_lock_init(&lock, "lock");
	for (unsigned i = 0; i < 3; i++)
		spawn(i, i == 0 ? "a" : i == 1 ? "b" : "c", adds, NULL);
	for (unsigned i = 0; i < 3; i++)
		os_join(&thread[i]);
	CHECK_EQ(word, 9);
	kt_lock_destroy(&lock);
}

/* Store, then load the other's: under any interleaving one sees the other. */
static void stores_word(void *seen)
{
	WRITE_ONCE(word, 1);
	*(unsigned *)seen = READ_ONCE(other);
}

static void stores_other(void *seen)
{
	WRITE_ONCE(other, 1);
	*(unsigned *)seen = READ_ONCE(word);
}

static unsigned outcomes;

static void body_store_buffer(void *unused)
{
	unsigned a = 0, b = 0;

	(void)unused;
	word = other = 0;
	spawn(0, "a", stores_word, &a);
	spawn(1, "b", stores_other, &b);
	os_join(&thread[0]);
	os_join(&thread[1]);
	CHECK(a || b);
	outcomes |= 1u << (a * 2 + b);
}

static void test_correct_code_passes(void)
{
	struct sim_strategy *s[] = { sim_strategy_block(), sim_strategy_random(),
				     sim_strategy_pct(3) };

	for (size_t i = 0; i < sizeof s / sizeof s[0]; i++)
		for (uint64_t seed = 0; seed < 300; seed++) {
			CHECK_EQ(run(s[i], seed, body_counts, NULL)->failure, KT_PASS);
			CHECK_EQ(run(s[i], seed, body_store_buffer, NULL)->failure, KT_PASS);
		}
	/* (0,1), (1,0) and (1,1): all that sequential consistency allows. */
	CHECK_EQ(outcomes, 1u << 1 | 1u << 2 | 1u << 3);
	printf("ok correct code passes\n");
}

static void body_sleeps(void *unused)
{
	uint64_t before = os_now_ns();

	(void)unused;
	CHECK(!os_park_until(before + 5000000000ull, KT_SITE("park", "a while")));
	CHECK_EQ(os_now_ns() - before, 5000000000ll);
	os_unpark(os_self() ? os_self() : &thread[0]);
}

static void sleeps_in_thread(void *unused)
{
	(void)unused;
	body_sleeps(NULL);
	CHECK(os_park_until(1ull << 60, KT_SITE("park", "with a permit")));
}

static void body_virtual_time(void *unused)
{
	(void)unused;
	spawn(0, "sleeper", sleeps_in_thread, NULL);
	os_join(&thread[0]);
}

static void test_time_is_virtual(void)
{
	CHECK_EQ(run(sim_strategy_block(), 0, body_virtual_time, NULL)->failure, KT_PASS);
	printf("ok time is virtual\n");
}

/* ---- determinism -------------------------------------------------------- */

static void test_same_seed_same_trace(void)
{
	struct sim_strategy *s[] = {
		sim_strategy_random(), sim_strategy_pct(3), sim_strategy_delay(3),
		sim_strategy_pos(), sim_strategy_surw(),
	};
	unsigned distinct = 0;
	uint64_t last = 0;

	sim_surw_profile(run(s[0], 0, body_counts, NULL));
	for (size_t i = 0; i < sizeof s / sizeof s[0]; i++)
		for (uint64_t seed = 0; seed < 100; seed++) {
			uint64_t hash = run(s[i], seed, body_counts, NULL)->hash;

			CHECK(run(s[i], seed, body_counts, NULL)->hash == hash);
			distinct += hash != last;
			last = hash;
		}
	CHECK(distinct > 250);
	printf("ok same seed, same trace\n");
}

/*
 * A body that depends on what the simulator does not control must be seen to:
 * two runs with the same seed give two hashes.
 */
static void body_depends_on_past(void *unused)
{
	static unsigned runs;

	(void)unused;
	if (runs++ % 2)
		WRITE_ONCE(word, 0);
}

static void test_nondeterminism_shows(void)
{
	uint64_t hash = run(sim_strategy_block(), 0, body_depends_on_past, NULL)->hash;

	CHECK(run(sim_strategy_block(), 0, body_depends_on_past, NULL)->hash != hash);
	printf("ok nondeterminism shows\n");
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
 * Lock order needs two ordering constraints, depth 2: PCT(2) finds it with
 * probability at least 1/(n k), n = 3 tasks and k = the steps it takes.
 */
static void test_pct_meets_its_bound(void)
{
	const struct sim_record *r = run(sim_strategy_block(), 0, body_lock_order, NULL);
	double bound = 1.0 / (3.0 * r->steps), found;

	CHECK_EQ(r->failure, KT_PASS);	/* run to block never finds it */
	found = share_found(sim_strategy_pct(2), body_lock_order, 4000);
	if (found < bound)
		kt_fail(KT_ASSERTION, "pct(2) found it in %f of its runs, due %f", found, bound);
	CHECK(share_found(sim_strategy_random(), body_lock_order, 1000) > 0);
	CHECK(share_found(sim_strategy_pct(1), body_lock_order, 1000) == 0);
	printf("ok pct meets its bound: %.3f, due %.3f\n", found, bound);
}

/* The same takes one delay at one of the steps that are estimated; none without. */
static void test_delays_meet_their_bound(void)
{
	double found = share_found(sim_strategy_delay(1), body_lock_order, 40000);
	double bound = 1.0 / STEPS_ESTIMATE;

	if (found < bound * 0.9)	/* 40000 runs: 3 standard deviations are 9 % */
		kt_fail(KT_ASSERTION, "delay(1) found it in %f of its runs, due %f", found, bound);
	CHECK(share_found(sim_strategy_delay(0), body_lock_order, 10) == 0);
	printf("ok delays meet their bound: %.4f, due %.4f\n", found, bound);
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
 * a's event waits with its priority until OWN + 1 of b's have drawn a higher
 * one, and a's own start comes before: of OWN + 2 draws a's is the lowest. A
 * random walk has to choose b as many times running.
 */
static void test_pos_does_not_count_what_is_independent(void)
{
	double due = 1.0 / (OWN + 2), pos = share_b_first(sim_strategy_pos());
	double random = share_b_first(sim_strategy_random());

	if (pos < due / 2 || random > due / 4)
		kt_fail(KT_ASSERTION, "b is first in %f under pos, due %f; in %f under random",
			pos, due, random);
	printf("ok pos does not count what is independent: %.3f, due %.3f, random %.4f\n", pos,
	       due, random);
}

#define EACH 3
#define ORDERS 20	/* of twice EACH events: 6 over 3 */

static unsigned order, done[2];

static void takes_part(void *me)
{
	unsigned i = me == &done[1];

	for (unsigned n = 0; n < EACH; n++) {
		WRITE_ONCE(word, i);
		/* In the step of the store; no choice point of its own. */
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

/* Each of the orders is as likely: chi-square of 19 degrees, 1 in 1000 above 43.8. */
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
 * Of those that can run the first, and the last, are chosen as often as is due: within
 * four standard deviations. More than eight bits go another way.
 */
static void test_random_walk_is_uniform(void)
{
	double due[2] = { 0, 0 }, first[2] = { 0, 0 }, last[2] = { 0, 0 };

	for (uint64_t seed = 0; seed < 200; seed++) {
		const struct sim_record *r = run(sim_strategy_random(), seed, body_many, NULL);

		CHECK_EQ(r->failure, KT_PASS);
		for (uint32_t i = 0; i < r->steps; i++) {
			uint64_t can = r->trace[i].runnable;
			int wide = can >> 8 != 0, n = __builtin_popcountll(can);

			if (r->trace[i].why != SIM_POINT || n < 2)
				continue;
			CHECK(can >> r->trace[i].next & 1);
			due[wide] += 1.0 / n;
			first[wide] += r->trace[i].next == __builtin_ctzll(can);
			last[wide] += r->trace[i].next == 63 - __builtin_clzll(can);
		}
	}
	for (int wide = 0; wide < 2; wide++) {
		double off = 16 * due[wide];

		CHECK(due[wide] > 100);
		CHECK((first[wide] - due[wide]) * (first[wide] - due[wide]) < off);
		CHECK((last[wide] - due[wide]) * (last[wide] - due[wide]) < off);
	}
	printf("ok random walk is uniform: %.0f and %.0f first, due %.0f and %.0f\n", first[0],
	       first[1], due[0], due[1]);
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
 * How often a task that could have gone on was made to wait. More than the maximum
 * if at a mark, at which only the exploration switches.
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

/* Of all interleavings, tried one by one: so many with so many preemptions. */
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
	unsigned with[PREEMPTIONS_MAX] = { 0 }, due = 0;

	count_all(with);
	for (unsigned bound = 0; bound < PREEMPTIONS_MAX; bound++) {
		const struct sim_bounds b = { .total = bound, .preemptions = bound };
		unsigned n = 0, most = 0;
		bool too_long;

		due += with[bound];
		sim_bound(&b);
		do {
			const struct sim_record *r;

			r = run(sim_strategy_bound(), 0, body_stores, NULL);
			CHECK_EQ(r->failure, KT_PASS);
			most = preemptions(r) > most ? preemptions(r) : most;
			n++;
		} while (sim_bounded(&too_long));
		CHECK(!too_long);
		CHECK_EQ(n, due);
		CHECK(most <= bound);
	}
	printf("ok bound is all with few preemptions: %u without, %u in all\n", with[0], due);
}

/* ---- scheduled fairly ------------------------------------------------------- */

static void blinks(void *unused)
{
	(void)unused;
	while (!READ_ONCE(other)) {
		WRITE_ONCE(word, 1);
		WRITE_ONCE(word, 0);
	}
}

/* A turn of this takes as many steps as one of blinks(). */
static void looks(void *unused)
{
	static unsigned nothing_there;

	(void)unused;
	while (!READ_ONCE(word)) {
		(void)READ_ONCE(nothing_there);
		cpu_relax();
	}
	WRITE_ONCE(other, 1);
}

static void body_in_step(void *unused)
{
	(void)unused;
	word = other = 0;
	spawn(0, "blinks", blinks, NULL);
	spawn(1, "looks", looks, NULL);
	os_join(&thread[0]);
	os_join(&thread[1]);
}

static void test_loops_in_step_end(void)
{
	for (uint32_t phase = 0; phase < 3; phase++) {
		struct sim_options o = {
			.strategy = sim_strategy_block(), .steps_fair = 30 + phase,
		};

		CHECK_EQ(sim_run(&o, body_in_step, NULL)->failure, KT_PASS);
	}
	printf("ok loops in step end\n");
}

/* ---- livelock and starvation ---------------------------------------------- */

static void waits_for_word(void *unused)
{
	(void)unused;
	while (!READ_ONCE(word))
		cpu_relax();
}

static void waits_for_other(void *unused)
{
	(void)unused;
	while (!READ_ONCE(other))
		cpu_relax();
}

static void sets_word(void *unused)
{
	(void)unused;
	WRITE_ONCE(word, 1);
}

static void sets_word_late(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < 20; i++)
		WRITE_ONCE(own[0][i % OWN], i);
	WRITE_ONCE(word, 1);
}

static void join_all(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		os_join(&thread[i]);
}

/* Each lets the other go first; neither gets on. */
static void body_polite(void *unused)
{
	(void)unused;
	word = other = 0;
	spawn(0, "a", waits_for_word, NULL);
	spawn(1, "b", waits_for_other, NULL);
	spawn(2, "sleeper", parks, NULL);
	join_all(3);
}

static const char *const polite_says[] = {
	"a goes round waits_for_word:load(word) [platform/sim/sim_test.c:",
	"b goes round waits_for_other:load(other) [platform/sim/sim_test.c:",
	"waits_for_other:relax() [", "init waits at os.join", "sleeper waits at parks:park(never)",
	", for 1", "2000 steps, the last 1000 of them scheduled fairly",
};

static void check_says(const struct sim_record *r, const char *const *says, size_t count)
{
	char message[SIM_MESSAGE_MAX / 2];

	CHECK_EQ(r->failure, KT_LIVELOCK);
	snprintf(message, sizeof message, "%s", r->message);	/* kt_fail() writes there */
	for (size_t i = 0; i < count; i++)
		if (!strstr(r->message, says[i]))
			kt_fail(KT_ASSERTION, "'%s' does not say '%s'", message, says[i]);
}

static const struct sim_record *run_long(struct sim_strategy *s, uint64_t seed,
					 void (*body)(void *))
{
	struct sim_options o = {
		.strategy = s, .seed = seed, .steps_estimate = STEPS_ESTIMATE,
		.steps_fair = 1000, .steps_max = 2001,
	};

	return sim_run(&o, body, NULL);
}

static void test_livelock_names_who_goes_round(void)
{
	struct sim_strategy *s[] = { sim_strategy_block(), sim_strategy_random(),
				     sim_strategy_pct(3), sim_strategy_pos() };

	for (size_t i = 0; i < sizeof s / sizeof s[0]; i++)
		check_says(run_long(s[i], i, body_polite), polite_says,
			   sizeof polite_says / sizeof polite_says[0]);
	printf("ok a livelock names who goes round\n");
}

static bool hogging;

/* Named points leave no choice, so that it is never anybody else's turn. */
static void hogs(void *unused)
{
	(void)unused;
	while (hogging)
		KT_POINT(test.hogs);
}

static void lets_go(void *unused)
{
	(void)unused;
	hogging = false;
}

static void body_hogged(void *unused)
{
	(void)unused;
	hogging = true;
	spawn(0, "hog", hogs, NULL);
	spawn(1, "starved", lets_go, NULL);
	join_all(2);
}

static void test_the_starved_is_named(void)
{
	static const char *const says[] = {
		"hog goes round test.hogs", "starved could run and was not let for 2000 steps",
		"init waits at os.join",
	};

	check_says(run_long(sim_strategy_block(), 0, body_hogged), says, 3);
	printf("ok the starved is named\n");
}

/* Who does not end and does not go round either. */
static void body_gets_on(void *unused)
{
	static struct kt_site site[40];
	static char what[40][4];

	(void)unused;
	for (unsigned i = 0;; i++) {
		struct kt_site *at = &site[i % 40];

		snprintf(what[i % 40], sizeof what[0], "%u", i % 40);
		*at = (struct kt_site){ .func = "f", .op = "load", .what = what[i % 40],
					.file = "" };
		kt_point(at, NULL);
	}
}

static void test_no_circle_where_there_is_none(void)
{
	static const char *const says[] = { "init still comes to new places" };
	struct sim_circle c;

	check_says(run_long(sim_strategy_block(), 0, body_gets_on), says, 1);
	CHECK(!sim_circle_of(0, &c));
	printf("ok no circle where there is none\n");
}

#define SPINNERS 7

static void body_many_spin(void *unused)
{
	static const char *const name[SPINNERS] = { "a", "b", "c", "d", "e", "f", "g" };

	(void)unused;
	word = 0;
	for (unsigned i = 0; i < SPINNERS; i++)
		spawn(i, name[i], waits_for_word, NULL);
	spawn(SPINNERS, "setter", sets_word_late, NULL);
	join_all(SPINNERS + 1);
}

static void spins_rudely(void *unused)
{
	(void)unused;
	while (!READ_ONCE(word))
		;
}

static void body_rude(void *unused)
{
	(void)unused;
	word = 0;
	spawn(0, "rude", spins_rudely, NULL);
	spawn(1, "setter", sets_word, NULL);
	join_all(2);
}

/*
 * Spinners that only take turns among themselves, the higher ones more often, would let
 * the setter move once in 2^SPINNERS steps. Lowered as they yield they let it go on.
 */
static void test_pct_is_fair(void)
{
	uint32_t longest = 0, pct;

	for (uint64_t seed = 0; seed < 1000; seed++) {
		const struct sim_record *r = run(sim_strategy_pct(3), seed, body_many_spin, NULL);

		CHECK_EQ(r->failure, KT_PASS);
		if (r->steps > longest)
			longest = r->steps;
	}
	if (longest > 150)
		kt_fail(KT_ASSERTION, "pct lets spinners starve who they wait for: %u steps",
			longest);
	pct = longest;
	/* Who spins without a word has the processor until all are scheduled fairly. */
	longest = 0;
	for (uint64_t seed = 0; seed < 100; seed++) {
		const struct sim_record *r = run_long(sim_strategy_pct(3), seed, body_rude);

		CHECK_EQ(r->failure, KT_PASS);
		if (r->steps > longest)
			longest = r->steps;
	}
	CHECK(longest > 1000 && longest < 1100);
	printf("ok pct is fair: %u steps at most\n", pct);
}

int main(void)
{
	test_reports();
	test_correct_code_passes();
	test_time_is_virtual();
	test_same_seed_same_trace();
	test_nondeterminism_shows();
	test_pct_meets_its_bound();
	test_delays_meet_their_bound();
	test_pos_does_not_count_what_is_independent();
	test_surw_is_uniform();
	test_random_walk_is_uniform();
	test_bound_is_all_with_few_preemptions();
	test_loops_in_step_end();
	test_livelock_names_who_goes_round();
	test_the_starved_is_named();
	test_no_circle_where_there_is_none();
	test_pct_is_fair();
	return 0;
}
