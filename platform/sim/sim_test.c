/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulator, tested before anything that uses it: it reports what it must report,
 * correct code passes, and the same seed gives the same execution.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "platform/conformance/test.h"
#include "platform/lock.h"
#include "platform/sanitizer.h"
#include "platform/sim/sim.h"
#include "platform/sim/test_tasks.h"

static kt_lock lock;

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

/*
 * The simulator's table of what is gone has one entry for all addresses that are equal
 * modulo the size of its heap. The blocks fill the heap, so one of them shares the entries
 * of `anywhere`.
 */
enum { HEAP_BYTES = 1 << 20, PLACE_BYTES = 256, PLACES = HEAP_BYTES / PLACE_BYTES - 1 };

static _Alignas(PLACE_BYTES) char anywhere[2 * PLACE_BYTES];
static char *place[PLACES];

static void allocate_places(void)
{
	for (unsigned i = 0; i < PLACES; i++)
		place[i] = os_alloc(KT_ROLE_TEST, PLACE_BYTES - 16);
}

/* An object stays dead, whatever is allocated after its end. */
static void body_uses_ended_object_later(void *unused)
{
	(void)unused;
	os_object_begin(anywhere, sizeof anywhere);
	os_object_end(anywhere, sizeof anywhere);
	allocate_places();
	WRITE_ONCE(anywhere[PLACE_BYTES / 2], 1);
}

/* A block stays freed, whatever object begins again after that. */
static void body_uses_freed_block_later(void *unused)
{
	(void)unused;
	os_object_begin(anywhere, sizeof anywhere);
	os_object_end(anywhere, sizeof anywhere);
	allocate_places();
	for (unsigned i = 0; i < PLACES; i++)
		os_free(place[i]);
	os_object_begin(anywhere, sizeof anywhere);
	for (unsigned i = 0; i < PLACES; i++)
		if (((uintptr_t)place[i] - (uintptr_t)anywhere) % HEAP_BYTES < sizeof anywhere)
			WRITE_ONCE(place[i][PLACE_BYTES / 2], 1);
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
	enum kt_failure expected;
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
	{ "ended_object_later", body_uses_ended_object_later, KT_MEMORY,
	  "whose frame has returned" },
	{ "freed_block_later", body_uses_freed_block_later, KT_MEMORY, "after free" },
	{ "wild_access", body_wild_access, KT_MEMORY, "SIGSEGV" },
	{ "unpark_gone", body_unparks_gone, KT_MEMORY, "thread that is gone" },
};

/* ASan ends the process at the plain access itself. */
static bool skipped_here(const char *name)
{
#if KT_WITH_ASAN
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
		if (r->failure != reports[i].expected || !strstr(r->message, reports[i].says))
			kt_fail(KT_ASSERTION, "%s: %s: %s; expected %s: ...%s...", reports[i].name,
				kt_failure_name(r->failure), r->message,
				kt_failure_name(reports[i].expected), reports[i].says);
		/* The next execution is not affected. */
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

/*
 * Store to one word, then load the other: under any interleaving one task sees the other's
 * store.
 */
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
 * If a body depends on something that the simulator does not control, the hash must show
 * it: two runs with the same seed give different hashes.
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

/* ---- noted spawns and wake-ups ------------------------------------------ */

static void body_unparks(void *unused)
{
	(void)unused;
	spawn(0, "sleeper", parks, NULL);
	cpu_relax();
	os_unpark(&thread[0]);
	os_join(&thread[0]);
}

/*
 * The nth event of that kind. Also checks that the event was done between two steps of the
 * task that did it.
 */
static const struct sim_event *noted(const struct sim_record *r, enum sim_event_kind kind,
				     uint32_t nth)
{
	for (uint32_t i = 0; i < r->events; i++) {
		const struct sim_event *e = &r->event[i];

		if (e->kind == kind && nth-- == 0) {
			CHECK(e->step < r->steps);
			CHECK_EQ(r->trace[e->step].task, e->by);
			CHECK_EQ(r->trace[e->nth].task, e->by);
			return e;
		}
	}
	return NULL;
}

static void test_wakes_are_noted(void)
{
	const struct sim_record *r = run(sim_strategy_block(), 0, body_unparks, NULL);
	uint64_t hash = r->hash;
	const struct sim_event *e;

	CHECK_EQ(r->failure, KT_PASS);
	CHECK_EQ(r->events, 0);
	sim_note_wakes(true);
	r = run(sim_strategy_block(), 0, body_unparks, NULL);
	sim_note_wakes(false);
	CHECK(r->hash == hash);
	e = noted(r, SIM_EVENT_SPAWN, 0);
	CHECK(e && e->task == 1 && e->by == 0);
	e = noted(r, SIM_EVENT_WAKE, 0);
	CHECK(e && e->task == 1 && e->by == 0);
	CHECK(strcmp(r->trace[e->nth].site->op, "unpark") == 0);
	e = noted(r, SIM_EVENT_WAKE, 1);
	CHECK(e && e->task == 0 && e->by == 1);
	CHECK_EQ(r->trace[e->step].why, SIM_EXITED);
	CHECK(!noted(r, SIM_EVENT_WAKE, 2));
	printf("ok wakes are noted\n");
}

int main(void)
{
	test_reports();
	test_correct_code_passes();
	test_time_is_virtual();
	test_same_seed_same_trace();
	test_nondeterminism_shows();
	test_wakes_are_noted();
	return 0;
}
