/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Schedule coverage: which pairs a program of a few tasks gives under a known
 * schedule. Collecting coverage changes no execution.
 */
#include <stdio.h>
#include <string.h>

#include "platform/completion.h"
#include "platform/conformance/test.h"
#include "platform/lock.h"
#include "platform/sim/sim.h"

static struct os_thread thread[2];
static kt_lock lock;
static unsigned word, other;
static struct sim_pairs pairs;

static void spawn(unsigned i, const char *name, void (*fn)(void *))
{
	CHECK_EQ(os_spawn(&thread[i], name, OS_JOINABLE, fn, NULL), 0);
}

static void join(void)
{
	os_join(&thread[0]);
	os_join(&thread[1]);
}

static const struct sim_record *run(struct sim_strategy *s, uint64_t seed, void (*body)(void *))
{
	return sim_run(&(struct sim_options){ .strategy = s, .seed = seed }, body, NULL);
}

/* ---- pairs as text ---------------------------------------------------------- */

static void name_of(const struct kt_site *site, bool waited, char *buf, size_t size)
{
	char name[KT_SITE_NAME_MAX];

	snprintf(buf, size, "%s%s", waited ? "waited " : "",
		 site ? kt_site_name(site, name, sizeof name) : "nobody");
}

static bool has(enum sim_pair_kind kind, const char *first, const char *second)
{
	for (uint32_t i = 0; i < pairs.count; i++) {
		const struct sim_pair *p = &pairs.pair[i];
		char a[160], b[160];

		name_of(p->first, p->first_waited, a, sizeof a);
		name_of(p->second, p->second_waited, b, sizeof b);
		if (p->kind == kind && strcmp(a, first) == 0 && strcmp(b, second) == 0)
			return true;
	}
	return false;
}

/* Collect the pairs of one execution, starting with an empty set. */
static void cover(struct sim_strategy *s, uint64_t seed, void (*body)(void *))
{
	memset(&pairs, 0, sizeof pairs);
	sim_cover(&pairs);
	CHECK_EQ(run(s, seed, body)->failure, KT_PASS);
	CHECK_EQ(sim_cover_fresh(), pairs.count);
	sim_cover(NULL);
}

/* ---- orders and reads-from ---------------------------------------------------- */

static void puts_one(void *unused)
{
	(void)unused;
	WRITE_ONCE(word, 1);
}

static void gets(void *unused)
{
	(void)unused;
	(void)READ_ONCE(word);
}

static void gets_too(void *unused)
{
	(void)unused;
	(void)READ_ONCE(word);
}

static void gets_other(void *unused)
{
	(void)unused;
	(void)READ_ONCE(other);
}

static void changes(void *unused)
{
	(void)unused;
	(void)xchg(&word, 2u);
}

static void (*first_fn)(void *), (*second_fn)(void *);

/* One after the other, because the block strategy goes on with the running task. */
static void body_two(void *unused)
{
	(void)unused;
	spawn(0, "first", first_fn);
	spawn(1, "second", second_fn);
	join();
}

static const struct {
	void (*first)(void *), (*second)(void *);
	struct { int kind; const char *first, *second; } pair[4];
	unsigned count;
} two[] = {
	{ puts_one, gets, {
		{ SIM_PAIR_ORDER, "puts_one:store(word)", "gets:load(word)" },
		{ SIM_PAIR_READS_FROM, "puts_one:store(word)", "gets:load(word)" } }, 2 },
	{ gets, puts_one, {
		{ SIM_PAIR_READS_FROM, "nobody", "gets:load(word)" },
		{ SIM_PAIR_ORDER, "gets:load(word)", "puts_one:store(word)" } }, 2 },
	{ gets, gets_too, {
		{ SIM_PAIR_READS_FROM, "nobody", "gets:load(word)" },
		{ SIM_PAIR_READS_FROM, "nobody", "gets_too:load(word)" } }, 2 },
	{ puts_one, changes, {
		{ SIM_PAIR_ORDER, "puts_one:store(word)", "changes:xchg(word)" },
		{ SIM_PAIR_READS_FROM, "puts_one:store(word)", "changes:xchg(word)" } }, 2 },
	{ changes, puts_one, {
		{ SIM_PAIR_READS_FROM, "nobody", "changes:xchg(word)" },
		{ SIM_PAIR_ORDER, "changes:xchg(word)", "puts_one:store(word)" } }, 2 },
	{ puts_one, gets_other, {
		{ SIM_PAIR_READS_FROM, "nobody", "gets_other:load(other)" } }, 1 },
};

static void test_pairs_of_two(void)
{
	for (unsigned i = 0; i < sizeof two / sizeof two[0]; i++) {
		first_fn = two[i].first;
		second_fn = two[i].second;
		cover(sim_strategy_block(), 0, body_two);
		for (unsigned n = 0; n < two[i].count; n++)
			if (!has((enum sim_pair_kind)two[i].pair[n].kind, two[i].pair[n].first,
				 two[i].pair[n].second))
				kt_fail(KT_ASSERTION, "row %u: no pair %s, %s", i,
					two[i].pair[n].first, two[i].pair[n].second);
		CHECK_EQ(pairs.count, two[i].count);
	}
	printf("ok pairs of two\n");
}

static void puts_and_gets(void *unused)
{
	(void)unused;
	WRITE_ONCE(word, 1);
	(void)READ_ONCE(word);
	(void)READ_ONCE(word);
}

/* Two accesses by one task are no pair. */
static void test_alone_is_no_pair(void)
{
	first_fn = puts_and_gets;
	second_fn = gets_other;
	cover(sim_strategy_block(), 0, body_two);
	CHECK_EQ(pairs.count, 1);	/* the other task's store */
	printf("ok alone is no pair\n");
}

/* A load does not hide the store from the next load. */
static void body_seen_twice(void *unused)
{
	(void)unused;
	WRITE_ONCE(word, 1);
	spawn(0, "first", gets);
	spawn(1, "second", gets_too);
	join();
}

static void test_a_store_is_seen_by_many(void)
{
	cover(sim_strategy_block(), 0, body_seen_twice);
	CHECK(has(SIM_PAIR_READS_FROM, "body_seen_twice:store(word)", "gets:load(word)"));
	CHECK(has(SIM_PAIR_READS_FROM, "body_seen_twice:store(word)", "gets_too:load(word)"));
	CHECK(has(SIM_PAIR_ORDER, "body_seen_twice:store(word)", "gets:load(word)"));
	CHECK_EQ(pairs.count, 3);
	printf("ok a store is seen by many\n");
}

/* ---- accesses that wait ------------------------------------------------------------ */

static void locks(void *unused)
{
	(void)unused;
	kt_lock_acquire(&lock);
	kt_lock_release(&lock);
}

static void comes_late(void *unused)
{
	(void)unused;
	WRITE_ONCE(other, 1);
	os_join(&thread[0]);
	kt_lock_acquire(&lock);
	kt_lock_release(&lock);
}

/* `first` finds the lock held, and gets it when it is released. */
static void body_waits_for_lock(void *unused)
{
	(void)unused;
	other = 0;
	kt_lock_init(&lock, "lock");
	kt_lock_acquire(&lock);
	spawn(0, "first", locks);
	spawn(1, "second", comes_late);
	while (!READ_ONCE(other))	/* then both wait */
		cpu_relax();
	kt_lock_release(&lock);
	os_join(&thread[1]);
	kt_lock_destroy(&lock);
}

static void test_who_waits_is_told_apart(void)
{
	cover(sim_strategy_block(), 0, body_waits_for_lock);
	CHECK(has(SIM_PAIR_ORDER, "body_waits_for_lock:acquire(lock)", "locks:acquire(lock)"));
	CHECK(has(SIM_PAIR_ORDER, "waited locks:acquire(lock)", "comes_late:acquire(lock)"));
	printf("ok who waits is told apart\n");
}

static kt_completion done;

static void waits(void *unused)
{
	(void)unused;
	kt_completion_wait(&done);
}

static void body_completes(void *unused)
{
	(void)unused;
	kt_completion_init(&done);
	spawn(0, "first", waits);
	spawn(1, "second", gets_other);
	os_join(&thread[1]);
	kt_complete(&done);
	os_join(&thread[0]);
	kt_completion_destroy(&done);
}

static void test_who_is_let_through_has_waited(void)
{
	cover(sim_strategy_block(), 0, body_completes);
	CHECK(has(SIM_PAIR_ORDER, "waits:wait(done)", "body_completes:complete(done)"));
	CHECK(has(SIM_PAIR_ORDER, "body_completes:complete(done)", "waited waits:wait(done)"));
	printf("ok who is let through has waited\n");
}

/* ---- objects that come and go --------------------------------------------------- */

static void body_lives_again(void *unused)
{
	(void)unused;
	WRITE_ONCE(word, 1);
	os_object_begin(&word, sizeof word);
	spawn(0, "first", gets);
	spawn(1, "second", gets_other);
	join();
}

static void test_a_new_object_has_no_past(void)
{
	cover(sim_strategy_block(), 0, body_lives_again);
	CHECK(has(SIM_PAIR_READS_FROM, "nobody", "gets:load(word)"));
	CHECK_EQ(pairs.count, 2);
	printf("ok a new object has no past\n");
}

/* An execution does not see what an earlier one noted. */
static void test_executions_are_apart(void)
{
	memset(&pairs, 0, sizeof pairs);
	sim_cover(&pairs);
	first_fn = puts_one;
	second_fn = gets_other;
	CHECK_EQ(run(sim_strategy_block(), 0, body_two)->failure, KT_PASS);
	first_fn = gets;
	CHECK_EQ(run(sim_strategy_block(), 0, body_two)->failure, KT_PASS);
	sim_cover(NULL);
	CHECK(has(SIM_PAIR_READS_FROM, "nobody", "gets:load(word)"));
	CHECK_EQ(pairs.count, 2);
	printf("ok executions are apart\n");
}

/* ---- what is kept -------------------------------------------------------------------- */

static void test_only_what_is_new_is_fresh(void)
{
	first_fn = puts_one;
	second_fn = gets;
	cover(sim_strategy_block(), 0, body_two);
	sim_cover(&pairs);
	run(sim_strategy_block(), 0, body_two);
	CHECK_EQ(sim_cover_fresh(), 0);
	first_fn = changes;
	run(sim_strategy_block(), 0, body_two);
	CHECK_EQ(sim_cover_fresh(), 3);		/* the exchange reads from none, and is read */
	CHECK_EQ(sim_cover_fresh(), 0);
	sim_cover(NULL);
	CHECK_EQ(pairs.count, 5);
	printf("ok only what is new is fresh\n");
}

/* Each pair has an entry, which is the same in each execution. */
static void test_map_has_an_entry_for_each(void)
{
	static uint8_t map[256], again[256];
	unsigned set = 0;

	first_fn = puts_one;
	second_fn = gets;
	sim_cover_map(map, sizeof map);
	run(sim_strategy_block(), 0, body_two);
	CHECK_EQ(sim_cover_fresh(), 2);
	run(sim_strategy_block(), 0, body_two);
	CHECK_EQ(sim_cover_fresh(), 0);
	sim_cover_map(again, sizeof again);
	run(sim_strategy_block(), 0, body_two);
	sim_cover(NULL);
	for (unsigned i = 0; i < sizeof map; i++)
		set += map[i];
	CHECK_EQ(set, 2);
	CHECK(memcmp(map, again, sizeof map) == 0);
	printf("ok the map has an entry for each\n");
}

/* Many pairs with one hash modulo the slots; in the end there is no room. */
static void test_pairs_are_told_apart(void)
{
	memset(&pairs, 0, sizeof pairs);
	for (uint32_t i = 0; i < SIM_PAIRS_MAX; i++) {
		CHECK(sim_pairs_add(&pairs, &(struct sim_pair){ .second_id = i }));
		CHECK(!sim_pairs_add(&pairs, &(struct sim_pair){ .second_id = i }));
	}
	CHECK_EQ(pairs.count, SIM_PAIRS_MAX);
	CHECK(!sim_pairs_add(&pairs, &(struct sim_pair){ .second_id = SIM_PAIRS_MAX }));
	CHECK(!sim_pairs_add(&pairs, &(struct sim_pair){ .second_id = 0 }));
	CHECK_EQ(pairs.count, SIM_PAIRS_MAX);
	printf("ok pairs are told apart\n");
}

static void changes_much(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < 5; i++) {
		kt_lock_acquire(&lock);
		WRITE_ONCE(word, READ_ONCE(word) + 1);
		kt_lock_release(&lock);
		(void)fetch_add(&other, 1u);
	}
}

static void body_busy(void *unused)
{
	(void)unused;
	kt_lock_init(&lock, "lock");
	spawn(0, "first", changes_much);
	spawn(1, "second", changes_much);
	join();
	kt_lock_destroy(&lock);
}

/*
 * Coverage must change no execution under the random walk either, which has a fast path only
 * if no observer hears of steps.
 */
static void test_to_look_changes_nothing(void)
{
	struct sim_strategy *const strategies[] = {
		sim_strategy_block(), sim_strategy_random(), sim_strategy_pct(3),
		sim_strategy_delay(2), sim_strategy_pos(), sim_strategy_surw(),
	};

	sim_surw_profile(run(sim_strategy_block(), 0, body_busy));
	for (unsigned i = 0; i < sizeof strategies / sizeof strategies[0]; i++)
		for (uint64_t seed = 0; seed < 20; seed++) {
			uint64_t hash = run(strategies[i], seed, body_busy)->hash;

			cover(strategies[i], seed, body_busy);
			if (sim_record()->hash != hash)
				kt_fail(KT_ASSERTION, "%s, seed %u: another execution",
					strategies[i]->name, (unsigned)seed);
		}
	printf("ok to look changes nothing\n");
}

int main(void)
{
	test_pairs_of_two();
	test_alone_is_no_pair();
	test_a_store_is_seen_by_many();
	test_who_waits_is_told_apart();
	test_who_is_let_through_has_waited();
	test_a_new_object_has_no_past();
	test_executions_are_apart();
	test_only_what_is_new_is_fresh();
	test_map_has_an_entry_for_each();
	test_pairs_are_told_apart();
	test_to_look_changes_nothing();
	return 0;
}
