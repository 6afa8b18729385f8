/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tasks that spin. Two loops in step with each other end under the fair draw. A livelock's
 * report names the tasks that go round in circles and the tasks that starve. PCT is fair to
 * a task that others spin for.
 */
#include <stdio.h>
#include <string.h>

#include "platform/atomic.h"
#include "platform/sim/sim.h"
#include "platform/sim/test_tasks.h"

static void parks(void *unused)
{
	(void)unused;
	os_park(KT_SITE("park", "never"));
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

/* One round of this loop takes as many steps as one round of blinks(). */
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
	static unsigned never_read;

	(void)unused;
	for (unsigned i = 0; i < 20; i++)
		WRITE_ONCE(never_read, i);
	WRITE_ONCE(word, 1);
}

static void join_all(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		os_join(&thread[i]);
}

/* Each lets the other go first, so neither makes progress. */
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
	"a goes round waits_for_word:load(word) [platform/sim/fair_test.c:",
	"b goes round waits_for_other:load(other) [platform/sim/fair_test.c:",
	"waits_for_other:relax() [", "init waits at os.join", "sleeper waits at parks:park(never)",
	", for 1", "2000 steps, the last 1000 of them scheduled fairly",
};

static void check_says(const struct sim_record *r, const char *const *says, size_t count)
{
	char message[SIM_MESSAGE_MAX];

	CHECK_EQ(r->failure, KT_LIVELOCK);
	snprintf(message, sizeof message, "%s", r->message);	/* kt_fail() writes to r->message */
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
	printf("ok a livelock names the tasks that go round\n");
}

/* Without an end of its own it would be a livelock. */
static void goes_on(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < 10000; i++)
		WRITE_ONCE(word, i);
}

static void body_long(void *unused)
{
	(void)unused;
	spawn(0, "a", goes_on, NULL);
	spawn(1, "b", goes_on, NULL);
	join_all(2);
}

static void test_laps(void)
{
	static const struct {
		uint32_t laps;
		void (*body)(void *);
		enum kt_failure failure;
	} row[] = {
		{ 0, body_long, KT_LIVELOCK },
		{ 1, body_long, KT_LIVELOCK },
		{ 20, body_long, KT_PASS },
		{ 20, body_polite, KT_LIVELOCK },
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct sim_options o = {
			.strategy = sim_strategy_random(),
			.steps_max = 2001,
			.laps = row[i].laps,
		};
		const struct sim_record *r = sim_run(&o, row[i].body, NULL);

		CHECK_EQ(r->failure, row[i].failure);
		CHECK(r->steps <= o.steps_max);
	}
	printf("ok an execution that is longer than its record ends in a lap\n");
}

static bool hogging;

/* Named points leave no choice, so no other task gets a turn. */
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

/* A task that neither ends nor goes round in a circle. */
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
 * If spinners took turns only among themselves, and those of higher priority more often,
 * the setter would move once in 2^SPINNERS steps. PCT lowers a spinner's priority when it
 * yields, so the setter goes on.
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
		kt_fail(KT_ASSERTION, "pct lets spinners starve the setter: %u steps", longest);
	pct = longest;
	/* A task that spins and never yields runs alone until all are scheduled fairly. */
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
	test_loops_in_step_end();
	test_livelock_names_who_goes_round();
	test_laps();
	test_the_starved_is_named();
	test_no_circle_where_there_is_none();
	test_pct_is_fair();
	return 0;
}
