/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract of kt_lock, on every back end. The lock protects plain data, so
 * ThreadSanitizer also checks the lock.
 */
#include "platform/conformance/conformance.h"
#include "platform/lock.h"

enum { THREADS = 3 };

struct shared {
	kt_lock lock;
	unsigned passes;	/* atomic, so that the simulator may switch tasks inside */

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
	fetch_add(&s->passes, 1);
	KT_POINT(lock_test.inside);
	CHECK(s->inside);
	s->inside = false;
}

static void crowd(struct shared *s, void (*fn)(void *arg))
{
	struct os_thread t[THREADS];

	*s = (struct shared){ .count = 0 };
	kt_lock_init(&s->lock, "test");
	for (int i = 0; i < THREADS; i++)
		spawn(&t[i], i % 2 ? "try" : "acquire", fn, s);
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
	unsigned tried;		/* atomic; 1: it did not get the lock, 2: it did */
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

/*
 * Does another thread get the lock? The caller may hold the lock and so must not sleep: it
 * spins.
 */
static bool others_get(struct other *o, struct os_thread *t)
{
	unsigned tried;

	o->tried = 0;
	spawn(t, "other", try_and_tell, o);
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

/* The last thread frees the lock that the thread before it has just released. */
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
		spawn(&t[0], "put0", put, c);
		spawn(&t[1], "put1", put, c);
		put(c);
		os_join(&t[0]);
		os_join(&t[1]);
	}
}

/* ---- a few threads that meet once ------------------------------------------- */

static void enter_once(void *arg)
{
	struct shared *s = arg;

	kt_lock_acquire(&s->lock);
	enter_and_leave(s);
	kt_lock_release(&s->lock);
}

static void enter_twice(void *arg)
{
	enter_once(arg);
	enter_once(arg);
}

static void try_to_enter(void *arg)
{
	struct shared *s = arg;

	if (!kt_lock_try_acquire(&s->lock))
		return;
	enter_and_leave(s);
	kt_lock_release(&s->lock);
}

/* Run fn on the caller and on `others` more threads. */
static void meet(void (*fn)(void *arg), int others, unsigned entered)
{
	for (int i = 0; i < CONFORMANCE_TURNS(200, 1); i++) {
		struct shared s = { .count = 0 };
		struct os_thread t[2];

		kt_lock_init(&s.lock, "small");
		for (int k = 0; k < others; k++)
			spawn(&t[k], "other", fn, &s);
		fn(&s);
		for (int k = 0; k < others; k++)
			os_join(&t[k]);
		CHECK_EQ(s.count, entered);
		kt_lock_destroy(&s.lock);
	}
}

static void two_twice(void *arg)
{
	(void)arg;
	meet(enter_twice, 1, 4);
}

static void three_once(void *arg)
{
	(void)arg;
	meet(enter_once, 2, 3);
}

/* The next holder sees what was stored relaxed with the lock held. */
static void count_relaxed(void *arg)
{
	struct shared *s = arg;

	kt_lock_acquire(&s->lock);
	WRITE_ONCE(s->passes, READ_ONCE(s->passes) + 1);
	kt_lock_release(&s->lock);
}

static void publishes(void *arg)
{
	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(200, 1); i++) {
		struct shared s = { .count = 0 };
		struct os_thread t[2];

		kt_lock_init(&s.lock, "small");
		for (int k = 0; k < 2; k++)
			spawn(&t[k], "other", count_relaxed, &s);
		for (int k = 0; k < 2; k++)
			os_join(&t[k]);
		CHECK_EQ(READ_ONCE(s.passes), 2);
		kt_lock_destroy(&s.lock);
	}
}

/*
 * Two threads try to get the lock while one waits for it. The waiter must get the lock in
 * the end.
 */
static void try_and_wait(void *arg)
{
	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(200, 1); i++) {
		struct shared s = { .count = 0 };
		struct os_thread t[2];

		kt_lock_init(&s.lock, "small");
		spawn(&t[0], "waits", enter_once, &s);
		spawn(&t[1], "tries", try_to_enter, &s);
		try_to_enter(&s);
		os_join(&t[0]);
		os_join(&t[1]);
		CHECK(s.count >= 1 && s.count <= 3);
		kt_lock_destroy(&s.lock);
	}
}

static void freed_by_other(void *arg)
{
	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(200, 1); i++) {
		struct counted *c = os_alloc(KT_ROLE_TEST, sizeof *c);
		struct os_thread t;

		CHECK(c != NULL);
		kt_lock_init(&c->lock, "counted");
		c->refs = 2;
		spawn(&t, "put", put, c);
		put(c);
		os_join(&t);
	}
}

/* ---- a thread without an os_thread ------------------------------------------- */

struct late {
	struct shared *s;
	struct os_thread t;
};

/* A thread that has freed its os_thread may still acquire locks. */
static void free_and_enter(void *arg)
{
	struct late *me = arg;
	struct shared *s = me->s;

	os_free(me);
	kt_lock_acquire(&s->lock);
	s->count++;
	kt_lock_release(&s->lock);
}

static void without_thread(void *arg)
{
	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(200, 1); i++) {
		struct shared s = { .count = 0 };

		kt_lock_init(&s.lock, "small");
		for (int k = 0; k < 2; k++) {
			struct late *l = os_alloc(KT_ROLE_TASK, sizeof *l);

			CHECK(l != NULL);
			l->s = &s;
			CHECK_EQ(os_spawn(&l->t, "late", OS_DETACHED, free_and_enter, l), 0);
		}
		enter_once(&s);
		os_wait_detached();
		CHECK_EQ(s.count, 3);
		kt_lock_destroy(&s.lock);
	}
}

/* ---- a lock takes no permit of its caller's ------------------------------------- */

struct permit {
	struct shared s;
	unsigned go, end;	/* atomic */
};

static void tested_before(void *arg)
{
	struct permit *p = arg;

	while (!smp_load_acquire(&p->go)) {
		/* Use the lock between the test and the park, as core/ does. */
		enter_once(&p->s);
		os_park(KT_SITE("park", "go"));
	}
	while (!smp_load_acquire(&p->end))
		cpu_relax();
}

/* A permit that comes while the thread waits for the lock is still there afterwards. */
static void permit_stays(void *arg)
{
	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(200, 1); i++) {
		struct permit p = { .go = 0 };
		struct os_thread sleeper, rival;

		kt_lock_init(&p.s.lock, "small");
		spawn(&sleeper, "sleeper", tested_before, &p);
		spawn(&rival, "rival", enter_once, &p.s);
		smp_store_release(&p.go, 1u);
		os_unpark(&sleeper);
		smp_store_release(&p.end, 1u);	/* the sleeper must be alive until here */
		os_join(&rival);
		os_join(&sleeper);
		kt_lock_destroy(&p.s.lock);
	}
}

/* ---- first come, first served -------------------------------------------------- */

#if KT_LOCK_FIFO
#if defined(KT_LOCK_CHECKED)
#define INNER(l) (&(l)->lock)
#else
#define INNER(l) (l)
#endif

/*
 * Called by the holder: how many threads wait? The contract has no way to ask, so this
 * looks inside.
 */
static int waiting(kt_lock *l)
{
	kt_lock_chosen *in = INNER(l);
	int n = 0;
#if defined(KT_LOCK_TICKET)
	n = (int)(READ_ONCE(in->next) - READ_ONCE(in->owner)) - 1;
#elif defined(KT_LOCK_MCS)
	for (struct kt_mcs_node *w = &in->head; (w = smp_load_acquire(&w->next)); )
		n++;
#else
	uint32_t bits = kt_lock_park_guard(in, KT_SITE("guard", "test"));

	for (struct kt_park_node *w = in->first; w; w = w->next)
		n++;
	kt_lock_park_unguard(in, bits);
#endif
	return n;
}

struct line {
	kt_lock lock;
	int let_in;		/* lock must be held */
};

struct place {
	struct line *line;
	int index;
};

static void stand_in_line(void *arg)
{
	struct place *p = arg;

	kt_lock_acquire(&p->line->lock);
	CHECK_EQ(p->line->let_in, p->index);
	p->line->let_in++;
	kt_lock_release(&p->line->lock);
}

static void first_come(void *arg)
{
	struct line line = { .let_in = 0 };
	struct os_thread t[THREADS];
	struct place p[THREADS];

	(void)arg;
	kt_lock_init(&line.lock, "line");
	kt_lock_acquire(&line.lock);
	for (int i = 0; i < THREADS; i++) {
		p[i] = (struct place){ &line, i };
		spawn(&t[i], "in_line", stand_in_line, &p[i]);
		while (waiting(&line.lock) != i + 1)
			cpu_relax();
	}
	kt_lock_release(&line.lock);
	for (int i = 0; i < THREADS; i++)
		os_join(&t[i]);
	CHECK_EQ(line.let_in, THREADS);
	kt_lock_destroy(&line.lock);
}
#endif

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

/* Another thread misuses the lock while this one holds it. This one must not sleep meanwhile. */
static void held_here_used_there(void *arg)
{
	struct os_thread t;

	survived = 0;
	kt_lock_init(&misused, "misused");
	kt_lock_acquire(&misused);
	spawn(&t, "other", misuse_it, arg);
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
	conformance_run("lock.without_thread", without_thread, NULL);
	conformance_run("lock.permit_stays", permit_stays, NULL);
#if KT_LOCK_FIFO
	conformance_run("lock.first_come", first_come, NULL);
#endif
	conformance_exhaust("lock.small.two_twice", 5, two_twice, NULL);
	conformance_exhaust("lock.small.three_once", 4, three_once, NULL);
	conformance_exhaust("lock.small.publishes", 4, publishes, NULL);
	conformance_exhaust("lock.small.try_and_wait", 4, try_and_wait, NULL);
	conformance_exhaust("lock.small.freed_by_other", 5, freed_by_other, NULL);
	conformance_exhaust("lock.small.without_thread", 3, without_thread, NULL);
	conformance_exhaust("lock.small.permit_stays", 3, permit_stays, NULL);
	conformance_fails("lock.assert_free", KT_DISCIPLINE, assert_free, NULL);
	conformance_fails("lock.assert_other", KT_DISCIPLINE, held_here_used_there, &asserts);
	conformance_fails("lock.release_free", KT_DISCIPLINE, release_free, NULL);
	conformance_fails("lock.release_other", KT_DISCIPLINE, held_here_used_there, &releases);
	conformance_fails("lock.destroy_held", KT_DISCIPLINE, destroy_held, NULL);
	return 0;
}
