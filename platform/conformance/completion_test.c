/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract of kt_completion, on every back end. completion_kill.c and
 * completion_stack.c have the rest; completion_small.c has the bodies whose schedules
 * are enumerated.
 *
 * Nothing here waits by time. A body may want a waiter to be asleep, but no thread can know
 * that it is. So the body's checks hold in both orders. Delays, or the simulator's
 * schedules, make both orders happen.
 */
#include <errno.h>
#if defined(KT_COMPLETION_EVENTFD)
#include <sys/resource.h>
#endif

#include "platform/conformance/completion_test.h"

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
		kt_complete(&c);	/* no effect, because it is done for ever already */
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

/* ---- used again and again -------------------------------------------------- */

struct rally {
	kt_completion ping, pong;
	unsigned data;		/* only the thread whose turn it is touches it */
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

/* ---- first come, first served ------------------------------------------------ */

#if KT_COMPLETION_FIFO
/* The contract has no way to ask how many threads wait, so this looks inside. */
#if defined(KT_COMPLETION_MODELLED)
static int queued(kt_completion *c)
{
	return (int)c->waiters;
}
#else
#if defined(KT_COMPLETION_PARK)
#define WAITER const struct kt_park_waiter
#else
#define WAITER const struct kt_sem_waiter
#endif

static int queued(kt_completion *c)
{
	int n = 0;

	kt_lock_acquire(&c->lock);
	for (WAITER *w = c->first; w; w = w->next)
		n++;
	kt_lock_release(&c->lock);
	return n;
}
#endif

struct queue {
	kt_completion c, reported;
	int let_through;	/* which waiter; written before `reported` */
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

#if defined(KT_COMPLETION_EVENTFD)
/* No descriptor is left, either for the completion itself or for a killable wait. */
static void no_file(void *arg)
{
	const struct rlimit none = { 0, 0 };
	kt_completion c;

	if (arg)
		kt_completion_init(&c);
	CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
	if (arg)
		kt_completion_wait_killable(&c);
	else
		kt_completion_init(&c);
}
#endif

int main(void)
{
	static const struct conformance_test tests[] = {
		{ "completion.counting", counting },
		{ "completion.for_ever", for_ever },
		{ "completion.deadlines", deadlines },
		{ "completion.all_at_once", all_at_once },
		{ "completion.one_by_one", one_by_one },
		{ "completion.reuse", reuse },
#if KT_COMPLETION_FIFO
		{ "completion.first_come", first_come },
#endif
		{ NULL, NULL },
	};

	conformance_run_list(tests);
#if defined(KT_COMPLETION_EVENTFD)
	conformance_fails("completion.no_file", KT_ASSERTION, no_file, NULL);
	conformance_fails("completion.no_file_to_wait", KT_ASSERTION, no_file, (void *)1);
#endif
	completion_small_run();
	conformance_run_list(completion_stack_tests);
	conformance_run_list(completion_kill_tests);
	return 0;
}
