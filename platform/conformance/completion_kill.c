/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract of kt_completion for a waiter that gives up: because of a kill or a
 * deadline, in any race with the completion that would have ended the wait.
 */
#include <errno.h>

#include "platform/conformance/completion_test.h"

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

/*
 * The completion is completed twice, then all waiters are killed. Exactly two of them get
 * through.
 */
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
		/* Nothing of the waiter is left: it does not take the next completion. */
		kt_complete(&s.c);
		CHECK(kt_completion_try_wait(&s.c));
		CHECK(!kt_completion_try_wait(&s.c));
		kt_completion_destroy(&s.c);
	}
}

/*
 * One killed waiter leaves while the next waiter is being killed. When the first one takes
 * itself off the completion, it must not hide the kill from the second one, which is about
 * to sleep.
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

/* Either side may win: the completion is either taken or still there. */
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

/* A killed waiter that was woken leaves the completion to the next waiter. */
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
		os_join(&heir);		/* if this hangs, the only completion is lost */
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

const struct conformance_test completion_kill_tests[] = {
	{ "completion.exactly_as_many", exactly_as_many },
	{ "completion.done_wins", done_wins },
	{ "completion.kill_alone", kill_alone },
	{ "completion.kills_overlap", kills_overlap },
	{ "completion.kill_is_late", kill_is_late },
	{ "completion.kill_races_complete", kill_races_complete },
	{ "completion.kill_passes_it_on", kill_passes_it_on },
	{ "completion.deadline_races_complete", deadline_races_complete },
	{ NULL, NULL },
};
