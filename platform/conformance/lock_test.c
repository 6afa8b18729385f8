/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract of kt_lock, on every back end. What the lock protects is plain
 * data, so that ThreadSanitizer judges the lock as well.
 */
#include "platform/conformance/conformance.h"
#include "platform/lock.h"

enum { THREADS = 3 };

struct shared {
	kt_lock lock;

	/* lock must be held: */
	bool inside;
	unsigned count;
};

static void enter_and_leave(struct shared *s)
{
	kt_lock_assert_held(&s->lock);
	CHECK(!s->inside);
	s->inside = true;
	s->count++;
	KT_POINT(lock_test.inside);
	CHECK(s->inside);
	s->inside = false;
}

static void crowd(struct shared *s, void (*fn)(void *arg))
{
	struct os_thread t[THREADS];

	s->inside = false;
	s->count = 0;
	kt_lock_init(&s->lock, "test");
	for (int i = 0; i < THREADS; i++)
		CHECK_EQ(os_spawn(&t[i], i % 2 ? "try" : "acquire", OS_JOINABLE, fn, s), 0);
	for (int i = 0; i < THREADS; i++)
		os_join(&t[i]);
	kt_lock_acquire(&s->lock);
	CHECK_EQ(s->count, THREADS * CONFORMANCE_TURNS(2000, 3));
	kt_lock_release(&s->lock);
	kt_lock_destroy(&s->lock);
}

static void acquire_often(void *arg)
{
	struct shared *s = arg;

	for (int i = 0; i < CONFORMANCE_TURNS(2000, 3); i++) {
		kt_lock_acquire(&s->lock);
		enter_and_leave(s);
		kt_lock_release(&s->lock);
	}
}

static void try_often(void *arg)
{
	struct shared *s = arg;

	for (int i = 0; i < CONFORMANCE_TURNS(2000, 3); i++) {
		while (!kt_lock_try_acquire(&s->lock))
			cpu_relax();
		enter_and_leave(s);
		kt_lock_release(&s->lock);
	}
}

static void mixed(void *arg)
{
	if (strcmp(os_name(os_self()), "acquire") == 0)
		acquire_often(arg);
	else
		try_often(arg);
}

static void exclusion(void *arg)
{
	struct shared s;

	crowd(&s, acquire_often);
	crowd(&s, try_often);
	crowd(&s, mixed);
	(void)arg;
}

/* ---- try ----------------------------------------------------------------- */

struct other {
	struct shared *s;
	unsigned tried;		/* atomic; 1: in vain, 2: it had the lock */
};

static void try_and_tell(void *arg)
{
	struct other *o = arg;
	bool had = kt_lock_try_acquire(&o->s->lock);

	if (had) {
		o->s->count++;
		kt_lock_release(&o->s->lock);
	}
	smp_store_release(&o->tried, had ? 2u : 1u);
}

/* Does another thread get it? Asked with the lock held, so without a sleep. */
static bool others_get(struct other *o, struct os_thread *t)
{
	unsigned tried;

	o->tried = 0;
	CHECK_EQ(os_spawn(t, "other", OS_JOINABLE, try_and_tell, o), 0);
	while (!(tried = smp_load_acquire(&o->tried)))
		cpu_relax();
	return tried == 2;
}

static void try_tells(void *arg)
{
	struct shared s = { .count = 0 };
	struct other o = { .s = &s };
	struct os_thread t[4];

	(void)arg;
	kt_lock_init(&s.lock, "test");
	CHECK(others_get(&o, &t[0]));
	kt_lock_acquire(&s.lock);
	CHECK(!others_get(&o, &t[1]));
	CHECK(!kt_lock_try_acquire(&s.lock));
	kt_lock_release(&s.lock);
	CHECK(kt_lock_try_acquire(&s.lock));
	kt_lock_assert_held(&s.lock);
	CHECK(!others_get(&o, &t[2]));
	kt_lock_release(&s.lock);
	CHECK(others_get(&o, &t[3]));
	CHECK_EQ(s.count, 2);
	for (int i = 0; i < 4; i++)
		os_join(&t[i]);
	kt_lock_destroy(&s.lock);
}

/* ---- a release is the last touch ------------------------------------------ */

struct counted {
	kt_lock lock;
	unsigned refs;	/* lock must be held */
};

/* The last one out frees the lock that the one before has just released. */
static void put(void *arg)
{
	struct counted *c = arg;
	bool last;

	kt_lock_acquire(&c->lock);
	last = --c->refs == 0;
	kt_lock_release(&c->lock);
	if (!last)
		return;
	kt_lock_destroy(&c->lock);
	os_free(c);
}

static void freed_by_next(void *arg)
{
	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(300, 2); i++) {
		struct counted *c = os_alloc(KT_ROLE_TEST, sizeof *c);
		struct os_thread t[2];

		CHECK(c != NULL);
		kt_lock_init(&c->lock, "counted");
		c->refs = 3;
		CHECK_EQ(os_spawn(&t[0], "put0", OS_JOINABLE, put, c), 0);
		CHECK_EQ(os_spawn(&t[1], "put1", OS_JOINABLE, put, c), 0);
		put(c);
		os_join(&t[0]);
		os_join(&t[1]);
	}
}

/* ---- misuse --------------------------------------------------------------- */

static kt_lock misused;

static void assert_free(void *arg)
{
	(void)arg;
	kt_lock_init(&misused, "misused");
	kt_lock_assert_held(&misused);
}

static void assert_it(void *arg)
{
	(void)arg;
	kt_lock_assert_held(&misused);
}

static void release_it(void *arg)
{
	(void)arg;
	kt_lock_release(&misused);
}

static unsigned survived;	/* atomic */

static void misuse_it(void *arg)
{
	void (*const *fn)(void *arg) = arg;

	(*fn)(NULL);
	smp_store_release(&survived, 1u);
}

/* Somebody else does it while we hold the lock, and so can't sleep. */
static void held_here_used_there(void *arg)
{
	struct os_thread t;

	survived = 0;
	kt_lock_init(&misused, "misused");
	kt_lock_acquire(&misused);
	CHECK_EQ(os_spawn(&t, "other", OS_JOINABLE, misuse_it, arg), 0);
	while (!smp_load_acquire(&survived))
		cpu_relax();
	os_join(&t);
}

static void release_free(void *arg)
{
	(void)arg;
	kt_lock_init(&misused, "misused");
	kt_lock_acquire(&misused);
	kt_lock_release(&misused);
	kt_lock_release(&misused);
}

static void destroy_held(void *arg)
{
	(void)arg;
	kt_lock_init(&misused, "misused");
	kt_lock_acquire(&misused);
	kt_lock_destroy(&misused);
}

int main(void)
{
	static void (*asserts)(void *) = assert_it, (*releases)(void *) = release_it;

	conformance_run("lock.exclusion", exclusion, NULL);
	conformance_run("lock.try", try_tells, NULL);
	conformance_run("lock.freed_by_next", freed_by_next, NULL);
	conformance_fails("lock.assert_free", KT_DISCIPLINE, assert_free, NULL);
	conformance_fails("lock.assert_other", KT_DISCIPLINE, held_here_used_there, &asserts);
	conformance_fails("lock.release_free", KT_DISCIPLINE, release_free, NULL);
	conformance_fails("lock.release_other", KT_DISCIPLINE, held_here_used_there, &releases);
	conformance_fails("lock.destroy_held", KT_DISCIPLINE, destroy_held, NULL);
	return 0;
}
