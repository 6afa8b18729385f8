/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Observers: each callback is called when what it reports happens; observers are called in
 * the order in which they asked; an observer that stops is not called any more; and observers
 * do not change an execution.
 */
#include <stdio.h>

#include "platform/atomic.h"
#include "platform/completion.h"
#include "platform/lock.h"
#include "platform/sim/internal.h"
#include "platform/sim/test_tasks.h"

/* ---- an observer that counts ---------------------------------------------- */

static struct counts {
	unsigned arrives, goes_on, touches, things, waits, grants, spawns, wakes;
	unsigned releases, acquires, begins, ends;
} counts;

static uint32_t chosen;		/* the task that goes on */
static unsigned out_of_turn;	/* steps of a task that was not chosen */

static void arrives(const struct sim_step *t, const void *object)
{
	(void)object;
	counts.arrives++;
	if (counts.goes_on && t->task != chosen)
		out_of_turn++;
}

static void goes_on(uint32_t task)
{
	counts.goes_on++;
	chosen = task;
}

static void touches(const void *addr, enum sim_access how)
{
	(void)how;
	counts.touches += addr != NULL;
}

static void touches_thing(enum sim_thing thing, uint32_t task, enum sim_access how)
{
	(void)thing, (void)task, (void)how;
	counts.things++;
}

static void waits(enum sim_wait wait, uint32_t what)
{
	(void)wait, (void)what;
	counts.waits++;
}

static void grants(uint32_t task, bool let_through)
{
	(void)task, (void)let_through;
	counts.grants++;
}

static void spawns(uint32_t task)
{
	CHECK_EQ(task, ++counts.spawns);	/* the body is task 0 */
}

static void wakes(uint32_t task, uint32_t by, bool ahead)
{
	(void)ahead;
	CHECK(task != by);
	counts.wakes++;
}

static void releases(const void *edge)
{
	counts.releases += edge != NULL;
}

static void acquires(const void *edge)
{
	counts.acquires += edge != NULL;
}

static void object_begins(const void *addr, size_t size)
{
	counts.begins += addr && size;
}

static void memory_ends(const void *addr, size_t size, enum sim_end end)
{
	(void)end;
	counts.ends += addr && size;
}

static const struct sim_observer counter = {
	.arrives = arrives, .goes_on = goes_on, .touches = touches,
	.touches_thing = touches_thing, .waits = waits, .grants = grants, .spawns = spawns,
	.wakes = wakes, .releases = releases, .acquires = acquires,
	.object_begins = object_begins, .memory_ends = memory_ends,
};

/* ---- a strategy that starts observers ------------------------------------------ */

enum { OBSERVERS_MAX = 3 };

static struct {
	struct sim_strategy strategy;
	struct sim_strategy *inner;
	const struct sim_observer *observer[OBSERVERS_MAX];
} with;

static void with_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s;
	for (unsigned i = 0; i < OBSERVERS_MAX && with.observer[i]; i++)
		sim_observe(with.observer[i]);
	with.inner->begin(with.inner, seed, steps_estimate);
}

static uint32_t with_next(struct sim_strategy *s, const struct sim_decision *d)
{
	(void)s;
	return with.inner->next(with.inner, d);
}

static const struct sim_record *run_observed(struct sim_strategy *inner, uint64_t seed,
					     void (*body)(void *))
{
	with.strategy = (struct sim_strategy){
		.name = "with observers", .begin = with_begin, .next = with_next,
	};
	with.inner = inner;
	counts = (struct counts){ 0 };
	return run(&with.strategy, seed, body, NULL);
}

/* ---- the tests ---------------------------------------------------------------- */

static kt_lock lock;
static kt_completion done;

static void works(void *unused)
{
	(void)unused;
	kt_lock_acquire(&lock);
	word++;
	kt_lock_release(&lock);
	WRITE_ONCE(other, 1);
	kt_complete(&done);
}

static void body(void *unused)
{
	void *block = os_alloc(KT_ROLE_TEST, 16);

	(void)unused;
	word = other = 0;
	kt_lock_init(&lock, "lock");
	kt_completion_init(&done);
	spawn(0, "a", works, NULL);
	spawn(1, "b", works, NULL);
	kt_completion_wait(&done);
	kt_completion_wait(&done);
	os_join(&thread[0]);
	os_join(&thread[1]);
	kt_completion_destroy(&done);
	kt_lock_destroy(&lock);
	os_free(block);
	CHECK_EQ(word, 2);
}

static void test_each_thing_is_heard(void)
{
	const struct sim_record *r;

	with.observer[0] = &counter;
	with.observer[1] = NULL;
	r = run_observed(sim_strategy_block(), 0, body);
	CHECK_EQ(r->failure, KT_PASS);
	CHECK_EQ(counts.arrives, r->steps);
	CHECK(counts.goes_on > 0 && counts.goes_on <= r->steps);
	CHECK_EQ(out_of_turn, 0);
	CHECK_EQ(counts.spawns, 2);
	CHECK(counts.wakes >= 1 && counts.grants >= 1);
	CHECK(counts.touches >= 4 && counts.things >= 2 && counts.waits >= 3);
	CHECK(counts.releases >= 4 && counts.acquires >= 4);
	CHECK(counts.begins >= 1 && counts.ends >= 2);
	printf("ok each thing is heard\n");
}

static void test_observers_change_nothing(void)
{
	struct sim_strategy *s[] = { sim_strategy_block(), sim_strategy_random(),
				     sim_strategy_pct(3), sim_strategy_pos() };

	for (size_t i = 0; i < sizeof s / sizeof s[0]; i++)
		for (uint64_t seed = 0; seed < 50; seed++) {
			uint64_t hash = run(s[i], seed, body, NULL)->hash;

			with.observer[0] = &counter;
			with.observer[1] = NULL;
			CHECK(run_observed(s[i], seed, body)->hash == hash);
			with.observer[0] = NULL;
			CHECK(run_observed(s[i], seed, body)->hash == hash);
			CHECK_EQ(counts.arrives + counts.touches + counts.wakes, 0);
		}
	printf("ok observers change nothing\n");
}

static char heard[8];
static unsigned heard_count;

static void hears_first(uint32_t task)
{
	(void)task;
	heard[heard_count++] = '1';
}

static void hears_once(uint32_t task)
{
	(void)task;
	heard[heard_count++] = '2';
}

static void hears_last(uint32_t task)
{
	(void)task;
	heard[heard_count++] = '3';
}

static const struct sim_observer first = { .spawns = hears_first };
static const struct sim_observer short_lived = { .spawns = hears_once };
static const struct sim_observer last = { .spawns = hears_last };

static void body_stops_one(void *unused)
{
	(void)unused;
	word = other = 0;
	kt_lock_init(&lock, "lock");
	kt_completion_init(&done);
	spawn(0, "a", works, NULL);
	sim_observe_end(&short_lived);
	spawn(1, "b", works, NULL);
	os_join(&thread[0]);
	os_join(&thread[1]);
}

static void test_order_and_end(void)
{
	with.observer[0] = &first;
	with.observer[1] = &short_lived;
	with.observer[2] = &last;
	CHECK_EQ(run_observed(sim_strategy_block(), 0, body_stops_one)->failure, KT_PASS);
	CHECK_EQ(heard_count, 5);
	CHECK(heard[0] == '1' && heard[1] == '2' && heard[2] == '3');
	CHECK(heard[3] == '1' && heard[4] == '3');
	printf("ok order and end\n");
}

int main(void)
{
	test_each_thing_is_heard();
	test_observers_change_nothing();
	test_order_and_end();
	return 0;
}
