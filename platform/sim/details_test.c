/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The details of an execution: what each operation found and left, what plain accesses changed,
 * what objects are called; and that recording them changes nothing.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "platform/atomic.h"
#include "platform/lock.h"
#include "platform/sim/sim_detail.h"
#include "platform/sim/sim_strategies.h"
#include "platform/sim/test_tasks.h"

static struct pair {
	unsigned shared;
	int plain;
	void *block;
} pair;

static kt_lock lock;

/* ---- what a subject tells ---------------------------------------------------- */

static const struct sim_bits colours[] = { { 1, "RED" }, { 0, "NONE" }, { 0, NULL } };
static const struct sim_field fields[] = {
	{ "shared", offsetof(struct pair, shared), sizeof(unsigned), SIM_BITS, colours },
	{ "plain", offsetof(struct pair, plain), sizeof(int), SIM_SIGNED, NULL },
	{ "block", offsetof(struct pair, block), sizeof(void *), SIM_POINTER, NULL },
};
static const struct sim_shape shape = { sizeof(struct pair), 3, fields };

static bool nth_range(unsigned i, const void **base, const struct sim_shape **s)
{
	*base = &pair;
	*s = &shape;
	return i == 0;
}

static bool name(const void *base, const struct sim_shape *s, char *buf, size_t size)
{
	(void)s;
	CHECK(base == &pair);
	snprintf(buf, size, "the pair");
	return true;
}

static const struct sim_namer namer = { .range = nth_range, .name = name };

/* ---- programs ------------------------------------------------------------------ */

static void writer(void *unused)
{
	(void)unused;
	pair.plain = 0;
	WRITE_ONCE(pair.shared, 1);
	pair.plain = 7;
	kt_lock_acquire(&lock);
	(void)READ_ONCE(word);
	kt_lock_release(&lock);
}

static void reader(void *unused)
{
	(void)unused;
	(void)READ_ONCE(pair.shared);
	kt_lock_acquire(&lock);
	kt_lock_release(&lock);
}

static void body(void *unused)
{
	(void)unused;
	kt_lock_init(&lock, "lock");
	pair = (struct pair){ 0 };
	spawn(0, "writer", writer, NULL);
	spawn(1, "reader", reader, NULL);
	os_join(&thread[0]);
	os_join(&thread[1]);
	kt_lock_destroy(&lock);
}

static void frees(void *unused)
{
	unsigned *block = os_alloc(KT_ROLE_TEST, sizeof *block);

	(void)unused;
	pair = (struct pair){ .block = block };
	WRITE_ONCE(*block, 5);
	(void)READ_ONCE(pair.block);
	os_free(block);
	(void)READ_ONCE(*block);	/* a use after free */
}

static const struct sim_details *record(void (*program)(void *), uint64_t seed)
{
	sim_set_namer(&namer);
	sim_note_details(true);
	run(sim_strategy_random(), seed, program, NULL);
	sim_note_details(false);
	return sim_details();
}

/* The slot in which the operation at the n-th step with that op and object is done. */
static const struct sim_detail *slot_at(const char *op, const char *what)
{
	const struct sim_record *r = sim_record();
	const struct sim_details *d = sim_details();

	for (uint32_t i = 0; i < r->steps; i++) {
		uint32_t step = d->detail[i].step;

		if (step != SIM_NO_STEP && strcmp(r->trace[step].site->op, op) == 0 &&
		    strcmp(r->trace[step].site->what, what) == 0)
			return &d->detail[i];
	}
	return NULL;
}

/* ---- tests ----------------------------------------------------------------------- */

static void test_a_store_has_both_values_and_names(void)
{
	const struct sim_details *d = record(body, 1);
	const struct sim_detail *t = slot_at("store", "pair.shared");

	CHECK(t && t->known && t->field == &fields[0]);
	CHECK_EQ(t->before.bits, 0);
	CHECK_EQ(t->after.bits, 1);
	CHECK(strcmp(d->object[t->object].name, "the pair") == 0);
}

/* Whichever of the two is first, the load has what the store has left by then. */
static void test_a_load_has_the_value_that_it_saw(void)
{
	bool seen[2] = { false };

	for (uint64_t seed = 0; seed < 40; seed++) {
		const struct sim_details *d = record(body, seed);
		const struct sim_detail *store = slot_at("store", "pair.shared");
		const struct sim_detail *load = slot_at("load", "pair.shared");

		CHECK(d && store && load);
		CHECK_EQ(load->before.bits, load > store);
		seen[load->before.bits] = true;
	}
	CHECK(seen[0] && seen[1]);
}

static void test_a_plain_change_belongs_to_its_slot(void)
{
	const struct sim_details *d = record(body, 1);
	const struct sim_detail *t = slot_at("store", "pair.shared");

	CHECK_EQ(t->changes, 1);
	CHECK(d->change[t->changes_first].field == &fields[1]);
	CHECK_EQ(d->change[t->changes_first].before.bits, 0);
	CHECK_EQ(d->change[t->changes_first].after.bits, 7);
}

static void test_a_pointer_has_its_object_and_a_freed_block_its_slot(void)
{
	const struct sim_details *d = record(frees, 1);
	const struct sim_detail *store = slot_at("store", "*block");
	const struct sim_detail *pointer = slot_at("load", "pair.block");
	const struct sim_detail *late = slot_at("load", "*block");

	CHECK_EQ(sim_record()->failure, KT_MEMORY);
	CHECK_EQ(store->after.bits, 5);
	CHECK(d->object[store->object].is_block);
	CHECK_EQ(pointer->before.object, store->object);
	CHECK_EQ(late->object, store->object);
	CHECK(d->object[store->object].freed_in < SIM_NO_STEP);
	CHECK(&d->detail[d->object[store->object].freed_in] < late);
}

static void test_a_sleeper_has_the_task_that_it_waits_for(void)
{
	bool found = false;

	for (uint64_t seed = 0; seed < 200 && !found; seed++) {
		const struct sim_details *d = record(body, seed);
		const struct sim_record *r = sim_record();

		for (uint32_t i = 0; i < r->steps; i++)
			if (r->trace[i].why == SIM_BLOCKED &&
			    strcmp(r->trace[i].site->op, "acquire") == 0) {
				CHECK_EQ(d->detail[i].waits_for, 3 - r->trace[i].task);
				found = true;
			}
	}
	CHECK(found);
}

static void test_with_details_the_trace_is_the_same(void)
{
	for (uint64_t seed = 0; seed < 40; seed++) {
		uint64_t hash = run(sim_strategy_random(), seed, body, NULL)->hash;

		record(body, seed);
		CHECK_EQ(sim_record()->hash, hash);
	}
}

/* With store buffers, the writer sees its store before the reader does. */
static void test_in_weak_memory_each_task_sees_its_own_values(void)
{
	struct sim_options o = { .memory = SIM_TSO, .strategy = sim_strategy_random() };
	bool late = false;

	sim_set_namer(&namer);
	sim_note_details(true);
	for (uint64_t seed = 0; seed < 200; seed++) {
		const struct sim_detail *store, *load;

		o.seed = seed;
		sim_run(&o, body, NULL);
		store = slot_at("store", "pair.shared");
		load = slot_at("load", "pair.shared");
		CHECK_EQ(store->after.bits, 1);
		late |= load > store && load->before.bits == 0;
	}
	sim_note_details(false);
	CHECK(late);
}

int main(void)
{
	test_a_store_has_both_values_and_names();
	test_a_load_has_the_value_that_it_saw();
	test_a_plain_change_belongs_to_its_slot();
	test_a_pointer_has_its_object_and_a_freed_block_its_slot();
	test_a_sleeper_has_the_task_that_it_waits_for();
	test_with_details_the_trace_is_the_same();
	test_in_weak_memory_each_task_sees_its_own_values();
	return 0;
}
