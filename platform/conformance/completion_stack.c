/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract of kt_completion where the waiter's thread, or the frame with the
 * completion, goes away as soon as it may (the on-stack rule).
 */
#include "platform/conformance/completion_test.h"

/* ---- waiters that go away ---------------------------------------------------- */

struct guest {
	struct os_thread t;
	kt_completion *c;
};

/* A waiter that was let through is gone: no thread may unpark it any more. */
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
		/*
		 * The kill gives the waiter a permit, so it may look again before it is
		 * unparked.
		 */
		os_kill(&g->t);
		KT_POINT(completion_test.invited);
		kt_complete(&c);
		os_wait_detached();
		kt_completion_destroy(&c);
	}
}

/* ---- on a stack ------------------------------------------------------------- */

/*
 * A model of how a creator and kthreadd hand over a request. The request has a pointer to a
 * completion, in a frame that the waiter leaves at once. The thread that takes the pointer
 * out of the request may use it; a killed waiter that takes it first leaves.
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

/* Overwrite the frame. */
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

/* A waiter gives up at once, or not at all. */
static void on_stack_killed(void *arg)
{
	struct os_thread t;
	struct desk d;

	(void)arg;
	spawn(&t, "killed", request_killed, &d);
	os_join(&t);
	spawn(&t, "victim", request_unsuspecting, &d);
	os_kill(&t);	/* somewhere in the middle of the wait */
	os_join(&t);
}

const struct conformance_test completion_stack_tests[] = {
	{ "completion.waiter_vanishes", waiter_vanishes },
	{ "completion.on_stack", on_stack },
	{ "completion.on_stack_killed", on_stack_killed },
	{ NULL, NULL },
};
