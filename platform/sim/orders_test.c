/* SPDX-License-Identifier: GPL-2.0-only */
/* Events have the same keys in each execution, and strategy orders keeps the orders it is given. */
#include <stdio.h>
#include <string.h>

#include "platform/atomic.h"
#include "platform/conformance/test.h"
#include "platform/lock.h"
#include "platform/sim/sim.h"
#include "platform/sim/test_tasks.h"

static unsigned last;	/* who stored last */
static kt_lock lock;

static void stores(void *who)
{
	(void)READ_ONCE(other);
	WRITE_ONCE(word, who == &thread[0]);
	last = who == &thread[0];
}

static void locks(void *who)
{
	kt_lock_acquire(&lock);
	last = who == &thread[0];
	kt_lock_release(&lock);
}

static void two(void *fn)
{
	void (*main)(void *) = fn == &word ? locks : stores;

	kt_lock_init(&lock, "l");
	spawn(0, "A", main, &thread[0]);
	spawn(1, "B", main, &thread[1]);
	os_join(&thread[0]);
	os_join(&thread[1]);
	kt_lock_destroy(&lock);
}

/* Record an execution of two() in which A runs first; it becomes the reference. */
static const struct sim_accesses *refer(void *fn)
{
	sim_accesses_record(true);
	CHECK_EQ(run(sim_strategy_block(), 0, two, fn)->failure, KT_PASS);
	sim_accesses_record(false);
	sim_accesses();
	sim_orders_refer();
	return sim_accesses();
}

/* The event of that task whose site has that operation. */
static const struct sim_event_record *event(const char *task, const char *op)
{
	const struct sim_accesses *a = sim_accesses();

	for (uint32_t i = 0; i < a->events; i++)
		if (a->event[i].site && strcmp(a->event[i].site->op, op) == 0 &&
		    strcmp(sim_record()->task[a->event[i].task].name, task) == 0)
			return &a->event[i];
	kt_fail(KT_ASSERTION, "%s has no event %s", task, op);
}

static void test_touches(void)
{
	const struct sim_accesses *a = refer(NULL);
	const struct sim_event_record *first = event("A", "store"), *second = event("B", "store");
	uint32_t object[2] = { 0, 0 };

	CHECK(!a->lost);
	CHECK(first->key != second->key);
	CHECK(first->place < second->place);
	for (uint32_t i = 0; i < a->touches; i++) {
		const struct sim_event_record *e = &a->event[a->touch[i].event];

		if (a->touch[i].named && (e == first || e == second))
			object[e == second] = a->touch[i].object;
	}
	CHECK(object[0] != 0);
	CHECK_EQ(object[0], object[1]);
	printf("ok touches\n");
}

static void test_marks_happen(void)
{
	const struct sim_accesses *a = refer(NULL);

	for (uint32_t i = 0; i < a->events; i++)
		if (a->event[i].why == SIM_MARK && a->event[i].what == SIM_DOES)
			CHECK(a->event[i].happens != SIM_NEVER);
	printf("ok marks happen\n");
}

/* In 60 random executions, whatever the seed. */
static void check_kept(void *fn, const struct sim_order *order, unsigned expected)
{
	for (uint64_t seed = 0; seed < 60; seed++) {
		struct sim_orders o = { .order = order, .count = 1, .random = true, .seed = seed };

		sim_orders_set(&o);
		CHECK_EQ(run(sim_strategy_orders(), 0, two, fn)->failure, KT_PASS);
		CHECK_EQ(sim_orders_outcome().kept, 1);
		CHECK_EQ(sim_order_outcome(0), SIM_ORDER_KEPT);
		CHECK_EQ(last, expected);
	}
}

static void test_orders_are_kept(void)
{
	struct sim_order as_it_was, turned;

	refer(NULL);
	as_it_was = (struct sim_order){ event("A", "store")->key, event("B", "store")->key };
	turned = (struct sim_order){ as_it_was.second, as_it_was.first };
	check_kept(NULL, &as_it_was, 0);
	check_kept(NULL, &turned, 1);
	printf("ok orders are kept\n");
}

static void test_orders_of_locks_are_kept(void)
{
	struct sim_order as_it_was, turned;

	refer(&word);
	as_it_was = (struct sim_order){ event("A", "acquire")->key, event("B", "acquire")->key };
	turned = (struct sim_order){ as_it_was.second, as_it_was.first };
	check_kept(&word, &as_it_was, 0);
	check_kept(&word, &turned, 1);
	printf("ok orders of locks are kept\n");
}

/* An order that no execution can keep is broken, and the execution ends all the same. */
static void test_an_impossible_order_is_broken(void)
{
	struct sim_order order;
	struct sim_orders o = { .order = &order, .count = 1 };

	refer(NULL);
	order = (struct sim_order){ event("A", "store")->key, event("A", "load")->key };
	sim_orders_set(&o);
	CHECK_EQ(run(sim_strategy_orders(), 0, two, NULL)->failure, KT_PASS);
	CHECK_EQ(sim_order_outcome(0), SIM_ORDER_BROKEN);
	CHECK_EQ(sim_orders_outcome().broken, 1);
	order.first = 1;	/* no event has that key */
	order.second = 3;
	sim_orders_set(&o);
	CHECK_EQ(run(sim_strategy_orders(), 0, two, NULL)->failure, KT_PASS);
	CHECK_EQ(sim_order_outcome(0), SIM_ORDER_OPEN);
	printf("ok an impossible order is broken\n");
}

/* Without orders the execution is the reference again, whatever strategy ran that. */
static void test_it_follows_the_reference(void)
{
	const struct sim_orders o = { 0 };

	for (uint64_t seed = 0; seed < 20; seed++) {
		uint64_t hash;

		sim_accesses_record(true);
		hash = run(sim_strategy_random(), seed, two, NULL)->hash;
		sim_accesses_record(false);
		sim_accesses();
		sim_orders_refer();
		sim_orders_set(&o);
		CHECK_EQ(run(sim_strategy_orders(), 0, two, NULL)->hash, hash);
	}
	printf("ok it follows the reference\n");
}

int main(void)
{
	test_touches();
	test_marks_happen();
	test_orders_are_kept();
	test_orders_of_locks_are_kept();
	test_an_impossible_order_is_broken();
	test_it_follows_the_reference();
	return 0;
}
