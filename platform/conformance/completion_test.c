/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract of kt_completion, on every back end.
 *
 * Nothing here waits by time: where a waiter must be asleep and nobody can
 * know that it is, the body holds for both orders, and delays or the
 * simulator's schedules take care that both happen.
 */
#include <errno.h>

#include "platform/completion.h"
#include "platform/conformance/conformance.h"

enum { WAITERS = 4 };

static void spawn(struct os_thread *t, const char *name, void (*fn)(void *arg), void *arg)
{
	CHECK_EQ(os_spawn(t, name, OS_JOINABLE, fn, arg), 0);
}

/* ---- one thread ----------------------------------------------------------- */

static void counting(void *arg)
{
	kt_completion c;

	(void)arg;
	kt_completion_init(&c);
	CHECK(!kt_completion_try_wait(&c));
	for (int i = 0; i < 3; i++)
		kt_complete(&c);
	CHECK(kt_completion_try_wait(&c));
	kt_completion_wait(&c);
	CHECK_EQ(kt_completion_wait_killable(&c), 0);
	CHECK(!kt_completion_try_wait(&c));
	kt_completion_destroy(&c);
}

static void for_ever(void *arg)
{
	kt_completion c;

	(void)arg;
	kt_completion_init(&c);
	kt_complete_all(&c);
	for (int i = 0; i < 3; i++) {
		CHECK(kt_completion_try_wait(&c));
		kt_completion_wait(&c);
		CHECK_EQ(kt_completion_wait_killable(&c), 0);
		CHECK_EQ(kt_completion_wait_until(&c, 0), 0);
		kt_complete(&c);	/* no more than for ever */
	}
	kt_completion_destroy(&c);
}

static void deadlines(void *arg)
{
	uint64_t soon;
	kt_completion c;

	(void)arg;
	kt_completion_init(&c);
	CHECK_EQ(kt_completion_wait_until(&c, 0), -ETIMEDOUT);
	soon = os_now_ns() + 200000;
	CHECK_EQ(kt_completion_wait_until(&c, soon), -ETIMEDOUT);
	CHECK(os_now_ns() >= soon);
	kt_complete(&c);
	CHECK_EQ(kt_completion_wait_until(&c, 0), 0);	/* done wins */
	CHECK_EQ(kt_completion_wait_until(&c, 0), -ETIMEDOUT);
	kt_completion_destroy(&c);
}

/* ---- several waiters ------------------------------------------------------ */

struct crowd {
	kt_completion c;
	struct os_thread t[WAITERS];
	unsigned through;	/* atomic */
	unsigned data;		/* written before the completion, read after */
};

static void wait_killable(void *arg)
{
	struct crowd *s = arg;
	int err = kt_completion_wait_killable(&s->c);

	if (err == 0) {
		CHECK_EQ(s->data, 42);
		fetch_add(&s->through, 1);
	} else {
		CHECK_EQ(err, -EINTR);
	}
}

static void wait_plainly(void *arg)
{
	struct crowd *s = arg;

	kt_completion_wait(&s->c);
	CHECK_EQ(s->data, 42);
	fetch_add(&s->through, 1);
}

static void crowd_begin(struct crowd *s, void (*fn)(void *arg))
{
	kt_completion_init(&s->c);
	s->through = s->data = 0;
	for (int i = 0; i < WAITERS; i++)
		spawn(&s->t[i], "waiter", fn, s);
	s->data = 42;
}

static void crowd_end(struct crowd *s, unsigned through)
{
	for (int i = 0; i < WAITERS; i++)
		os_join(&s->t[i]);
	CHECK_EQ(s->through, through);
}

static void all_at_once(void *arg)
{
	struct crowd s;

	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(50, 1); i++) {
		crowd_begin(&s, wait_plainly);
		kt_complete_all(&s.c);
		crowd_end(&s, WAITERS);
		kt_completion_destroy(&s.c);
	}
}

static void one_by_one(void *arg)
{
	struct crowd s;

	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(50, 1); i++) {
		crowd_begin(&s, wait_plainly);
		for (int k = 0; k < WAITERS; k++)
			kt_complete(&s.c);
		crowd_end(&s, WAITERS);
		CHECK(!kt_completion_try_wait(&s.c));
		kt_completion_destroy(&s.c);
	}
}

/* Completed twice, then everybody killed: two get through, whoever they are. */
static void exactly_as_many(void *arg)
{
	struct crowd s;

	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(50, 1); i++) {
		crowd_begin(&s, wait_killable);
		kt_complete(&s.c);
		kt_complete(&s.c);
		for (int k = 0; k < WAITERS; k++)
			os_kill(&s.t[k]);
		crowd_end(&s, 2);
		CHECK(!kt_completion_try_wait(&s.c));
		kt_completion_destroy(&s.c);
	}
}

/* ---- kill ----------------------------------------------------------------- */

static void killed_before(void *arg)
{
	kt_completion *c = arg;

	os_kill(os_self());
	CHECK_EQ(kt_completion_wait_killable(c), 0);	/* done wins */
	CHECK_EQ(kt_completion_wait_killable(c), -EINTR);
	CHECK_EQ(kt_completion_wait_killable(c), -EINTR);
	kt_complete(c);
	kt_completion_wait(c);
	CHECK_EQ(kt_completion_wait_until(c, 0), -ETIMEDOUT);
}

static void done_wins(void *arg)
{
	struct os_thread t;
	kt_completion c;

	(void)arg;
	kt_completion_init(&c);
	kt_complete(&c);
	spawn(&t, "killed", killed_before, &c);
	os_join(&t);
	CHECK(!kt_completion_try_wait(&c));
	kt_completion_destroy(&c);
}

struct one {
	kt_completion c;
	int err;
	unsigned data;
};

static void one_waits_killable(void *arg)
{
	struct one *s = arg;

	s->err = kt_completion_wait_killable(&s->c);
}

static void one_waits(void *arg)
{
	struct one *s = arg;

	kt_completion_wait(&s->c);
	CHECK_EQ(s->data, 42);
}

static void one_completes(void *arg)
{
	struct one *s = arg;

	kt_complete(&s->c);
}

static void kill_alone(void *arg)
{
	struct os_thread t;
	struct one s;

	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(200, 2); i++) {
		kt_completion_init(&s.c);
		spawn(&t, "killed", one_waits_killable, &s);
		os_kill(&t);
		os_join(&t);
		CHECK_EQ(s.err, -EINTR);
		/* Nothing of the waiter is left: the next completion is not its. */
		kt_complete(&s.c);
		CHECK(kt_completion_try_wait(&s.c));
		CHECK(!kt_completion_try_wait(&s.c));
		kt_completion_destroy(&s.c);
	}
}

/*
 * One victim leaves while the next is being killed: what the one puts back in
 * order must not hide from the other, on its way to sleep, that it was killed.
 */
static void kills_overlap(void *arg)
{
	struct crowd s;

	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(500, 1); i++) {
		crowd_begin(&s, wait_killable);
		for (int k = 0; k < WAITERS; k++)
			os_kill(&s.t[k]);
		crowd_end(&s, 0);
		kt_complete(&s.c);
		CHECK(kt_completion_try_wait(&s.c));
		kt_completion_destroy(&s.c);
	}
}

static void kill_is_late(void *arg)
{
	struct os_thread t;
	struct one s = { .data = 0 };

	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(200, 2); i++) {
		kt_completion_init(&s.c);
		s.data = 0;
		spawn(&t, "stubborn", one_waits, &s);
		os_kill(&t);
		s.data = 42;
		kt_complete(&s.c);
		os_join(&t);
		kt_completion_destroy(&s.c);
	}
}

/* Whoever wins: the completion is either taken or still there. */
static void kill_races_complete(void *arg)
{
	struct os_thread waiter, completer;
	struct one s;

	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(500, 2); i++) {
		kt_completion_init(&s.c);
		spawn(&waiter, "waiter", one_waits_killable, &s);
		spawn(&completer, "completer", one_completes, &s);
		os_kill(&waiter);
		os_join(&waiter);
		os_join(&completer);
		CHECK(s.err == 0 || s.err == -EINTR);
		CHECK_EQ(kt_completion_try_wait(&s.c), s.err != 0);
		CHECK(!kt_completion_try_wait(&s.c));
		kt_completion_destroy(&s.c);
	}
}

/* A killed waiter that was woken leaves the completion to the next in line. */
static void kill_passes_it_on(void *arg)
{
	struct os_thread victim, heir, completer;
	struct one s = { .data = 42 };

	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(500, 2); i++) {
		kt_completion_init(&s.c);
		spawn(&victim, "victim", one_waits_killable, &s);
		spawn(&heir, "heir", one_waits, &s);
		spawn(&completer, "completer", one_completes, &s);
		os_kill(&victim);
		os_join(&victim);
		if (s.err == 0)
			kt_complete(&s.c);
		os_join(&heir);		/* or the only completion is lost */
		os_join(&completer);
		CHECK(!kt_completion_try_wait(&s.c));
		kt_completion_destroy(&s.c);
	}
}

static void deadline_races_complete(void *arg)
{
	struct os_thread completer;
	struct one s;

	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(500, 2); i++) {
		kt_completion_init(&s.c);
		spawn(&completer, "completer", one_completes, &s);
		s.err = kt_completion_wait_until(&s.c, os_now_ns() + (uint64_t)i % 20 * 10000);
		os_join(&completer);
		CHECK(s.err == 0 || s.err == -ETIMEDOUT);
		CHECK_EQ(kt_completion_try_wait(&s.c), s.err != 0);
		CHECK(!kt_completion_try_wait(&s.c));
		kt_completion_destroy(&s.c);
	}
}

/* ---- waiters that go away ---------------------------------------------------- */

struct guest {
	struct os_thread t;
	kt_completion *c;
};

/* Let through, the waiter is gone: nobody may unpark it any more. */
static void wait_and_vanish(void *arg)
{
	struct guest *g = arg;

	kt_completion_wait(g->c);
	os_free(g);
}

static void waiter_vanishes(void *arg)
{
	(void)arg;
	for (int i = 0; i < CONFORMANCE_TURNS(500, 3); i++) {
		struct guest *g = os_alloc(KT_ROLE_TASK, sizeof *g);
		kt_completion c;

		CHECK(g != NULL);
		kt_completion_init(&c);
		g->c = &c;
		CHECK_EQ(os_spawn(&g->t, "guest", OS_DETACHED, wait_and_vanish, g), 0);
		/* A permit, so that it may look again before it is unparked. */
		os_kill(&g->t);
		KT_POINT(completion_test.invited);
		kt_complete(&c);
		os_wait_detached();
		kt_completion_destroy(&c);
	}
}

/* ---- used again and again -------------------------------------------------- */

struct rally {
	kt_completion ping, pong;
	unsigned data;		/* whose turn it is may touch it */
};

static void return_balls(void *arg)
{
	struct rally *r = arg;

	for (int i = 0; i < CONFORMANCE_TURNS(2000, 5); i++) {
		kt_completion_wait(&r->ping);
		r->data++;
		kt_complete(&r->pong);
	}
}

static void reuse(void *arg)
{
	struct rally r = { .data = 0 };
	struct os_thread t;

	(void)arg;
	kt_completion_init(&r.ping);
	kt_completion_init(&r.pong);
	spawn(&t, "player", return_balls, &r);
	for (int i = 0; i < CONFORMANCE_TURNS(2000, 5); i++) {
		r.data++;
		kt_complete(&r.ping);
		CHECK_EQ(kt_completion_wait_until(&r.pong, os_now_ns() + 3600000000000ull), 0);
		CHECK_EQ(r.data, 2 * (i + 1));
	}
	os_join(&t);
	kt_completion_destroy(&r.ping);
	kt_completion_destroy(&r.pong);
}

/* ---- on a stack ------------------------------------------------------------- */

/*
 * The creation hand-off without the creation: a request with a pointer to a
 * completion in a frame that its waiter leaves at once. Who gets the pointer
 * out of the request may use it; a killed waiter that gets it first leaves.
 */
struct desk {
	kt_completion requests;
	kt_completion *done;	/* atomic: the request; NULL: taken */
	unsigned served;
};

static void serve(void *arg)
{
	struct desk *d = arg;

	for (int i = 0; i < CONFORMANCE_TURNS(3000, 4); i++) {
		kt_completion *done;

		kt_completion_wait(&d->requests);
		done = xchg(&d->done, NULL);
		if (!done)
			continue;
		d->served++;
		kt_complete(done);
	}
}

__attribute__((noinline))
static bool request(struct desk *d)
{
	kt_completion done;
	bool served = true;

	kt_completion_init(&done);
	CHECK(xchg(&d->done, &done) == NULL);
	kt_complete(&d->requests);
	if (kt_completion_wait_killable(&done) != 0) {
		if (xchg(&d->done, NULL))
			served = false;
		else
			kt_completion_wait(&done);
	}
	kt_completion_destroy(&done);
	return served;
}

/* What was in the frame is something else now. */
__attribute__((noinline))
static void scribble(void)
{
	volatile char frame[sizeof(kt_completion) + 128];

	for (size_t i = 0; i < sizeof frame; i++)
		frame[i] = (char)0xa5;
}

static void request_often(struct desk *d)
{
	struct os_thread clerk;
	unsigned served = 0;

	kt_completion_init(&d->requests);
	d->done = NULL;
	d->served = 0;
	spawn(&clerk, "clerk", serve, d);
	for (int i = 0; i < CONFORMANCE_TURNS(3000, 4); i++) {
		served += request(d);
		scribble();
	}
	os_join(&clerk);
	CHECK_EQ(d->served, served);
	kt_completion_destroy(&d->requests);
}

static void on_stack(void *arg)
{
	struct desk d;

	(void)arg;
	request_often(&d);
}

static void request_killed(void *arg)
{
	os_kill(os_self());
	request_often(arg);
}

static void request_unsuspecting(void *arg)
{
	request_often(arg);
}

/* Each wait is given up at once, or not at all. */
static void on_stack_killed(void *arg)
{
	struct os_thread t;
	struct desk d;

	(void)arg;
	spawn(&t, "killed", request_killed, &d);
	os_join(&t);
	spawn(&t, "victim", request_unsuspecting, &d);
	os_kill(&t);	/* somewhere in the middle */
	os_join(&t);
}

/* ---- first come, first served ------------------------------------------------ */

#if defined(KT_COMPLETION_PARK) || defined(KT_COMPLETION_MODELLED)
#define IS_FIFO 1
#endif

#if defined(IS_FIFO)
/* No contract name tells how many wait: this looks inside. */
#if defined(KT_COMPLETION_MODELLED)
static int queued(kt_completion *c)
{
	return (int)c->waiters;
}
#else
static int queued(kt_completion *c)
{
	int n = 0;

	kt_lock_acquire(&c->lock);
	for (const struct kt_park_waiter *w = c->first; w; w = w->next)
		n++;
	kt_lock_release(&c->lock);
	return n;
}
#endif

struct queue {
	kt_completion c, reported;
	int let_through;	/* whoever was; before `reported` */
};

struct place {
	struct queue *q;
	int index;
};

static void wait_in_line(void *arg)
{
	struct place *p = arg;

	kt_completion_wait(&p->q->c);
	p->q->let_through = p->index;
	kt_complete(&p->q->reported);
}

static void first_come(void *arg)
{
	struct os_thread t[WAITERS];
	struct place p[WAITERS];
	struct queue q;

	(void)arg;
	kt_completion_init(&q.c);
	kt_completion_init(&q.reported);
	for (int i = 0; i < WAITERS; i++) {
		p[i] = (struct place){ &q, i };
		spawn(&t[i], "in_line", wait_in_line, &p[i]);
		while (queued(&q.c) != i + 1)
			cpu_relax();
	}
	for (int i = 0; i < WAITERS; i++) {
		kt_complete(&q.c);
		kt_completion_wait(&q.reported);
		CHECK_EQ(q.let_through, i);
	}
	for (int i = 0; i < WAITERS; i++)
		os_join(&t[i]);
	kt_completion_destroy(&q.reported);
	kt_completion_destroy(&q.c);
}
#endif

int main(void)
{
	static const struct {
		const char *name;
		void (*body)(void *arg);
	} tests[] = {
		{ "completion.counting", counting },
		{ "completion.for_ever", for_ever },
		{ "completion.deadlines", deadlines },
		{ "completion.all_at_once", all_at_once },
		{ "completion.one_by_one", one_by_one },
		{ "completion.exactly_as_many", exactly_as_many },
		{ "completion.done_wins", done_wins },
		{ "completion.kill_alone", kill_alone },
		{ "completion.kills_overlap", kills_overlap },
		{ "completion.kill_is_late", kill_is_late },
		{ "completion.kill_races_complete", kill_races_complete },
		{ "completion.kill_passes_it_on", kill_passes_it_on },
		{ "completion.deadline_races_complete", deadline_races_complete },
		{ "completion.waiter_vanishes", waiter_vanishes },
		{ "completion.reuse", reuse },
		{ "completion.on_stack", on_stack },
		{ "completion.on_stack_killed", on_stack_killed },
#if defined(IS_FIFO)
		{ "completion.first_come", first_come },
#endif
	};

	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		conformance_run(tests[i].name, tests[i].body, NULL);
	return 0;
}
