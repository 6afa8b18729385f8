/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contracts of the futex in platform/os.h, and of platform/sem.h.
 */
#include "platform/atomic.h"
#include "platform/conformance/conformance.h"
#include "platform/sem.h"

enum { SLEEPERS = 3, HOUR_NS_SHIFT = 42 };

/* ---- futex ------------------------------------------------------------------ */

static void compares(void *arg)
{
	uint64_t late = os_now_ns() + (1ull << HOUR_NS_SHIFT), soon;
	uint32_t word = 7;
	bool in_time = true;

	(void)arg;
	/*
	 * The word has another value, so the call does not sleep, even if the deadline has
	 * passed.
	 */
	CHECK(os_futex_wait_at(&word, 6, NULL, KT_SITE("futex", "differs")));
	CHECK(os_futex_wait_at(&word, 6, &late, KT_SITE("futex", "differs")));
	soon = os_now_ns() + 100000;
	while (in_time)		/* the call may also return for no reason */
		in_time = os_futex_wait_at(&word, 7, &soon, KT_SITE("futex", "same"));
	CHECK(os_now_ns() >= soon);
	os_futex_wake(&word, OS_FUTEX_ALL);	/* no thread sleeps */
}

struct gate {
	uint32_t word, other;	/* atomic */
	uint32_t passed;	/* atomic */
	struct os_thread t[SLEEPERS];
};

static void pass(void *arg)
{
	struct gate *g = arg;

	while (smp_load_acquire(&g->word) == 0)
		os_futex_wait_at(&g->word, 0, NULL, KT_SITE("futex", "gate"));
	fetch_add(&g->passed, 1);
}

static void opened(void *arg)
{
	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(300, 1); i++) {
		struct gate g = { .word = 0 };

		for (int k = 0; k < SLEEPERS; k++)
			spawn(&g.t[k], "sleeper", pass, &g);
		smp_store_release(&g.word, 1u);
		os_futex_wake(&g.word, OS_FUTEX_ALL);
		for (int k = 0; k < SLEEPERS; k++)
			os_join(&g.t[k]);
		CHECK_EQ(g.passed, SLEEPERS);
	}
}

/* Each wake-up wakes one; wake-ups of another word do not count. */
static void pass_one(void *arg)
{
	struct gate *g = arg;
	uint32_t left = smp_load_acquire(&g->word);

	for (;;) {
		uint32_t seen;

		if (left == 0) {
			os_futex_wait_at(&g->word, 0, NULL, KT_SITE("futex", "gate"));
			left = smp_load_acquire(&g->word);
			continue;
		}
		seen = cmpxchg(&g->word, left, left - 1);
		if (seen == left)
			return;
		left = seen;
	}
}

static void one_by_one(void *arg)
{
	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(300, 1); i++) {
		struct gate g = { .word = 0 };

		for (int k = 0; k < SLEEPERS; k++)
			spawn(&g.t[k], "sleeper", pass_one, &g);
		for (int k = 0; k < SLEEPERS; k++) {
			os_futex_wake(&g.other, OS_FUTEX_ALL);
			fetch_add(&g.word, 1);
			os_futex_wake(&g.word, 1);
		}
		for (int k = 0; k < SLEEPERS; k++)
			os_join(&g.t[k]);
		CHECK_EQ(g.word, 0);
	}
}

#if defined(KT_OS_SIM)
/* An unpark and a kill end no sleep on a futex, or they could hide a lost wake-up. */
static void sleep_for_ever(void *arg)
{
	uint32_t *word = arg;

	while (READ_ONCE(*word) == 0)
		os_futex_wait_at(word, 0, NULL, KT_SITE("futex", "ever"));
}

static void not_by_unpark(void *arg)
{
	uint32_t word = 0;
	struct os_thread t;

	(void)arg;
	spawn(&t, "sleeper", sleep_for_ever, &word);
	os_unpark(&t);
	os_kill(&t);
	os_join(&t);
}

static void not_by_another_word(void *arg)
{
	uint32_t word[2] = { 0, 0 };
	struct os_thread t;

	(void)arg;
	spawn(&t, "sleeper", sleep_for_ever, &word[0]);
	os_futex_wake(&word[1], OS_FUTEX_ALL);
	os_join(&t);
}

struct place {
	uint32_t *word;
	int index, *next;
};

static void in_line(void *arg)
{
	struct place *p = arg;

	os_futex_wait_at(p->word, 0, NULL, KT_SITE("futex", "line"));
	/* The access is atomic, because a futex orders nothing. */
	CHECK_EQ(__atomic_fetch_add(p->next, 1, __ATOMIC_RELAXED), p->index);
}

/* Under the default schedule each thread is asleep before the next one begins. */
static void first_come(void *arg)
{
	struct os_thread t[SLEEPERS];
	struct place p[SLEEPERS];
	uint32_t word = 0;
	int next = 0;

	(void)arg;
	for (int i = 0; i < SLEEPERS; i++) {
		p[i] = (struct place){ &word, i, &next };
		spawn(&t[i], "sleeper", in_line, &p[i]);
		cpu_relax();
	}
	for (int i = 0; i < SLEEPERS; i++) {
		os_futex_wake(&word, 1);
		os_join(&t[i]);
	}
}
#endif

/* ---- semaphore ---------------------------------------------------------------- */

struct desk {
	struct os_sem full;
	unsigned posted, taken;		/* atomic */
};

static void take(void *arg)
{
	struct desk *d = arg;

	for (int i = 0; i < CONFORMANCE_TURNS(500, 2); i++) {
		CHECK(os_sem_wait_at(&d->full, NULL, KT_SITE("sem", "desk")));
		CHECK(fetch_add(&d->taken, 1) < READ_ONCE(d->posted));
	}
}

static void counts(void *arg)
{
	struct desk d = { .posted = 0 };
	struct os_thread t[2];

	(void)arg;
	os_sem_init(&d.full);
	for (int k = 0; k < 2; k++)
		spawn(&t[k], "sleeper", take, &d);
	for (int i = 0; i < 2 * CONFORMANCE_TURNS(500, 2); i++) {
		fetch_add(&d.posted, 1);
		os_sem_post(&d.full);
	}
	for (int k = 0; k < 2; k++)
		os_join(&t[k]);
	CHECK_EQ(d.taken, d.posted);
	os_sem_destroy(&d.full);
}

static void gives_up(void *arg)
{
	uint64_t now = os_now_ns(), soon = now + 100000;
	struct os_sem s;

	(void)arg;
	os_sem_init(&s);
	CHECK(!os_sem_wait_at(&s, &soon, KT_SITE("sem", "none")));
	CHECK(os_now_ns() >= soon);
	os_sem_post(&s);
	CHECK(os_sem_wait_at(&s, &now, KT_SITE("sem", "one")));	/* a post wins */
	CHECK(!os_sem_wait_at(&s, &now, KT_SITE("sem", "none")));
	os_sem_destroy(&s);
}

static void post(void *arg)
{
	os_sem_post((struct os_sem *)arg);
}

__attribute__((noinline))
static void meet_in_frame(struct os_thread *t)
{
	struct os_sem s;

	os_sem_init(&s);
	spawn(t, "poster", post, &s);
	os_sem_wait_at(&s, NULL, KT_SITE("sem", "frame"));
	os_sem_destroy(&s);
}

static void post_is_last(void *arg)
{
	struct os_thread t;

	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(300, 1); i++) {
		meet_in_frame(&t);
		os_join(&t);
	}
}

static void destroyed_early(void *arg)
{
	struct os_sem s;

	(void)arg;
	os_sem_init(&s);
	os_sem_post(&s);
	os_sem_destroy(&s);
}

int main(void)
{
	conformance_run("futex.compares", compares, NULL);
	conformance_run("futex.opened", opened, NULL);
	conformance_run("futex.one_by_one", one_by_one, NULL);
	conformance_exhaust("futex.small.opened", 2, opened, NULL);
	conformance_exhaust("futex.small.one_by_one", 2, one_by_one, NULL);
#if defined(KT_OS_SIM)
	conformance_fails("futex.not_by_unpark", KT_DEADLOCK, not_by_unpark, NULL);
	conformance_fails("futex.not_by_another_word", KT_DEADLOCK, not_by_another_word, NULL);
	conformance_exhaust("futex.first_come", 0, first_come, NULL);
#endif
	conformance_run("sem.counts", counts, NULL);
	conformance_run("sem.gives_up", gives_up, NULL);
	conformance_exhaust("sem.small.post_is_last", 5, post_is_last, NULL);
	conformance_fails("sem.destroyed_early", KT_ASSERTION, destroyed_early, NULL);
	return 0;
}
