/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kt_completion with two or three threads that meet once: in the simulator under every
 * schedule up to a bound, on real threads many times.
 */
#include <errno.h>

#include "platform/conformance/completion_test.h"

enum { TURNS = CONFORMANCE_TURNS(200, 1) };

struct meeting {
	kt_completion *c;
	int err;
	unsigned data;		/* written before the completion, read after it */
};

static void completes(void *arg)
{
	struct meeting *m = arg;
	kt_completion *c = m->c;

	m->data = 42;
	kt_complete(c);
}

static void waits(void *arg)
{
	struct meeting *m = arg;

	kt_completion_wait(m->c);
}

static void waits_killable(void *arg)
{
	struct meeting *m = arg;

	m->err = kt_completion_wait_killable(m->c);
}

/* ---- the frame goes at once -------------------------------------------------- */

__attribute__((noinline))
static void wait_in_frame(struct os_thread *t, struct meeting *m)
{
	kt_completion c;

	kt_completion_init(&c);
	m->c = &c;
	spawn(t, "completer", completes, m);
	kt_completion_wait(&c);
	CHECK_EQ(m->data, 42);
	kt_completion_destroy(&c);
}

static void on_stack(void *arg)
{
	struct meeting m = { .data = 0 };
	struct os_thread t;

	(void)arg;
	for (int i = 0; i < TURNS; i++) {
		m.data = 0;
		wait_in_frame(&t, &m);
		os_join(&t);
	}
}

__attribute__((noinline))
static void all_in_frame(struct os_thread *t, struct meeting *m, void (*completer)(void *))
{
	kt_completion c;

	kt_completion_init(&c);
	m->c = &c;
	spawn(t, "completer", completer, m);
	kt_completion_wait(&c);
	kt_completion_destroy(&c);
}

static void completes_all(void *arg)
{
	struct meeting *m = arg;

	kt_complete_all(m->c);
}

static void all_on_stack(void *arg)
{
	struct os_thread t;
	struct meeting m;

	(void)arg;
	for (int i = 0; i < TURNS; i++) {
		all_in_frame(&t, &m, completes_all);
		os_join(&t);
	}
}

/* ---- what the waiter sees ------------------------------------------------------ */

static void stores_relaxed(void *arg)
{
	struct meeting *m = arg;

	WRITE_ONCE(m->data, 42);
	kt_complete(m->c);
}

static void stores_relaxed_for_all(void *arg)
{
	struct meeting *m = arg;

	WRITE_ONCE(m->data, 42);
	kt_complete_all(m->c);
}

/* The waiter sees what was stored relaxed before the completion. */
static void publishes(void *arg)
{
	void (*fn)(void *) = arg ? stores_relaxed_for_all : stores_relaxed;
	struct os_thread t;
	struct meeting m;
	kt_completion c;

	for (int i = 0; i < TURNS; i++) {
		kt_completion_init(&c);
		m = (struct meeting){ .c = &c };
		spawn(&t, "completer", fn, &m);
		kt_completion_wait(&c);
		CHECK_EQ(READ_ONCE(m.data), 42);
		os_join(&t);
		kt_completion_destroy(&c);
	}
}

/* ---- given up or not ----------------------------------------------------------- */

static void kill_or_complete(void *arg)
{
	struct os_thread waiter, completer;
	struct meeting m;
	kt_completion c;

	(void)arg;
	for (int i = 0; i < TURNS; i++) {
		kt_completion_init(&c);
		m = (struct meeting){ .c = &c };
		spawn(&waiter, "waiter", waits_killable, &m);
		spawn(&completer, "completer", completes, &m);
		os_kill(&waiter);
		os_join(&waiter);
		os_join(&completer);
		CHECK(m.err == 0 || m.err == -EINTR);
		CHECK_EQ(kt_completion_try_wait(&c), m.err != 0);
		CHECK(!kt_completion_try_wait(&c));
		kt_completion_destroy(&c);
	}
}

static void deadline_or_complete(void *arg)
{
	struct os_thread t;
	struct meeting m;
	kt_completion c;
	int err;

	(void)arg;
	for (int i = 0; i < TURNS; i++) {
		kt_completion_init(&c);
		m = (struct meeting){ .c = &c };
		spawn(&t, "completer", completes, &m);
		err = kt_completion_wait_until(&c, os_now_ns() + 20000);
		os_join(&t);
		CHECK(err == 0 || err == -ETIMEDOUT);
		CHECK_EQ(kt_completion_try_wait(&c), err != 0);
		CHECK(!kt_completion_try_wait(&c));
		kt_completion_destroy(&c);
	}
}

/* ---- two wait ------------------------------------------------------------------- */

/*
 * One of two waiters is killed. The other one gets the only completion, unless the killed
 * one got it.
 */
static void kill_one_of_two(void *arg)
{
	struct os_thread victim, heir;
	struct meeting m;
	kt_completion c;

	(void)arg;
	for (int i = 0; i < TURNS; i++) {
		kt_completion_init(&c);
		m = (struct meeting){ .c = &c };
		spawn(&victim, "victim", waits_killable, &m);
		spawn(&heir, "heir", waits, &m);
		kt_complete(&c);
		os_kill(&victim);
		os_join(&victim);
		if (m.err == 0)
			kt_complete(&c);
		os_join(&heir);
		CHECK(!kt_completion_try_wait(&c));
		kt_completion_destroy(&c);
	}
}

/*
 * Both waiters are killed. When the first one takes itself off the completion, it must not
 * hide the kill from the second one, which is about to sleep.
 */
static void kill_two(void *arg)
{
	struct meeting m[2];
	struct os_thread t[2];
	kt_completion c;

	(void)arg;
	for (int i = 0; i < TURNS; i++) {
		kt_completion_init(&c);
		for (int k = 0; k < 2; k++) {
			m[k] = (struct meeting){ .c = &c };
			spawn(&t[k], "victim", waits_killable, &m[k]);
		}
		os_kill(&t[0]);
		cpu_relax();	/* in the simulator a kill is no choice point */
		os_kill(&t[1]);
		for (int k = 0; k < 2; k++) {
			os_join(&t[k]);
			CHECK_EQ(m[k].err, -EINTR);
		}
		CHECK(!kt_completion_try_wait(&c));
		kt_completion_destroy(&c);
	}
}

static void two_and_two(void *arg)
{
	struct os_thread t[2];
	struct meeting m;
	kt_completion c;

	(void)arg;
	for (int i = 0; i < TURNS; i++) {
		kt_completion_init(&c);
		m = (struct meeting){ .c = &c };
		spawn(&t[0], "waiter0", waits, &m);
		spawn(&t[1], "waiter1", waits, &m);
		kt_complete(&c);
		kt_complete(&c);
		os_join(&t[0]);
		os_join(&t[1]);
		CHECK(!kt_completion_try_wait(&c));
		kt_completion_destroy(&c);
	}
}

static void two_and_all(void *arg)
{
	struct os_thread t[2];
	struct meeting m;
	kt_completion c;

	(void)arg;
	for (int i = 0; i < TURNS; i++) {
		kt_completion_init(&c);
		m = (struct meeting){ .c = &c };
		spawn(&t[0], "waiter0", waits, &m);
		spawn(&t[1], "waiter1", waits_killable, &m);
		kt_complete_all(&c);
		os_join(&t[0]);
		os_join(&t[1]);
		CHECK_EQ(m.err, 0);
		CHECK(kt_completion_try_wait(&c));
		kt_completion_destroy(&c);
	}
}

void completion_small_run(void)
{
	static bool all = true;

	conformance_exhaust("completion.small.on_stack", 5, on_stack, NULL);
	conformance_exhaust("completion.small.all_on_stack", 5, all_on_stack, NULL);
	conformance_exhaust("completion.small.publishes", 4, publishes, NULL);
	conformance_exhaust("completion.small.publishes_to_all", 4, publishes, &all);
	conformance_exhaust("completion.small.kill_or_complete", 4, kill_or_complete, NULL);
	conformance_exhaust("completion.small.deadline_or_complete", 4, deadline_or_complete, NULL);
	conformance_exhaust("completion.small.kill_one_of_two", 3, kill_one_of_two, NULL);
	conformance_exhaust("completion.small.kill_two", 3, kill_two, NULL);
	conformance_exhaust("completion.small.two_and_two", 3, two_and_two, NULL);
	conformance_exhaust("completion.small.two_and_all", 3, two_and_all, NULL);
}
